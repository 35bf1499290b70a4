"""Compliance as reported and as it truly is: a solid line with dots over a dashed one with squares."""

from datetime import date
from math import floor

from hub.summaries import figures
from hub.summaries.charts import svg
from hub.summaries.charts.chart import Chart, beneath, by, empty, places, steps
from hub.summaries.facts import Standing, Summary

KEY = "standing"
TOP, BOTTOM, LEFT, RIGHT = 24, 204, 48, 590
HEIGHT = 262
APART = 15.0
"""How far two names at the lines' ends keep from each other."""


def standing(summary: Summary) -> Chart:
    """The share of checks that pass, with and without those that are waived."""
    found = [(_name(summary, day), one) for day, one in summary.compliance_series]
    title = f"Compliance as reported and as it truly is, by {by(steps(summary))}"
    columns = (by(steps(summary)).capitalize(), "Reported", "True", "Waived", "Asked")
    if not any(one.asked for _, one in found):
        return empty(KEY, title, columns)
    told = "; ".join(
        f"{name}: {figures.percent(one.reported)} reported, {figures.percent(one.true)} true" if one.asked
        else f"{name}: no check was asked"
        for name, one in found
    )  # fmt: skip
    rows = tuple(
        (name, figures.percent(one.reported), figures.percent(one.true), one.waived, one.asked) for name, one in found
    )
    return Chart(KEY, title, f"{told}.", svg.drawing(KEY, title, f"{told}.", HEIGHT, _drawn(found)), columns, rows)


def _name(summary: Summary, day: date) -> str:
    """A day by the step that begins or ends with it."""
    found = steps(summary)
    names = {one.ends: one.name for one in found} | {one.begins: one.name for one in found}
    # The last end is the beginning of no step; before it, beginnings win.
    return names.get(day) or f"{day.day} {figures.MONTHS[day.month - 1][:3]}"


def _drawn(found: list[tuple[str, Standing]]) -> str:
    lowest = min(one.true for _, one in found if one.true is not None)
    rung = 5 if lowest >= 0.75 else 25
    begins = min(floor(lowest * 100 / rung) * rung, 90) / 100

    def y(share: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (share - begins) / (1 - begins)

    middles = places(len(found), LEFT, RIGHT)
    drawn = ""
    for hundredths in range(round(begins * 100), 101, rung):
        share = hundredths / 100
        drawn += svg.line(LEFT, y(share), RIGHT, y(share), stroke_opacity=0.2)
        drawn += svg.soft(LEFT - 6, y(share) + 4, f"{hundredths} %", anchor="end", font_size=11)
    reported = [(x, y(one.reported)) for x, (_, one) in zip(middles, found, strict=True) if one.reported is not None]
    true = [(x, y(one.true)) for x, (_, one) in zip(middles, found, strict=True) if one.true is not None]
    gaps = {x for x, (_, one) in zip(middles, found, strict=True) if not one.asked}
    drawn += _line(true, gaps, dashed=True) + _line(reported, gaps, dashed=False)
    drawn += _ends(found, reported[-1][1], true[-1][1]) + beneath([name for name, _ in found], middles, BOTTOM + 17)
    note = "" if begins == 0 else f"The scale begins at {round(begins * 100)} %, not at 0."
    return drawn + svg.soft(0, HEIGHT - 6, note, font_size=11)


def _line(points: list[tuple[float, float]], gaps: set[float], *, dashed: bool) -> str:
    """A line through points, broken where nothing was asked."""
    path, before = "", None
    for x, y in points:
        broken = before is None or any(before < gap < x for gap in gaps)
        path += f"{'M' if broken else 'L'}{x:.2f},{y:.2f} "
        before = x
    drawn = svg.element(
        "path",
        d=path.strip(),
        fill="none",
        stroke="currentColor",
        stroke_width=2,
        stroke_dasharray="6 4" if dashed else None,
    )
    for x, y in points:
        if dashed:
            square = {"x": x - 3.5, "y": y - 3.5, "width": 7, "height": 7}
            drawn += svg.element(
                "rect", **square, fill=svg.PAPER, class_="paper", stroke="currentColor", stroke_width=1.5
            )
        else:
            drawn += svg.element("circle", cx=x, cy=y, r=3.5, fill=svg.ACCENT, class_="accent", stroke="currentColor")
    return drawn


def _ends(found: list[tuple[str, Standing]], reported: float, true: float) -> str:
    """What the lines are called, at their ends, with the newest figures."""
    last = next(one for _, one in reversed(found) if one.asked)
    low = max(true, reported + APART)
    return svg.text(
        RIGHT + 8, reported + 4, f"{figures.percent(last.reported)} reported", font_weight="bold"
    ) + svg.text(RIGHT + 8, low + 4, f"{figures.percent(last.true)} true", font_weight="bold")
