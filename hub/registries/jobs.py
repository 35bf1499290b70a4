"""Syncs that wait in the queue, and what the clock asks of registries."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from hub.db import Db, Tx
from hub.errors import Dead, Refused, Retry
from hub.events.jobs import Order, enqueue, handles
from hub.plugins import REGISTRIES, one
from hub.registries import actions, store
from hub.registries.actions import DETAILS, SYNC
from hub.registries.adapter import Adapter, AdapterConfig, Factory
from hub.registries.credentials import Sealed, keys, unseal
from hub.registries.detailed import store as detailed
from hub.registries.detailed.versions import Detailed, asked, take
from hub.registries.rules import LONGEST_STEP, MOST_DETAILS_TRIES, MOST_TRIES, STALE_AFTER
from hub.registries.sync import Say, died, free, own_fault, sweep
from hub.registries.tables import Registry, SyncRun, SyncStatus, SyncTrigger
from hub.settings import settings
from hub.telemetry import SYNCED, log

DETAILS_AT_ONCE = 1_000
"""Versions for which one job asks; they are stored as they come, some hundred in each transaction."""


async def due(db: Db, at: datetime) -> int:
    """Queue what is due by now: registries by their schedule, and runs whose worker is gone; how many runs there were.

    For the clock, at every tick; asked again, it queues nothing twice.
    """
    queued = 0
    async with db.write(actor=None, operation="clock") as tx:
        for registry in await store.due(tx, at):
            await actions.request_sync(tx, None, registry.id, trigger=SyncTrigger.SCHEDULE)
            await store.set_next_sync(tx, registry.id, at + timedelta(seconds=registry.every_s))
            queued += 1
        for run in await store.quiet_runs(tx, at - STALE_AFTER):
            queued += await _revived(tx, run)
    return queued


async def _revived(tx: Tx, run: SyncRun) -> bool:
    if run.status is SyncStatus.RUNNING and run.tries >= MOST_TRIES:
        await actions.fail(tx, run, died(run.tries))
        return False
    return await actions.queue(tx, run)


@handles(SYNC)
async def run_sync(db: Db, order: Order) -> None:
    """Sweep the registry of a run."""
    await sync(db, UUID(str(order.payload["run"])), log.info, operation=order.operation)


async def sync(db: Db, run_id: UUID, say: Say, *, operation: str) -> SyncRun | None:
    """Make a queued run here and now; gives it as it ended, None when another worker has it."""
    try:
        async with opened(db, run_id, operation) as (registry, adapter):
            ended = await sweep(db, run_id, adapter, say, operation=operation)
    except (Refused, Retry, Dead) as fault:
        # What fails before the sweep begins: a wrong key, a plugin that is off, an address that is none.
        return await _unopened(db, run_id, fault.why, operation)
    except Exception as fault:
        await _unopened(db, run_id, own_fault(fault, operation), operation)
        raise
    if ended is not None:
        SYNCED.labels(registry=registry.key).inc(ended.versions_seen)
    return ended


@asynccontextmanager
async def opened(db: Db, run_id: UUID, operation: str) -> AsyncIterator[tuple[Registry, Adapter]]:
    """The registry of a run and its adapter, open. Refuses when its plugin is off or its credentials cannot be read."""
    async with db.write(actor=None, operation=operation) as tx:
        run = await store.run(tx, run_id)
        registry = await store.registry(tx, run.registry_id) if run is not None else None
    assert registry is not None
    factory: Factory = one(REGISTRIES, registry.kind).load()
    credentials = None
    if registry.credentials is not None:
        sealed = Sealed(registry.credentials_key_id or "", registry.credentials)
        credentials = unseal(keys(settings()), sealed, registry.id)
    config = AdapterConfig(
        key=registry.key, base_url=registry.base_url, credentials=credentials, options=registry.options
    )
    async with factory(config) as adapter:
        yield registry, adapter


async def _unopened(db: Db, run_id: UUID, why: str, operation: str) -> SyncRun | None:
    """End a run that could not begin; one that another worker is about, or that has ended, stays as it is."""
    async with db.write(actor=None, operation=operation) as tx:
        run = await store.run(tx, run_id)
        if run is None:
            return None
        await store.registry(tx, run.registry_id, lock=True)
        run = await store.run(tx, run_id, lock=True)
        if run is None or not free(run, tx.at):
            return run
        await actions.fail(tx, run, why)
        return await store.run(tx, run_id)


@handles(DETAILS)
async def run_details(db: Db, order: Order) -> None:
    """Read the details of some versions, and queue the rest."""
    await details(db, UUID(str(order.payload["run"])), order.operation)


async def details(db: Db, run_id: UUID, operation: str, *, most: int = DETAILS_AT_ONCE) -> int:
    """Read the details of the newest versions that lack them; how many were read. What remains is queued again.

    Works for the registry's newest run only: a later sync goes on with what this one left.
    """
    registry_id = await _begun(db, run_id, operation)
    if registry_id is None:
        return 0
    read = 0
    try:
        async with opened(db, run_id, operation) as (registry, adapter):
            async with db.write(actor=None, operation=operation) as tx:
                rows = await detailed.pending(tx, registry.id, most)
            ids = {(row["model"], row["external_id"]): row["id"] for row in rows}
            async with aclosing(adapter.details([asked(row) for row in rows])) as pages:
                async for page in pages:
                    found = [
                        Detailed(ids[key], item)
                        for item in page.items
                        if (key := (item.version.model_id, item.version.external_id)) in ids
                    ]
                    async with db.write(actor=None, operation=operation) as tx:
                        stored = await take(tx, registry.id, registry.key, found)
                        await store.count_details(tx, run_id, stored)
                    read += stored
        if rows and not read:
            raise Dead("the registry gave no details of the versions asked for")
    except Retry as fault:
        await _rest(db, run_id, operation, why=fault.why, after_s=fault.after_s)
    except (Dead, Refused) as fault:
        await _rest(db, run_id, operation, why=fault.why, after_s=None)
    else:
        await _rest(db, run_id, operation)
    return read


async def _begun(db: Db, run_id: UUID, operation: str) -> UUID | None:
    """The registry, when it is for this run to read details; the attempt is counted before it is made."""
    async with db.write(actor=None, operation=operation) as tx:
        run = await store.run(tx, run_id, lock=True)
        newest = await store.newest_run(tx, run.registry_id, *store.STANDING) if run is not None else None
        if run is None or newest is None or newest.id != run.id:
            return None
        if run.details_tries >= MOST_DETAILS_TRIES:
            return None
        await _go_on(tx, run, "reads details", tries=run.details_tries + 1)
        return run.registry_id


async def _go_on(tx: Tx, run: SyncRun, step: str, *, tries: int) -> int:
    pending = await store.details_pending(tx, run.registry_id)
    await store.change_run(tx, run.id, step=step[:LONGEST_STEP], details_pending=pending, details_tries=tries)
    return pending


async def _rest(db: Db, run_id: UUID, operation: str, *, why: str | None = None, after_s: float | None = 0) -> None:
    """Queue what remains, later after a fault; a fault that will not pass leaves it to the next sync."""
    async with db.write(actor=None, operation=operation) as tx:
        run = await store.run(tx, run_id, lock=True)
        assert run is not None
        tries = run.details_tries
        ended = "waits for a person" if run.status is SyncStatus.HELD else "complete"
        again = after_s is not None and tries < MOST_DETAILS_TRIES
        step = ended if why is None else f"details {'wait' if again else 'stopped until the next sync'}: {why}"
        pending = await _go_on(tx, run, step, tries=tries)
        if pending and again:
            wait = timedelta(seconds=max(after_s or 0, 30 * 2**tries) if why is not None else 0)
            key = f"{run_id}:{pending}:{tries}"
            await enqueue(tx, DETAILS, {"run": run_id}, dedupe_key=key, execute_after=tx.at + wait)
