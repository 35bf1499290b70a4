"""Instants as people write them, and what is due as people say it."""

import re
from datetime import UTC, date, datetime, time, timedelta

from hub.cli.gate.decision import days_until
from hub.cli.gate.inert import inert
from hub.errors import Code, Refused

SPAN = re.compile(r"(\d{1,4})([dh])")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def instant(text: str, *, option: str, since: datetime, ends: bool, back: bool = False) -> datetime:
    """A date, an instant with its zone, or a span such as 5d or 36h from `since` on, or `back` from it.

    A date is by this machine's clock: the end of that day where something ends, else its beginning.
    """
    if span := SPAN.fullmatch(text.strip().lower()):
        length = int(span[1]) * (DAY if span[2] == "d" else HOUR)
        return since - length if back else since + length
    try:
        if len(text.strip()) == len("2026-12-24"):
            day = date.fromisoformat(text.strip()) + (DAY if ends else timedelta())
            return datetime.combine(day, time()).astimezone(UTC)
        found = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(
            Code.BAD_INPUT,
            f"{option} {inert(text, 50)}: write a date such as 2026-12-24, an instant with its zone such as"
            " 2026-12-24T12:00:00Z, or a span such as 5d or 36h",
            field=option.lstrip("-"),
        )
    return found


def spanned(begins: str | None, until: str, now: datetime) -> dict[str, str]:
    """From when, where that is given, and until when, as the graph takes them; a span counts from the beginning."""
    start = instant(begins, option="--from", since=now, ends=False) if begins is not None else None
    end = instant(until, option="--until", since=start or now, ends=True)
    return ({"startsAt": start.isoformat()} if start else {}) | {"endsAt": end.isoformat()}


def due(at: datetime, now: datetime) -> str:
    """When something is due, such as `in 2 days` or `3 h overdue`; days are counted as `daysLeft` counts them."""
    length = f"{abs(days_until(at, now))} days" if abs(at - now) >= 2 * DAY else span(abs(at - now))
    return f"in {length}" if at >= now else f"{length} overdue"


def span(length: timedelta) -> str:
    """A length of time in its largest whole unit; up to two days are told in hours."""
    if length >= 2 * DAY:
        return f"{length // DAY} days"
    return f"{length // HOUR} h" if length >= HOUR else f"{length // MINUTE} min"


def said(at: datetime) -> str:
    """An instant in words."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def of(text: str) -> datetime:
    """An instant as the graph gives it."""
    return datetime.fromisoformat(text)
