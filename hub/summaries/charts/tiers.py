"""Open exceptions by risk tier, step by step, one tier on the other, each with a pattern of its own."""

from hub.models.tables import RiskTier
from hub.summaries import figures
from hub.summaries.charts import svg
from hub.summaries.charts.chart import Chart, Step, beneath, by, empty, places, steps
from hub.summaries.facts import Summary

KEY = "tiers"
FILL = {
    RiskTier.HIGH: "solid",
    RiskTier.LIMITED: "hatched",
    RiskTier.MINIMAL: "dotted",
    RiskTier.UNCLASSIFIED: "crossed",
    RiskTier.PROHIBITED: "ruled",
}
"""From the bottom of a column to its top."""
TOP, BOTTOM, RIGHT = 20, 230, 545
HEIGHT = 270
LABELLED = 14
"""How high a part must be for its number to stand in it; the table has them all."""


def tiers(summary: Summary) -> Chart:
    """How many are open at each step's end, by the risk tier of their models."""
    found = steps(summary)
    title = f"Open exceptions by risk tier at the end of each {by(found)}"
    there = [tier for tier in FILL if any(one.of(tier) for one in found)]
    columns = (by(found).capitalize(), *there, "All")
    if not there:
        return empty(KEY, title, columns)
    told = "; ".join(f"{one.name}: {', '.join(f'{one.of(tier)} {tier}' for tier in there)}" for one in found)
    body = _columns(found, there) + _named(found[-1], there)
    return Chart(
        KEY,
        title,
        f"{told}.",
        svg.drawing(KEY, title, f"{told}.", HEIGHT, body),
        columns,
        tuple((one.name, *(one.of(tier) for tier in there), one.open) for one in found),
    )


def _columns(found: list[Step], there: list[RiskTier]) -> str:
    most = max(one.open for one in found)
    middles = places(len(found), 0, RIGHT)
    wide = min(30.0, RIGHT / len(found) - 6)
    drawn = svg.line(0, BOTTOM, RIGHT, BOTTOM, stroke_opacity=0.5)
    for one, middle in zip(found, middles, strict=True):
        y = float(BOTTOM)
        for tier in there:
            height = (BOTTOM - TOP) * one.of(tier) / most
            if not height:
                continue
            y -= height
            drawn += svg.area(KEY, middle - wide / 2, y, wide, height, FILL[tier])
            if height >= LABELLED:
                drawn += svg.over(
                    middle, y + height / 2 + 4, figures.short(one.of(tier)), anchor="middle", font_size=11
                )
        drawn += svg.text(middle, y - 5, figures.short(one.open), anchor="middle", font_weight="bold")
    return drawn + beneath([one.name for one in found], middles, BOTTOM + 17)


def _named(last: Step, there: list[RiskTier]) -> str:
    """What the patterns mean, in the order of the column, with the newest figures."""
    drawn = svg.text(RIGHT + 20, TOP + 8, last.name, font_weight="bold")
    for place, tier in enumerate(reversed(there), start=1):
        y = TOP + 10 + 22 * place
        drawn += svg.area(KEY, RIGHT + 20, y - 10, 18, 12, FILL[tier])
        drawn += svg.text(RIGHT + 44, y, f"{figures.short(last.of(tier))} {tier}")
    return drawn
