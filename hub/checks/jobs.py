"""Evaluations that wait in the queue, and what the clock asks of checks. A job that runs twice finds nothing new."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub.checks import schedule, store
from hub.checks.actions import evaluate
from hub.checks.compliance import store as compliance
from hub.db import Db, Tx
from hub.events.jobs import Job, Lane, Order, enqueue, enqueue_all, handles
from hub.models.tables import Stage
from hub.policies.tables import DecisionPoint
from hub.settings import settings

EVALUATE = Job("evaluate", Lane.BULK)
"""Payload: versions, since; decision_point (null: wherever they were asked of, and REGISTER), stage (null: their own);
touched and policies (null: all)."""

SOON = Job("evaluate_soon", Lane.NORMAL)
"""The same for what somebody waits for: it does not stand behind thousands of versions."""

SWEEP = Job("sweep_checks", Lane.BULK)
"""Payload: policy, models or descriptions, since; touched. Asks again about every version they have."""

REASK = Job("reask_checks", Lane.NORMAL)
"""Payload: exception, since. Asks its policy again wherever it was asked of what the exception is about."""

BATCH = 200
MOST_DUE = 2_000
MOST_ENDED = 200
MOST_CLEARED = 2_000
CLEARED_AFTER = timedelta(hours=1)
"""How long after its end an exception is looked at still: whatever asked before that end has committed by then."""


async def order_evaluation(
    tx: Tx,
    version_ids: Sequence[UUID],
    point: DecisionPoint | None,
    stage: Stage | None,
    since: datetime,
    *,
    touched: Collection[str] | None = None,
    policies: Collection[UUID] | None = None,
    soon: bool = False,
) -> None:
    """Queue the evaluation of any number of versions, in batches; without a point, wherever they were asked of."""
    asked = {
        "decision_point": point,
        "stage": stage,
        "since": since,
        "touched": None if touched is None else sorted(touched),
        "policies": None if policies is None else sorted(policies),
    }
    payloads = [{"versions": version_ids[i : i + BATCH], **asked} for i in range(0, len(version_ids), BATCH)]
    await enqueue_all(tx, SOON if soon else EVALUATE, payloads)


@handles(SOON)
@handles(EVALUATE)
async def run_evaluate(db: Db, order: Order) -> None:
    """Evaluate one batch: at one point, or wherever it was asked of and at REGISTER for each one's own stage."""
    wanted = order.payload
    versions, since = _ids(wanted["versions"]), _since(wanted)
    touched = wanted.get("touched")
    policies = None if wanted.get("policies") is None else _ids(wanted["policies"])
    async with db.write(actor=None, operation=order.operation) as tx:
        if wanted["decision_point"] is not None:
            stage = Stage(str(wanted["stage"])) if wanted["stage"] is not None else None
            asked = [(DecisionPoint(str(wanted["decision_point"])), stage, versions)]
        else:
            await store.hold(tx, versions)
            await compliance.drop_unbound(tx, versions)
            before = await compliance.asked_at(tx, versions, policies)
            asked = [(DecisionPoint.REGISTER, None, versions), *((*at, of) for at, of in before.items())]
        for point, at_stage, of in asked:
            names = None if touched is None else frozenset(_texts(touched))
            await evaluate(tx, of, point, at_stage, since=since, touched=names, only=policies, beside=versions)


@handles(SWEEP)
async def run_sweep(db: Db, order: Order) -> None:
    """Queue the evaluation of every version of a policy, of some models, or made from some data sets."""
    wanted = order.payload
    touched = wanted.get("touched")
    async with db.write(actor=None, operation=order.operation) as tx:
        policies = None
        if "policy" in wanted:
            policies = [UUID(str(wanted["policy"]))]
            versions = await store.versions_of_policy(tx, policies[0])
        elif "descriptions" in wanted:
            versions = await store.versions_of_described(tx, _ids(wanted["descriptions"]))
        else:
            versions = await store.versions_of_models(tx, _ids(wanted["models"]))
        names = None if touched is None else _texts(touched)
        await order_evaluation(tx, versions, None, None, _since(wanted), touched=names, policies=policies)


@handles(REASK)
async def run_reask(db: Db, order: Order) -> None:
    """Ask an exception's policy again, here and now: an exception that ended must not go on to count."""
    wanted = order.payload
    async with db.write(actor=None, operation=order.operation) as tx:
        found = await compliance.of_exception(tx, UUID(str(wanted["exception"])))
    for policy, point, stage, versions in found:
        for at in range(0, len(versions), BATCH):
            async with db.write(actor=None, operation=order.operation) as tx:
                await evaluate(tx, versions[at : at + BATCH], point, stage, since=_since(wanted), only=[policy])


async def due(db: Db, at: datetime) -> int:
    """Queue what is due by now: versions in use by their schedule, exceptions that ended. Adds up the ledger of counts.

    For the clock, at every tick. What came due while nobody looked is asked about once. Gives how many versions were.
    """
    async with db.write(actor=None, operation="clock") as tx:
        found = await schedule.claim(tx, at, settings().check_every_h, MOST_DUE)
        for stage, versions in found.items():
            await order_evaluation(tx, versions, DecisionPoint.MONITOR, stage, at)
        for exception in await compliance.ended(tx, at, MOST_ENDED):
            # While it waits or runs it is not queued again; afterwards nothing counts as waived by it.
            await enqueue(tx, REASK, {"exception": exception, "since": at}, dedupe_key=f"ended:{exception}")
    async with db.write(actor=None, operation="clock") as tx:
        await compliance.clear(tx, at - CLEARED_AFTER, MOST_CLEARED)
    async with db.write(actor=None, operation="clock") as tx:
        await schedule.fold(tx)
    return sum(map(len, found.values()))


def _ids(value: object) -> list[UUID]:
    return [UUID(one) for one in _texts(value)]


def _texts(value: object) -> list[str]:
    assert isinstance(value, Collection)
    return [str(one) for one in value]


def _since(wanted: Mapping[str, object]) -> datetime:
    return datetime.fromisoformat(str(wanted["since"]))
