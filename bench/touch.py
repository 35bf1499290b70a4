"""What one changed metric of one version costs, in a hub of 200 versions and in one of 20,000.

python -m bench.touch
"""

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

import asyncpg
import uvloop

import hub.wiring  # noqa: F401
from bench.estate import fill
from bench.reads import ratio, table
from hub.checks.actions import evaluate
from hub.clock import SystemClock
from hub.db import Db
from hub.embedded import Embedded
from hub.migrate import migrate
from hub.models.tables import Stage
from hub.policies.tables import DecisionPoint

SIZES = (200, 20_000)
POLICIES = 100
ROUNDS = 60
CHANGE = "UPDATE version_metrics SET value = $2 WHERE version_id = $1 AND name = 'm0' AND segment = ''"


async def run() -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        first = await asyncpg.connect(database.dsn())
        await first.execute("CREATE DATABASE larger")
        await first.close()
        hubs = []
        for size, address in zip(SIZES, (database.dsn(), database.dsn("larger")), strict=True):
            await migrate(address)
            connection = await asyncpg.connect(address)
            await fill(connection, models=size // 10, versions=size, policies=POLICIES)
            db = Db(address, clock=SystemClock(), readers=1, writers=1)
            await db.open()
            stack.push_async_callback(db.close)
            stack.push_async_callback(connection.close)
            version = await connection.fetchval("SELECT id FROM model_versions ORDER BY id LIMIT 1")
            async with db.write(actor=None, operation="bench") as tx:
                await evaluate(tx, [version], DecisionPoint.REGISTER, Stage.STAGING)
            hubs.append((db, connection, version))
        took: list[list[float]] = [[], []]
        asked = 0
        for at in range(ROUNDS):
            for (db, connection, version), seconds in zip(hubs, took, strict=True):
                await connection.execute(CHANGE, version, 0.5 + at / 1000)
                begin = perf_counter()
                async with db.write(actor=None, operation="bench") as tx:
                    found = await evaluate(
                        tx, [version], DecisionPoint.REGISTER, Stage.STAGING, touched=frozenset({"metrics"})
                    )
                seconds.append(perf_counter() - begin)
                asked = len(found)
        print(f"One metric of one version changes: {asked} of {POLICIES} policies look at metrics and are asked")
        rows = [
            [f"{size:,} versions", f"{median(of) * 1000:.2f}", f"{ratio(of, took[0]):.2f}"]
            for size, of in zip(SIZES, took, strict=True)
        ]
        table(["hub", "ms", "ratio"], rows)


if __name__ == "__main__":
    uvloop.run(run())
