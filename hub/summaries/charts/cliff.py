"""How many exceptions in force end soon, now and a period ago."""

from hub.summaries import figures
from hub.summaries.charts import svg
from hub.summaries.charts.chart import Chart
from hub.summaries.facts import Summary

KEY = "cliff"
TITLE = "In force now, and over soon if nothing is done"
LEFT, RIGHT, TOP, ROW = 130, 660, 30, 46


def cliff(summary: Summary) -> Chart:
    """How many end within 30, 60 and 90 days."""
    compared = figures.has_before(summary)
    now, was = summary.cliff, summary.cliff_before
    rows = [
        ("within 30 days", now.in_30_days, was.in_30_days),
        ("within 60 days", now.in_60_days, was.in_60_days),
        ("within 90 days", now.in_90_days, was.in_90_days),
    ]
    told = "; ".join(f"{name}: {n}" + (f", it was {w}" if compared else "") for name, n, w in rows)
    shown = [(name, n, w if compared else None) for name, n, w in rows]
    then = figures.ago(summary)
    drawing = svg.drawing(KEY, TITLE, f"{told}.", TOP + ROW * 3, _drawn(shown, then))
    cells = tuple((name, n) if w is None else (name, n, w) for name, n, w in shown)
    columns = ("End", "Now", *((then.capitalize(),) if compared else ()))
    return Chart(KEY, TITLE, f"{told}.", drawing, columns, cells)


def _drawn(rows: list[tuple[str, int, int | None]], then: str) -> str:
    most = max(max(now, was or 0) for _, now, was in rows) or 1
    known = [("solid", "now")] + ([("empty", then)] if rows[0][2] is not None else [])
    drawn = svg.legend(KEY, LEFT, 14, known) + svg.line(LEFT, TOP, LEFT, TOP + ROW * 3 - 8, stroke_opacity=0.5)
    for place, (name, now, was) in enumerate(rows):
        y = TOP + ROW * place
        drawn += svg.text(LEFT - 10, y + 16, name, anchor="end")
        drawn += _bar(y + 2, 20, now, most, "solid", bold=True)
        if was is not None:
            drawn += _bar(y + 24, 10, was, most, "empty", bold=False)
    return drawn


def _bar(y: float, high: float, number: int, most: int, fill: str, *, bold: bool) -> str:
    wide = (RIGHT - LEFT) * number / most
    bar = svg.area(KEY, LEFT, y, wide, high, fill) if number else ""
    return bar + svg.text(
        LEFT + wide + 6, y + high / 2 + 4, figures.count(number), font_weight="bold" if bold else None
    )
