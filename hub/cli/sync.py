"""`hub sync`: have registries synced now, and watch."""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hub.cli.options import AsJSON, Data

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.db import Db, ReadPool
    from hub.demo.mlflow_server import Say

LOOK_EVERY_S = 0.2
SAY_EVERY_S = 1.0
PATIENCE_S = 10.0


def sync(
    registry: Annotated[str | None, typer.Argument(help="The registry's key. Default: every one that is on.")] = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Have the hub sync its registries, and show how far it is. Exit code 1 when one does not succeed.

    Example: hub sync demo
    """
    from hub.cli import once, place, printing, store
    from hub.cli.steps import Steps
    from hub.errors import Code, Refused

    steps = Steps()

    async def act(db: "Db", _clock: "Clock") -> list[dict[str, Any]]:
        every = await store.enabled_registries(db.reads)
        keys = every if registry is None else [registry]
        if not keys:
            raise Refused(Code.NOT_FOUND, "no registry is on; add one with the mutation addRegistry, or: hub up --demo")
        return list(await asyncio.gather(*(_one(db, key, every, None if json else steps.say) for key in keys)))

    ended = once.with_database(place.chosen(data=data), act)
    if json:
        printing.as_json(ended)
    else:
        for run in ended:
            printing.line(summary(run))
    if any(run["status"] != "SUCCEEDED" for run in ended):
        raise typer.Exit(1)


async def _one(db: "Db", key: str, every: list[str], say: "Say | None") -> dict[str, Any]:
    from hub.cli import store
    from hub.errors import Code, Refused

    id = await store.registry(db.reads, key)
    if id is None:
        there = f"there are {', '.join(every)}" if every else "there is none"
        raise Refused(Code.NOT_FOUND, f"there is no registry {key}; {there}", field="registry")
    return await follow(db.reads, await ask(db, id), say)


async def ask(db: "Db", registry_id: UUID) -> UUID:
    """Queue a sync of a registry, or find the one that is under way."""
    import hub.wiring  # noqa: F401
    from hub.registries import actions

    async with db.write(actor=None, operation="hub sync") as tx:
        return (await actions.request_sync(tx, None, registry_id)).id


async def follow(reads: "ReadPool", run_id: UUID, say: "Say | None") -> dict[str, Any]:
    """Wait until a sync has ended, saying every second how far it is."""
    from hub.cli import store

    begin, said_at, said, warned = time.monotonic(), 0.0, "", False
    while True:
        run = await store.sync_run(reads, run_id)
        if run["ended_at"] is not None:
            return run
        now = time.monotonic()
        text = progress(run)
        if say is not None and text != said and now - said_at >= SAY_EVERY_S:
            say(text)
            said_at, said = now, text
        if say is not None and not warned and run["started_at"] is None and now - begin > PATIENCE_S:
            say("no worker has taken it up yet; one runs in hub up, or in hub work")
            warned = True
        await asyncio.sleep(LOOK_EVERY_S)


def progress(run: dict[str, Any]) -> str:
    """How far a sync is, in words."""
    of = f" of {run['versions_expected']:,}" if run["versions_expected"] is not None else ""
    return f"{run['registry']}: {run['step']}, {run['models_seen']:,} models, {run['versions_seen']:,}{of} versions"


def summary(run: dict[str, Any]) -> str:
    """How a sync ended, in one line."""
    took = (run["ended_at"] - run["queued_at"]).total_seconds()
    seen = (
        f"{run['models_seen']:,} models, {run['versions_seen']:,} versions: {run['created']:,} new,"
        f" {run['changed']:,} changed, {run['missing']:,} missing, {run['rejected']:,} rejected"
    )
    why = f"\n  {run['why']}" if run["why"] else ""
    return f"{run['registry']}: sync {run['number']} {run['status']} in {took:.1f} s; {seen}{why}"
