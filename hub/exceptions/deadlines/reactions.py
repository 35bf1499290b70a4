"""What follows for deadlines when an exception's dates have changed."""

from hub.db import Tx
from hub.deadlines import actions as deadlines
from hub.events.reactions import Happened, on


@on(
    "exception.approved",
    "exception.extended",
    "exception.reviewed",
    "exception.review_set",
    "exception.attested",
    "exception.resumed",
    "exception.moved",
)
async def see(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """New dates are looked at in the transaction that writes them."""
    await deadlines.see(tx, {event.subject.id for event in happened})
