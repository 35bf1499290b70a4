"""`hub up --demo`: MLflow's own server with trained models, synced and governed; told step by step."""

import asyncio
import shlex
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from hub.cli import printing, store, sync
from hub.cli.steps import Steps
from hub.db import Db
from hub.demo import environment
from hub.demo.mlflow_server import MLflowServer
from hub.demo.story import Story
from hub.demo.trainer import start_and_train
from hub.graph.execute import Engine
from hub.graph.values import Reader
from hub.people.access import Sight
from hub.registries import actions
from hub.registries.credentials import keys
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.demo.mlflow_server import Say

KEY = "demo"
DETAILS_WITHIN_S = 300.0

GLANCE = """
{ models(first: 20, orderBy: [{by: RISK}]) { nodes { name tier owner { handle }
    latestVersion { name checkResults(first: 50, filter: {latest: true, stage: [PRODUCTION]}) {
        nodes { outcome policy { key } } } } } } }
"""

QUERIES = (
    (
        "what blocks each model, and which exception covers it",
        "{ models(first: 10) { nodes { name tier latestVersion { name checkResults(first: 20, filter: {latest: true,"
        " outcome: [FAIL, WAIVED, ERROR]}) { nodes { outcome explanation policy { key } exception { expiresAt } } } }"
        " } } }",
    ),
    (
        "exceptions, those that end first at the top",
        "{ exceptions(first: 10) { nodes { status daysLeft model { name } policy { title } owner { name }"
        " justification } } }",
    ),
    (
        "what a version was made from, and who must still sign",
        '{ model(name: "breast-cancer-diagnosis") { version(name: "3") { upstream(first: 10) { nodes { depth role node'
        " { __typename ... on Dataset { name digest } } } } } approvals(first: 5) { nodes { status stage"
        " signOffs(first: 5) { nodes { decision } } } } } }",
    ),
)


async def play(db: Db, chosen: Settings, steps: Steps, engine: Engine) -> None:
    """Put the demo on, then keep its server until cancelled. What an earlier start made is used again."""
    story = Story(db, engine, steps.say)
    async with AsyncExitStack() as stack:
        with steps.step("demo: MLflow's environment"):
            python = await environment.ensure(chosen.data, steps.say)
        server = MLflowServer(python, chosen.data / "mlflow")
        stack.push_async_callback(server.stop)
        with steps.step("demo: MLflow's server and training"):
            await start_and_train(server, steps.say)
        with steps.step("demo: people and policies"):
            await story.before_the_sync()
        with steps.step("demo: sync"):
            await _synced(db, chosen, server.url, steps.say)
        with steps.step("demo: approvals and exceptions"):
            await story.after_the_sync()
        with steps.step("demo: checks"):
            await _quiet(db, steps.say)
        await _show(engine, server.url, chosen.data, steps)
        await asyncio.Event().wait()


async def _synced(db: Db, chosen: Settings, url: str, say: "Say") -> None:
    registry = await _registry(db, chosen, url)
    run_id = await sync.ask(db, registry)
    say(sync.summary(await sync.follow(db.reads, run_id, say)))
    said = -1
    async with asyncio.timeout(DETAILS_WITHIN_S):
        while (left := (await store.newest_run(db.reads, registry))["details_pending"]) > 0:
            if left != said:
                say(f"{KEY}: details of {left:,} versions to read")
                said = left
            await asyncio.sleep(sync.LOOK_EVERY_S)


async def _quiet(db: Db, say: "Say") -> None:
    """Wait until the worker has done what followed from all that."""
    said = -1
    async with asyncio.timeout(DETAILS_WITHIN_S):
        while left := await store.unfinished_jobs(db.reads):
            if left != said:
                say(f"{left} jobs to do")
                said = left
            await asyncio.sleep(sync.LOOK_EVERY_S)


async def _registry(db: Db, chosen: Settings, url: str) -> UUID:
    found = await store.registry(db.reads, KEY)
    async with db.write(actor=None, operation="demo") as tx:
        if found is None:
            made = await actions.add_registry(
                tx, None, keys(chosen), key=KEY, kind="mlflow", name="Demo MLflow", base_url=url
            )
            return made.id
        # The server's port may have been taken in the meantime; then it has another one now.
        await store.move_registry(tx, found, url)
    return found


async def _show(engine: Engine, mlflow: str, data: Path, steps: Steps) -> None:
    line = steps.line
    line("\nThe demo is ready.\n")
    rows = [_row(node) for node in (await _read(engine, GLANCE))["models"]["nodes"]]
    for text in printing.aligned(("MODEL", "TIER", "OWNER", "NEWEST", "FOR PRODUCTION", "BECAUSE OF"), rows):
        line(f"  {text}")
    line(f"\n  MLflow's own pages: {mlflow}\n\nAsk it:\n")
    folder = "" if data == Path(".hub") else f" --data {shlex.quote(str(data))}"
    for what, text in QUERIES:
        line(f"  # {what}\n  hub query{folder} {shlex.quote(text)}\n")


def _row(model: dict[str, Any]) -> tuple[object, ...]:
    newest = model["latestVersion"] or {"name": None, "checkResults": {"nodes": []}}
    results = newest["checkResults"]["nodes"]
    worst = next((word for word in ("ERROR", "FAIL", "WARN", "WAIVED", "PASS") if _of(results, word)), None)
    because = ", ".join(sorted({*_of(results, worst)})) if worst not in (None, "PASS") else ""
    owner = model["owner"]["handle"] if model["owner"] else None
    return (model["name"], model["tier"], owner, newest["name"], worst, because)


def _of(results: list[dict[str, Any]], outcome: str | None) -> list[str]:
    return [one["policy"]["key"] for one in results if one["outcome"] == outcome]


async def _read(engine: Engine, text: str) -> dict[str, Any]:
    operation = engine.operation(engine.document(text), None)
    sees = Reader(Sight.ALL, {"person": UUID(int=0), "teams": []}, frozenset())
    found: dict[str, Any] = orjson.loads(await engine.read(operation, engine.variables(operation, {}), sees))
    return found
