"""Evaluations that wait in the queue. Each may run twice: what it has recorded is not recorded again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.checks import store
from hub.checks.actions import evaluate
from hub.db import Db, Tx
from hub.events.jobs import Job, Lane, Order, enqueue_all, handles
from hub.models.tables import Stage
from hub.policies.tables import DecisionPoint

EVALUATE = Job("evaluate", Lane.BULK)
"""Payload: versions, decision_point, stage (null: each version's own), since."""

SWEEP = Job("sweep_checks", Lane.BULK)
"""Payload: policy or models, since. Asks again about every version they have."""

REASK = Job("reask_checks", Lane.NORMAL)
"""Payload: exception, since. Asks its policy again wherever it was asked of what the exception is about."""

BATCH = 200


async def order_evaluation(
    tx: Tx, version_ids: Sequence[UUID], point: DecisionPoint, stage: Stage | None, since: datetime
) -> None:
    """Queue the evaluation of any number of versions, in batches."""
    payloads = [
        {"versions": version_ids[i : i + BATCH], "decision_point": point, "stage": stage, "since": since}
        for i in range(0, len(version_ids), BATCH)
    ]
    await enqueue_all(tx, EVALUATE, payloads)


@handles(EVALUATE)
async def run_evaluate(db: Db, order: Order) -> None:
    """Evaluate one batch."""
    wanted = order.payload
    stage = Stage(str(wanted["stage"])) if wanted["stage"] is not None else None
    async with db.write(actor=None, operation=order.operation) as tx:
        point = DecisionPoint(str(wanted["decision_point"]))
        await evaluate(tx, _ids(wanted["versions"]), point, stage, since=_since(wanted))


@handles(SWEEP)
async def run_sweep(db: Db, order: Order) -> None:
    """Queue the evaluation of every version of a policy, or of some models, at its own stage."""
    wanted = order.payload
    async with db.write(actor=None, operation=order.operation) as tx:
        if "policy" in wanted:
            versions = await store.versions_of_policy(tx, UUID(str(wanted["policy"])))
        else:
            versions = await store.versions_of_models(tx, _ids(wanted["models"]))
        await order_evaluation(tx, versions, DecisionPoint.REGISTER, None, _since(wanted))


@handles(REASK)
async def run_reask(db: Db, order: Order) -> None:
    """Queue the evaluation of what an exception is about."""
    wanted = order.payload
    async with db.write(actor=None, operation=order.operation) as tx:
        found = await store.asked_about(tx, UUID(str(wanted["exception"])))
        for (point, stage), versions in found.items():
            await order_evaluation(tx, versions, point, stage, _since(wanted))


def _ids(value: object) -> list[UUID]:
    assert isinstance(value, Collection)
    return [UUID(str(one)) for one in value]


def _since(wanted: Mapping[str, object]) -> datetime:
    return datetime.fromisoformat(str(wanted["since"]))
