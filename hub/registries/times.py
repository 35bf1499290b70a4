"""One tolerant reader for the registries' timestamps; UTC always."""

import math
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A count of seconds passes 10^11 in the year 5138, one of milliseconds in 1973: magnitude alone tells the unit.
MILLISECONDS_FROM = 10**11
MICROSECONDS_FROM = 10**14
NANOSECONDS_FROM = 10**17


def instant(value: object) -> datetime | None:
    """The instant that a registry means by a number (s, ms, µs or ns since 1970) or an ISO 8601 text.

    None for what is no time, for 0 and below (registries write 0 for "not yet") and for years past 9999. A text without
    an offset is UTC.
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int):
            return _from_count(value)
        if isinstance(value, float):
            return _from_float(value)
        if isinstance(value, str):
            return _from_text(value.strip())
        if isinstance(value, datetime):
            return _as_utc(value)
    except (ValueError, OverflowError):
        return None
    return None


def _from_count(count: int) -> datetime | None:
    if count <= 0:
        return None
    if count < MILLISECONDS_FROM:
        return EPOCH + timedelta(seconds=count)
    if count < MICROSECONDS_FROM:
        return EPOCH + timedelta(milliseconds=count)
    if count < NANOSECONDS_FROM:
        return EPOCH + timedelta(microseconds=count)
    return EPOCH + timedelta(microseconds=count // 1000)


def _from_float(count: float) -> datetime | None:
    if not math.isfinite(count) or count <= 0:
        return None
    if count < MILLISECONDS_FROM:
        return EPOCH + timedelta(microseconds=round(count * 1_000_000))
    return _from_count(int(count))


def _from_text(text: str) -> datetime | None:
    if len(text) > 64:
        return None
    if text.isascii() and text.isdigit():
        return _from_count(int(text))
    try:
        return _as_utc(datetime.fromisoformat(text))
    except ValueError:
        return _from_float(float(text))


def _as_utc(moment: datetime) -> datetime | None:
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment if moment > EPOCH else None
