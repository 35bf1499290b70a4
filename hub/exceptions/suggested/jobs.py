"""Looking at a policy after an exception from it was granted. The job may run twice: nothing is suggested twice."""

from uuid import UUID

from hub.db import Db
from hub.events.jobs import Job, Lane, Order, handles
from hub.exceptions.suggested import actions

LOOK = Job("suggest_policy_change", Lane.BULK)
"""Payload: policy."""


@handles(LOOK)
async def run_look(db: Db, order: Order) -> None:
    """Look at one policy."""
    async with db.write(actor=None, operation=order.operation) as tx:
        await actions.look(tx, UUID(str(order.payload["policy"])))
