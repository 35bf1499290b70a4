"""How much longer the hub takes to sync an MLflow server than merely listing it over HTTP takes.

Starts an embedded PostgreSQL with its usual settings and MLflow servers, seeds those by SQL, and alternates bare
requests (bodies read, nothing done with them) with first and unchanged syncs, in one run. Every first sync is that of
a new registry, beside those that are there. Needs MLflow's environment, see HUB_MLFLOW_PYTHON.

    python -m bench.sync --versions 20000 --models 400
"""

import argparse
import asyncio
import gc
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx2

import hub.wiring  # noqa: F401
from bench.mlflow_seed import Size, seed
from bench.mlflow_sweep import ROOT, bare_details, bare_listing
from hub.clock import SystemClock
from hub.db import Db
from hub.demo.mlflow_server import MLflowServer
from hub.embedded import Embedded
from hub.migrate import migrate
from hub.registries import actions
from hub.registries.adapter import RegistryVersion
from hub.registries.credentials import Keys
from hub.registries.detailed import store as detailed
from hub.registries.detailed.versions import asked
from hub.registries.jobs import details, sync
from hub.registries.tables import SyncRun

FEW = 5_000
DETAILED = 2_000
AT_MOST = {"first sync": 3.0, "unchanged sync": 1.3}


class Hub:
    """The hub's side: a database and as many registries of one server as are asked for."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self._registries = 0

    async def registry(self, address: str) -> UUID:
        self._registries += 1
        key = f"bench-{self._registries}"
        async with self.db.write(actor=None, operation="bench") as tx:
            made = await actions.add_registry(
                tx, None, Keys("none", {}), key=key, kind="mlflow", name=key, base_url=address
            )
        return made.id

    async def queued(self, registry: UUID) -> UUID:
        async with self.db.write(actor=None, operation="bench") as tx:
            return (await actions.request_sync(tx, None, registry)).id

    async def synced(self, run: UUID, say: Callable[[str], None] = lambda _: None) -> SyncRun:
        ended = await sync(self.db, run, say, operation="bench")
        assert ended is not None and ended.status == "SUCCEEDED", ended
        return ended

    async def lacking_details(self, registry: UUID, most: int) -> list[RegistryVersion]:
        async with self.db.write(actor=None, operation="bench") as tx:
            return [asked(row) for row in await detailed.pending(tx, registry, most)]


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def told(name: str, bare: list[float], ours: list[float]) -> None:
    middle, mine = statistics.median(bare), statistics.median(ours)
    limit = f"   at most {AT_MOST[name]:.1f}" if name in AT_MOST else ""
    print(f"{name:<28} bare {middle:6.2f} s   hub {mine:6.2f} s   ratio {mine / middle:.2f}{limit}", flush=True)


async def speed(hub: Hub, address: str, rounds: int, expected: int) -> None:
    bare, first, unchanged, bare_of_details, of_details = [], [], [], [], []
    async with httpx2.AsyncClient(base_url=address, timeout=120, trust_env=False) as client:
        await bare_listing(client)
        for _ in range(rounds):
            registry = await hub.registry(address)
            bare.append(await seconds(lambda: bare_listing(client)))
            run = await hub.queued(registry)
            first.append(await seconds(lambda run=run: hub.synced(run)))  # type: ignore[misc]
            bare.append(await seconds(lambda: bare_listing(client)))
            again = await hub.queued(registry)
            unchanged.append(await seconds(lambda run=again: hub.synced(run)))  # type: ignore[misc]
            versions = await hub.lacking_details(registry, DETAILED)
            bare_of_details.append(await seconds(lambda versions=versions: bare_details(client, versions)))  # type: ignore[misc]
            of_details.append(await seconds(lambda run=again: details(hub.db, run, "bench", most=DETAILED)))  # type: ignore[misc]
        ended = await hub.synced(await hub.queued(registry))
    assert (ended.versions_seen, ended.created, ended.changed) == (expected, 0, 0), ended
    print(f"{expected:,} versions of {ended.models_seen:,} models, medians of {rounds} rounds")
    told("first sync", bare, first)
    told("unchanged sync", bare, unchanged)
    told(f"details of {DETAILED:,} versions", bare_of_details, of_details)


async def memory(hub: Hub, address: str) -> tuple[float, int]:
    """The most that Python held at once during a first sync beyond what it held before, in MB."""
    run = await hub.queued(await hub.registry(address))
    gc.collect()
    tracemalloc.start()
    ended = await hub.synced(run)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6, ended.versions_seen


@asynccontextmanager
async def mlflow(folder: Path, size: Size) -> AsyncIterator[str]:
    python = Path(os.environ.get("HUB_MLFLOW_PYTHON", ROOT / ".mlflow/bin/python"))
    server = MLflowServer(python, folder)
    await server.start(print)
    try:
        await asyncio.to_thread(seed, str(folder / "mlflow.db"), size)
        yield server.url
    finally:
        await server.stop()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Hub]:
    async with Embedded(folder) as embedded:
        await migrate(embedded.dsn())
        db = Db(embedded.dsn(), clock=SystemClock())
        await db.open()
        try:
            yield Hub(db)
        finally:
            await db.close()


async def main(versions: int = 20_000, models: int = 400, rounds: int = 3) -> None:
    few = Size(FEW, max(1, models * FEW // versions), 100)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The server may run under another account, which must be able to pass.
        await asyncio.to_thread(folder.chmod, 0o711)
        async with opened(folder / "hub") as made:
            async with mlflow(folder / "few", few) as address:
                # What is imported and cached once is not what a sync needs.
                await made.synced(await made.queued(await made.registry(address)))
                small, count = await memory(made, address)
            async with mlflow(folder / "all", Size(versions, models, 100)) as address:
                await speed(made, address, rounds, versions)
                large, all_of_them = await memory(made, address)
    print(
        f"{'memory held at most':<28} {count:,} versions {small:.1f} MB   {all_of_them:,} versions {large:.1f} MB"
        f"   ratio {large / small:.2f}"
    )


if __name__ == "__main__":
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--versions", type=int, default=20_000)
    ask.add_argument("--models", type=int, default=400)
    ask.add_argument("--rounds", type=int, default=3)
    given = ask.parse_args()
    asyncio.run(main(given.versions, given.models, given.rounds))
