"""Our own form of a test report: the report's fields, as JSON or as YAML."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from hub.checks.evidence import rules
from hub.checks.evidence.files.properties import instant, kind_of, wanted_kind
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, EvidenceSource, Verdict
from hub.errors import Code, Refused
from hub.policies.bundles import yaml_text

MOST_BYTES = 1_000_000
TEXTS = ("title", "tool", "version_digest", "code_commit", "data_digest", "seed", "environment", "command")
FIELDS = ("kind", "verdict", "figures", "details", "measured_at", *TEXTS)


def read(found: object, *, name: str, kind: EvidenceKind | None, size: int = 0) -> Report:
    """A report from what a file holds."""
    if size > MOST_BYTES:
        raise _bad(f"{name} has {size} bytes; a report has at most {MOST_BYTES}")
    if not isinstance(found, Mapping):
        raise _bad(f"{name} is no report: a mapping with {', '.join(FIELDS)} is wanted")
    unknown = sorted(str(key) for key in found if key not in FIELDS)
    if unknown:
        raise _bad(f"{name} says {unknown[0][:80]!r}, which no report has; there are {', '.join(FIELDS)}")
    texts = {field: _text(found[field], field, name) for field in TEXTS if found.get(field) is not None}
    at = found.get("measured_at")
    if isinstance(at, date) and not isinstance(at, datetime):
        raise _bad(f"{name}: measured_at is a day, {at}; write a time, as {at}T12:00:00Z")
    return rules.bounded(
        Report(
            kind=wanted_kind(kind_of(found.get("kind"), kind, name), name),
            verdict=_verdict(found.get("verdict"), name),
            figures=_mapping(found.get("figures"), "figures", name),
            details=_mapping(found.get("details"), "details", name),
            measured_at=None if at is None else instant(at, "measured_at", name),
            source=EvidenceSource.SENT,
            **texts,
        )
    )


def read_yaml(text: str, *, name: str, kind: EvidenceKind | None) -> Report:
    """A report from YAML, read as data only."""
    return read(yaml_text.load(text, name=name), name=name, kind=kind, size=len(text.encode()))


def loaded(text: str, *, name: str) -> Any:
    """What a JSON text says; refuses a key given twice and what is nested without end."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise _bad(f"{name}:{error.lineno}:{error.colno}: this is no JSON: {error.msg}") from None
    except _Twice as error:
        raise _bad(f"{name} says {error.key[:80]!r} twice in one object; keep one of them") from None
    except RecursionError:
        raise _bad(f"{name} is nested too deep to be read; flatten it") from None
    except ValueError:
        raise _bad(f"{name} holds a number with too many digits; give fewer") from None


class _Twice(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        raise _Twice(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return made


def _text(value: object, field: str, name: str) -> str:
    # A seed is a number to whoever writes one, and so is a commit of digits only to YAML.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _bad(f"{name}: {field} is {str(value)[:80]!r}; write a text")
    return str(value)


def _verdict(value: object, name: str) -> Verdict:
    if value is None:
        return Verdict.NONE
    clean = str(value).strip().upper()
    if clean not in Verdict.__members__:
        raise _bad(f"{name}: verdict is {str(value)[:80]!r}; there are {', '.join(Verdict)}")
    return Verdict(clean)


def _mapping(value: object, field: str, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _bad(f"{name}: {field} is no mapping; write names with values")
    return value


def _bad(why: str) -> Refused:
    return Refused(Code.BAD_INPUT, why, field="file")
