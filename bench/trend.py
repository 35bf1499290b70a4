"""How fast the trend of two years is, by week and tier: beside its statement alone, and with ten times the history.

python -m bench.trend [--quick]
"""

import argparse
import os
import re
import sys
import tempfile
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from time import perf_counter

import asyncpg
import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import hub.wiring  # noqa: F401
from bench.client import get, poster
from bench.histories import DAYS, fill
from bench.reads import Side, interleave, once, ratio, table
from bench.seed import seed
from bench.servers import Served, beside, listen, served, token
from hub.clock import SystemClock
from hub.db import Db, ReadConnection
from hub.embedded import Embedded
from hub.graph.values import Reader
from hub.migrate import migrate
from hub.people.access import Sight
from hub.summaries import store as summaries
from hub.summaries.facts import Bucket, GroupBy
from hub.summaries.statement import Statement
from hub.summaries.trend import rules, store
from hub.summaries.trend.graph import SHOWN, written

EXCEPTIONS, EVENTS = 100_000, 2_000_000
TIMES = 10
ESTATE = 0.1
ROUNDS = 16
PER_BATCH = 8
LEFT_OUT = {"groupName", "ends"}
ASKED = [name for name in SHOWN if name not in LEFT_OUT]


def span() -> tuple[str, str]:
    """Two years up to tomorrow."""
    today = datetime.now(UTC).date()
    return str(today - timedelta(days=DAYS)), str(today + timedelta(days=1))


def query() -> str:
    begins, ends = span()
    return f"""query Trend {{ exceptionTrend(from: "{begins}", to: "{ends}", bucket: WEEK, groupBy: TIER) {{
  buckets {{ {" ".join(ASKED)} }} }} }}"""


async def serve_bare(address: str) -> None:
    """The trend's statement alone, for the bench's reader, behind the same kind of server."""
    pool = await asyncpg.create_pool(
        address,
        min_size=10,
        max_size=10,
        connection_class=ReadConnection,
        max_inactive_connection_lifetime=0,
        server_settings={
            "timezone": "UTC",
            "jit": "off",
            "plan_cache_mode": "force_generic_plan",
            "max_parallel_workers_per_gather": "0",
        },
    )
    person = await pool.fetchval("SELECT id FROM people WHERE handle = 'bench'")
    teams = await pool.fetch("SELECT team_id FROM team_members WHERE person_id = $1", person)
    reader = Reader(Sight.MEMBER, {"person": person, "teams": [row[0] for row in teams]}, frozenset())
    begins, ends = (datetime.fromisoformat(day).date() for day in span())
    parts = written({name: name for name in ASKED})

    async def trend(_request: Request) -> Response:
        now = datetime.now(UTC)
        asked = rules.stepped(rules.span(begins, ends, now=now), Bucket.WEEK, GroupBy.TIER)
        made = Statement(reader)
        sql, values = made.ready(store.written(made, asked, parts))
        found = await pool.fetchval(sql, *values)
        body = b'{"data":{"exceptionTrend":{"buckets":%b}},"extensions":{"cost":2}}' % found
        return Response(body, media_type="application/json")

    await listen(Starlette(routes=[Route("/trend", trend)]))


def bare(address: str) -> AbstractAsyncContextManager[Served]:
    """The bare endpoint in a process of its own."""
    return beside("bench.trend", "--bare", address)


async def build(address: str, exceptions: int, events: int) -> None:
    """An estate with its history, counted and folded."""
    await migrate(address)
    connection = await asyncpg.connect(address)
    await seed(connection, ESTATE)
    theirs = await fill(connection, exceptions=exceptions, events=events)
    db = Db(address, clock=SystemClock(), readers=1, writers=1)
    await db.open()
    took = []
    for do in (summaries.rebuild, summaries.fold):
        began = perf_counter()
        async with db.write(actor=None, operation="bench") as tx:
            await do(tx)
        took.append(perf_counter() - began)
    await connection.execute("VACUUM ANALYZE")
    lines = await db.reads.fetchval("SELECT count(*) FROM exception_lines")
    days = await db.reads.fetchval("SELECT count(*) FROM exception_days")
    await db.close()
    await connection.close()
    print(
        f"  {exceptions:,} exceptions, {theirs:,} of {events:,} events are about them: {lines:,} lines counted in"
        f" {took[0]:.1f} s, folded into {days:,} rows of days in {took[1]:.1f} s",
        flush=True,
    )


async def run(quick: bool) -> None:
    share, rounds = (20, 6) if quick else (1, ROUNDS)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        connection = await asyncpg.connect(database.dsn())
        await connection.execute("CREATE DATABASE larger")
        await connection.close()
        addresses = {TIMES: database.dsn(), 1: database.dsn("larger")}
        sides: list[Side] = []
        size = ""
        for part, address in addresses.items():
            await build(address, EXCEPTIONS // share // part, EVENTS // share // part)
            ask = poster(await token(address))(query(), None)
            theirs = await stack.enter_async_context(bare(address))
            ours = await stack.enter_async_context(served("hub", address))
            same(await once(theirs, get("/trend")), await once(ours, ask))
            answer = await once(ours, ask)
            size = f"{len(orjson.loads(answer)['data']['exceptionTrend']['buckets']):,} counts, {len(answer):,} bytes"
            sides += [Side(theirs, repeat(get("/trend"))), Side(ours, repeat(ask))]
        rows = []
        for clients in (1, 4):
            for side in sides:
                side.measured.seconds.clear()
                side.measured.medians.clear()
            await interleave(sides, clients, PER_BATCH * clients, rounds)
            low_bare, low, high_bare, high = (side.measured for side in sides)
            for name, one, other in (("a tenth", low, low_bare), ("all", high, high_bare)):
                rows.append(
                    [
                        f"{name} of the history",
                        str(clients),
                        f"{other.ms:.2f}",
                        f"{one.ms:.2f}",
                        f"{ratio(one.medians, other.medians):.2f}",
                        f"{ratio(one.medians, low.medians):.2f}",
                    ]
                )
    print(f"\nTwo years by week and tier over HTTP: {size}")
    print(f"(goals: at most 1.3 times its statement alone, and at most 2 times with {TIMES} times the history)")
    table(["trend", "clients", "statement ms", "hub ms", "ratio", "times a tenth"], rows)


def same(one: bytes, other: bytes) -> None:
    """Both give the same counts; mean ages grow while one asks."""
    found = [re.sub(rb'"meanAgeDays":[^,}]*', b"", text) for text in (one, other)]
    assert found[0] == found[1], (one[:300], other[:300])


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.trend", description=__doc__)
    given.add_argument("--quick", action="store_true", help="less history and fewer rounds")
    given.add_argument("--bare", metavar="ADDRESS", help=argparse.SUPPRESS)
    asked = given.parse_args()
    uvloop.run(serve_bare(asked.bare) if asked.bare else run(asked.quick))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("HUB_LOG_LEVEL", "ERROR")
    sys.exit(main())
