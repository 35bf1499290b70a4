"""What follows for the backlog when exceptions are over."""

from hub.db import Tx
from hub.events.reactions import Happened, on
from hub.exceptions.backlog import store


@on("exception.expired")
async def pass_by(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What is over by its date is no longer looked through; one statement, however many end at once."""
    await store.note_expiry(tx, [event.subject.id for event in happened])
