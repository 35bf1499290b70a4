"""Verbs on registries and their syncs. Where nobody is named as who acts, the hub itself does."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hub import words
from hub.db import Tx, new_id
from hub.errors import Code, Dead, Refused
from hub.events.jobs import Job, Lane, enqueue
from hub.events.record import Entry, Subject, record, record_all
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import PersonKind
from hub.plugins import REGISTRIES, one
from hub.registries import store
from hub.registries.adapter import AdapterConfig, Factory, Rejected
from hub.registries.credentials import Credentials, Keys, seal
from hub.registries.rules import Claim, Count, held, may_mark_missing, told
from hub.registries.tables import Registry, SyncRun, SyncStatus, SyncTrigger

SYNC = Job("sync", Lane.BULK)
"""Payload: run. Sweeps a registry."""

DETAILS = Job("details", Lane.BULK)
"""Payload: run. Reads the details of the registry's versions that still lack them, some at a time."""

KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
SHORTEST_EVERY_S = 30
LONGEST_EVERY_S = 7 * 86_400


async def add_registry(
    tx: Tx,
    who: Principal | None,
    keys: Keys,
    *,
    key: str,
    kind: str,
    name: str,
    base_url: str,
    every_s: int = 300,
    credentials: Credentials | None = None,
    options: Mapping[str, Any] | None = None,
) -> Registry:
    """Have the hub sync with a registry from now on. Refuses what its adapter cannot work with."""
    if who is not None:
        acting(tx, who, Permission.ADD_REGISTRY)
    if not KEY.fullmatch(key):
        raise Refused(
            Code.BAD_INPUT, "a key has 1 to 100 of a-z, 0-9, dot, hyphen and underscore, such as mlflow-eu", field="key"
        )
    if not SHORTEST_EVERY_S <= every_s <= LONGEST_EVERY_S:
        raise Refused(
            Code.BAD_INPUT,
            f"everyS is {every_s}; choose {SHORTEST_EVERY_S} to {LONGEST_EVERY_S:,} seconds",
            field="everyS",
        )
    named = words.wanted(name, "name", most=200)
    address = words.wanted(base_url, "baseUrl", most=2_000).rstrip("/")
    factory: Factory = one(REGISTRIES, kind, field="kind").load()
    try:
        factory(AdapterConfig(key=key, base_url=address, credentials=credentials, options=options or {}))
    except Dead as fault:
        raise Refused(Code.BAD_INPUT, fault.why, field="baseUrl") from None
    if await store.registry_by_key(tx, key) is not None:
        raise Refused(Code.CONFLICT, f"there is a registry {key} already; choose another key", field="key")
    id = new_id()
    sealed = seal(keys, credentials, id) if credentials is not None else None
    row = Registry(
        id=id,
        key=key,
        kind=kind,
        name=named,
        base_url=address,
        every_s=every_s,
        next_sync_at=tx.at,
        credentials=sealed.content if sealed else None,
        credentials_key_id=sealed.key_id if sealed else None,
        options=dict(options or {}),
        created_at=tx.at,
    )
    await store.add_registry(tx, row)
    await record(tx, "registry.added", Subject("registry", id), {"key": key, "kind": kind, "every_s": every_s})
    return row


async def request_sync(
    tx: Tx, who: Principal | None, registry_id: UUID, *, trigger: SyncTrigger = SyncTrigger.PERSON
) -> SyncRun:
    """Queue a sync; when one is queued or running, that one is given instead."""
    if who is not None:
        acting(tx, who, Permission.SYNC_REGISTRY)
    registry = await store.registry(tx, registry_id, lock=True)
    if registry is None:
        raise Refused(Code.NOT_FOUND, "there is no such registry", field="registry")
    if not registry.enabled:
        raise Refused(Code.OFF, f"the registry {registry.key} is turned off; turn it on to sync it", field="registry")
    if (open_run := await store.newest_run(tx, registry_id, *store.OPEN)) is not None:
        return open_run
    newest = await store.newest_run(tx, registry_id)
    run = SyncRun(
        registry_id=registry_id,
        number=newest.number + 1 if newest is not None else 1,
        trigger=trigger,
        step="waits for a worker",
        requested_by=who.person_id if who is not None else None,
        queued_at=tx.at,
    )
    await store.add_run(tx, run)
    if who is not None:
        await record(tx, "sync.requested", Subject("sync_run", run.id), {"registry": registry_id, "number": run.number})
    await queue(tx, run)
    return run


async def queue(tx: Tx, run: SyncRun) -> bool:
    """Put a run into the queue; nothing happens when it stands there already."""
    return await enqueue(tx, SYNC, {"run": run.id}, dedupe_key=f"{run.id}:{run.tries}")


async def release_held(tx: Tx, who: Principal, run_id: UUID) -> SyncRun:
    """Let a held sweep stand, by a person's decision: the next one that finds the same marks what is missing."""
    acting(tx, who, Permission.SYNC_REGISTRY)
    if who.kind is not PersonKind.HUMAN:
        raise Refused(Code.FORBIDDEN, "a held sync waits for a person's decision; a service account cannot give it")
    run = await store.run(tx, run_id)
    if run is None:
        raise Refused(Code.NOT_FOUND, "there is no such sync", field="syncRun")
    registry = await store.registry(tx, run.registry_id, lock=True)
    run = await store.run(tx, run_id, lock=True)
    assert registry is not None and run is not None
    if run.status is not SyncStatus.HELD:
        raise Refused(
            Code.WRONG_STATE, f"sync {run.number} is {run.status}; only a HELD one can be released", field="syncRun"
        )
    newest = await store.newest_run(tx, run.registry_id, *store.STANDING)
    if newest is not None and newest.id != run.id:
        raise Refused(
            Code.WRONG_STATE,
            f"sync {newest.number}, which is {newest.status}, came after sync {run.number}; look at that one",
            field="syncRun",
        )
    if not await store.whole(tx, run.id):
        raise Refused(
            Code.STALE, "what this sync saw was lost when the database restarted; sync again", field="syncRun"
        )
    await store.change_run(tx, run.id, status=SyncStatus.SUCCEEDED, step="released by a person")
    await store.forget_all_but(tx, run.registry_id, [run.id])
    await store.set_next_sync(tx, run.registry_id, tx.at)
    data = {"registry": run.registry_id, "number": run.number, "models": run.models_seen, "versions": run.versions_seen}
    await record(tx, "sync.released", Subject("sync_run", run.id), data)
    released = await store.run(tx, run_id)
    assert released is not None
    return released


async def finish(tx: Tx, claim: Claim, scope: str, rejected: Sequence[Rejected]) -> SyncRun:
    """End a complete sweep: it stands, or is held for a person; what two that stand did not see is marked missing."""
    registry = await store.registry(tx, claim.registry_id, lock=True)
    run = await store.run(tx, claim.run_id)
    assert registry is not None and run is not None
    before = await store.newest_run(tx, claim.registry_id, SyncStatus.SUCCEEDED)
    now = Count(run.models_seen, run.versions_seen)
    why_held = held(Count(before.models_seen, before.versions_seen) if before is not None else None, now)
    missing, kept = 0, [run.id]
    if why_held is not None and before is not None:
        await store.add_to_standing(tx, run.id, claim.registry_id)
        kept.append(before.id)
        data = {"registry": claim.registry_id, "number": run.number, "models": now.models, "versions": now.versions}
        await record(tx, "sync.held", Subject("sync_run", run.id), data)
    elif before is not None and may_mark_missing(
        scope=scope,
        scope_before=before.scope_digest,
        whole=await store.whole(tx, run.id) and await store.whole(tx, before.id),
    ):
        missing = await _mark_missing(tx, claim, before.id)
    await store.forget_all_but(tx, claim.registry_id, kept)
    pending = await store.details_pending(tx, claim.registry_id)
    await store.change_run(
        tx,
        run.id,
        status=SyncStatus.HELD if why_held else SyncStatus.SUCCEEDED,
        scope_digest=scope,
        missing=missing,
        details_pending=pending,
        why=why_held or told(rejected, run.rejected),
        step="waits for a person" if why_held else "complete",
        ended_at=tx.at,
    )
    await store.set_next_sync(tx, claim.registry_id, tx.at + timedelta(seconds=registry.every_s))
    if pending:
        await enqueue(tx, DETAILS, {"run": run.id}, dedupe_key=f"{run.id}:{pending}:0")
    ended = await store.run(tx, run.id)
    assert ended is not None
    return ended


async def fail(tx: Tx, run: SyncRun, why: str) -> None:
    """End a sweep that broke off: nothing is marked missing, and the next one comes when it would have."""
    registry = await store.registry(tx, run.registry_id, lock=True)
    assert registry is not None
    await store.add_to_standing(tx, run.id, run.registry_id)
    await store.forget(tx, run.id)
    await store.change_run(tx, run.id, status=SyncStatus.FAILED, why=why, step="failed", ended_at=tx.at)
    await store.set_next_sync(tx, run.registry_id, tx.at + timedelta(seconds=registry.every_s))
    await record(tx, "sync.failed", Subject("sync_run", run.id), {"registry": run.registry_id, "number": run.number})


async def _mark_missing(tx: Tx, claim: Claim, before_id: UUID) -> int:
    found = await store.mark_missing(tx, claim.registry_id, claim.run_id, before_id)
    for kind, gone in found.items():
        digests = kind == "version"
        entries = [
            Entry(Subject(kind, one.id, one.digest if digests else None), {"sync": claim.run_id}, one.model_id)
            for one in gone
        ]
        await record_all(tx, f"{kind}.missing", entries)
    return sum(len(gone) for gone in found.values())
