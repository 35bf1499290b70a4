"""What the clock asks of summaries: to fold what was counted, and to tell of the days that are over."""

from datetime import UTC, date, datetime

from hub.db import Db
from hub.events.jobs import Job, Lane, Order, enqueue, handles
from hub.summaries import store
from hub.summaries.compliance import store as compliance

TELL = Job("tell_compliance", Lane.BULK)
"""Payload: today. Tells how compliance stood at the end of each day before it that was not told yet."""


@handles(TELL)
async def run_tell(db: Db, order: Order) -> None:
    """Tell of each day in a transaction of its own; run twice it finds none left."""
    today = date.fromisoformat(str(order.payload["today"]))
    told = True
    while told:
        async with db.write(actor=None, operation=order.operation) as tx:
            told = await compliance.tell_next(tx, today) is not None


async def due(db: Db, at: datetime) -> None:
    """Fold the lines that were added; have yesterday told of, and whatever days before it were missed."""
    async with db.write(actor=None, operation="clock") as tx:
        await store.fold(tx)
    today = at.astimezone(UTC).date()
    async with db.write(actor=None, operation="clock") as tx:
        if await compliance.untold(tx, today) is not None:
            await enqueue(tx, TELL, {"today": today.isoformat()}, dedupe_key=f"today:{today}")
