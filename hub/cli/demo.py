"""`hub up --demo`: MLflow's own server with trained models, synced and governed; told step by step."""

import asyncio
import shlex
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from hub.cli import place, printing, store, sync
from hub.cli.pasting import curl
from hub.cli.steps import Steps
from hub.db import Db
from hub.demo import environment
from hub.demo.company import EVERYTHING
from hub.demo.mlflow_server import MLflowServer
from hub.demo.story import Story
from hub.demo.trainer import start_and_train
from hub.graph.execute import Engine
from hub.registries import actions
from hub.registries.credentials import keys
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.demo.mlflow_server import Say

KEY = "demo"
DETAILS_WITHIN_S = 300.0

GLANCE = """
{
  models(first: 20, orderBy: [{by: RISK}]) { nodes { name tier owner { handle } versions(first: 10) { nodes {
    name stage
    deploymentIntents(first: 1, filter: {stage: [PRODUCTION]}) { nodes { status expiresAt } }
    kept: compliance(first: 1, filter: {stage: [PRODUCTION], outcome: [PASS]}) { totalCount }
    waived: compliance(first: 1, filter: {stage: [PRODUCTION], outcome: [WAIVED]}) { totalCount }
    asked: compliance(first: 1, filter: {stage: [PRODUCTION], not: {outcome: [SKIP]}}) { totalCount }
    closing: compliance(first: 20, filter: {stage: [PRODUCTION], outcome: [FAIL, ERROR], enforcement: [BLOCKING]}) {
      totalCount nodes { policy { key } } }
  } } } }
  signingKeys(first: 1) { nodes { publicKey } }
  backtests(first: 1) { nodes { change { id } } }
}
"""
MOST_NAMED = 2

FIRST = "{ models(first: 5, orderBy: [{by: RISK}]) { nodes { name tier owner { handle } } } }"
QUERY = (
    '{ model(name: "breast-cancer-diagnosis") { versions(first: 4) { nodes { name compliance(first: 40, filter:'
    " {stage: [PRODUCTION], outcome: [FAIL, ERROR, WAIVED]}) { nodes { outcome dueAt policy { key } exception {"
    " daysLeft } result { explanation } } } } } } }"
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
        with steps.step("demo: what happened since"):
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
    found = await _read(engine, GLANCE)
    line("\nThe demo is ready.\n")
    columns = ("MODEL", "TIER", "OWNER", "VERSION", "STAGE", "KEPT", "WAIVED", "GATE TO PRODUCTION", "CLOSED BY")
    for text in printing.aligned(columns, [row for model in found["models"]["nodes"] for row in _rows(model)]):
        line(f"  {text}")
    address, secret = (place.remembered(data, name) or "" for name in ("url", "token"))
    line(f"\n  GraphiQL   {address}/graphiql       MLflow's own pages   {mlflow}")
    line(f"  token      {secret}\n\nPaste any of these:\n")
    for what, text in [("the riskiest models, over HTTP", curl(address, secret, FIRST)), *_commands(data, found)]:
        line(f"  # {what}\n  {text}")
    line()


def _commands(data: Path, found: dict[str, Any]) -> list[tuple[str, str]]:
    hub, folder = program(), "" if data == Path(".hub") else f" --data {shlex.quote(str(data))}"
    gate, keys, replayed = f"{hub} gate{folder}", found["signingKeys"]["nodes"], found["backtests"]["nodes"]
    key = keys[0]["publicKey"] if keys else "keys.json"
    change = replayed[0]["change"]["id"] if replayed else "CHANGE"
    return [
        (
            "closed, exit code 1: what is not kept, why, how to mend it",
            f"{gate} --model breast-cancer-diagnosis --version 4 --to production",
        ),
        (
            "waits for people, exit code 2: who must still sign",
            f"{gate} --model breast-cancer-diagnosis --version 3 --to production",
        ),
        (
            "open, exit code 0: take the permit, then check it without the hub",
            f"{gate} --model iris-species --version 3 --to production --permit permit.json"
            f" && {hub} permit verify permit.json --key {key}",
        ),
        ("every open question to people, who is asked, until when", f"{hub} approvals list --all{folder}"),
        ("the policies as they are in Git, tried offline", f"{hub} policy test --starter"),
        (
            "the same beside those in force here: a stricter draft would go",
            f"{hub} policy apply --starter --dry-run{folder}",
        ),
        ("a stricter rule in review: what it would have changed", f"{hub} policy backtest{folder} {change}"),
        ("test reports: the second run that disagrees", f"{hub} evidence list --disputed{folder}"),
        ("what is not kept, and which exception covers it", f"{hub} query{folder} {shlex.quote(QUERY)}"),
    ]


def program() -> str:
    """This command as it can be pasted: by its name where the shell finds it, else where it lies."""
    mine, found = Path(sys.executable).with_name("hub"), shutil.which("hub")
    if not mine.exists() or (found is not None and Path(found).resolve() == mine.resolve()):
        return "hub"
    return shlex.quote(str(mine.relative_to(Path.cwd()) if mine.is_relative_to(Path.cwd()) else mine))


def _rows(model: dict[str, Any]) -> list[tuple[object, ...]]:
    """A model's versions that are in production or that somebody wants there, and its newest."""
    versions = sorted(model["versions"]["nodes"], key=lambda one: int(one["name"]), reverse=True)
    owner = model["owner"]["handle"] if model["owner"] else None
    rows: list[tuple[object, ...]] = []
    for at, one in enumerate(versions):
        if at and one["stage"] != "PRODUCTION" and not one["deploymentIntents"]["nodes"]:
            continue
        kept = f"{one['kept']['totalCount']} of {one['asked']['totalCount']}"
        name = (model["name"], model["tier"], owner)
        rows.append(
            (*name, one["name"], one["stage"], kept, one["waived"]["totalCount"] or None, _gate(one), _why(one))
        )
    return rows


def _gate(version: dict[str, Any]) -> str | None:
    wishes = version["deploymentIntents"]["nodes"]
    if not wishes:
        return None
    until = f" until {wishes[0]['expiresAt'][:10]}" if wishes[0]["expiresAt"] else ""
    return f"{wishes[0]['status']}{until}"


def _why(version: dict[str, Any]) -> str:
    keys = sorted({one["policy"]["key"] for one in version["closing"]["nodes"]})
    more = len(keys) - MOST_NAMED
    return ", ".join(keys[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


async def _read(engine: Engine, text: str) -> dict[str, Any]:
    operation = engine.operation(engine.document(text), None)
    found: dict[str, Any] = orjson.loads(await engine.read(operation, engine.variables(operation, {}), EVERYTHING))
    return found
