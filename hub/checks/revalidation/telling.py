"""How it is told that a version is to be validated again: an event for each, with all that is needed to act."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from uuid import UUID

from hub.checks.revalidation import store
from hub.db import Tx
from hub.deadlines.kinds import Due, tells
from hub.deadlines.rules import Rung
from hub.deadlines.tables import DeadlineKind
from hub.events.record import Entry, Subject, record_all

HEADS_UP = timedelta(days=-30)


@tells(
    DeadlineKind.REVALIDATION,
    Rung("version.revalidation_due", HEADS_UP),
    Rung("version.revalidation_overdue"),
)
async def revalidation(tx: Tx, event: str, person: UUID | None, due: Sequence[Due]) -> None:
    """Told of each version; without an owner of its model it waits for its team."""
    found = await store.versions(tx, {one.about_id for one in due})
    entries = []
    for one in due:
        assert one.ends_at is not None
        model, version = found[one.about_id]
        said = {
            "due_at": one.ends_at,
            "days_left": (one.ends_at.astimezone(UTC).date() - tx.at.date()).days,
            "late": one.late,
            "owner": person,
            "team": model.team_id,
            "tier": model.tier,
            "stage": version.stage,
        }
        entries.append(Entry(Subject("version", version.id, version.digest), said, model.id))
    await record_all(tx, event, entries)
