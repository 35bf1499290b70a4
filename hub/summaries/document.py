"""A summary as a JSON document, and back: the canonical text whose digest tells whether two are equal."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from hub.events.canonical import canonical_json, instant, plain
from hub.summaries.facts import Ages, Cliff, Counted, Standing, Summary, TopPolicy

FORM = 1
"""The form of the document, its field `v`."""

Document = Mapping[str, Any]


def document(summary: Summary) -> dict[str, Any]:
    """The facts in JSON's own types."""
    made: dict[str, Any] = _plain(asdict(summary))
    return {"v": FORM, **made}


def text(summary: Summary) -> bytes:
    """The one JSON text of a summary (RFC 8785)."""
    return canonical_json(document(summary))


def digest(summary: Summary) -> str:
    """SHA-256 of that text, in hex: equal where, and only where, the facts are."""
    return sha256(text(summary)).hexdigest()


def read(kept: Document) -> Summary:
    """The summary that a document tells."""
    team = kept["team_id"]
    return Summary(
        begins=date.fromisoformat(kept["begins"]),
        ends=date.fromisoformat(kept["ends"]),
        zone=kept["zone"],
        as_of=datetime.fromisoformat(kept["as_of"]),
        team_id=None if team is None else UUID(team),
        team=kept["team"],
        now=_counted(kept["now"]),
        before=_counted(kept["before"]),
        series=tuple(map(_counted, kept["series"])),
        ages=tuple(Ages(**one) for one in kept["ages"]),
        cliff=Cliff(**kept["cliff"]),
        cliff_before=Cliff(**kept["cliff_before"]),
        compliance=Standing(**kept["compliance"]),
        compliance_before=Standing(**kept["compliance_before"]),
        compliance_series=tuple((date.fromisoformat(day), Standing(**one)) for day, one in kept["compliance_series"]),
        top_policies=tuple(TopPolicy(**{**one, "policy_id": UUID(one["policy_id"])}) for one in kept["top_policies"]),
        **{name: kept[name] for name in _ALIKE},
    )


_ALIKE = (
    "median_hours_to_decide", "median_hours_to_decide_before", "waiting_for_decision", "suspended", "overdue_reviews",
)  # fmt: skip
"""Fields that are the same in both forms."""


def differences(one: Document, other: Document, at: str = "") -> list[str]:
    """Where two documents differ and how, such as `now.opened: 12, then 13`; nothing where they are equal."""
    told: list[str] = []
    for name in sorted({*one, *other}):
        before, after, path = one.get(name), other.get(name), f"{at}{name}"
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            told += differences(before, after, f"{path}.")
        elif isinstance(before, list) and isinstance(after, list):
            told += differences(_numbered(before), _numbered(after), f"{path}.")
        elif before != after:
            told.append(f"{path}: {before}, then {after}")
    return told


def _numbered(items: list[Any]) -> Document:
    return {f"{place:03}": item for place, item in enumerate(items)}


def _counted(kept: Document) -> Counted:
    days = {name: date.fromisoformat(kept[name]) for name in ("begins", "ends")}
    return Counted(**{**kept, **days})


def _plain(value: Any) -> Any:
    """As events write values, and days as ISO 8601 writes them."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return plain(value)
