"""The SQL of the clock: who leads, and how much waits in the queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.db import Raw, ReadPool

LOCK = 7_201_125_590
"""The advisory lock of the one process which drives the clock; every lock of the hub has a key of its own."""

CLOCK = "hub-clock"
"""How the leader's connection is called in pg_stat_activity, followed by its last tick and its process.

The name is what every role may see there: starts and statements of others are hidden from the reading one.
"""
_LONGEST_NAME = 63

# An advisory lock with one 64-bit key shows its halves as classid and objid, with objsubid 1.
_LEADER = f"""
SELECT a.pid, a.application_name
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid = {LOCK >> 32} AND l.objid = {LOCK & 0xFFFFFFFF}
"""

# Work that could begin now; what waits for its instant is not counted.
_DEPTH = """
SELECT split_part(entrypoint, '.', 1) AS lane, count(*) AS jobs
FROM pgqueuer WHERE status = 'queued' AND execute_after <= now() GROUP BY 1
"""

_FAILED = "SELECT count(*) FROM pgqueuer WHERE status = 'failed'"


@dataclass(frozen=True, slots=True)
class Leader:
    """The process that drives the clock: its machine and pid, its last tick, its connection's pid."""

    process: str
    ticked_at: datetime | None
    connection: int


async def try_to_lead(connection: "Raw") -> bool:
    """Take the lock for as long as this connection lives; false while another holds it."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK))


async def note_tick(connection: "Raw", process: str, at: datetime, within_s: float) -> None:
    """Say for all to see that this process ticks; raises when the connection, and with it the lock, is lost."""
    name = f"{CLOCK} {at:%Y-%m-%dT%H:%M:%SZ} {process}"[:_LONGEST_NAME]
    await connection.fetchval("SELECT set_config('application_name', $1, false)", name, timeout=within_s)


async def leader(reads: "Raw | ReadPool") -> Leader | None:
    """Who drives the clock now."""
    row = await reads.fetchrow(_LEADER)
    if row is None:
        return None
    _, at, process = [*row["application_name"].split(" ", 2), "", ""][:3]
    return Leader(process, datetime.fromisoformat(at) if at[:1].isdigit() else None, row["pid"])


async def depth(reads: "Raw | ReadPool") -> dict[str, int]:
    """Jobs that wait, by lane; a lane without any is absent."""
    return {row["lane"]: row["jobs"] for row in await reads.fetch(_DEPTH)}


async def failed(reads: "Raw | ReadPool") -> int:
    """Jobs that were given up and are kept for a person to look at."""
    return int(await reads.fetchval(_FAILED))
