"""What deadlines cost: a tick among many that are not due, and thousands that are due at once after downtime.

python -m bench.deadlines [--quick]
"""

import argparse
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from uuid import UUID

import asyncpg
import uvloop

import hub.wiring  # noqa: F401
from bench.estate import fill
from bench.reads import ratio, table
from hub.clock import SetClock
from hub.db import Db
from hub.deadlines import jobs
from hub.deadlines.actions import see
from hub.embedded import Embedded
from hub.events.jobs import Order
from hub.migrate import migrate

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FEW, MANY = 1_000, 100_000
AT_ONCE = (1_000, 10_000)
EACH = 10
"""Exceptions of one owner that are due at once."""
SEEN_AT_ONCE = 5_000

OWNERS = """
INSERT INTO people (id, handle, name, email, kind, active, created_at)
SELECT gen_random_uuid(), 'owner-' || n, 'Owner ' || n, NULL, 'HUMAN', true, '2026-01-01'
FROM generate_series(0, $1::int - 1) n
"""
# Each ends so long after now, some minutes apart, so that heads-ups are due in one order.
EXCEPTIONS = """
INSERT INTO policy_exceptions (id, policy_id, policy_version_id, model_id, kind, state, template, justification,
    risk_before, risk_after, recommended_treatment, ticket_url, tier, owner_id, requested_by, requested_at,
    weighted_since, starts_at, expires_at, extensions_allowed, extensions_used, decision_note, end_note)
SELECT gen_random_uuid(), p.id, p.current_version_id, m.id, 'EXCEPTION', 'APPROVED', '', 'Bench.', 'HIGH', 'HIGH',
       'MITIGATE', '', 'HIGH', o.id, o.id, '2026-05-01', '2026-02-01', '2026-05-01',
       $1::timestamptz + n * interval '1 millisecond', 1, 0, '', ''
FROM generate_series(0, $2::int - 1) n
JOIN (SELECT id, row_number() OVER (ORDER BY handle) - 1 AS at FROM people WHERE handle LIKE 'owner-%') o
    ON o.at = n / (SELECT greatest(1, $2::int / count(*)) FROM people WHERE handle LIKE 'owner-%')
CROSS JOIN LATERAL (SELECT id, current_version_id FROM policies OFFSET n % 5 LIMIT 1) p
CROSS JOIN LATERAL (SELECT id FROM models OFFSET n % 20 LIMIT 1) m
RETURNING id
"""


@dataclass(slots=True)
class Hub:
    """A hub of its own in the run's server, with a clock that is moved."""

    db: Db
    clock: SetClock


async def opened(stack: AsyncExitStack, database: Embedded, name: str) -> Hub:
    """A migrated database with a few models and policies."""
    connection = await asyncpg.connect(database.dsn())
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    address = database.dsn(name)
    await migrate(address)
    connection = await asyncpg.connect(address)
    await fill(connection, models=20, versions=20, policies=5)
    await connection.close()
    clock = SetClock(NOW)
    db = Db(address, clock=clock)
    await db.open()
    stack.push_async_callback(db.close)
    return Hub(db, clock)


async def exceptions(hub: Hub, count: int, owners: int, ends: datetime) -> None:
    """So many granted exceptions of so many owners, whose deadlines were looked at."""
    connection = await asyncpg.connect(hub.db.url)
    await connection.execute(OWNERS, owners)
    ids: list[UUID] = [row["id"] for row in await connection.fetch(EXCEPTIONS, ends, count)]
    assert len(ids) == count, (len(ids), count)
    for at in range(0, count, SEEN_AT_ONCE):
        async with hub.db.write(actor=None, operation="bench") as tx:
            await see(tx, ids[at : at + SEEN_AT_ONCE])
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def ticks(stack: AsyncExitStack, database: Embedded, rounds: int) -> None:
    """The tick that asks what is due, among few and among many that are not, in turns."""
    hubs = [await opened(stack, database, name) for name in ("few", "many")]
    for one, count in zip(hubs, (FEW, MANY), strict=True):
        await exceptions(one, count, 100, NOW + timedelta(days=200))
    took: list[list[float]] = [[], []]
    for _ in range(rounds):
        for side, one in enumerate(hubs):
            begin = perf_counter()
            for _ in range(20):
                await jobs.due(one.db, one.clock.now())
            took[side].append((perf_counter() - begin) / 20)
    assert await hubs[1].db.reads.fetchval("SELECT count(*) FROM pgqueuer") == 0
    print("A tick that finds nothing due (goal: at most 1.2 times as much when 100 times more is not due)")
    few, many = (f"{median(one) * 1000:.3f}" for one in took)
    table(["not due", f"{FEW:,} ms", f"{MANY:,} ms", "ratio"], [["", few, many, f"{ratio(took[1], took[0]):.2f}"]])


async def at_once(stack: AsyncExitStack, database: Embedded, count: int, run: int) -> list[str]:
    """So many due at once after downtime, ten of each owner: ticks until nothing is due."""
    one = await opened(stack, database, f"due_{count}_{run}")
    await exceptions(one, count, count // EACH, NOW + timedelta(days=40))
    one.clock.move(timedelta(days=20))
    most, before, seconds, rounds = 0, 0, 0.0, 0
    while await one.db.reads.fetchval("SELECT EXISTS (SELECT FROM deadlines WHERE next_at <= $1)", one.clock.now()):
        begin = perf_counter()
        await jobs.due(one.db, one.clock.now())
        await jobs.run_tell(one.db, Order({}, "bench"))
        seconds += perf_counter() - begin
        async with one.db.write(actor=None, operation="bench") as tx:
            await (await tx.raw()).execute("DELETE FROM pgqueuer")
        told = await one.db.reads.fetchval("SELECT count(*) FROM events WHERE kind = 'exception.expiring'")
        most, before, rounds = max(most, told - before), told, rounds + 1
    people, listed = await one.db.reads.fetchrow(
        "SELECT count(DISTINCT subject_id), sum(jsonb_array_length(data -> 'exceptions'))"
        " FROM events WHERE kind = 'exception.expiring'"
    )  # type: ignore[misc]
    assert (before, people, listed) == (count // EACH, count // EACH, count), (before, people, listed)
    assert most <= jobs.MOST_TOLD, most
    shown = (f"{one:,}" for one in (count, people, before, rounds, most))
    return [*shown, f"{seconds:.1f}", f"{seconds / count * 1e6:.0f}"]


async def run(quick: bool) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        await ticks(stack, database, 20 if quick else 100)
        rows = []
        for again in range(1 if quick else 3):
            rows += [await at_once(stack, database, count, again) for count in AT_ONCE]
        print("\nDue at once after downtime: each owner is told once, 20 at a tick (goal: at most 1.3 times for each)")
        table(["due", "owners", "notices", "ticks", "most in a tick", "s", "µs for each"], rows)
        few, many = ([float(row[-1]) for row in rows if row[0] == f"{count:,}"] for count in AT_ONCE)
        print(f"  ten times as many: {median(many) / median(few):.2f} times the time for each", flush=True)


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.deadlines", description=__doc__)
    given.add_argument("--quick", action="store_true", help="fewer rounds")
    uvloop.run(run(given.parse_args().quick))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("HUB_LOG_LEVEL", "ERROR")
    sys.exit(main())
