"""How fast the gate decides: over HTTP with 100 policies, beside a bare transaction that writes the same rows.

python -m bench.gate [--quick]
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.client import get, poster
from bench.estate import fill
from bench.reads import Side, interleave, once, table
from bench.servers import Served, beside, listen, served, token
from hub.db import new_id
from hub.embedded import Embedded
from hub.migrate import migrate

POLICIES = 100
VERSIONS = 4_000
MODELS = 400
ASK = """mutation($version: ID!) {
  requestDeployment(input: {version: $version, stage: PRODUCTION, reason: "It does better on newer cases."}) {
    __typename ... on DeploymentRequested { intent { id status statusWhy } } ... on Refusal { code why }
  }
}"""
WRITTEN = ("check_inputs", "approval_requests", "deployment_intents", "check_results", "compliance", "permits")
"""What a decision writes for its version, in an order that foreign keys allow; events come by their model."""


async def rows_of(address: str, version: UUID, model: UUID) -> dict[str, tuple[list[str], list[list[Any]]]]:
    """Everything that the hub wrote for one decision, by table: the columns, and the rows."""
    connection = await asyncpg.connect(address)
    try:
        found: dict[str, tuple[list[str], list[list[Any]]]] = {}
        for name in (*WRITTEN, "events"):
            where, value = (
                ("version_id", version) if name not in ("events", "approval_requests") else ("scope_id", model)
            )
            rows = await connection.fetch(f"SELECT * FROM {name} WHERE {where} = $1 ORDER BY 1", value)
            kept = [dict(row) for row in rows if name != "approval_requests" or row["subject_id"] == version]
            if kept:
                columns = [column for column in kept[0] if not (name == "events" and column == "seq")]
                found[name] = (columns, [[row[column] for column in columns] for row in kept])
        return found
    finally:
        await connection.close()


def inserting(name: str, columns: Sequence[str]) -> str:
    values = ", ".join(f"${i}" for i, _ in enumerate(columns, 1))
    return f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({values})"


async def serve_bare(address: str, decided: str, first: str, model: str) -> None:
    """What a careful hand would write: one transaction with the same rows for another version, and nothing decided."""
    rows = await rows_of(decided, UUID(first), UUID(model))
    pool = await asyncpg.create_pool(address, min_size=10, max_size=10, server_settings={"jit": "off"})
    models = {row["id"]: row["model_id"] for row in await pool.fetch("SELECT id, model_id FROM model_versions")}
    statements = {name: inserting(name, columns) for name, (columns, _) in rows.items()}
    ids = {row[0] for _, kept in rows.values() for row in kept if isinstance(row[0], UUID)}

    async def decide(request: Request) -> Response:
        version = UUID(request.path_params["version"])
        other: dict[Any, Any] = {id: new_id() for id in ids}
        other[UUID(first)] = version
        other[UUID(model)] = models[version]
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT 1 FROM model_versions WHERE id = $1 FOR UPDATE", version)
            for name, (_, kept) in rows.items():
                renamed = [[other.get(v, v) if isinstance(v, UUID) else v for v in row] for row in kept]
                await connection.executemany(statements[name], renamed)
        return Response(b'{"status":"AWAITING_APPROVAL"}', media_type="application/json")

    await listen(Starlette(routes=[Route("/gate/{version}", decide)]))


def bare(address: str, *decided: str) -> AbstractAsyncContextManager[Served]:
    """The bare endpoint in a process of its own."""
    return beside("bench.gate", "--bare", address, *decided)


async def open_versions(address: str) -> list[tuple[UUID, UUID]]:
    """Versions that the bench's reader sees, each with its model, no two of one model beside each other."""
    connection = await asyncpg.connect(address)
    try:
        rows = await connection.fetch(
            "SELECT v.id, v.model_id FROM model_versions v JOIN models m ON m.id = v.model_id"
            " WHERE NOT m.restricted ORDER BY v.name, v.id"
        )
        return [(row["id"], row["model_id"]) for row in rows]
    finally:
        await connection.close()


async def copy_reader(address: str, other: str) -> None:
    """Whoever asks is known on both sides."""
    here, there = await asyncpg.connect(address), await asyncpg.connect(other)
    found = dict((await here.fetch("SELECT * FROM people WHERE handle = 'bench'"))[0])
    await there.execute(inserting("people", list(found)), *found.values())
    await here.close()
    await there.close()


def p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[-1]


async def run(quick: bool) -> None:
    rounds, each = (4, 10) if quick else (12, 20)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        address = database.dsn()
        addresses = [address, database.dsn("bare")]
        connection = await asyncpg.connect(address)
        await connection.execute("CREATE DATABASE bare")
        await connection.close()
        for one in addresses:
            await migrate(one)
            filling = await asyncpg.connect(one)
            await fill(filling, models=MODELS, versions=VERSIONS, policies=POLICIES)
            await filling.close()
        secret = await token(addresses[0])
        await copy_reader(*addresses)
        hub = await stack.enter_async_context(served("hub", addresses[0]))
        asks = await open_versions(addresses[0])
        post = poster(secret)
        (first, model), asks = asks[0], asks[1:]
        answer = orjson.loads(await once(hub, post(ASK, {"version": f"ModelVersion:{first}"})))
        print(f"The first answer: {answer['data']['requestDeployment']}", flush=True)
        rows = await rows_of(addresses[0], first, model)
        print(
            "  rows of a decision: " + ", ".join(f"{len(kept)} {name}" for name, (_, kept) in rows.items()), flush=True
        )
        other = await stack.enter_async_context(bare(addresses[1], addresses[0], str(first), str(model)))
        turns = [iter(asks), iter(asks)]

        def hub_asks() -> Iterator[bytes]:
            for id, _ in turns[0]:
                yield post(ASK, {"version": f"ModelVersion:{id}"})

        def bare_asks() -> Iterator[bytes]:
            for id, _ in turns[1]:
                yield get(f"/gate/{id}")

        shown = []
        for clients in (1, 8):
            sides = [Side(other, bare_asks()), Side(hub, hub_asks())]
            await interleave(sides, clients, each * clients, rounds // (2 if clients > 1 else 1))
            low, high = (side.measured.seconds for side in sides)
            shown.append(
                [
                    f"a new version, {POLICIES} policies",
                    str(clients),
                    f"{median(low) * 1000:.1f}",
                    f"{median(high) * 1000:.1f}",
                    f"{median(high) / median(low):.2f}",
                    f"{p95(low) * 1000:.1f}",
                    f"{p95(high) * 1000:.1f}",
                    f"{p95(high) / p95(low):.2f}",
                ]
            )
        print("The gate's decision, beside a bare transaction that writes the same rows (goal: p95 at most 3.0)")
        table(["decision", "clients", "bare ms", "hub ms", "median", "bare p95", "hub p95", "p95"], shown)


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.gate", description=__doc__)
    given.add_argument("--quick", action="store_true", help="fewer rounds")
    given.add_argument("--bare", nargs=4, metavar=("ADDRESS", "DECIDED", "VERSION", "MODEL"), help=argparse.SUPPRESS)
    asked = given.parse_args()
    if asked.bare:
        uvloop.run(serve_bare(*asked.bare))
    else:
        uvloop.run(run(asked.quick))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("HUB_LOG_LEVEL", "ERROR")
    sys.exit(main())
