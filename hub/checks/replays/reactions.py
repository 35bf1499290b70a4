"""A draft that is put up for review is replayed, so that its reviewers see what it would change."""

from hub.checks.replays import actions, store
from hub.db import Tx
from hub.events.reactions import Happened, on


@on("policy.change_submitted")
async def replay_submitted(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Every draft that has a wording; a policy that is only taken out of force needs none."""
    changes = await store.changes(tx, [event.subject.id for event in happened], lock=True)
    drafts = [change for change in changes if change.wording is not None]
    if drafts:
        await actions.queue(tx, drafts, asked_by=tx.actor)
