"""A chart in its three forms: drawn, told in words, and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.summaries import figures
from hub.summaries.charts import svg
from hub.summaries.facts import Counted, Summary

Cell = str | int


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. Its table holds every figure that is drawn."""

    key: str
    title: str
    figures: str
    """The figures in words, for whoever hears them."""
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """The first cell of each names it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the series with all of its groups."""

    begins: date
    ends: date
    groups: tuple[Counted, ...]

    @property
    def name(self) -> str:
        return figures.step(self.begins, self.ends)

    @property
    def opened(self) -> int:
        return sum(one.opened for one in self.groups)

    @property
    def closed(self) -> int:
        return sum(one.closed for one in self.groups)

    @property
    def open(self) -> int:
        return sum(one.open_at_end for one in self.groups)

    def of(self, group: str) -> int:
        """How many of a group are open at the step's end."""
        return sum(one.open_at_end for one in self.groups if one.group == group)


def steps(summary: Summary) -> list[Step]:
    """The series step by step, the oldest first."""
    found: dict[tuple[date, date], list[Counted]] = {}
    for one in summary.series:
        found.setdefault((one.begins, one.ends), []).append(one)
    return [Step(begins, ends, tuple(groups)) for (begins, ends), groups in sorted(found.items())]


def by(found: Sequence[Step]) -> str:
    """What the steps are called: month, week."""
    return (figures.unit(found[-1].begins, found[-1].ends) if found else "") or "step"


def empty(key: str, title: str, columns: tuple[str, ...]) -> Chart:
    """A chart of which nothing is on record."""
    words = "Nothing is on record."
    return Chart(key, title, words, svg.drawing(key, title, words, 40, svg.soft(0, 24, words)), columns, ())


def beneath(names: Sequence[str], places: Sequence[float], y: float) -> str:
    """The names of steps below an axis; their second half, such as the year, only where it changes."""
    drawn, before = "", ""
    for name, x in zip(names, places, strict=True):
        first, _, second = name.partition(" ")
        drawn += svg.soft(x, y, first, anchor="middle")
        if second != before:
            drawn += svg.soft(x, y + svg.LINE, second, anchor="middle")
        before = second
    return drawn


def places(count: int, left: float, right: float) -> list[float]:
    """The middles of so many equal steps."""
    wide = (right - left) / count
    return [left + wide * (place + 0.5) for place in range(count)]
