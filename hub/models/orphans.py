"""Models whose owner has left: told once for each loss, and again when the next owner leaves too."""

from collections.abc import Sequence
from uuid import UUID

from hub.db import Tx
from hub.deadlines.kinds import Due, tells
from hub.deadlines.rules import Rung
from hub.deadlines.tables import DeadlineKind
from hub.events.record import Entry, Subject, record_all
from hub.models import store


@tells(DeadlineKind.ORPHANED_MODEL, Rung("model.orphaned"))
async def orphaned(tx: Tx, event: str, _person: UUID | None, due: Sequence[Due]) -> None:
    """Nobody answers for these models; those that their registry no longer shows wait for nobody."""
    entries = []
    for model in await store.these(tx, [one.model_id for one in due]):
        if model.missing_since is None:
            said = {"owner": model.owner_id, "team": model.team_id, "tier": model.tier}
            entries.append(Entry(Subject("model", model.id), said, model.id))
    await record_all(tx, event, entries)
