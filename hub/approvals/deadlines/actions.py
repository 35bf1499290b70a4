"""Climbing the ladder of a request: what is due of it by now is done once, and marked when it is late."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hub.approvals import actions, subjects
from hub.approvals.asked import store as asked_store
from hub.approvals.deadlines import store
from hub.approvals.deadlines.rungs import Rung, RungKind
from hub.approvals.store import change
from hub.approvals.tables import ApprovalRequest, ApprovalStatus, TermEnd
from hub.approvals.telling import tell
from hub.db import Tx

LATE_AFTER = timedelta(minutes=5)
"""What is done this much after its instant is marked late: whoever reads it knows that it should have come before."""


async def climb(tx: Tx, kind: str, subject_id: UUID, request_id: UUID) -> None:
    """Do what is due of a request by now; nothing when it is decided, or its clock stands still."""
    await subjects.hold(tx, kind, subject_id)
    asked = await actions.again(tx, request_id)
    rungs = [Rung.of(row) for row in asked.ladder]
    due = [rung for rung in rungs[asked.rung :] if rung.at <= tx.at]
    if asked.status is not ApprovalStatus.PENDING or asked.paused_at is not None or not due:
        return
    late = tx.at - due[0].at > LATE_AFTER
    if due[-1].kind is RungKind.END:
        await _end(tx, asked, len(due), late=late)
        return
    # What was missed while nobody looked is told once, not once for each rung.
    if any(rung.kind is RungKind.REMIND for rung in due):
        people = await asked_store.there(tx, request_id)
        await _tell(tx, asked, "reminded", {"people": people, "late": late})
    for to in dict.fromkeys(rung.to for rung in due if rung.to is not None):
        people = await store.told(tx, to, asked.scope_id, asked_store.MOST_TOLD)
        await _tell(tx, asked, "escalated", {"to": to, "people": people, "late": late})
    climbed = asked.rung + len(due)
    await change(tx, request_id, rung=climbed, next_at=rungs[climbed].at)


async def _end(tx: Tx, asked: ApprovalRequest, missed: int, *, late: bool) -> None:
    if asked.rule["at_end"] == TermEnd.EXPIRE:
        await actions.settle(
            tx, asked, ApprovalStatus.EXPIRED, why="nobody decided within its term", told={"late": late}
        )
        return
    await change(tx, asked.id, rung=asked.rung + missed, next_at=None)
    people: Sequence[UUID] = await asked_store.there(tx, asked.id)
    await _tell(tx, asked, "overdue", {"people": people, "late": late})


async def _tell(tx: Tx, asked: ApprovalRequest, happened: str, told: dict[str, object]) -> None:
    await tell(tx, happened, asked, {"due_at": asked.due_at, **told})
