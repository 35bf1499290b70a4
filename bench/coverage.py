"""What exceptions add to a decision of the gate: over HTTP among 100,000 of them, beside a hub that asks for none.

python -m bench.coverage [--quick]
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop

from bench.client import poster
from bench.estate import fill
from bench.gate import ASK, open_versions
from bench.reads import Measured, Side, interleave, once, ratio, table
from bench.servers import Served, beside, serve, served, token
from hub.embedded import Embedded
from hub.migrate import migrate

POLICIES, MODELS, VERSIONS, EXCEPTIONS = 100, 2_000, 8_000, 100_000
GOAL = 1.10

# Some policies are not kept by anybody, and only alert: the gate goes on either way, so that both sides do the same.
NOT_KEPT = """
UPDATE policy_versions SET rule = 'metrics.m1 >= 2.0', reads = '{metrics.m1}', enforcement = 'WARNING'
WHERE policy_id IN (SELECT id FROM policies ORDER BY key LIMIT 10)
"""

# Fifty of each model: a part of them ended, of each of its policies and stages, half of them of one version only. Most
# are not needed any more, as was noticed before: what is measured is following them, not the one time that they turn.
EXCEPTIONS_OF = """
INSERT INTO policy_exceptions (id, policy_id, model_id, version_id, stage, kind, state, recommended_treatment,
                               justification, template, risk_before, risk_after, ticket_url, tier, extensions_allowed,
                               extensions_used, end_note, owner_id, requested_by, requested_at, weighted_since,
                               starts_at, expires_at, resolution_suggested_at, decision_note)
SELECT gen_random_uuid(), p.id, m.id, CASE WHEN k % 2 = 0 THEN v.id END,
       (ARRAY['PRODUCTION', 'STAGING', NULL])[k / 2 % 3 + 1], 'WAIVER',
       (ARRAY['APPROVED', 'APPROVED', 'SUBMITTED', 'REVOKED', 'RESOLVED'])[k % 5 + 1], 'MITIGATE',
       'The new data arrives next quarter.', '', 'MEDIUM', 'MEDIUM', '', m.tier, 1, 0, '', m.owner_id, m.owner_id,
       now() - interval '60 days', now() - interval '90 days', now() - interval '59 days',
       now() + (k % 3 - 1) * interval '30 days' + interval '1 hour',
       CASE WHEN p.at >= 10 THEN now() - interval '1 day' END, ''
FROM (SELECT n % $2::int AS of, n / $2::int AS k FROM generate_series(0, $1::int - 1) n) n
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS at FROM models) m ON m.at = n.of
JOIN (SELECT *, row_number() OVER (ORDER BY key) - 1 AS at FROM policies) p ON p.at = k * 2 % $3::int
JOIN (SELECT model_id, (array_agg(id ORDER BY id))[1] AS id FROM model_versions GROUP BY 1) v ON v.model_id = m.id
"""

# A control for each: tied to a policy that is kept, or free.
CONTROLS = """
INSERT INTO compensating_controls (id, exception_id, description, policy_id, attestation_note)
SELECT gen_random_uuid(), e.id, 'A person reads every case.',
       CASE WHEN at % 3 = 0 THEN (SELECT id FROM policies ORDER BY key DESC LIMIT 1) END, ''
FROM (SELECT id, row_number() OVER (ORDER BY id) AS at FROM policy_exceptions) e
"""


async def seed(address: str, *, exceptions: int) -> None:
    """The estate with its exceptions."""
    await migrate(address)
    connection = await asyncpg.connect(address)
    await fill(connection, models=MODELS, versions=VERSIONS, policies=POLICIES)
    await connection.execute(NOT_KEPT)
    await connection.execute(EXCEPTIONS_OF, exceptions, MODELS, POLICIES)
    await connection.execute(CONTROLS)
    await connection.execute("ANALYZE")
    await connection.close()


async def serve_without(address: str) -> None:
    """The hub as it would be if there were no exceptions: nothing covers, and nothing hangs on policies."""
    from hub.checks.controls import actions as controls
    from hub.exceptions import store as exceptions

    async def nothing(*_: Any, **__: Any) -> dict[Any, Any]:
        return {}

    exceptions.covering = nothing
    controls.follow = nothing  # type: ignore[assignment]
    await serve("hub", address)


def without(address: str) -> AbstractAsyncContextManager[Served]:
    """That hub in a process of its own."""
    return beside("bench.coverage", "--without", address)


def line(name: str, clients: int, lean: Measured, whole: Measured) -> list[str]:
    times = ratio(whole.medians, lean.medians)
    return [name, str(clients), f"{median(lean.seconds) * 1000:.1f}", f"{whole.ms:.1f}", f"{times:.2f}"]


async def run(quick: bool) -> None:
    rounds, each = (6, 10) if quick else (20, 20)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        address = database.dsn()
        await seed(address, exceptions=EXCEPTIONS)
        post = poster(await token(address))
        hub = await stack.enter_async_context(served("hub", address))
        lean = await stack.enter_async_context(without(address))
        asks = [id for id, _ in await open_versions(address)]
        turns: list[Iterator[UUID]] = [iter(asks[0::2]), iter(asks[1::2])]
        answer = orjson.loads(await once(hub, post(ASK, {"version": f"ModelVersion:{next(turns[1])}"})))
        print(f"The first answer: {answer['data']['requestDeployment']}", flush=True)
        again: list[list[UUID]] = [[], []]

        def new(side: int) -> Iterator[bytes]:
            for id in turns[side]:
                again[side].append(id)
                yield post(ASK, {"version": f"ModelVersion:{id}"})

        def once_more(side: int) -> Iterator[bytes]:
            while True:
                for id in again[side]:
                    yield post(ASK, {"version": f"ModelVersion:{id}"})

        shown = []
        for name, asking in (("a new version", new), ("a version that was asked before", once_more)):
            for clients in (1, 8):
                sides = [Side(lean, asking(0)), Side(hub, asking(1))]
                await interleave(sides, clients, each * (clients // 4 or 1), rounds // (2 if clients > 1 else 1))
                shown.append(line(name, clients, *(side.measured for side in sides)))
        connection = await asyncpg.connect(address)
        waived = await connection.fetchval("SELECT count(*) FROM compliance WHERE outcome = 'WAIVED'")
        await connection.close()
        print(f"  {waived} waived by {EXCEPTIONS:,} exceptions of {MODELS:,} models")
        print(f"The gate's decision among exceptions, beside a hub that asks for none (goal: median at most {GOAL})")
        table(["decision", "clients", "without ms", "with ms", "times"], shown)


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.coverage", description=__doc__)
    given.add_argument("--quick", action="store_true", help="fewer rounds")
    given.add_argument("--without", metavar="ADDRESS", help=argparse.SUPPRESS)
    asked = given.parse_args()
    uvloop.run(serve_without(asked.without) if asked.without else run(asked.quick))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("HUB_LOG_LEVEL", "ERROR")
    sys.exit(main())
