"""What follows for summaries when something happens to an exception: it is counted in the same transaction."""

from hub.db import Tx
from hub.events.reactions import Happened, on
from hub.summaries import store

COUNTED = (
    "exception.requested",
    "exception.approved",
    "exception.rejected",
    "exception.withdrawn",
    "exception.extended",
    "exception.revoked",
    "exception.resolved",
    "exception.moved",
    "exception.reviewed",
)
"""Kinds that the database's exception_lines_of knows; a review counts when it moved the risk."""


@on(*COUNTED)
async def count(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Write the lines of these events."""
    await store.project(tx, [event.id for event in happened])
