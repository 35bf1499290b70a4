"""What follows for changes of the matrix when those who were asked have answered, or did not."""

from uuid import UUID

from hub.approvals.matrix import actions, review
from hub.approvals.tables import MatrixChangeStatus
from hub.db import Tx
from hub.events.reactions import Happened, on

ENDS = {
    "approval.approved": MatrixChangeStatus.APPLIED,
    "approval.changes_requested": MatrixChangeStatus.CHANGES_REQUESTED,
    "approval.rejected": MatrixChangeStatus.REJECTED,
    "approval.withdrawn": MatrixChangeStatus.WITHDRAWN,
    "approval.expired": MatrixChangeStatus.EXPIRED,
    "approval.stale": MatrixChangeStatus.STALE,
}


@on(*ENDS)
async def carry_out(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A change that was approved is in force, every other is over."""
    for event in happened:
        subject = event.data["subject"]
        if isinstance(subject, dict) and subject["kind"] == review.KIND:
            await actions.settled(tx, UUID(str(subject["id"])), ENDS[event.kind])
