"""Requests that are to be counted anew. The job may run twice: what is decided stays so."""

from uuid import UUID

from hub.approvals import actions
from hub.approvals.asked.actions import COUNT
from hub.db import Db
from hub.events.jobs import Order, handles


@handles(COUNT)
async def run_count(db: Db, order: Order) -> None:
    """Count one request anew."""
    async with db.write(actor=None, operation=order.operation) as tx:
        await actions.recount(tx, UUID(str(order.payload["request"])))
