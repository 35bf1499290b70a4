"""Work on deployments that waits in the queue, and what the clock finds. Each job may run twice."""

from datetime import datetime
from uuid import UUID

from hub.db import Db
from hub.deployments import bypassing, gate, halting, rolling, rules, store
from hub.deployments.halting import GO_ON, ROLL_BACK
from hub.deployments.rules import Answer
from hub.deployments.tables import IntentStatus
from hub.events.jobs import Job, Lane, Order, enqueue, handles
from hub.people import store as people
from hub.people.access import Scope

EXPIRE = Job("expire_deployments", Lane.NORMAL)
"""Payload: none. Ends intents whose time is over."""

BATCH = 200


async def due(db: Db, at: datetime) -> None:
    """Queue the end of whatever is over by now; after downtime that is all of it, once."""
    first = await store.due(db.reads, at)
    if first is not None:
        async with db.write(actor=None, operation="clock") as tx:
            await enqueue(tx, EXPIRE, {}, dedupe_key=str(first))


@handles(EXPIRE)
async def run_expire(db: Db, order: Order) -> None:
    """End every intent whose time is over, in batches."""
    while True:
        async with db.write(actor=None, operation=order.operation) as tx:
            found = await store.overdue(tx, BATCH)
            lapsed = await store.these(tx, found, IntentStatus.APPROVED)
            answer = Answer(IntentStatus.EXPIRED, "its permit ran out before anything was deployed; ask again")
            await halting.stop(tx, lapsed, answer, "expired")
            await bypassing.lapse(tx, await store.these(tx, found, IntentStatus.DEPLOYED))
            for intent in await store.these(tx, found, IntentStatus.AWAITING_APPROVAL):
                request = await store.decided(tx, intent.approval_request_id)
                if request in rules.ENDS:
                    status, why = rules.ENDS[request]
                    await halting.stop(tx, [intent], Answer(status, why), why)
        if len(found) < BATCH:
            return


@handles(ROLL_BACK)
async def run_roll_back(db: Db, order: Order) -> None:
    """Roll one halted release back, if that is safe still."""
    async with db.write(actor=None, operation=order.operation) as tx:
        await rolling.by_itself(tx, UUID(str(order.payload["intent"])))


@handles(GO_ON)
async def run_go_on(db: Db, order: Order) -> None:
    """Decide further about an intent, in the name of whoever asked for it."""
    intent_id = UUID(str(order.payload["intent"]))
    requested_by = await store.requested_by(db.reads, intent_id)
    async with db.write(actor=requested_by, operation=order.operation) as tx:
        found = await store.one(tx, intent_id)
        if found is None:
            return
        intent = await rolling.hold(tx, found)
        if intent.status is IntentStatus.AWAITING_APPROVAL or intent.status in rules.SETTLED:
            await gate.proceed(tx, intent)
        elif intent.status is IntentStatus.CHECKING and requested_by is not None:
            who = await people.standing(tx, requested_by, (Scope.GOVERN,))
            if who is not None:
                await gate.decide(tx, who, intent)
