"""How much slower reading an MLflow server through the adapter is than merely asking it the same questions.

Starts a server, seeds it by SQL, and alternates bare requests (bodies read, nothing done with them) with the adapter's
sweep and digests, in one run. Needs MLflow's environment, see HUB_MLFLOW_PYTHON.

    python -m bench.mlflow_sweep --versions 20000 --models 400
"""

import argparse
import asyncio
import gc
import os
import re
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2

from bench.mlflow_seed import Size, seed
from hub.demo.mlflow_server import MLflowServer
from hub.registries.adapter import AdapterConfig, Limits, RegistryVersion
from hub.registries.digests import content_digest, seen_digest
from integrations.mlflow import adapter
from integrations.mlflow.registry import API, MODEL_ORDER, VERSION_ORDER

ROOT = Path(__file__).parents[1]
TOKEN = re.compile(rb'"next_page_token": "([^"]+)"')
LIMITS = Limits()
DETAILED = 2_000


async def bare_listing(client: httpx2.AsyncClient) -> None:
    """The requests of a sweep, with nothing done but following the page token."""
    for what, order, most in (
        ("registered-models", MODEL_ORDER, LIMITS.models_per_page),
        ("model-versions", VERSION_ORDER, LIMITS.versions_per_page),
    ):
        asked: dict[str, str | int | list[str]] = {"order_by": order, "max_results": most}
        while True:
            reply = await client.get(f"{API}/{what}/search", params=asked)
            token = TOKEN.search(reply.raise_for_status().content[-300:])
            if token is None:
                break
            asked["page_token"] = token[1].decode()


async def adapter_sweep(address: str) -> int:
    """All models and versions through the adapter, each digested as an unchanged sync does."""
    seen = 0
    async with adapter(AdapterConfig(key="bench", base_url=address)) as registry:
        async for models in registry.models():
            for model in models.items:
                seen_digest(model)
        async for versions in registry.versions():
            for version in versions.items:
                seen_digest(version)
            seen += len(versions.items)
    return seen


async def first_versions(address: str, most: int) -> list[RegistryVersion]:
    found: list[RegistryVersion] = []
    async with adapter(AdapterConfig(key="bench", base_url=address)) as registry:
        async for page in registry.versions():
            found += page.items
            if len(found) >= most:
                break
    return found[:most]


async def bare_details(client: httpx2.AsyncClient, versions: list[RegistryVersion]) -> None:
    """The requests for details, two under way as the adapter has them."""
    listed = (await client.get(f"{API}/experiments/search", params={"max_results": 10_000})).json()["experiments"]
    experiments = [one["experiment_id"] for one in listed]

    async def search(what: str, attribute: str, ids: list[str]) -> None:
        quoted = ", ".join(f"'{id}'" for id in ids)
        body = {"experiment_ids": experiments, "filter": f"{attribute} IN ({quoted})", "max_results": len(ids)}
        (await client.post(f"{API}/{what}/search", json=body)).raise_for_status()

    for start in range(0, len(versions), LIMITS.details_per_request):
        lot = versions[start : start + LIMITS.details_per_request]
        await asyncio.gather(
            search("runs", "attributes.run_id", [one.run_id or "" for one in lot]),
            search("logged-models", "model_id", [(one.source_uri or "").removeprefix("models:/") for one in lot]),
        )


async def adapter_details(address: str, versions: list[RegistryVersion]) -> None:
    """The details of versions as a first sync reads them, with the digest that decisions bind to."""
    async with adapter(AdapterConfig(key="bench", base_url=address)) as registry:
        async for page in registry.details(versions):
            for one in page.items:
                content_digest("bench", one.version)


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def peak_megabytes(address: str, pages: int | None) -> float:
    """The most that Python held at once during a sweep of so many pages."""
    tracemalloc.start()
    async with adapter(AdapterConfig(key="bench", base_url=address)) as registry:
        number = 0
        async for _ in registry.versions():
            number += 1
            if number == pages:
                break
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def told(name: str, bare: list[float], ours: list[float]) -> None:
    middle, mine = statistics.median(bare), statistics.median(ours)
    print(f"{name:<34} bare {middle:6.2f} s   adapter {mine:6.2f} s   ratio {mine / middle:.2f}", flush=True)


async def measure(address: str, rounds: int) -> None:
    async with httpx2.AsyncClient(base_url=address, timeout=120, trust_env=False) as client:
        await bare_listing(client)
        bare, ours = [], []
        for _ in range(rounds):
            bare.append(await seconds(lambda: bare_listing(client)))
            ours.append(await seconds(lambda: adapter_sweep(address)))
        told(f"sweep of {await adapter_sweep(address):,} versions", bare, ours)
        versions = await first_versions(address, DETAILED)
        bare, ours = [], []
        for _ in range(rounds):
            bare.append(await seconds(lambda: bare_details(client, versions)))
            ours.append(await seconds(lambda: adapter_details(address, versions)))
        told(f"details of {len(versions):,} versions", bare, ours)
    few, all_of_them = await peak_megabytes(address, 5), await peak_megabytes(address, None)
    print(
        f"{'memory held at most':<34} 5 pages {few:.1f} MB   all {all_of_them:.1f} MB   ratio {all_of_them / few:.2f}"
    )


async def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--versions", type=int, default=20_000)
    ask.add_argument("--models", type=int, default=400)
    ask.add_argument("--rounds", type=int, default=3)
    given = ask.parse_args()
    python = Path(os.environ.get("HUB_MLFLOW_PYTHON", ROOT / ".mlflow/bin/python"))
    with tempfile.TemporaryDirectory() as folder:
        server = MLflowServer(python, Path(folder))
        await server.start(print)
        try:
            await asyncio.to_thread(seed, str(Path(folder) / "mlflow.db"), Size(given.versions, given.models, 100))
            await measure(server.url, given.rounds)
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
