"""Writing the audit trail: a business row, its event and what follows from it commit together or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.db import Tx, new_id
from hub.events import store
from hub.events.canonical import Plain, canonical_json, instant, plain
from hub.events.reactions import Happened, Subject, react
from hub.statements import Write

__all__ = ["Entry", "Subject", "record", "record_all"]

FORM = 1
"""The form of an event's body, its field `v`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to be recorded. Nothing personal goes into `data` but opaque ids; texts go in by their digest."""

    subject: Subject
    data: Mapping[str, object]
    scope_id: UUID | None = None


async def record(
    tx: Tx,
    kind: str,
    subject: Subject,
    data: Mapping[str, object],
    *,
    scope_id: UUID | None = None,
    besides: Sequence[Write] = (),
) -> UUID:
    """Append one event and run its reactions in this transaction; gives the event's id.

    `besides` is what it tells of, where that is to be written by the same statement.
    """
    (made,) = await record_all(tx, kind, [Entry(subject, data, scope_id)], besides)
    return made


async def record_all(tx: Tx, kind: str, entries: Sequence[Entry], besides: Sequence[Write] = ()) -> list[UUID]:
    """Append events of one kind in one statement, in this order, then run each reaction once with all of them."""
    if not entries:
        assert not besides, "what is written besides events is written with them"
        return []
    happened = tuple(Happened(new_id(), kind, e.subject, _mapping(e.data), e.scope_id) for e in entries)
    await store.append(tx, kind, [_row(tx, event) for event in happened], besides)
    await react(tx, happened)
    return [event.id for event in happened]


def _row(tx: Tx, event: Happened) -> dict[str, object]:
    body = {
        "v": FORM,
        "id": str(event.id),
        "kind": event.kind,
        "at": instant(tx.at),
        "actor": None if tx.actor is None else str(tx.actor),
        "subject": {"kind": event.subject.kind, "id": str(event.subject.id), "digest": event.subject.digest},
        "data": event.data,
    }
    # All of it is in JSON's own types already.
    return {
        "id": event.id,
        "subject_kind": event.subject.kind,
        "subject_id": event.subject.id,
        "subject_digest": event.subject.digest,
        "scope_id": event.scope_id,
        "data": event.data,
        "body": canonical_json(body),
    }


def _mapping(data: Mapping[str, object]) -> dict[str, Plain]:
    return {key: plain(value) for key, value in data.items()}
