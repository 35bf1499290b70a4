"""Wordings as data: names in snake case, JSON's own types, days as YYYY-MM-DD; back again only when all of it fits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from hub.errors import Code, Refused
from hub.events.canonical import digest_of
from hub.models.tables import RiskTier, Stage
from hub.policies.rules import Citation, EnforcementStep, Wording
from hub.policies.tables import DecisionPoint, Enforcement, PolicyVersion, Severity

Word = TypeVar("Word", bound=StrEnum)
Kind = TypeVar("Kind", Wording, Citation, EnforcementStep)
Read = Callable[[object, str], Any]

NAMES = tuple(one.name for one in fields(Wording))


def written(wording: Wording) -> dict[str, Any]:
    """All that a wording says, as JSON types."""
    return {name: _plain(getattr(wording, name)) for name in NAMES}


def wording(data: Mapping[str, Any]) -> Wording:
    """The wording that data says; refused, with the place, where a name is unknown or a value of another type.

    Whether it may be published is for `checked` to say.
    """
    return _made(Wording, data, _WORDING, "")


def wording_of(key: str, version: PolicyVersion) -> Wording:
    """What a published version says."""
    return wording({"key": key, **{name: getattr(version, name) for name in NAMES if name != "key"}})


def digest(asked: Wording) -> str:
    """SHA-256 of all that the wording says, in canonical JSON."""
    return digest_of(written(asked))


def differing(before: Wording | None, after: Wording) -> tuple[str, ...]:
    """The names of the fields in which two wordings differ; beside none, of those that say something."""
    now = written(after)
    if before is None:
        return tuple(name for name in NAMES if now[name] != _UNSAID.get(name))
    old = written(before)
    return tuple(name for name in NAMES if now[name] != old[name])


def _plain(value: object) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Citation | EnforcementStep):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value


def _made(kind: type[Kind], data: object, reads: Mapping[str, Read], place: str) -> Kind:
    inside = f"{place}." if place else ""
    if not isinstance(data, Mapping):
        raise _wrong(place or "a policy", data, "names with values")
    unknown = sorted(str(name) for name in data if name not in reads)
    if unknown:
        raise Refused(
            Code.BAD_INPUT,
            f"{inside}{unknown[0][:100]} is no field of a policy; choose from {', '.join(reads)}",
            field=f"{inside}{unknown[0][:100]}",
        )
    for one in fields(kind):
        if one.name not in data and one.default is MISSING and one.default_factory is MISSING:
            raise Refused(Code.BAD_INPUT, f"{inside}{one.name} is missing", field=f"{inside}{one.name}")
    return kind(**{name: reads[name](value, f"{inside}{name}") for name, value in data.items()})


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise _wrong(place, value, "text")
    return value


def _truth(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(place, value, "true or false")
    return value


def _whole(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(place, value, "a whole number")
    return value


def _day(value: object, place: str) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        found = date.fromisoformat(_text(value, place))
    except ValueError as error:
        raise _wrong(place, value, "a day such as 2027-01-31") from error
    return found


def _word(kind: type[Word]) -> Callable[[object, str], Word]:
    def read(value: object, place: str) -> Word:
        try:
            return kind(_text(value, place))
        except ValueError as error:
            raise _wrong(place, value, f"one of {', '.join(kind)}") from error

    return read


def _perhaps(read: Read) -> Read:
    return lambda value, place: None if value is None else read(value, place)


def _each(read: Read) -> Read:
    def every(value: object, place: str) -> tuple[Any, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise _wrong(place, value, "a list")
        return tuple(read(inner, f"{place}[{at}]") for at, inner in enumerate(value))

    return every


def _levels(value: object, place: str) -> dict[Severity, int]:
    if not isinstance(value, Mapping):
        raise _wrong(place, value, "days by severity")
    return {_word(Severity)(key, place): _whole(days, f"{place}.{key}") for key, days in value.items()}


def _wrong(place: str, value: object, wanted: str) -> Refused:
    # Only of what is short anyway is the value shown: a list may be as long as it likes.
    shown = repr(value[:80]) if isinstance(value, str) else type(value).__name__
    shown = str(value) if value is None or isinstance(value, bool | float) else shown
    return Refused(Code.BAD_INPUT, f"{place} is {shown}; write {wanted}", field=place)


_CITATION: Mapping[str, Read] = {"framework": _text, "reference": _text, "title": _text, "url": _text}
_STEP: Mapping[str, Read] = {
    "enforcement": _word(Enforcement),
    "severity": _perhaps(_word(Severity)),
    "tiers": _each(_word(RiskTier)),
    "stages": _each(_word(Stage)),
    "starts_on": _day,
}
_WORDING: Mapping[str, Read] = {
    "key": _text,
    "title": _text,
    "rule": _text,
    "rationale": _text,
    "remediation": _text,
    "severity": _word(Severity),
    "enforcement": _word(Enforcement),
    "decision_points": _each(_word(DecisionPoint)),
    "tiers": _each(_word(RiskTier)),
    "stages": _each(_word(Stage)),
    "service_level_days": _whole,
    "longest_exception_days": _whole,
    "registries": _each(_text),
    "model_types": _each(_text),
    "data_categories": _each(_text),
    "model_tags": _each(_text),
    "tags": _each(_text),
    "principle": _text,
    "citations": _each(lambda value, place: _made(Citation, value, _CITATION, place)),
    "schedule": _each(lambda value, place: _made(EnforcementStep, value, _STEP, place)),
    "service_levels": _levels,
    "review_on": _day,
    "validators": _each(_text),
    "safe_rollback": _truth,
}
_UNSAID: Mapping[str, Any] = {
    one.name: _plain(one.default) if one.default is not MISSING else {}
    for one in fields(Wording)
    if one.default is not MISSING or one.default_factory is not MISSING
}
