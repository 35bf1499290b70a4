"""What a rule said, clause by clause, and the words for values."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson

from hub.events.canonical import GREATEST_INTEGER, Plain, instant, plain

LONGEST_VALUE = 1_000
SHORT = 300
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class Told(NamedTuple):
    """What one clause said: true, false, or None for one that could not be told, and why not.

    `wanted` is what serves the rule: false for a clause behind a `!`, None for one that only chooses between others.
    `decides` marks those that decided the outcome. `words` say the value found beside the value allowed; `missed` is
    the key that was not there.
    """

    # A tuple, because a bulk run makes one for each clause, and a frozen dataclass takes four times as long.
    clause: str
    holds: bool | None
    wanted: bool | None = True
    looked_at: str | None = None
    found: Plain = None
    allowed: str | None = None
    why: str | None = None
    decides: bool = True
    words: str | None = None
    missed: str | None = None


class Verdict:
    """What a rule said, and clause by clause why."""

    __slots__ = ("_told", "holds")

    def __init__(self, holds: bool | None, told: Sequence[Told] = ()) -> None:
        self.holds = holds
        self._told: tuple[Told, ...] | None = tuple(told)

    @property
    def told(self) -> tuple[Told, ...]:
        """Every clause, in the order of the text."""
        return self._told or ()

    def decided(self) -> tuple[Told, ...]:
        """The clauses that decided, in the order of the text."""
        return tuple(one for one in self.told if one.decides)

    def words(self) -> list[str]:
        """What the clauses that decided say, in words."""
        return [said(one) for one in self.decided()]


def said(told: Told) -> str:
    """What one clause says, in words."""
    if told.holds is None:
        return f"{told.clause}: {told.why or 'gave neither true nor false'}"
    return told.words or f"{told.clause} is {json(told.holds)}"


def shown(value: object) -> Plain:
    """A value as it is kept, in JSON's types, and only the beginning of a long one."""
    if isinstance(value, int | float | None):
        return plain(value)
    try:
        kept = plain(value) if not isinstance(value, timedelta | datetime) else words(value)
    except TypeError:  # bytes and types
        kept = str(value)
    text = json(kept)
    return kept if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def words(value: object) -> str:
    """A value in words: JSON, with lengths of time in days, hours, minutes and seconds."""
    # By exact type, and first what rules look at most: a check of a hub asks this for every clause.
    kind = type(value)
    if kind is float:
        return repr(value)
    if kind is str and len(value) < SHORT:  # type: ignore[arg-type]
        return orjson.dumps(value).decode()
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind is int and -GREATEST_INTEGER <= value <= GREATEST_INTEGER:  # type: ignore[operator]
        return str(value)
    if kind is timedelta:
        return _length(value)  # type: ignore[arg-type]
    if kind is datetime:
        return instant(value).replace(".000000Z", "Z")  # type: ignore[arg-type]
    kept = shown(value)
    # A long value has become the beginning of its own JSON.
    return kept if isinstance(kept, str) and kind is not str else json(kept)


def json(value: Plain) -> str:
    """The value in JSON, for people."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _length(value: timedelta) -> str:
    """The two greatest units of a length of time."""
    seconds = abs(value).days * 86_400 + abs(value).seconds
    told = []
    for name, size in _UNITS:
        if seconds >= size:
            count, seconds = divmod(seconds, size)
            told.append(f"{count} {name}s" if count > 1 else f"1 {name}")
            if len(told) == 2:
                break
    return ("-" if value.days < 0 else "") + " ".join(told) if told else "0 seconds"
