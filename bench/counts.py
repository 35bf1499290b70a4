"""How fast a dashboard's compliance counts are: beside their statement alone, and with ten times the versions.

python -m bench.counts
"""

import re
import tempfile
from contextlib import AsyncExitStack
from itertools import repeat
from pathlib import Path

import asyncpg
import uvloop

import hub.wiring  # noqa: F401
from bench.client import get, poster
from bench.estate import fill
from bench.reads import Side, interleave, once, ratio, table
from bench.servers import served, token
from hub.checks.schedule import store as schedule
from hub.clock import SystemClock
from hub.db import Db
from hub.embedded import Embedded
from hub.migrate import migrate

POLICIES = 20
VERSIONS = 2_000
TIMES = 10
ROUNDS = 16
PER_BATCH = 40
QUERY = """query Counts {
  complianceCounts(first: 100) { nodes { tier stage outcome enforcement count policy { key } } }
}"""

RESULTS = """
INSERT INTO check_results (id, policy_id, policy_version_id, model_id, version_id, subject_digest, decision_point,
                           stage, outcome, enforcement, severity, explanation, inputs, took_us, evaluated_at)
SELECT gen_random_uuid(), p.id, p.current_version_id, v.model_id, v.id, v.digest, 'PROMOTE', 'PRODUCTION',
       (ARRAY['PASS', 'PASS', 'PASS', 'FAIL', 'ERROR'])[abs(hashtext(v.id::text || p.key)) % 5 + 1], 'BLOCKING', 'HIGH',
       'told', '{}', 10, '2026-05-01'
FROM model_versions v CROSS JOIN policies p
"""
COMPLIANCE = """
INSERT INTO compliance (id, version_id, policy_id, stage, model_id, policy_version_id, result_id, result_digest,
                        decision_point, tier, outcome, enforcement, severity, since, evaluated_at)
SELECT gen_random_uuid(), r.version_id, r.policy_id, r.stage, r.model_id, r.policy_version_id, r.id, r.subject_digest,
       r.decision_point, m.tier, r.outcome, r.enforcement, r.severity, r.evaluated_at, r.evaluated_at
FROM check_results r JOIN models m ON m.id = r.model_id
"""


async def build(address: str, versions: int) -> None:
    """An estate whose every version was asked by every policy, and whose ledger is folded."""
    await migrate(address)
    connection = await asyncpg.connect(address)
    await fill(connection, models=versions // 10, versions=versions, policies=POLICIES)
    await connection.execute(RESULTS)
    await connection.execute(COMPLIANCE)
    await connection.execute("ANALYZE")
    rows = await connection.fetchval("SELECT count(*) FROM compliance")
    await connection.close()
    db = Db(address, clock=SystemClock(), readers=1, writers=1)
    await db.open()
    async with db.write(actor=None, operation="bench") as tx:
        await schedule.fold(tx)
    lines = await db.reads.fetchval("SELECT count(*) FROM compliance_counts")
    await db.close()
    print(f"  {versions:,} versions: {rows:,} compliance rows, {lines:,} lines in the ledger", flush=True)


async def run() -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        connection = await asyncpg.connect(database.dsn())
        await connection.execute("CREATE DATABASE larger")
        await connection.close()
        sizes = {VERSIONS: database.dsn(), VERSIONS * TIMES: database.dsn("larger")}
        rows: list[list[str]] = []
        of_hub: list[list[float]] = []
        for versions, address in sizes.items():
            await build(address, versions)
            ask = poster(await token(address))(QUERY, None)
            hub = await stack.enter_async_context(served("hub", address))
            answer = (await once(hub, ask)).decode()
            cost = re.search(r'"cost":(\d+)', answer)
            assert cost is not None, answer[:500]
            bare = await stack.enter_async_context(served("bare", address, cost[1]))
            for clients in (1, 8):
                sides = [Side(bare, repeat(get("/counts"))), Side(hub, repeat(ask))]
                await interleave(sides, clients, PER_BATCH * clients, ROUNDS)
                low, high = (side.measured for side in sides)
                rows.append(
                    [
                        f"{versions:,} versions",
                        str(clients),
                        f"{len(answer):,}",
                        f"{low.ms:.2f}",
                        f"{high.ms:.2f}",
                        f"{ratio(high.medians, low.medians):.2f}",
                    ]
                )
                of_hub.append(high.medians)
        print("\nCompliance counts over HTTP, beside an endpoint with their statement alone (goal: at most 1.3)")
        table(["counts", "clients", "bytes", "bare ms", "hub ms", "ratio"], rows)
        larger = ratio(of_hub[2], of_hub[0])
        print(f"  {TIMES} times the versions: {larger:.2f} times the cost (goal: at most 1.5)", flush=True)


if __name__ == "__main__":
    uvloop.run(run())
