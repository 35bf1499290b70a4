"""Working time: how much of it lies between two instants, and when so much of it has passed.

A working day opens at the first instant at which the wall clock of its zone shows the opening time or a later one, and
closes at the first that shows the closing time or a later one. What counts is what passes between the two: a day that
summer time makes shorter or longer is shorter or longer here too. All of it is whole microseconds, so sums are exact.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from math import inf
from zoneinfo import ZoneInfo

from hub.errors import Code, Refused

FIRST_YEAR, LAST_YEAR = 1970, 2200
"""The years within which working time is counted."""
LONGEST_CLOSURE_DAYS = 366
DAY_MINUTES = 24 * 60
NONE = timedelta()


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """When people work: on these days of the week, between these wall-clock times, never on a holiday.

    `days` are ISO's, 1 for Monday to 7 for Sunday; the minutes are counted from midnight, 1440 being the next one.
    Refused when it opens never, or closes for more than 366 days in a row.
    """

    zone: ZoneInfo
    days: frozenset[int]
    opens_minute: int
    closes_minute: int
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(1, 8)):
            raise Refused(
                Code.BAD_INPUT, "give at least one working day, each from 1 for Monday to 7 for Sunday", field="days"
            )
        if not 0 <= self.opens_minute < self.closes_minute <= DAY_MINUTES:
            raise Refused(
                Code.BAD_INPUT,
                "a day opens before it closes, both on that day; write 24:00 for the midnight at its end",
                field="closes",
            )
        _check_closures(self.days, self.holidays)

    def works_on(self, day: date) -> bool:
        """Whether this is a working day."""
        return day.isoweekday() in self.days and day not in self.holidays


def after(week: WorkingWeek, start: datetime, hours: float | timedelta) -> datetime:
    """The first instant, in UTC, at which so much working time has passed since `start`.

    A span that ends with a day ends when that day closes, not when the next one opens. No time at all after an
    instant at which nobody works is the next opening.
    """
    at, span = _utc(start), _span(hours)
    year = _year_of(week, at)
    through = _year(week, year).passed(at) + span
    while True:
        found = _year(week, year)
        place = max(bisect_left(found.closes, at), bisect_left(found.through, through))
        if place < len(found.opens):
            return found.closes[place] - (found.through[place] - through)
        through -= found.total
        year = _counted(year + 1)


def between(week: WorkingWeek, since: datetime, until: datetime) -> timedelta:
    """The working time from one instant to another; none when the second is not later."""
    begin, end = _utc(since), _utc(until)
    if end <= begin:
        return NONE
    first, last = _year_of(week, begin), _year_of(week, end)
    whole = sum((_year(week, year).total for year in range(first, last)), NONE)
    return whole + _year(week, last).passed(end) - _year(week, first).passed(begin)


@dataclass(frozen=True, slots=True)
class _Year:
    """The working days of one local year, in order: when each opens and closes, and the year's time through its end."""

    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    through: tuple[timedelta, ...]

    @property
    def total(self) -> timedelta:
        return self.through[-1] if self.through else NONE

    def passed(self, at: datetime) -> timedelta:
        """How much of the year's working time has passed by an instant."""
        begun = bisect_right(self.opens, at)
        if begun == 0:
            return NONE
        return self.through[begun - 1] - max(NONE, self.closes[begun - 1] - at)


# Half a millisecond to two for each year that was not looked at lately; a span of any length then costs its years.
@lru_cache(maxsize=256)
def _year(week: WorkingWeek, year: int) -> _Year:
    first = date(year, 1, 1)
    count = (date(year + 1, 1, 1) - first).days
    days = [day for day in (first + timedelta(days=n) for n in range(count)) if week.works_on(day)]
    spans = [(_shown(week.zone, day, week.opens_minute), _shown(week.zone, day, week.closes_minute)) for day in days]
    # A day, or the working hours of one, that its zone's clock leapt over never were.
    spans = [(opens, closes) for opens, closes in spans if opens < closes]
    return _Year(
        opens=tuple(opens for opens, _ in spans),
        closes=tuple(closes for _, closes in spans),
        through=tuple(accumulate(closes - opens for opens, closes in spans)),
    )


def _shown(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """The first instant at which the clock shows this minute of this day, or a later one."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    # Of a time that the clock shows twice this is the first; of one that it leaps over, an instant after the leap.
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(zone, at) == wall:
        return at
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    leap = range(int((at - before).total_seconds()))
    return before + timedelta(
        seconds=bisect_left(leap, wall, key=lambda second: _wall(zone, before + timedelta(seconds=second)))
    )


def _wall(zone: ZoneInfo, at: datetime) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _utc(at: datetime) -> datetime:
    assert at.tzinfo is not None, "an instant has a zone"
    return at.astimezone(UTC)


def _year_of(week: WorkingWeek, at: datetime) -> int:
    _counted(at.year)
    return _counted(at.astimezone(week.zone).year)


def _counted(year: int) -> int:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refused(Code.BAD_INPUT, f"working time is counted from {FIRST_YEAR} to {LAST_YEAR}; choose another time")
    return year


def _span(hours: float | timedelta) -> timedelta:
    asked = hours.total_seconds() / 3600 if isinstance(hours, timedelta) else hours
    most = (LAST_YEAR - FIRST_YEAR) * 366 * 24
    if not 0 <= asked <= most:
        told = f"{asked:g} hours" if -inf < asked < inf else "a span without end"
        raise Refused(Code.BAD_INPUT, f"{told} of working time asked; give 0 to {most}")
    return hours if isinstance(hours, timedelta) else timedelta(hours=hours)


def _check_closures(days: Set[int], holidays: Set[date]) -> None:
    """Refuse when working days fall out one after another for so long that a term would not end in time."""
    closed = sorted(day for day in holidays if day.isoweekday() in days)
    begun = expected = None
    for day in closed:
        if day != expected:
            begun = day
        expected = next(n for n in (day + timedelta(days=ahead) for ahead in range(1, 8)) if n.isoweekday() in days)
        assert begun is not None
        if (expected - begun).days > LONGEST_CLOSURE_DAYS:
            raise Refused(
                Code.BAD_INPUT,
                f"nobody would work from {begun} to {day}; at most {LONGEST_CLOSURE_DAYS} days may pass without"
                " working time, so take closed dates out or working days in",
                field="closedOn",
            )
