"""What follows for policies when models change."""

from hub.db import Tx
from hub.events.reactions import Happened, on
from hub.policies import store


@on("model.registered", "model.classified")
async def bind(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Models that are new, or in another tier, are bound to the policies of their tier."""
    await store.bind_models(tx, [event.subject.id for event in happened])
