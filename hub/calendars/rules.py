"""What a calendar may say, and the working week that follows from it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from hub import words
from hub.calendars.public import place, public_holidays
from hub.calendars.zones import zone
from hub.errors import Code, Refused
from hub.events.canonical import digest_of
from hub.working_time import DAY_MINUTES, FIRST_YEAR, LAST_YEAR, WorkingWeek

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
MOST_CLOSED_DATES = 1_000
CLOCK = re.compile(r"([0-2][0-9]):([0-5][0-9])")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Hours:
    """All that a calendar says: `opens` and `closes` as HH:MM on the zone's clock, 24:00 being the day's end."""

    name: str
    zone: str
    days: tuple[int, ...] = (1, 2, 3, 4, 5)
    opens: str = "09:00"
    closes: str = "17:00"
    country: str | None = None
    subdivision: str | None = None
    closed_on: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a calendar is to say; None leaves it as it is, an empty text or list takes it away."""

    name: str | None = None
    zone: str | None = None
    days: Sequence[int] | None = None
    opens: str | None = None
    closes: str | None = None
    country: str | None = None
    subdivision: str | None = None
    closed_on: Sequence[date] | None = None


def check_key(key: str) -> None:
    """A calendar's short name can be typed."""
    if KEY.fullmatch(key) is None:
        raise Refused(
            Code.BAD_INPUT,
            "key takes 1 to 100 lower-case letters, digits and hyphens, beginning with a letter or digit",
            field="key",
        )


def said(key: str, before: Hours | None, asked: Change) -> Hours:
    """What a calendar says once this was asked of it; refused, with the field, when it cannot be."""
    if before is None and asked.zone is None:
        raise Refused(Code.BAD_INPUT, f"{key} is a new calendar; give its zone, such as Europe/Berlin", field="zone")
    held = before or Hours(name=key, zone="")
    country, subdivision = _place(held, asked)
    made = Hours(
        name=words.wanted(held.name if asked.name is None else asked.name, "name", most=200),
        zone=zone(held.zone if asked.zone is None else asked.zone).key,
        days=tuple(sorted(set(held.days if asked.days is None else asked.days))),
        opens=held.opens if asked.opens is None else asked.opens,
        closes=held.closes if asked.closes is None else asked.closes,
        country=country,
        subdivision=subdivision,
        closed_on=_closed(held.closed_on if asked.closed_on is None else asked.closed_on),
    )
    week(made)
    return made


def week(hours: Hours) -> WorkingWeek:
    """When people work under a calendar; refused when it never opens, or too seldom."""
    return WorkingWeek(
        zone=zone(hours.zone),
        days=frozenset(hours.days),
        opens_minute=_minute(hours.opens, "opens"),
        closes_minute=_minute(hours.closes, "closes"),
        holidays=frozenset(_public(hours)) | frozenset(hours.closed_on),
    )


def digest(key: str, hours: Hours) -> str:
    """SHA-256 of all that a calendar says."""
    return digest_of({**asdict(hours), "key": key, "closed_on": [day.isoformat() for day in hours.closed_on]})


def closed_dates(texts: Iterable[str]) -> tuple[date, ...]:
    """Dates written as YYYY-MM-DD."""
    return tuple(_date(text) for text in texts)


def next_closed(hours: Hours, since: date, most: int) -> list[tuple[date, str]]:
    """The next working days on which nobody works, the day itself among them, and why: a holiday's name, or ''."""
    names = _public(hours)
    days = sorted(day for day in {*names, *hours.closed_on} if day >= since and day.isoweekday() in hours.days)
    return [(day, names.get(day, "")) for day in days[:most]]


def _public(hours: Hours) -> Mapping[date, str]:
    return public_holidays(hours.country, hours.subdivision) if hours.country is not None else {}


def _place(held: Hours, asked: Change) -> tuple[str | None, str | None]:
    """The country and its part; another country has other parts, so the old one's goes with it."""
    if asked.country is None and asked.subdivision is None:
        return held.country, held.subdivision
    country, _ = place(asked.country.strip(), "") if asked.country is not None else (held.country, None)
    stays = held.subdivision if country == held.country else None
    return place(country or "", (stays or "") if asked.subdivision is None else asked.subdivision.strip())


def _closed(asked: Iterable[date]) -> tuple[date, ...]:
    """Closed dates as they are kept: each once, in order."""
    days = tuple(sorted(set(asked)))
    if len(days) > MOST_CLOSED_DATES:
        raise Refused(
            Code.BAD_INPUT,
            f"{len(days)} closed dates; at most {MOST_CLOSED_DATES} are kept, so leave out those that have passed",
            field="closedOn",
        )
    for day in days:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise Refused(
                Code.BAD_INPUT, f"{day} is too far off; give dates from {FIRST_YEAR} to {LAST_YEAR}", field="closedOn"
            )
    return days


def _minute(text: str, field: str) -> int:
    """Minutes after midnight of a time written as HH:MM."""
    found = CLOCK.fullmatch(text)
    minute = int(found[1]) * 60 + int(found[2]) if found is not None else DAY_MINUTES + 1
    if minute > DAY_MINUTES:
        raise Refused(Code.BAD_INPUT, f"{text[:20]!r} is no time of day; write one from 00:00 to 24:00", field=field)
    return minute


def _date(text: str) -> date:
    try:
        if DAY.fullmatch(text) is None:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(
            Code.BAD_INPUT, f"{text[:40]!r} is no date; write it as YYYY-MM-DD, such as 2026-12-24", field="closedOn"
        ) from None
