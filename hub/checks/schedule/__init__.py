"""When versions in use are asked about again, and when the ledger of counts is added up."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from hub.checks.schedule import store
from hub.db import Tx
from hub.models.tables import Stage

LONGEST_LEDGER = 200
"""Lines that may be added before the ledger is added up."""


async def watch(tx: Tx, version_ids: Collection[UUID]) -> None:
    """Have those of these versions that are in use asked about from now on; those that are already go on as they do."""
    if version_ids:
        await store.watch(tx, version_ids)


async def claim(tx: Tx, at: datetime, every_h: float, most: int) -> dict[Stage, list[UUID]]:
    """Versions that are due, by the stage that they are to be asked for; each is due again after its time.

    One that is no longer in use is asked about no more.
    """
    found: defaultdict[Stage, list[UUID]] = defaultdict(list)
    for version_id, stage in await store.claim(tx, at, at + timedelta(hours=every_h), most):
        found[stage].append(version_id)
    return dict(found)


async def fold(tx: Tx, *, anyway: bool = False) -> None:
    """Add up the ledger's lines when many were added, or anyway; the sums stay what they are."""
    if anyway or await store.unfolded(tx, LONGEST_LEDGER) >= LONGEST_LEDGER:
        await store.fold(tx)
