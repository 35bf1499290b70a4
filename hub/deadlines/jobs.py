"""What the clock finds of deadlines, and the job that tells of them. It may run twice, in several workers at once."""

from datetime import datetime
from uuid import UUID, uuid4

from hub.db import Db
from hub.deadlines import store
from hub.deadlines.actions import tell
from hub.deadlines.kinds import known
from hub.deadlines.tables import DeadlineKind
from hub.events.jobs import Job, Lane, Order, enqueue, handles
from hub.telemetry import FAILURES, log

TELL = Job("tell_deadlines", Lane.NORMAL)
"""Payload: none. Tells what is due of each kind, those who wait longest first."""

BATCH = 200
"""Deadlines that one transaction tells, at most, all of one person."""

MOST_TOLD = 20
"""People who are told of one kind of deadline at one tick; after downtime the others are told at the next ones."""


async def due(db: Db, at: datetime) -> None:
    """Queue what is due by now."""
    if await store.any_due(db.reads, at, known):
        async with db.write(actor=None, operation="clock") as tx:
            # While one waits or runs there is no other, so that the limit is that of a tick; the next tick asks again.
            await enqueue(tx, TELL, {}, dedupe_key="due")


@handles(TELL)
async def run_tell(db: Db, order: Order) -> None:
    """Tell of each kind as much as one tick may, each person in a transaction of their own."""
    for kind in known:
        await _tell_of(db, order, kind)


async def _tell_of(db: Db, order: Order, kind: DeadlineKind) -> None:
    # Whoever is in another worker's hands, or cannot be told, is no reason for the others to wait.
    passed: set[UUID] = set()
    told = 0
    while told < MOST_TOLD:
        person = None
        try:
            async with db.write(actor=None, operation=order.operation) as tx:
                person = await store.first_due(tx, kind, tx.at, passed)
                if person is None:
                    return
                if await tell(tx, kind, person, BATCH):
                    told += 1
                else:
                    passed.add(person)
        except Exception as error:
            if person is None:
                raise
            passed.add(person)
            FAILURES.labels(type(error).__name__).inc()
            log.error("deadlines were not told", kind=kind, error_id=uuid4().hex[:12], exc_info=error)
