"""When digests are due: by the clock of their zone, each period once, also after a time in which nobody looked."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.calendars.zones import zone as zone_named
from hub.errors import Code, Refused
from hub.graph.values import Reader
from hub.people.access import Permission, Sight
from hub.people.tables import Role
from hub.summaries import periods
from hub.summaries.digests.tables import Audience, DigestSubscription, Rhythm
from hub.summaries.periods import Period

LATE_AFTER = timedelta(hours=1)
"""What is made this much after it was due is marked late."""

SETTLES = timedelta(minutes=10)
"""How long after a period's end its digest is due at the earliest: transactions that began in it are over by then."""

MOST_MISSED = 12
"""So many missed periods are made up for, the newest; older ones are left out, and can be computed at any time."""

LAST_DAY = {Rhythm.WEEK: 7, Rhythm.MONTH: 28}
MOST_PEOPLE = 100

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wish:
    """Digests that somebody wants made."""

    audience: Audience
    period: Rhythm
    zone: str
    team_id: UUID | None = None
    on_day: int = 1
    hour: int = 8
    roles: tuple[Role, ...] = ()
    people: tuple[UUID, ...] = ()


def sound(wish: Wish) -> None:
    """Refuse digests that could not be made."""
    zone_named(wish.zone)
    if (wish.audience is Audience.TEAM) != (wish.team_id is not None):
        why = "a digest for a TEAM names its team" if wish.team_id is None else f"{wish.audience} are no team"
        raise Refused(Code.BAD_INPUT, f"{why}; give a team with the audience TEAM, and with no other", field="team")
    if not 1 <= wish.on_day <= LAST_DAY[wish.period]:
        raise Refused(
            Code.BAD_INPUT,
            f"day {wish.on_day} is in no {wish.period.lower()}; choose 1 to {LAST_DAY[wish.period]}",
            field="onDay",
        )
    if not 0 <= wish.hour <= 23:
        raise Refused(Code.BAD_INPUT, f"{wish.hour} is no hour; choose 0 to 23", field="hour")
    if len(wish.people) > MOST_PEOPLE:
        why = f"{len(wish.people)} people are named, at most {MOST_PEOPLE} are told each; name a role instead"
        raise Refused(Code.BAD_INPUT, why, field="people")


def told(wish: Wish) -> tuple[Role, ...]:
    """Which roles are told where nobody is named: executives, policy owners; a team is told itself."""
    if wish.roles or wish.people:
        return wish.roles
    by_audience: dict[Audience, tuple[Role, ...]] = {
        Audience.EXECUTIVES: (Role.EXECUTIVE,),
        Audience.POLICY_OWNERS: (Role.POLICY_OWNER,),
        Audience.TEAM: (),
    }
    return by_audience[wish.audience]


def period_of(rhythm: Rhythm, day: date, zone: str) -> Period:
    """The period of a digest that a day is in."""
    return periods.week(day, zone) if rhythm is Rhythm.WEEK else periods.month(day, zone)


def period_after(rhythm: Rhythm, period: Period) -> Period:
    """The period of a digest that follows on one."""
    return period_of(rhythm, period.ends, period.zone)


def due_at(period: Period, on_day: int, hour: int) -> datetime:
    """When the digest of a period is due: on this day after it, at this hour of the zone's clock.

    An hour that the clocks leave out is taken as the one after it; of one that comes twice the first is meant.
    """
    there = datetime.combine(period.ends + timedelta(days=on_day - 1), time(hour), ZoneInfo(period.zone))
    return max(there.astimezone(UTC), period.ends_at + SETTLES)


def next_of(row: DigestSubscription) -> tuple[Period, datetime]:
    """The next period of a subscription that is to be told of, and when that is due."""
    period = period_of(row.period, row.next_begins, row.zone)
    return period, due_at(period, row.on_day, row.hour)


@dataclass(frozen=True, slots=True)
class Missed:
    """What is due of a subscription by an instant: the periods to make, the newest first, and the one after them."""

    periods: list[Period]
    left_out: int
    then: Period
    then_at: datetime


def due(row: DigestSubscription, at: datetime) -> Missed:
    """Every period that is due by now and was not told of."""
    found: list[Period] = []
    period, due = next_of(row)
    while due <= at:
        found.append(period)
        period = period_after(row.period, period)
        due = due_at(period, row.on_day, row.hour)
    return Missed(found[::-1][:MOST_MISSED], max(len(found) - MOST_MISSED, 0), period, due)


def late(period: Period, row: DigestSubscription, at: datetime) -> bool:
    """Whether it is made later than whoever reads it would expect."""
    return at - due_at(period, row.on_day, row.hour) > LATE_AFTER


def reader(team_id: UUID | None) -> Reader:
    """As whom a digest is counted: whoever may see no more than all of its readers.

    The company's is counted over models that everybody may see, a team's over these and the team's own.
    """
    teams = [] if team_id is None else [team_id]
    return Reader(Sight.MEMBER, {"person": NOBODY, "teams": teams}, frozenset({Permission.READ}))
