"""Asking what hangs on policies where a reaction must not: it would wait for others. Done twice, nothing is new."""

from uuid import UUID

from hub.checks.actions import evaluate
from hub.checks.controls import store
from hub.checks.controls.actions import look
from hub.db import Db
from hub.events.jobs import Job, Lane, Order, handles

CONFIRM = Job("confirm_controls", Lane.NORMAL)
"""Payload: exception. Asks the policies that its controls and criteria are tied to, of all that it covers."""

LOOK = Job("look_at_controls", Lane.NORMAL)
"""Payload: models. Looks at what hangs on policies in the exceptions of these models."""

BATCH = 200


@handles(CONFIRM)
async def run_confirm(db: Db, order: Order) -> None:
    """Ask them now: a control need not wait for the schedule to be green."""
    id = UUID(str(order.payload["exception"]))
    async with db.write(actor=None, operation=order.operation) as tx:
        found = await store.to_ask(tx, id)
    for point, stage, policies, versions in found:
        for at in range(0, len(versions), BATCH):
            async with db.write(actor=None, operation=order.operation) as tx:
                await evaluate(tx, versions[at : at + BATCH], point, stage, since=tx.at, only=policies)


@handles(LOOK)
async def run_look(db: Db, order: Order) -> None:
    """Look at all that hangs on policies, of these models."""
    models = order.payload["models"]
    assert isinstance(models, list)
    async with db.write(actor=None, operation=order.operation) as tx:
        await look(tx, await store.hold_of_models(tx, [UUID(str(id)) for id in models]))
