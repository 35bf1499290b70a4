"""Which days a summary is about, as people name them, and the instants at which they begin in a zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.calendars.zones import zone as zone_named
from hub.errors import Code, Refused

MOST_DAYS = 366 * 3
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.IGNORECASE)
WAYS = "say month=2026-10, week=2026-W43, or from=2026-10-03 and to=2026-10-17"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of one zone; `ends` is the first day after them."""

    begins: date
    ends: date
    zone: str

    @property
    def begins_at(self) -> datetime:
        return midnight(self.begins, self.zone)

    @property
    def ends_at(self) -> datetime:
        return midnight(self.ends, self.zone)

    @property
    def slug(self) -> str:
        """What a file about it is called by."""
        if self == month(self.begins, self.zone):
            return f"{self.begins:%Y-%m}"
        if self == week(self.begins, self.zone):
            return "{}-W{:02}".format(*self.begins.isocalendar()[:2])
        return f"{self.begins}-to-{self.ends - timedelta(days=1)}"


def midnight(day: date, zone: str) -> datetime:
    """When a day begins there: 23, 24 or 25 hours before the next one does."""
    # Where clocks jump over midnight, the day begins at the jump: fold 0 reads the old offset, which is that instant.
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def month(day: date, zone: str) -> Period:
    """The month that a day is in."""
    begins = day.replace(day=1)
    return Period(begins, (begins + timedelta(days=31)).replace(day=1), zone)


def week(day: date, zone: str) -> Period:
    """The week that a day is in, from Monday on."""
    begins = day - timedelta(days=day.weekday())
    return Period(begins, begins + timedelta(days=7), zone)


def before(period: Period) -> Period:
    """The period of the same kind before a month or a week."""
    last = period.begins - timedelta(days=1)
    return month(last, period.zone) if period == month(period.begins, period.zone) else week(last, period.zone)


def asked(given: Mapping[str, str | None], now: datetime) -> Period:
    """The period that `month`, `week`, or `from` and `to` name in `zone`; without any the last month that is over."""
    zone = zone_named(given.get("zone") or "UTC").key
    today = now.astimezone(ZoneInfo(zone)).date()
    named = {name: value for name in ("month", "week", "from", "to") if (value := given.get(name))}
    match sorted(named):
        case []:
            found = before(month(today, zone))
        case ["month"]:
            found = month(_day(named["month"], _MONTH, "month"), zone)
        case ["week"]:
            found = week(_day(named["week"], _WEEK, "week"), zone)
        case ["from", "to"]:
            found = Period(_date(named["from"], "from"), _date(named["to"], "to") + timedelta(days=1), zone)
        case _:
            raise Refused(Code.BAD_INPUT, f"{', '.join(named)} do not name one period; {WAYS}", field=next(iter(named)))
    return _possible(found, today)


def _possible(period: Period, today: date) -> Period:
    days = (period.ends - period.begins).days
    if days < 1:
        raise Refused(Code.BAD_INPUT, f"the period ends before it begins on {period.begins}; {WAYS}", field="to")
    if days > MOST_DAYS:
        raise Refused(
            Code.BAD_INPUT, f"{days} days are asked, at most {MOST_DAYS} are told at once; {WAYS}", field="to"
        )
    if period.begins > today:
        raise Refused(
            Code.BAD_INPUT,
            f"the period begins on {period.begins}, and today is {today} in {period.zone}; ask for one that has begun",
            field="from",
        )
    return period


def instant(given: str | None, now: datetime, period: Period) -> datetime:
    """As of when: as asked, else at the period's end, or now where that is still to come."""
    if given is None:
        return min(period.ends_at, now)
    try:
        found = datetime.fromisoformat(given.strip().replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(
            Code.BAD_INPUT, f"{given[:60]!r} is no instant; write it with its zone: 2026-11-01T00:00:00Z", field="asOf"
        )
    if not period.begins_at < found <= now:
        raise Refused(
            Code.BAD_INPUT,
            f"as of {found.astimezone(UTC):%Y-%m-%d %H:%M} UTC nothing of the period could be known; ask as of an"
            f" instant after {period.begins_at:%Y-%m-%d %H:%M} and until now",
            field="asOf",
        )
    return found.astimezone(UTC)


def _day(given: str, form: re.Pattern[str], field: str) -> date:
    """A day within a month 2026-10 or a week 2026-W43."""
    found = form.fullmatch(given.strip())
    try:
        if found is not None:
            year, number = int(found[1]), int(found[2])
            return date(year, number, 1) if form is _MONTH else date.fromisocalendar(year, number, 1)
    except ValueError:
        pass
    raise Refused(Code.BAD_INPUT, f"{field} {given[:40]!r} is none; {WAYS}", field=field)


def _date(given: str, field: str) -> date:
    try:
        return date.fromisoformat(given.strip())
    except ValueError:
        raise Refused(Code.BAD_INPUT, f"{field} {given[:40]!r} is no date; {WAYS}", field=field) from None
