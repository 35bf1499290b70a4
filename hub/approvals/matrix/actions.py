"""Verbs on changes of the approval matrix: somebody proposes one, those whom the row in force asks decide it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub import words
from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.deadlines import rungs
from hub.approvals.matrix import review, rules, store
from hub.approvals.matrix.rules import Content, Selector
from hub.approvals.tables import ApprovalRule, MatrixChange, MatrixChangeStatus, TermEnd
from hub.calendars import store as calendars
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of, digest_of_text
from hub.events.record import Subject, record
from hub.people.access import Permission, Principal
from hub.people.acting import acting


async def propose(tx: Tx, who: Principal, which: Selector, content: Content | None, *, summary: str) -> MatrixChange:
    """Ask that a row of the matrix say this, or that it go; decided under the row in force."""
    acting(tx, who, Permission.PROPOSE_MATRIX)
    row = rules.selected(which)
    said = words.wanted(summary, "summary")
    if content is None:
        rules.check_removable(row)
    proposed = None if content is None else (await _checked(tx, row, content)).written()
    await store.hold(tx)
    found = await store.row(tx, row)
    before = None if found is None else rules.content_of(found)
    rules.check_news(row, before, proposed)
    for one in await store.in_review(tx):
        if rules.same(one, row, proposed):
            raise Refused(Code.CONFLICT, f"just this is in review already, as change {one.id}", field="kind")
    made = MatrixChange(
        id=new_id(),
        subject_kind=row.kind,
        tier=row.tier,
        stage=row.stage,
        tag=row.tag,
        proposed=proposed,
        before=before,
        digest="",
        summary=said,
        author_id=who.person_id,
        created_at=tx.at,
    )
    on = await review.basis(tx, made)
    made.digest = on.digest
    await store.add(tx, made)
    await record(tx, "matrix_change.proposed", _subject(made), _told(made))
    await review.ask(tx, who, made, on)
    return made


async def withdraw(tx: Tx, who: Principal, change_id: UUID) -> MatrixChange:
    """Take a change back, as its author or an ADMIN; nothing happens when that was done."""
    acting(tx, who, Permission.PROPOSE_MATRIX)
    await store.hold(tx)
    change = await store.one(tx, change_id)
    if change is None:
        raise Refused(Code.NOT_FOUND, "there is no such change of the matrix", field="change")
    if change.status is MatrixChangeStatus.WITHDRAWN:
        return change
    rules.check_withdrawable(change, who.person_id, who.roles)
    asked = await approval_store.newest(tx, review.KIND, change_id)
    assert asked is not None, "what is in review is asked about"
    await approvals.withdraw(tx, who, asked.id)
    return await _again(tx, change_id)


async def settled(tx: Tx, change_id: UUID, status: MatrixChangeStatus) -> None:
    """Do what was decided about a change: an approved one is applied now. Whoever calls holds the matrix."""
    change = await _again(tx, change_id)
    if change.status is not MatrixChangeStatus.IN_REVIEW:
        return
    if status is MatrixChangeStatus.APPLIED and (await review.basis(tx, change)).digest != change.digest:
        # Approved by signatures that came back to count after the row in force was another.
        status = MatrixChangeStatus.STALE
    await store.change(tx, change_id, status=status, decided_at=tx.at)
    await record(tx, f"matrix_change.{status.lower()}", _subject(change), _told(change))
    if status is MatrixChangeStatus.APPLIED:
        await _apply(tx, change)


async def _apply(tx: Tx, change: MatrixChange) -> None:
    which = rules.row_of(change)
    row = await store.row(tx, which)
    row_id = row.id if row is not None else new_id()
    if change.proposed is None:
        await store.remove(tx, row_id)
    else:
        await store.put(
            tx,
            ApprovalRule(
                id=row_id,
                subject_kind=which.kind,
                tier=which.tier,
                stage=which.stage,
                tag=which.tag,
                set_at=tx.at,
                **{**change.proposed, "at_end": TermEnd(change.proposed["at_end"])},
            ),
        )
    await review.overtake(tx)
    after = _digest(change.proposed)
    told = {"change": change.id, **_for(change), "before": _digest(change.before), "after": after}
    await record(tx, "approval_matrix.changed", Subject("approval_rule", row_id, after), told)


async def _checked(tx: Tx, row: Selector, content: Content) -> Content:
    clean = rules.checked(row, content)
    week = await calendars.week(tx, clean.calendar)
    rules.check_within(clean, rungs.term(week, clean.term_days))
    if unknown := await store.unknown_teams(tx, clean.teams):
        field = "steps" if any(step.team == unknown[0] for step in clean.steps) else "escalation"
        raise Refused(Code.NOT_FOUND, f"there is no team {unknown[0]}; make it, or name another", field=field)
    return clean


async def _again(tx: Tx, change_id: UUID) -> MatrixChange:
    found = await store.one(tx, change_id)
    assert found is not None
    return found


def _digest(content: Mapping[str, Any] | None) -> str | None:
    return None if content is None else digest_of(content)


def _subject(change: MatrixChange) -> Subject:
    return Subject("matrix_change", change.id, change.digest)


def _for(change: MatrixChange) -> dict[str, object]:
    return {"kind": change.subject_kind, "tier": change.tier, "stage": change.stage, "tag": change.tag}


def _told(change: MatrixChange) -> dict[str, object]:
    return {**_for(change), "removes": change.proposed is None, "summary_digest": digest_of_text(change.summary)}
