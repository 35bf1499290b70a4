"""Opened and closed step by step, with how many are open above them on a scale of their own."""

from hub.summaries import figures
from hub.summaries.charts import svg
from hub.summaries.charts.chart import Chart, Step, beneath, by, empty, places, steps
from hub.summaries.facts import Summary

KEY = "moved"
COLUMNS = ("Opened", "Closed", "Open at the end")
LINE_TOP, LINE_BOTTOM = 40, 110
BARS_TOP, BARS_BOTTOM = 165, 265
HEIGHT = 305


def moved(summary: Summary) -> Chart:
    """How many were opened and closed in each step, and how many were open at its end."""
    found = steps(summary)
    title = f"Opened and closed by {by(found)}, and how many are open"
    columns = (by(found).capitalize(), *COLUMNS)
    if not found:
        return empty(KEY, title, columns)
    told = "; ".join(
        f"{one.name}: {one.opened} opened, {one.closed} closed, {one.open} open at the end" for one in found
    )
    middles = places(len(found), 0, svg.WIDE)
    body = (
        _line(found, middles) + _bars(found, middles) + beneath([one.name for one in found], middles, BARS_BOTTOM + 17)
    )
    return Chart(
        KEY,
        title,
        f"{told}.",
        svg.drawing(KEY, title, f"{told}.", HEIGHT, body),
        columns,
        tuple((one.name, one.opened, one.closed, one.open) for one in found),
    )


def _line(found: list[Step], middles: list[float]) -> str:
    most = max(one.open for one in found) or 1
    heights = [LINE_BOTTOM - (LINE_BOTTOM - LINE_TOP) * one.open / most for one in found]
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in zip(middles, heights, strict=True))
    drawn = svg.text(0, 14, f"Open at the end of each {by(found)}", font_weight="bold")
    drawn += svg.line(0, LINE_BOTTOM, svg.WIDE, LINE_BOTTOM, stroke_opacity=0.5)
    drawn += svg.element("polyline", points=points, fill="none", stroke="currentColor", stroke_width=1.6)
    for one, x, y in zip(found, middles, heights, strict=True):
        drawn += svg.element("circle", cx=x, cy=y, r=3)
        drawn += svg.over(x, y - 8, figures.short(one.open), anchor="middle")
    return drawn


def _bars(found: list[Step], middles: list[float]) -> str:
    most = max(max(one.opened, one.closed) for one in found) or 1
    wide = min(20.0, svg.WIDE / len(found) / 2 - 3)
    drawn = svg.legend(KEY, 0, BARS_TOP - 25, [("solid", "opened"), ("hatched", "closed")])
    drawn += svg.line(0, BARS_BOTTOM, svg.WIDE, BARS_BOTTOM, stroke_opacity=0.5)
    for one, middle in zip(found, middles, strict=True):
        for number, x, fill, end in (
            (one.opened, middle - wide - 1, "solid", "end"),
            (one.closed, middle + 1, "hatched", "start"),
        ):
            height = (BARS_BOTTOM - BARS_TOP) * number / most
            if number:
                drawn += svg.area(KEY, x, BARS_BOTTOM - height, wide, height, fill)
            drawn += _number(figures.short(number), x, x + wide, BARS_BOTTOM - height - 4, end)
    return drawn


def _number(words: str, left: float, right: float, y: float, end: str) -> str:
    """What stands over a bar: in its middle, or where it is long away from the bar beside it."""
    if len(words) < 3:
        return svg.over((left + right) / 2, y, words, anchor="middle", font_size=11)
    return svg.over(right if end == "end" else left, y, words, anchor=end, font_size=11)
