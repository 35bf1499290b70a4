"""What files of every form may say of a run beside its results, and lists of findings cut to what is kept."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.checks.tables import EvidenceKind
from hub.errors import Code, Refused

FIELDS: Mapping[str, str] = {
    "commit": "code_commit",
    "code_commit": "code_commit",
    "data_digest": "data_digest",
    "seed": "seed",
    "environment": "environment",
    "command": "command",
    "version_digest": "version_digest",
}
"""Properties that are taken over, and the report's field each goes to; others are left alone."""

FIGURE = "figure."
MOST_FINDINGS = 50
MOST_FINDINGS_BYTES = 60_000
LONGEST_MESSAGE = 500


def fields_of(properties: Iterable[tuple[str, object]]) -> dict[str, str]:
    """The report's fields among some properties; of one given twice the first counts."""
    found: dict[str, str] = {}
    for name, value in properties:
        field = FIELDS.get(name.lower())
        if field is not None and isinstance(value, str | int) and not isinstance(value, bool):
            found.setdefault(field, str(value))
    return found


def figures_of(properties: Iterable[tuple[str, object]], name: str) -> dict[str, float]:
    """The numbers in properties called figure.NAME."""
    found = {}
    for called, value in properties:
        if called.lower().startswith(FIGURE):
            found[called[len(FIGURE) :]] = number(value, f"property {called[:200]}", name)
    return found


def kind_of(told: object, asked: EvidenceKind | None, name: str) -> EvidenceKind | None:
    """What a report is about: as its file says, and as the caller does; refused when they disagree."""
    if told is None or told == "":
        return asked
    clean = str(told).strip().upper()
    if clean not in EvidenceKind.__members__:
        there = ", ".join(EvidenceKind)
        raise Refused(Code.BAD_INPUT, f"{name} says kind {str(told)[:80]!r}; there are {there}", field="kind")
    if asked is not None and asked != clean:
        raise Refused(
            Code.BAD_INPUT, f"{name} says kind {clean}, and {asked} was asked for; leave --kind out", field="kind"
        )
    return EvidenceKind(clean)


def wanted_kind(kind: EvidenceKind | None, name: str) -> EvidenceKind:
    """The kind of a report that must have one."""
    if kind is None:
        there = ", ".join(EvidenceKind)
        raise Refused(
            Code.BAD_INPUT, f"{name} does not say what it is about; give --kind, one of {there}", field="kind"
        )
    return kind


def number(value: object, what: str, name: str) -> float:
    """A number that a file wrote as text; whether it is finite is asked of all figures alike."""
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        # Surefire writes thousands with a comma.
        return float(value.replace(",", "") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        raise Refused(
            Code.BAD_INPUT, f"{name}: {what} is {str(value)[:80]!r}, which is no number", field="file"
        ) from None


def instant(value: object, what: str, name: str) -> datetime:
    """An instant that a file wrote; without a zone it is UTC, as the tools that leave it out mean it."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip()[:64])
    except ValueError:
        raise Refused(
            Code.BAD_INPUT,
            f"{name}: {what} is {str(value)[:80]!r}, which is no time; write it as 2026-11-21T12:00:00Z",
            field="measuredAt",
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def cut(text: str, most: int = LONGEST_MESSAGE) -> str:
    """A text of at most so many characters."""
    clean = text.strip()
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def kept(findings: Iterable[Mapping[str, str]], name: str) -> dict[str, Any]:
    """Details that list the first findings, and how many are left out."""
    listed: list[Mapping[str, str]] = []
    size = left_out = 0
    for finding in findings:
        size += len(orjson.dumps(finding))
        if left_out or len(listed) == MOST_FINDINGS or size > MOST_FINDINGS_BYTES:
            left_out += 1
        else:
            listed.append(finding)
    details: dict[str, Any] = {name: listed} if listed else {}
    return {**details, "left_out": left_out} if left_out else details
