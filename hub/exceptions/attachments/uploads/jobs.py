"""What the clock finds of files that nobody put with anything."""

from datetime import datetime

from hub.db import Db
from hub.exceptions.attachments.uploads import rules, store

BATCH = 50
"""Files that are dropped at one tick; what is left waits for the next, and is taken by nobody meanwhile."""


async def due(db: Db, at: datetime) -> None:
    """Drop what has waited too long."""
    since = rules.waits_since(at)
    if await store.any_dropped(db.reads, since):
        async with db.write(actor=None, operation="clock") as tx:
            await store.drop(tx, since, BATCH)
