"""How long exceptions have been open, by risk tier: from the median over what nine in ten stay under to the oldest."""

from hub.summaries import figures
from hub.summaries.charts import svg
from hub.summaries.charts.chart import Chart, empty
from hub.summaries.facts import Ages, Summary

KEY = "ages"
TITLE = "How many days exceptions have been open, by risk tier"
COLUMNS = ("Risk tier", "Open", "Median days", "Nine in ten are under, days", "Oldest, days")
LEFT, RIGHT, TOP, ROW = 150, 690, 40, 44


def ages(summary: Summary) -> Chart:
    """The median, the ninth decile and the oldest of each tier."""
    found = [one for one in summary.ages if one.open]
    if not found:
        return empty(KEY, TITLE, COLUMNS)
    told = "; ".join(
        f"{one.tier}: {one.open} open, median {figures.days(one.median_days)}, nine in ten under"
        f" {figures.days(one.p90_days)}, oldest {figures.days(one.oldest_days)}"
        for one in found
    )
    rows = tuple(
        (one.tier, one.open, figures.number(one.median_days), figures.number(one.p90_days), one.oldest_days)
        for one in found
    )
    drawing = svg.drawing(KEY, TITLE, f"{told}.", TOP + ROW * len(found) + 6, _drawn(found))
    return Chart(KEY, TITLE, f"{told}.", drawing, COLUMNS, rows)


def _drawn(found: list[Ages]) -> str:
    most = max(max(one.oldest_days for one in found), 1)

    def x(days: float) -> float:
        return LEFT + (RIGHT - LEFT) * days / most

    drawn = _legend()
    for place, one in enumerate(found):
        y = TOP + ROW * place + 24
        drawn += svg.text(LEFT - 10, y + 4, f"{one.tier} ({one.open})", anchor="end", font_weight="bold")
        drawn += svg.line(LEFT, y, x(one.oldest_days), y, stroke_opacity=0.6, stroke_dasharray="2 3")
        drawn += svg.line(x(one.median_days), y, x(one.p90_days), y, stroke_width=5)
        drawn += _median(x(one.median_days), y) + _oldest(x(one.oldest_days), y)
        drawn += _numbers(one, x(one.median_days), x(one.p90_days), x(one.oldest_days), y)
    return drawn


def _numbers(one: Ages, median: float, p90: float, oldest: float, y: float) -> str:
    """The three figures over their marks; those that would run into the next are left to the table."""
    drawn, left = svg.over(oldest, y - 9, str(one.oldest_days), anchor="middle"), oldest
    for place, days in ((p90, one.p90_days), (median, one.median_days)):
        if left - place >= 26:
            drawn += svg.over(place, y - 9, figures.number(days), anchor="middle")
            left = place
    return drawn


def _median(x: float, y: float) -> str:
    return svg.element("circle", cx=x, cy=y, r=5, fill=svg.ACCENT, class_="accent", stroke="currentColor")


def _oldest(x: float, y: float) -> str:
    return svg.element(
        "path", d=f"M{x:.2f},{y - 5:.2f} l5,5 l-5,5 l-5,-5 z", fill=svg.PAPER, class_="paper", stroke="currentColor"
    )


def _legend() -> str:
    return "".join(
        (
            _median(LEFT + 5, 14),
            svg.text(LEFT + 16, 18, "median"),
            svg.line(LEFT + 85, 14, LEFT + 110, 14, stroke_width=5),
            svg.text(LEFT + 117, 18, "up to what nine in ten stay under"),
            _oldest(LEFT + 350, 14),
            svg.text(LEFT + 362, 18, "oldest, in days"),
        )
    )
