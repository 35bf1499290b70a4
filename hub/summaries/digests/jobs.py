"""What the clock finds of digests that are due, and the job that makes them. It may run twice."""

from datetime import datetime
from uuid import UUID, uuid4

from hub.db import Db
from hub.events.jobs import Job, Lane, Order, enqueue, handles
from hub.summaries import asked
from hub.summaries.asked import Wanted
from hub.summaries.digests import actions, rules, store
from hub.summaries.digests.rules import Missed
from hub.summaries.digests.tables import DigestSubscription
from hub.summaries.periods import Period
from hub.telemetry import FAILURES, log

MAKE = Job("make_digests", Lane.BULK)
"""Payload: none. Makes every digest that is due."""

BATCH = 50


async def due(db: Db, at: datetime) -> None:
    """Queue what is due by now; after downtime that is all of it, once."""
    first = await store.due(db.reads, at, 1)
    if first:
        ((since, id),) = first
        async with db.write(actor=None, operation="clock") as tx:
            await enqueue(tx, MAKE, {}, dedupe_key=f"{id}:{since.isoformat()}")


@handles(MAKE)
async def run_make(db: Db, order: Order) -> None:
    """Make what is due of each subscription, the longest overdue first."""
    at, beyond = db.clock.now(), None
    while found := await store.due(db.reads, at, BATCH, beyond):
        for _, id in found:
            try:
                await _made_up(db, order.operation, id)
            except Exception as error:
                # One that cannot be made is no reason for the others to wait; the next tick tries it again.
                FAILURES.labels(type(error).__name__).inc()
                log.error("a digest failed", subscription=str(id), error_id=uuid4().hex[:12], exc_info=error)
        beyond = found[-1]


async def _made_up(db: Db, operation: str, id: UUID) -> None:
    """Make each period of a subscription that was missed, the newest first, each in a transaction of its own."""
    async with db.write(actor=None, operation=operation) as tx:
        row = await store.subscription(tx, id)
        if row is None or row.next_at is None:
            return
        missed = rules.due(row, tx.at)
        there = await store.made(tx, id, row.next_begins)
    for period in missed.periods:
        if period.begins not in there:
            await _make(db, operation, row, period)
    await _go_on(db, operation, row, missed)


async def _make(db: Db, operation: str, row: DigestSubscription, period: Period) -> None:
    # Counted before the transaction that keeps it: nothing that is counted changes any more, and it may take a while.
    wanted = Wanted(period, period.ends_at, row.team_id)
    summary = await asked.computed(db, rules.reader(row.team_id), wanted)
    async with db.write(actor=None, operation=operation) as tx:
        held = await store.subscription(tx, row.id)
        if held is not None and held.enabled:
            await actions.make(tx, held, period, summary)


async def _go_on(db: Db, operation: str, row: DigestSubscription, missed: Missed) -> None:
    async with db.write(actor=None, operation=operation) as tx:
        held = await store.subscription(tx, row.id)
        # Another worker may have been here, or somebody ended it.
        if held is not None and held.next_begins == row.next_begins and held.next_at is not None:
            await store.go_on(tx, row.id, missed.then.begins, missed.then_at)
    if missed.left_out:
        log.warning("digests were left out", subscription=str(row.id), periods=missed.left_out)
