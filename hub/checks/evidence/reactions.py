"""A registry's metrics become test reports as soon as they, or the tags that speak of them, are stored."""

from collections.abc import Sequence
from uuid import UUID

from hub.checks.evidence import actions, mapping, store
from hub.db import Tx
from hub.events.reactions import Happened, on

TELLING = frozenset({"details", "tags"})
"""Parts of a version whose change may change what its metrics say."""


@on("version.registered")
async def read_new(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What new versions came with."""
    await read_metrics(tx, [event.subject.id for event in happened])


@on("version.changed")
async def read_changed(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What was measured of versions whose details came, or whose tags changed."""
    telling = [event.subject.id for event in happened if not TELLING.isdisjoint(_parts(event))]
    await read_metrics(tx, telling)


async def read_metrics(tx: Tx, version_ids: Sequence[UUID]) -> None:
    """Make the reports of any number of versions, in a fixed number of statements; those there already are left."""
    if not version_ids:
        return
    rows = await store.measured(tx, version_ids, mapping.TAGS)
    await actions.add_all(tx, [(row["id"], report) for row in rows for report in mapping.reports(row, tx.at)])


def _parts(event: Happened) -> list[str]:
    parts = event.data.get("parts")
    return [str(part) for part in parts] if isinstance(parts, list) else []
