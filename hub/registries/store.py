"""The SQL of registries, of sync runs, and of what sweeps saw and no longer see."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, insert, update
from sqlmodel import col, select

from hub.db import Tx
from hub.registries.tables import Registry, SyncRun, SyncStatus

if TYPE_CHECKING:
    from hub.db import Raw

OPEN = (SyncStatus.QUEUED, SyncStatus.RUNNING)
STANDING = (SyncStatus.SUCCEEDED, SyncStatus.HELD)


@dataclass(frozen=True, slots=True)
class Gone:
    """A row that two complete sweeps did not show."""

    id: UUID
    model_id: UUID
    digest: str | None


async def registry(tx: Tx, registry_id: UUID, *, lock: bool = False) -> Registry | None:
    """One registry; locked, it keeps others from queuing, taking up or ending a sync of it."""
    statement = select(Registry).where(col(Registry.id) == registry_id).execution_options(populate_existing=True)
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def registry_by_key(tx: Tx, key: str) -> Registry | None:
    """The registry of this key."""
    return (await tx.session.execute(select(Registry).where(col(Registry.key) == key))).scalar_one_or_none()


async def add_registry(tx: Tx, row: Registry) -> None:
    """Add a registry."""
    await tx.session.execute(insert(Registry).values(**row.model_dump()))


async def set_next_sync(tx: Tx, registry_id: UUID, at: datetime) -> None:
    """Say when the next scheduled sync is due."""
    await tx.session.execute(update(Registry).where(col(Registry.id) == registry_id).values(next_sync_at=at))


async def due(tx: Tx, at: datetime) -> Sequence[Registry]:
    """Registries whose next sync is due, locked; those that another worker is looking at are left to it."""
    statement = (
        select(Registry)
        .where(col(Registry.enabled), col(Registry.next_sync_at) <= at)
        .order_by(col(Registry.next_sync_at))
        .with_for_update(skip_locked=True, key_share=True)
    )
    return (await tx.session.execute(statement)).scalars().all()


async def run(tx: Tx, run_id: UUID, *, lock: bool = False) -> SyncRun | None:
    """One sync run."""
    statement = select(SyncRun).where(col(SyncRun.id) == run_id).execution_options(populate_existing=True)
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def newest_run(tx: Tx, registry_id: UUID, *statuses: SyncStatus) -> SyncRun | None:
    """A registry's newest run in one of these states; in any without."""
    statement = select(SyncRun).where(col(SyncRun.registry_id) == registry_id).order_by(col(SyncRun.number).desc())
    if statuses:
        statement = statement.where(col(SyncRun.status).in_(statuses))
    found = await tx.session.execute(statement.limit(1).execution_options(populate_existing=True))
    return found.scalar_one_or_none()


async def add_run(tx: Tx, row: SyncRun) -> None:
    """Add a run."""
    await tx.session.execute(insert(SyncRun).values(**row.model_dump()))


async def change_run(tx: Tx, run_id: UUID, **values: Any) -> None:
    """Write columns of one run."""
    statement = update(SyncRun).where(col(SyncRun.id) == run_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def quiet_runs(tx: Tx, before: datetime) -> Sequence[SyncRun]:
    """Open runs without a sign of life since then, oldest first."""
    statement = select(SyncRun).where(
        col(SyncRun.status).in_(OPEN), (col(SyncRun.beat_at).is_(None)) | (col(SyncRun.beat_at) < before)
    )
    statement = statement.where(col(SyncRun.queued_at) < before).order_by(col(SyncRun.queued_at))
    return (await tx.session.execute(statement)).scalars().all()


# The fence: only the worker that took a run up last may write, and it holds the row until its transaction ends.
_FENCE = """
UPDATE sync_runs SET beat_at = $3, step = coalesce($4, step) WHERE id = $1 AND tries = $2 AND status = 'RUNNING'
"""

_PROGRESS = """
UPDATE sync_runs
SET models_seen = models_seen + $2, versions_seen = versions_seen + $3, created = created + $4, changed = changed + $5,
    rejected = rejected + $6, versions_expected = coalesce($7, versions_expected)
WHERE id = $1
"""

# What one page shows is noted once, however often a listing that shifts under the sweep shows it.
_NOTE = """
INSERT INTO sync_seen (run_id, kind, key, digest)
SELECT $1, $2, x.key, x.digest FROM unnest($3::text[], $4::text[]) AS x (key, digest)
ON CONFLICT (run_id, kind, key) DO NOTHING
"""

# What is known of a sweep may have been lost: the table is not logged, a crash of the server empties it.
_WHOLE = """
SELECT count(*) >= (SELECT models_seen + versions_seen FROM sync_runs WHERE id = $1)
FROM sync_seen WHERE run_id = $1 AND kind IN ('model', 'version')
"""

# What a sweep saw that does not count is added to what the sweeps that stand saw, as long as theirs is known in full:
# otherwise something registered between two complete sweeps would be missing after the second.
_ADD_TO_STANDING = """
INSERT INTO sync_seen (run_id, kind, key, digest)
SELECT r.id, s.kind, s.key, s.digest
FROM sync_runs r CROSS JOIN sync_seen s
WHERE r.registry_id = $2 AND r.status IN ('SUCCEEDED', 'HELD') AND r.id <> $1 AND s.run_id = $1
  AND (SELECT count(*) FROM sync_seen w WHERE w.run_id = r.id AND w.kind IN ('model', 'version'))
      >= r.models_seen + r.versions_seen
  AND EXISTS (SELECT FROM sync_seen w WHERE w.run_id = r.id)
ON CONFLICT (run_id, kind, key) DO NOTHING
"""

_FORGET = "DELETE FROM sync_seen WHERE run_id = $1"
_FORGET_OTHERS = """
DELETE FROM sync_seen s USING sync_runs r
WHERE s.run_id = r.id AND r.registry_id = $1 AND NOT s.run_id = ANY($2::uuid[])
"""

_MODELS_GONE = """
UPDATE models m SET missing_since = $4
WHERE m.registry_id = $1 AND m.missing_since IS NULL
  AND NOT EXISTS (SELECT FROM sync_seen s WHERE s.run_id = ANY(ARRAY[$2, $3]::uuid[])
                  AND s.kind IN ('model', 'rejected') AND s.key = m.external_id)
RETURNING m.id, m.id AS model_id, m.seen_digest AS digest
"""

_VERSIONS_GONE = """
UPDATE model_versions v SET missing_since = $4
FROM models m
WHERE v.model_id = m.id AND m.registry_id = $1 AND v.missing_since IS NULL
  AND NOT EXISTS (SELECT FROM sync_seen s WHERE s.run_id = ANY(ARRAY[$2, $3]::uuid[]) AND s.kind = 'version'
                  AND s.key = length(m.external_id) || ':' || m.external_id || v.external_id)
  AND NOT EXISTS (SELECT FROM sync_seen s WHERE s.run_id = ANY(ARRAY[$2, $3]::uuid[]) AND s.kind = 'rejected'
                  AND s.key = m.external_id)
  AND NOT EXISTS (SELECT FROM sync_seen s WHERE s.run_id = ANY(ARRAY[$2, $3]::uuid[]) AND s.kind = 'rejected'
                  AND s.key = m.external_id || '/' || v.name)
RETURNING v.id, v.model_id, v.digest
"""

_DEPLOYMENTS_GONE = """
UPDATE deployments d SET missing_since = $4
WHERE d.registry_id = $1 AND d.missing_since IS NULL
  AND NOT EXISTS (SELECT FROM sync_seen s WHERE s.run_id = ANY(ARRAY[$2, $3]::uuid[])
                  AND s.kind IN ('deployed', 'rejected') AND s.key = d.external_id)
RETURNING d.id, d.model_id, NULL AS digest
"""


_PENDING = """
SELECT count(*) FROM model_versions v JOIN models m ON m.id = v.model_id
WHERE m.registry_id = $1 AND v.details_at IS NULL AND v.missing_since IS NULL
"""


async def details_pending(tx: Tx, registry_id: UUID) -> int:
    """How many versions of a registry lack their details."""
    async with _sets_joined(await tx.raw()) as raw:
        return int(await raw.fetchval(_PENDING, registry_id))


async def count_details(tx: Tx, run_id: UUID, read: int) -> None:
    """Take off what was read from what is pending; whoever gets that far has not failed."""
    left = func.greatest(col(SyncRun.details_pending) - read, 0)
    await change_run(tx, run_id, details_pending=left, details_tries=0)


async def alive(tx: Tx, run_id: UUID, tries: int, step: str | None) -> bool:
    """Whether this worker still has the run; keeps it for the rest of the transaction."""
    return bool(await (await tx.raw()).execute(_FENCE, run_id, tries, tx.at, step) == "UPDATE 1")


async def progress(
    tx: Tx,
    run_id: UUID,
    *,
    models: int = 0,
    versions: int = 0,
    created: int = 0,
    changed: int = 0,
    rejected: int = 0,
    expected: int | None = None,
) -> None:
    """Add to what a run has seen and done."""
    await (await tx.raw()).execute(_PROGRESS, run_id, models, versions, created, changed, rejected, expected)


async def note(tx: Tx, run_id: UUID, kind: str, keys: list[str], digests: list[str]) -> int:
    """Note what a page shows; how much of it this run had not seen before."""
    return int((await (await tx.raw()).execute(_NOTE, run_id, kind, keys, digests)).rpartition(" ")[2])


async def whole(tx: Tx, run_id: UUID) -> bool:
    """Whether everything that a run saw is still known."""
    return bool(await (await tx.raw()).fetchval(_WHOLE, run_id))


async def add_to_standing(tx: Tx, run_id: UUID, registry_id: UUID) -> None:
    """Have what this run saw count as seen by those that stand."""
    await (await tx.raw()).execute(_ADD_TO_STANDING, run_id, registry_id)


async def forget(tx: Tx, run_id: UUID) -> None:
    """Forget what a run saw."""
    await (await tx.raw()).execute(_FORGET, run_id)


async def forget_all_but(tx: Tx, registry_id: UUID, run_ids: list[UUID]) -> None:
    """Forget what the other runs of a registry saw."""
    await (await tx.raw()).execute(_FORGET_OTHERS, registry_id, run_ids)


async def mark_missing(tx: Tx, registry_id: UUID, run_id: UUID, before_id: UUID) -> dict[str, list[Gone]]:
    """Mark what neither of two sweeps saw, by kind of subject; three statements for any number."""
    found: dict[str, list[Gone]] = {}
    async with _sets_joined(await tx.raw()) as raw:
        for kind, statement in (
            ("model", _MODELS_GONE),
            ("version", _VERSIONS_GONE),
            ("deployment", _DEPLOYMENTS_GONE),
        ):
            rows = await raw.fetch(statement, registry_id, run_id, before_id, tx.at)
            found[kind] = [Gone(row["id"], row["model_id"], row["digest"]) for row in rows]
    return found


@asynccontextmanager
async def _sets_joined(raw: "Raw") -> AsyncIterator["Raw"]:
    """Keeps the planner from looking up one by one what stands on both sides of a join.

    Before the server has statistics of rows just written it takes them for a handful; of 20,000 versions that costs a
    hundred times as much as joining the two sets.
    """
    await raw.execute("SET LOCAL enable_nestloop = off")
    yield raw
    await raw.execute("SET LOCAL enable_nestloop = on")
