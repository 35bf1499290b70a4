"""How fast versions are asked about again: 20,000 of them by 100 policies, beside the bare engine, and beside the gate.

python -m bench.bulk [--versions N] [--policies N]
"""

import argparse
import asyncio
import os
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from uuid import UUID

import asyncpg
import orjson
import uvloop

import hub.wiring  # noqa: F401
from bench.client import batch, lines, poster
from bench.estate import fill, rules
from bench.gate import ASK, open_versions
from bench.reads import table
from bench.servers import served, token
from hub.checks import store
from hub.checks.actions import evaluate
from hub.checks.context import activated, context
from hub.cli import running
from hub.clock import SystemClock
from hub.db import Db
from hub.embedded import Embedded
from hub.migrate import migrate
from hub.models.tables import Stage
from hub.policies.engine import compiled, env
from hub.policies.tables import DecisionPoint

BATCH = 200
PER_MODEL = 10
GATE_ASKS = 60


@dataclass(frozen=True, slots=True)
class Worked:
    """What one process did: versions a second, and the most memory it held beyond its beginning."""

    rate: float
    grew_mb: float
    grew_first_half_mb: float


async def work(address: str, low: int, high: int) -> None:
    """Ask again about the versions from `low` to `high`, batch by batch, as a worker does; prints what it took."""
    db = Db(address, clock=SystemClock(), readers=1, writers=2)
    await db.open()
    ids = [
        row["id"]
        for row in await db.reads.fetch("SELECT id FROM model_versions ORDER BY id OFFSET $1 LIMIT $2", low, high - low)
    ]
    await ask(db, ids[:BATCH])
    running.collect_garbage()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    before, half = peak_mb(), 0.0
    begin = perf_counter()
    for at in range(0, len(ids), BATCH):
        await ask(db, ids[at : at + BATCH])
        if at < len(ids) / 2:
            half = peak_mb() - before
    took = perf_counter() - begin
    print(orjson.dumps({"rate": len(ids) / took, "grew": peak_mb() - before, "half": half}).decode(), flush=True)
    await db.close()


async def ask(db: Db, ids: Sequence[UUID]) -> None:
    async with db.write(actor=None, operation="bench") as tx:
        await evaluate(tx, ids, DecisionPoint.MONITOR, Stage.PRODUCTION, since=tx.at)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def workers(address: str, versions: int, processes: int) -> tuple[list[Worked], float]:
    """So many processes, each with its share of the versions, started together; and the seconds of the longest."""
    share = versions // processes
    started = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.bulk", "--work", address, str(n * share), str((n + 1) * share)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        for n in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        await process.stdout.readline()
    begin = perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        await process.stdin.drain()
    done: list[Worked] = []
    for process in started:
        assert process.stdout is not None
        told = orjson.loads(await process.stdout.readline())
        done.append(Worked(told["rate"], told["grew"], told["half"]))
    took = perf_counter() - begin
    for process in started:
        await process.wait()
    return done, took


async def engine_rate(address: str, policies: int) -> float:
    """Versions a second that the bare engine asks all rules about, each document made ready once, nothing explained."""
    db = Db(address, clock=SystemClock(), readers=1, writers=1)
    await db.open()
    ids = [row["id"] for row in await db.reads.fetch("SELECT id FROM model_versions ORDER BY id LIMIT 1000")]
    async with db.write(actor=None, operation="bench") as tx:
        subjects = await store.subjects(tx, ids)
    await db.close()
    values = [
        activated(context(one).values, stage=Stage.PRODUCTION, decision_point=DecisionPoint.MONITOR, now=db.clock.now())
        for one in subjects
    ]
    expressions = [compiled(text) for text in rules(policies)]
    begin = perf_counter()
    for one in values:
        document = env().Activation(one)
        for expression in expressions:
            expression.eval(document).value()
    return len(values) / (perf_counter() - begin)


async def gate_p95(port: int, requests: Iterator[bytes], count: int) -> float:
    """The p95 of the gate's decisions, in seconds, asked one after the other."""
    opened = await lines(port, 1)
    try:
        took, _ = await batch(opened, requests, count)
    finally:
        for line in opened:
            line.close()
    return quantiles(took, n=20)[-1]


async def run(versions: int, policies: int) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        address = database.dsn()
        await migrate(address)
        filling = await asyncpg.connect(address)
        await fill(filling, models=versions // PER_MODEL, versions=versions, policies=policies)
        print(f"{versions:,} versions, {policies} policies", flush=True)
        bare = await engine_rate(address, policies)
        rows: list[list[str]] = []

        def tell(what: str, done: list[Worked], took: float, beside: float) -> float:
            rate = sum(one.rate for one in done)
            grew = ", ".join(f"{one.grew_first_half_mb:.0f}/{one.grew_mb:.0f}" for one in done)
            rows.append(
                [what, f"{versions / took:,.0f}", f"{versions * policies / took:,.0f}", f"{rate / beside:.2f}", grew]
            )
            print(f"  {what}: {took:.1f} s", flush=True)
            return versions / took

        rows.append(["the bare engine, 1 process", f"{bare:,.0f}", f"{bare * policies:,.0f}", "1.00", ""])
        done, took = await workers(address, versions, 1)
        tell("asked for the first time, all written", done, took, bare)
        await filling.execute("VACUUM ANALYZE")
        done, took = await workers(address, versions, 1)
        one = tell("asked again, 1 process", done, took, bare)
        done, took = await workers(address, versions, 2)
        two = tell("asked again, 2 processes", done, took, 2 * bare)
        print("Bulk re-evaluation (goal: at least 0.5 of the bare engine per process; memory at half and at the end)")
        table(["versions a second", "versions", "checks", "of bare", "MB grew"], rows)
        print(f"  second process: {two / one:.2f} times one (goal at least 1.7)\n", flush=True)
        secret = await token(address)
        hub = await stack.enter_async_context(served("hub", address))
        post, asks = poster(secret), iter(await open_versions(address))
        requests = (post(ASK, {"version": f"ModelVersion:{id}"}) for id, _ in asks)
        await gate_p95(hub.port, requests, 20)
        idle = await gate_p95(hub.port, requests, GATE_ASKS)
        busy = asyncio.create_task(workers(address, versions, 1))
        await asyncio.sleep(2)
        under = await gate_p95(hub.port, requests, GATE_ASKS)
        still = not busy.done()
        await busy
        print(
            f"The gate's p95: idle {idle * 1000:.1f} ms, beside a bulk worker {under * 1000:.1f} ms:"
            f" {under / idle:.2f} (goal at most 1.5){'' if still else '; the bulk work had ended before'}",
            flush=True,
        )
        await filling.close()


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.bulk", description=__doc__)
    given.add_argument("--versions", type=int, default=int(os.environ.get("BULK_VERSIONS", "20000")))
    given.add_argument("--policies", type=int, default=100)
    given.add_argument("--work", nargs=3, metavar=("ADDRESS", "LOW", "HIGH"), help=argparse.SUPPRESS)
    asked = given.parse_args()
    if asked.work:
        uvloop.run(work(asked.work[0], int(asked.work[1]), int(asked.work[2])))
    else:
        uvloop.run(run(asked.versions, asked.policies))
    return 0


if __name__ == "__main__":
    sys.exit(main())
