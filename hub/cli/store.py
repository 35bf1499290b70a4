"""The SQL of the command line: what it looks up before it acts, and what `hub doctor` looks at."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    from hub.db import Raw, ReadPool, Tx


async def revision(connection: "Raw | ReadPool") -> str | None:
    """The revision of the tables; None when nothing was ever migrated."""
    try:
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return found


async def server_version(reads: "ReadPool") -> str:
    """The server's version, such as 18.4."""
    return str(await reads.fetchval("SHOW server_version")).partition(" ")[0]


async def person(reads: "ReadPool", handle: str) -> UUID | None:
    """Whom a handle means."""
    found: UUID | None = await reads.fetchval("SELECT id FROM people WHERE handle = $1", handle)
    return found


async def roles(reads: "ReadPool", person_id: UUID) -> set[str]:
    """Which roles somebody has."""
    return {row["role"] for row in await reads.fetch("SELECT role FROM role_grants WHERE person_id = $1", person_id)}


async def tokens(reads: "ReadPool", *, ended: bool, at: datetime) -> list[dict[str, Any]]:
    """Every token, newest first; those that have ended only when asked for."""
    rows = await reads.fetch(
        """
        SELECT t.id, t.prefix, p.handle AS person, t.label, t.scopes, t.created_at, t.expires_at, t.revoked_at
        FROM tokens t JOIN people p ON p.id = t.person_id
        WHERE $1 OR (t.revoked_at IS NULL AND t.expires_at > $2)
        ORDER BY t.created_at DESC, t.id DESC
        """,
        ended,
        at,
    )
    return [dict(row) for row in rows]


async def token(reads: "ReadPool", prefix: str) -> tuple[UUID, datetime] | None:
    """A token by the part of it that is shown: its id and when it lapses."""
    row = await reads.fetchrow("SELECT id, expires_at FROM tokens WHERE prefix = $1", prefix)
    return None if row is None else (row["id"], row["expires_at"])


async def registries(reads: "ReadPool") -> list[dict[str, Any]]:
    """Every registry with its newest sync."""
    rows = await reads.fetch(
        """
        SELECT r.key, r.kind, r.enabled, s.status, s.number, s.why, s.queued_at, s.ended_at
        FROM registries r
        LEFT JOIN LATERAL (
            SELECT * FROM sync_runs WHERE registry_id = r.id ORDER BY number DESC LIMIT 1
        ) s ON true
        ORDER BY r.key COLLATE "C"
        """
    )
    return [dict(row) for row in rows]


async def sync_run(reads: "ReadPool", run_id: UUID) -> dict[str, Any]:
    """How a sync stands."""
    row = await reads.fetchrow(
        """
        SELECT r.key AS registry, s.number, s.status, s.step, s.models_seen, s.versions_seen, s.versions_expected,
               s.created, s.changed, s.missing, s.rejected, s.details_pending, s.why,
               s.queued_at, s.started_at, s.ended_at
        FROM sync_runs s JOIN registries r ON r.id = s.registry_id WHERE s.id = $1
        """,
        run_id,
    )
    assert row is not None
    return dict(row)


async def unfinished_jobs(reads: "ReadPool") -> int:
    """Jobs that are due and wait for a worker, or are being done."""
    due = "status = 'picked' OR (status = 'queued' AND execute_after <= now())"
    return int(await reads.fetchval(f"SELECT count(*) FROM pgqueuer WHERE {due}"))


async def handles(reads: "ReadPool") -> list[str]:
    """The first handles there are, for a person who mistyped one."""
    return [
        row["handle"] for row in await reads.fetch("SELECT handle FROM people WHERE active ORDER BY handle LIMIT 12")
    ]


async def registry(reads: "ReadPool", key: str) -> UUID | None:
    """The registry of this key."""
    found: UUID | None = await reads.fetchval("SELECT id FROM registries WHERE key = $1", key)
    return found


async def enabled_registries(reads: "ReadPool") -> list[str]:
    """The keys of every registry that is synced."""
    return [row["key"] for row in await reads.fetch("SELECT key FROM registries WHERE enabled ORDER BY key")]


async def newest_run(reads: "ReadPool", registry_id: UUID) -> dict[str, Any]:
    """A registry's newest sync that ended."""
    row = await reads.fetchrow(
        "SELECT * FROM sync_runs WHERE registry_id = $1 AND ended_at IS NOT NULL ORDER BY number DESC LIMIT 1",
        registry_id,
    )
    assert row is not None
    return dict(row)


async def move_registry(tx: "Tx", registry_id: UUID, base_url: str) -> None:
    """Say where a registry of our own machine is now."""
    await (await tx.raw()).execute("UPDATE registries SET base_url = $2 WHERE id = $1", registry_id, base_url)
