"""What follows for policy changes when their peers have answered."""

from uuid import UUID

from hub.approvals import store as approval_store
from hub.db import Tx
from hub.events.reactions import Happened, on
from hub.policies.changes import actions, review
from hub.policies.tables import ChangeStatus

ENDS = {
    "approval.approved": ChangeStatus.PUBLISHED,
    "approval.rejected": ChangeStatus.REJECTED,
    "approval.changes_requested": ChangeStatus.DRAFT,
    "approval.withdrawn": ChangeStatus.DRAFT,
    "approval.expired": ChangeStatus.DRAFT,
}


@on(*ENDS)
async def carry_out(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A change that was approved is in force, one that was not goes back or ends."""
    for event in happened:
        subject = event.data["subject"]
        if isinstance(subject, dict) and subject["kind"] == review.KIND:
            answers = await approval_store.answers(tx, event.subject.id)
            note = answers[-1].comment if answers else ""
            status = ENDS[event.kind]
            await actions.settled(tx, UUID(str(subject["id"])), status, by=tx.actor, note=note)
