"""What a trend is asked for: its steps by the calendar of a zone, what it is told apart by, and as of when."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from uuid import UUID

from hub.calendars.zones import zone as zone_named
from hub.errors import Code, Refused
from hub.summaries.facts import Bucket, GroupBy

MOST_YEARS = 10
FIRST_YEAR, LAST_YEAR = 1970, 2999
MOST_COUNTS = 1_000
"""Steps times groups in one answer."""

TICK = timedelta(microseconds=1)
MIDNIGHT = time()
MONTHS = {Bucket.MONTH: 1, Bucket.QUARTER: 3}


@dataclass(frozen=True, slots=True)
class Only:
    """Which exceptions are counted; all of them without a word."""

    teams: tuple[UUID, ...] = ()
    policies: tuple[UUID, ...] = ()
    tiers: tuple[str, ...] = ()

    def by(self) -> dict[GroupBy, list[str]]:
        """What is given, as the values of what a trend can be told apart by."""
        given = {GroupBy.TEAM: self.teams, GroupBy.POLICY: self.policies, GroupBy.TIER: self.tiers}
        return {by: [str(one) for one in values] for by, values in given.items() if values}


EVERYTHING = Only()


@dataclass(frozen=True)
class Asked:
    """A trend: `edges` are the days on which its steps begin, and the day after the last; at least two.

    Nothing that happened after `as_of` counts; a step that lasts is counted up to then.
    """

    edges: tuple[date, ...]
    zone: str
    as_of: datetime
    group_by: GroupBy = GroupBy.NOTHING
    only: Only = EVERYTHING

    @cached_property
    def borders(self) -> list[datetime]:
        """The instants at which the steps begin, and the one before which the last ends."""
        found = [instant(day, self.zone) for day in self.edges]
        return [*found[:-1], min(found[-1], self.as_of + TICK)]

    @cached_property
    def first_days(self) -> list[date]:
        """The first day of each step, in UTC, that lies in it as a whole: the borders, for sums by day."""
        return [
            border.date() + timedelta(days=border.time() != MIDNIGHT)
            for border in (border.astimezone(UTC) for border in self.borders)
        ]

    @property
    def until(self) -> datetime:
        """What takes effect before this instant counts."""
        return self.borders[-1]

    @property
    def lasts(self) -> bool:
        """Whether the last step was not over yet."""
        return self.until < instant(self.edges[-1], self.zone)

    @cached_property
    def split_days(self) -> list[date]:
        """Days, in UTC, within which a step begins or ends: they are counted line by line."""
        found = [border.astimezone(UTC) for border in self.borders]
        return sorted({border.date() for border in found if border.time() != MIDNIGHT})


def span(
    begins: date,
    ends: date,
    *,
    now: datetime,
    zone: str = "UTC",
    as_of: datetime | None = None,
    only: Only = EVERYTHING,
) -> Asked:
    """A span that can be told of, as one step. Refuses what is too long, or has not begun."""
    zone_named(zone)
    for day, field in ((begins, "from"), (ends, "to")):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise Refused(Code.BAD_INPUT, f"{day} is outside the years {FIRST_YEAR} to {LAST_YEAR}", field=field)
    if begins >= ends:
        raise Refused(Code.BAD_INPUT, f"from {begins} is not before to {ends}, which is left out itself", field="to")
    if ends > _years_after(begins):
        raise Refused(
            Code.BAD_INPUT, f"{begins} to {ends} is more than {MOST_YEARS} years; ask for a part of it", field="to"
        )
    seen = now if as_of is None else as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    if seen > now:
        raise Refused(Code.BAD_INPUT, f"{seen.isoformat()} has not come yet; leave asOf out for now", field="asOf")
    if instant(begins, zone) > seen:
        raise Refused(
            Code.BAD_INPUT, f"{begins} had not begun at {seen.isoformat()}; ask for an earlier from", field="from"
        )
    return Asked((begins, ends), zone, seen, only=only)


def stepped(whole: Asked, bucket: Bucket, group_by: GroupBy = GroupBy.NOTHING) -> Asked:
    """A span in steps by the calendar; those that have not begun are left out. Refuses too many."""
    edges = tuple(steps(whole.edges[0], whole.edges[-1], bucket))
    begun = [day for day in edges[:-1] if instant(day, whole.zone) <= whole.as_of]
    check_size(len(begun), 1, bucket)
    return replace(whole, edges=(*begun, edges[len(begun)]), group_by=group_by)


def check_size(count: int, groups: int, bucket: Bucket | None = None) -> None:
    """Refuse an answer of too many counts."""
    if count * groups <= MOST_COUNTS:
        return
    of = f"{count:,} steps" + (f" of {groups:,} groups" if groups > 1 else "")
    way_out = "a longer bucket or a shorter span" if bucket is not Bucket.QUARTER else "a shorter span"
    raise Refused(
        Code.BAD_INPUT,
        f"{of} are {count * groups:,} counts; up to {MOST_COUNTS:,} are given: ask for {way_out}",
        field="bucket",
    )


def steps(begins: date, ends: date, bucket: Bucket) -> Iterator[date]:
    """The days on which steps begin, by the calendar (weeks on Mondays), and the day after the last."""
    day = begins
    while day < ends:
        yield day
        day = _next(day, bucket)
    yield ends


def instant(day: date, zone: str) -> datetime:
    """When a day begins in a zone: its midnight, or the first instant after a clock that skips it."""
    return datetime.combine(day, MIDNIGHT, tzinfo=zone_named(zone)).astimezone(UTC)


def back(begins: date, ends: date, count: int) -> tuple[date, ...]:
    """The edges of so many steps as long as this one, which is the last: months by the calendar, else days.

    What is shorter than a week goes back by weeks.
    """
    if begins.day == ends.day == 1:
        length = (ends.year - begins.year) * 12 + ends.month - begins.month
        return (*(_months(ends, -length * at) for at in range(count, 0, -1)), ends)
    days = max((ends - begins).days, 7)
    return tuple(ends - timedelta(days=days * at) for at in range(count, -1, -1))


def before(begins: date, ends: date) -> date:
    """When the period before this one began, which was as long."""
    if begins.day == ends.day == 1:
        return _months(begins, -((ends.year - begins.year) * 12 + ends.month - begins.month))
    return begins - (ends - begins)


def _next(day: date, bucket: Bucket) -> date:
    """The first day of the step after the one with this day."""
    if bucket is Bucket.DAY:
        return day + timedelta(days=1)
    if bucket is Bucket.WEEK:
        return day + timedelta(days=7 - day.weekday())
    length = MONTHS[bucket]
    return _months(day.replace(month=(day.month - 1) // length * length + 1, day=1), length)


def _months(day: date, count: int) -> date:
    """The first of the month so many months later."""
    at = day.year * 12 + day.month - 1 + count
    return date(at // 12, at % 12 + 1, 1)


def _years_after(day: date) -> date:
    try:
        return day.replace(year=day.year + MOST_YEARS)
    except ValueError:
        return date(day.year + MOST_YEARS, 3, 1)
