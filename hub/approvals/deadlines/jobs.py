"""What the clock finds of requests that nobody decides, and the job that climbs their ladders. It may run twice."""

from datetime import datetime
from uuid import uuid4

from hub.approvals.deadlines import store
from hub.approvals.deadlines.actions import climb
from hub.db import Db
from hub.events.jobs import Job, Lane, Order, enqueue, handles
from hub.telemetry import FAILURES, log

CLIMB = Job("climb_approvals", Lane.NORMAL)
"""Payload: none. Does what is due of every request by now."""

BATCH = 200


async def due(db: Db, at: datetime) -> None:
    """Queue what is due by now; after downtime that is all of it, once."""
    first = await store.due(db.reads, at, 1)
    if first:
        async with db.write(actor=None, operation="clock") as tx:
            await enqueue(tx, CLIMB, {}, dedupe_key=f"{first[0].id}:{first[0].next_at.isoformat()}")


@handles(CLIMB)
async def run_climb(db: Db, order: Order) -> None:
    """Climb every ladder on which something is due, each in a transaction of its own, the longest overdue first."""
    at, beyond = db.clock.now(), None
    while found := await store.due(db.reads, at, BATCH, beyond=beyond):
        for one in found:
            try:
                async with db.write(actor=None, operation=order.operation) as tx:
                    await climb(tx, one.subject_kind, one.subject_id, one.id)
            except Exception as error:
                # One that cannot be climbed is no reason for the others to wait; the next tick tries it again.
                FAILURES.labels(type(error).__name__).inc()
                log.error("a deadline failed", request=str(one.id), error_id=uuid4().hex[:12], exc_info=error)
        beyond = found[-1].place
