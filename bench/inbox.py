"""How fast a person's inbox is: one that holds every open request, and one of a few, among 100 and among 10,000.

python -m bench.inbox [--quick]
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.approvals import Waiting, somebody, waiting
from bench.client import get, poster
from bench.estate import fill
from bench.reads import Side, interleave, ratio, table
from bench.servers import Served, beside, listen, served
from hub.clock import SystemClock
from hub.db import Db, ReadConnection
from hub.embedded import Embedded
from hub.migrate import migrate
from hub.people.tables import Discipline

OPEN = 10_000
FEW = 100

INBOX = """{ inbox(first: 20) { nodes { discipline dueAt request { id title stage requestedAt } } } }"""
BARE_INBOX = """
SELECT convert_to(concat('{"data":{"inbox":{"nodes":[', string_agg(concat('{"discipline":',
  coalesce(to_json(a.discipline), 'null'), ',"dueAt":', to_json(a.due_at), ',"request":', (
    SELECT concat('{"id":"ApprovalRequest:', r.id, '","title":', to_json(r.title), ',"stage":',
      coalesce(to_json(r.stage), 'null'), ',"requestedAt":', to_json(r.requested_at), '}')
    FROM approval_requests r WHERE r.id = a.request_id),
  '}'), ',' ORDER BY a.due_at, a.id), ']}},"extensions":{"cost":41}}'), 'UTF8')
FROM (SELECT a.* FROM approval_asks a
      WHERE a.person_id = $1 AND coalesce(a.from_at <= $2, true) AND coalesce(a.until_at > $2, true)
        AND EXISTS (SELECT 1 FROM approval_requests q JOIN models m ON m.id = q.scope_id
                    WHERE q.id = a.request_id AND NOT m.restricted)
      ORDER BY a.due_at, a.id LIMIT 20) a"""


async def serve_bare(address: str, reader: str) -> None:
    """The inbox's statement alone, for one reader, behind the same kind of server."""
    pool = await asyncpg.create_pool(
        address,
        min_size=10,
        max_size=10,
        connection_class=ReadConnection,
        max_inactive_connection_lifetime=0,
        server_settings={"timezone": "UTC", "jit": "off", "plan_cache_mode": "force_generic_plan"},
    )
    clock, person = SystemClock(), UUID(reader)

    async def inbox(_request: Request) -> Response:
        return Response(await pool.fetchval(BARE_INBOX, person, clock.now()), media_type="application/json")

    await listen(Starlette(routes=[Route("/inbox", inbox)]))


def bare(address: str, reader: UUID) -> AbstractAsyncContextManager[Served]:
    """The bare endpoint in a process of its own."""
    return beside("bench.inbox", "--bare", address, str(reader))


FILL = """
INSERT INTO approval_requests ({columns}, id, subject_id, due_at)
SELECT {columns}, gen_random_uuid(), gen_random_uuid(), '2030-01-01'::timestamptz + n * interval '1 minute'
FROM (SELECT * FROM approval_requests WHERE id = $1) r, generate_series(1, $2::int) n
"""
ASKS = """
INSERT INTO approval_asks (id, request_id, person_id, discipline, asked_at, due_at)
SELECT gen_random_uuid(), r.id, p.id, 'RISK', now(), r.due_at
FROM approval_requests r JOIN people p ON p.handle = ANY ($1)
WHERE r.due_at >= '2030-01-01' AND (p.handle <> 'some' OR mod(extract(minute FROM r.due_at)::int, 30) = 0)
ON CONFLICT DO NOTHING
"""


async def inboxes(hub: Served, db: Db, sample: Waiting, rounds: int) -> None:
    """One inbox that holds every open request, and one of a few, among a hundred and among ten thousand."""
    all_of_them, some = await somebody(db, "all", Discipline.LEGAL), await somebody(db, "some", Discipline.LEGAL)
    connection = await asyncpg.connect(db.url)
    columns = ", ".join(
        row["column_name"]
        for row in await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'approval_requests'"
            " AND column_name NOT IN ('id', 'subject_id', 'due_at')"
        )
    )
    await connection.execute("UPDATE approval_requests SET status = 'WITHDRAWN' WHERE status = 'PENDING'")
    reopen = "UPDATE approval_requests SET status = 'PENDING', next_at = NULL WHERE id = $1"
    await connection.execute(reopen, sample.request)
    medians: dict[tuple[str, int], float] = {}
    shown = []
    there = 0
    for count in (FEW, OPEN):
        await connection.execute(FILL.format(columns=columns), sample.request, count - there)
        await connection.execute(ASKS, ["all", "some"])
        await connection.execute("ANALYZE approval_requests")
        await connection.execute("ANALYZE approval_asks")
        there = count
        for name, (who, secret) in (("all", all_of_them), ("some", some)):
            async with bare(db.url, who.person_id) as other:

                def ours(asked: bytes = poster(secret)(INBOX, None)) -> Iterator[bytes]:
                    while True:
                        yield asked

                def theirs() -> Iterator[bytes]:
                    while True:
                        yield get("/inbox")

                sides = [Side(other, theirs()), Side(hub, ours())]
                await interleave(sides, 1, 40, rounds)
                low, high = (side.measured.seconds for side in sides)
                medians[name, count] = median(high)
                shown.append(
                    [
                        f"an inbox of {name} among {count:,} open requests",
                        f"{median(low) * 1000:.2f}",
                        f"{median(high) * 1000:.2f}",
                        f"{ratio(sides[1].measured.medians, sides[0].measured.medians):.2f}",
                        f"{medians[name, count] / medians[name, FEW]:.2f}",
                    ]
                )
    await connection.close()
    print("A person's inbox (goals: at most 1.3 times its statement alone; among 10,000 at most 1.2 times among 100)")
    table(["", "statement ms", "hub ms", "ratio", "times among 100"], shown)


async def run(quick: bool) -> None:
    rounds = 6 if quick else 20
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        address = database.dsn()
        await migrate(address)
        connection = await asyncpg.connect(address)
        await fill(connection, models=400, versions=800, policies=5)
        await connection.close()
        db = Db(address, clock=SystemClock())
        await db.open()
        stack.push_async_callback(db.close)
        dev, _ = await somebody(db, "dev")
        (sample,) = await waiting(db, dev, 1)
        await inboxes(await stack.enter_async_context(served("hub", address)), db, sample, rounds)


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.inbox", description=__doc__)
    given.add_argument("--quick", action="store_true", help="fewer rounds")
    given.add_argument("--bare", nargs=2, metavar=("ADDRESS", "READER"), help=argparse.SUPPRESS)
    asked = given.parse_args()
    uvloop.run(serve_bare(*asked.bare) if asked.bare else run(asked.quick))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("HUB_LOG_LEVEL", "ERROR")
    sys.exit(main())
