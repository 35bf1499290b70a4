"""What follows for exceptions when people have answered."""

from uuid import UUID

from hub.approvals import store as approval_store
from hub.db import Tx
from hub.events.reactions import Happened, on
from hub.exceptions import actions, review
from hub.exceptions.tables import ExceptionStatus

ENDS = {
    "approval.approved": ExceptionStatus.APPROVED,
    "approval.rejected": ExceptionStatus.REJECTED,
    "approval.changes_requested": ExceptionStatus.REJECTED,
    "approval.withdrawn": ExceptionStatus.WITHDRAWN,
    "approval.expired": ExceptionStatus.REJECTED,
}


@on(*ENDS)
async def settle(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """An exception that was approved is granted, one that was not ends."""
    for event in happened:
        subject = event.data["subject"]
        if isinstance(subject, dict) and subject["kind"] == review.KIND:
            answers = await approval_store.answers(tx, event.subject.id)
            note = answers[-1].comment if answers else "nobody decided within the term; ask anew"
            await actions.settled(tx, UUID(str(subject["id"])), ENDS[event.kind], by=tx.actor, note=note)
