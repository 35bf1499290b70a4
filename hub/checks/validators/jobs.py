"""Heavy checks that wait in the queue: each in a process of its own, and outside any transaction."""

import asyncio
from uuid import UUID

from hub.checks.validators import actions
from hub.checks.validators.port import Validator
from hub.checks.validators.running import Failed, run
from hub.db import Db
from hub.errors import Refused
from hub.events.jobs import Order, handles
from hub.plugins import CHECKS, one


@handles(actions.VALIDATE)
async def run_validate(db: Db, order: Order) -> None:
    """Have one validator look at one version."""
    async with db.write(actor=None, operation=order.operation) as tx:
        claim = await actions.take_up(tx, UUID(str(order.payload["run"])))
    if claim is None:
        return
    try:
        validator = await asyncio.to_thread(_loaded, claim.name)
    except Refused as refused:
        async with db.write(actor=None, operation=order.operation) as tx:
            await actions.fail(tx, claim, Failed(refused.why), for_good=True)
        return
    try:
        found = await run(claim.name, validator, claim.given.document)
    except Failed as fault:
        async with db.write(actor=None, operation=order.operation) as tx:
            await actions.fail(tx, claim, fault)
        return
    async with db.write(actor=None, operation=order.operation) as tx:
        await actions.succeed(tx, claim, validator, found)


@handles(actions.VALIDATE_MANY)
async def run_validate_many(db: Db, order: Order) -> None:
    """The same, in the lane of what nobody waits for."""
    await run_validate(db, order)


def _loaded(name: str) -> Validator:
    validator: Validator = one(CHECKS, name).load()
    return validator
