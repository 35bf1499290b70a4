"""What follows for a break-glass when its reviewers have answered."""

from uuid import UUID

from hub.approvals.bypass import review
from hub.db import Tx
from hub.events.reactions import Happened, on


@on("approval.approved", "approval.rejected")
async def conclude(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """It was justified, or it was not."""
    for event in happened:
        subject = event.data["subject"]
        if isinstance(subject, dict) and subject["kind"] == review.KIND:
            await review.reviewed(tx, UUID(str(subject["id"])), justified=event.kind == "approval.approved")
