"""One sweep of a registry, page by page, each page in a transaction of its own; the last one draws the conclusions."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from hub.db import Db, Tx
from hub.errors import Dead, Retry
from hub.registries import actions, store
from hub.registries.adapter import Adapter, Page, Rejected
from hub.registries.listed import deployments, models, versions
from hub.registries.rules import BEAT_S, MOST_TOLD, MOST_TRIES, STALE_AFTER, Claim, Count, Taken, failed, scope_digest
from hub.registries.tables import SyncRun, SyncStatus

Say = Callable[[str], None]
T = TypeVar("T")
Take = Callable[[Tx, Claim, Sequence[T]], Awaitable[Taken]]


class Superseded(Exception):
    """Another worker has taken the run up, or it has ended: this one stops without a word more."""


async def sweep(db: Db, run_id: UUID, adapter: Adapter, say: Say, *, operation: str) -> SyncRun | None:
    """Sweep a registry through its open adapter; gives the ended run, None when the run is not ours to make.

    A registry that fails ends the run as FAILED, and so does a fault of the hub, which is raised besides. A worker that
    is gone leaves its run RUNNING: without a sign of life it is taken up anew, from its first page, where what was
    stored before is found unchanged.
    """
    async with db.write(actor=None, operation=operation) as tx:
        claim = await claimed(tx, run_id)
    if claim is None:
        return None
    sweeping = _Sweep(db, claim, say, operation)
    try:
        try:
            async with _beating(db, claim, operation):
                return await sweeping.all(adapter)
        except (Retry, Dead) as fault:
            return await sweeping.fail(fault)
        except Superseded:
            raise
        except Exception as fault:
            await sweeping.fail(fault)
            raise
    except Superseded:
        say(f"{claim.registry_key}: another worker has taken up sync {claim.number}")
        return None


async def claimed(tx: Tx, run_id: UUID) -> Claim | None:
    """Take a run up: one that is queued, or whose worker gave no sign of life; None when it is not to be had."""
    run = await store.run(tx, run_id)
    registry = await store.registry(tx, run.registry_id, lock=True) if run is not None else None
    run = await store.run(tx, run_id, lock=True)
    if run is None or registry is None or not free(run, tx.at):
        return None
    if run.tries >= MOST_TRIES:
        await actions.fail(tx, run, died(run.tries))
        return None
    await store.add_to_standing(tx, run.id, registry.id)
    await store.forget(tx, run.id)
    await store.change_run(
        tx,
        run.id,
        status=SyncStatus.RUNNING,
        tries=run.tries + 1,
        models_seen=0,
        versions_seen=0,
        rejected=0,
        step="asks for models",
        started_at=run.started_at or tx.at,
        beat_at=tx.at,
    )
    return Claim(run.id, run.number, run.tries + 1, registry.id, registry.key, registry.every_s)


def free(run: SyncRun, at: datetime) -> bool:
    """Whether a worker may take this run up."""
    if run.status is SyncStatus.RUNNING:
        return run.beat_at is None or run.beat_at <= at - STALE_AFTER
    return run.status is SyncStatus.QUEUED


def own_fault(fault: Exception, operation: str) -> str:
    """Why a run ended by a fault that is not the registry's; the log has the rest."""
    return f"the hub came upon a fault of its own ({type(fault).__name__}); its log tells more under {operation}"


def died(tries: int) -> str:
    """Why a run is given up whose workers did not come to its end."""
    return (
        f"{tries} workers took this sync up and none came to its end; nothing is marked missing. The hub's log tells"
        " why they stopped; the next sync begins anew."
    )


class _Sweep:
    def __init__(self, db: Db, claim: Claim, say: Say, operation: str) -> None:
        self._db = db
        self._claim = claim
        self._say = say
        self._operation = operation
        self._seen = {"models": 0, "versions": 0, "deployments": 0}
        self._rejected: list[Rejected] = []

    async def all(self, adapter: Adapter) -> SyncRun:
        await self._pages("models", adapter.models(), models.take)
        await self._pages("versions", adapter.versions(), versions.take)
        await self._pages("deployments", adapter.deployments(), deployments.take, may_be_none=True)
        async with self._writing("draws conclusions", ending=True) as tx:
            ended = await actions.finish(tx, self._claim, scope_digest(adapter.kind, adapter.scope), self._rejected)
        self._say(
            f"{self._claim.registry_key}: {ended.status.lower()}, {ended.models_seen:,} models and"
            f" {ended.versions_seen:,} versions; {ended.created:,} new, {ended.changed:,} changed,"
            f" {ended.missing:,} missing, {ended.rejected:,} not taken in"
        )
        return ended

    async def fail(self, fault: Exception) -> SyncRun:
        claim = self._claim
        async with self._writing(None, ending=True) as tx:
            run = await store.run(tx, claim.run_id)
            assert run is not None
            if isinstance(fault, Retry | Dead):
                why = failed(fault, Count(run.models_seen, run.versions_seen))
            else:
                why = own_fault(fault, self._operation)
            await actions.fail(tx, run, why)
            ended = await store.run(tx, claim.run_id)
            assert ended is not None
        self._say(f"{claim.registry_key}: failed, {why}")
        return ended

    async def _pages(
        self, what: str, pages: AsyncGenerator[Page[T], None], take: Take[T], *, may_be_none: bool = False
    ) -> None:
        complete = may_be_none
        async with aclosing(pages):
            async for page in pages:
                await self._page(what, page, take)
                complete = page.last
        if not complete:
            raise Retry(f"the listing of {what} ended before its last page", after_s=0)

    async def _page(self, what: str, page: Page[T], take: Take[T]) -> None:
        step = f"takes in {what}: {self._seen[what]:,} so far"
        claim = self._claim
        async with self._writing(step) as tx:
            taken = await take(tx, claim, page.items)
            rejected = (*page.rejected, *taken.rejected)
            if rejected:
                ids = sorted({one.external_id[:1200] for one in rejected})
                await store.note(tx, claim.run_id, "rejected", ids, [""] * len(ids))
            await store.progress(
                tx,
                claim.run_id,
                models=taken.seen if what == "models" else 0,
                versions=taken.seen if what == "versions" else 0,
                created=taken.created,
                changed=taken.changed,
                rejected=len(rejected),
                expected=page.total if what == "versions" else None,
            )
        self._seen[what] += len(page.items)
        self._rejected += rejected[: max(0, MOST_TOLD - len(self._rejected))]
        self._say(f"{claim.registry_key}: {self._seen[what]:,} {what}")

    @asynccontextmanager
    async def _writing(self, step: str | None, *, ending: bool = False) -> AsyncIterator[Tx]:
        """A transaction in which this worker, and no other, has the run."""
        async with self._db.write(actor=None, operation=self._operation) as tx:
            if ending:
                # The registry before the run, as everybody locks them, so that none wait in a ring.
                await store.registry(tx, self._claim.registry_id, lock=True)
            if not await store.alive(tx, self._claim.run_id, self._claim.tries, step):
                raise Superseded
            yield tx


@asynccontextmanager
async def _beating(db: Db, claim: Claim, operation: str) -> AsyncIterator[None]:
    """Signs of life while a registry takes its time."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            async with db.write(actor=None, operation=operation) as tx:
                await store.alive(tx, claim.run_id, claim.tries, None)

    beating = asyncio.ensure_future(beat())
    try:
        yield
    finally:
        beating.cancel()
        # A missed beat is no reason to end a sweep: its own transactions tell whether the run is still its own.
        with suppress(asyncio.CancelledError, Exception):
            await beating
