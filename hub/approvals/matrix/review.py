"""Changes of the matrix as approvals know them: under which row they are asked, and what the answer binds to."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson

from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals import subjects
from hub.approvals.matrix import rules, store
from hub.approvals.rules import ApprovalSubject, changed
from hub.approvals.tables import ApprovalRequest, ApprovalRule, MatrixChange, MatrixChangeStatus, SubjectKind
from hub.db import Tx
from hub.events.canonical import digest_of
from hub.people.access import Principal

KIND = SubjectKind.MATRIX_CHANGE


@dataclass(frozen=True, slots=True)
class Basis:
    """What a change stands on at a moment: the row in force that decides it, none when nobody may; and its parts."""

    under: ApprovalRule | None
    parts: Mapping[str, str]

    @property
    def digest(self) -> str:
        return digest_of(self.parts)


async def basis(tx: Tx, change: MatrixChange) -> Basis:
    """What a change stands on now: the row that it changes, or the one that a new row would take precedence over.

    Where that asks nobody, or there is none, changes of the matrix have a row of their own.
    """
    which = rules.row_of(change)
    before = await store.row(tx, which)
    under = before
    if under is None and change.proposed is not None:
        under = await store.shadowed(tx, which, orjson.dumps(change.proposed["steps"]).decode())
    if under is None or not under.steps:
        under = await approval_store.rule(tx, KIND, change.tier, change.stage, None)
    asked = {"row": _named(which), "content": change.proposed, "summary": change.summary}
    in_force = {
        "row": None if before is None else rules.content_of(before),
        "asked_under": None if under is None else [_named(_selector(under)), rules.content_of(under)],
    }
    return Basis(under, {"proposed": digest_of(asked), "row in force": digest_of(in_force)})


async def hold(tx: Tx, _change_id: UUID) -> None:
    """Two changes are never decided at the same time: one may be what the other stands on."""
    await store.hold(tx)


@subjects.subject(KIND, hold=hold)
async def subject_now(tx: Tx, change_id: UUID, _stage: object) -> ApprovalSubject | None:
    """A change as it is now; none once it is not in review any more."""
    found = await store.one(tx, change_id)
    if found is None or found.status is not MatrixChangeStatus.IN_REVIEW:
        return None
    return _subject(found, await basis(tx, found))


async def ask(tx: Tx, who: Principal, change: MatrixChange, on: Basis) -> ApprovalRequest:
    """Put a change to those whom the row in force asks."""
    under = None if on.under is None else rules.for_no_model(on.under)
    tier = change.tier or (None if under is None else under.tier)
    subject = _subject(change, on)
    return await approvals.request(tx, who, subject, reason=change.summary, tier=tier, stage=change.stage, rule=under)


async def overtake(tx: Tx) -> None:
    """Void the questions about changes that stand on what has just been changed."""
    changes = {one.id: one for one in await store.in_review(tx)}
    found: dict[UUID, tuple[ApprovalRequest, list[str]]] = {}
    for asked in await approval_store.pending(tx, KIND, subject_ids=list(changes)):
        now = await basis(tx, changes[asked.subject_id])
        if names := changed(asked.parts or {}, now.parts):
            found[asked.id] = (asked, names)
    await approvals.void(tx, found)


def _subject(change: MatrixChange, on: Basis) -> ApprovalSubject:
    return ApprovalSubject(
        KIND,
        change.id,
        on.digest,
        None,
        parts=on.parts,
        author_ids=(change.author_id,),
        title=rules.title(change),
    )


def _selector(row: ApprovalRule) -> rules.Selector:
    return rules.Selector(row.subject_kind, row.tier, row.stage, row.tag)


def _named(which: rules.Selector) -> list[str | None]:
    return [which.kind, which.tier, which.stage, which.tag]
