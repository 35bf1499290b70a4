"""What is evaluated when something changes: by jobs that may run twice."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from hub.checks.actions import evaluate
from hub.checks.controls.jobs import CONFIRM
from hub.checks.jobs import EVALUATE, REASK, SWEEP, order_evaluation, run_evaluate
from hub.checks.tables import Outcome
from hub.clock import SetClock
from hub.db import Db
from hub.events.jobs import Order, handlers
from hub.events.record import Entry, Subject, record_all
from hub.exceptions.suggested.jobs import LOOK as SUGGEST
from hub.models import actions as models
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint
from tests.make import Make


async def queued(db: Db) -> list[str]:
    return [row["entrypoint"] for row in await db.reads.fetch("SELECT entrypoint FROM pgqueuer ORDER BY id")]


async def work(db: Db, *, times: int = 1) -> int:
    """Do all that is queued, each job so many times; gives how many jobs there were."""
    done = 0
    by_name = {job.entrypoint: handler for job, handler in handlers.items()}
    while rows := await db.reads.fetch("SELECT id, entrypoint, payload FROM pgqueuer ORDER BY id"):
        for row in rows:
            for _ in range(times):
                await by_name[row["entrypoint"]](db, Order(orjson.loads(row["payload"]), "op"))
            async with db.write(actor=None, operation="op") as tx:
                await tx.session.execute(text("DELETE FROM pgqueuer WHERE id = :id"), {"id": row["id"]})
            done += 1
    return done


async def test_a_new_version_is_evaluated_at_its_own_stage(db: Db, make: Make) -> None:
    await make.policy()
    await work(db)
    version = await make.version(await make.model(), stage=Stage.STAGING, metrics={"recall": 0.5})
    assert await queued(db) == [EVALUATE.entrypoint]
    await work(db)
    (row,) = await db.reads.fetch("SELECT version_id, decision_point, stage, outcome FROM check_results")
    assert tuple(row) == (version.id, "REGISTER", "STAGING", "FAIL")


async def test_a_job_that_runs_twice_records_once(db: Db, make: Make, clock: SetClock) -> None:
    await make.policy()
    await make.version(await make.model(), metrics={"recall": 0.5})
    await work(db, times=3)
    assert await make.count("check_results") == 1
    assert (await make.events()).count("check.evaluated") == 1


async def test_the_same_job_in_two_workers_at_once_records_once(db: Db, make: Make) -> None:
    await make.policy()
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    payload = {"versions": [str(version.id)], "decision_point": "REGISTER", "stage": None, "since": str(make.now)}
    async with db.write(actor=None, operation="op") as tx:
        await evaluate(tx, [version.id], DecisionPoint.REGISTER, since=make.now)
        other = asyncio.create_task(run_evaluate(db, Order(payload, "op")))
        assert await make.waits(other)
    await other
    assert await make.count("check_results") == 1


async def test_a_job_of_a_later_change_records_what_is_new_and_nothing_else(
    db: Db, make: Make, clock: SetClock
) -> None:
    await make.policy()
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    await work(db)
    for metric, results in ((0.5, 1), (0.6, 2), (0.6, 2)):
        clock.move(timedelta(hours=2))
        async with db.write(actor=None, operation="op") as tx:
            await tx.session.execute(text("UPDATE version_metrics SET value = :value"), {"value": metric})
            await order_evaluation(tx, [version.id], DecisionPoint.REGISTER, None, tx.at)
        await work(db)
        assert await make.count("check_results") == results
        assert (await make.events()).count("check.evaluated") == results
        asked_at = await db.reads.fetchval("SELECT max(at) FROM check_inputs")
        assert asked_at == make.now


async def test_a_result_made_meanwhile_from_older_content_does_not_stand_in(
    db: Db, make: Make, clock: SetClock
) -> None:
    await make.policy()
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    await work(db)
    async with db.write(actor=None, operation="sync") as tx:
        await order_evaluation(tx, [version.id], DecisionPoint.REGISTER, None, tx.at)
        await tx.session.execute(text("UPDATE version_metrics SET value = 0.95"))
    await work(db)
    rows = await db.reads.fetch("SELECT outcome FROM check_results ORDER BY id")
    assert [row["outcome"] for row in rows] == ["FAIL", "PASS"]


async def test_a_published_policy_is_asked_of_every_version_it_binds(db: Db, make: Make) -> None:
    bound, free = await make.model(tier=RiskTier.LIMITED), await make.model(tier=RiskTier.MINIMAL)
    versions = {(await make.version(bound)).id for _ in range(3)}
    await make.version(free)
    await make.version(bound, "gone")
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text("UPDATE model_versions SET missing_since = now() WHERE name = 'gone'"))
    await work(db)
    await make.policy(tiers=(RiskTier.LIMITED,))
    assert await queued(db) == [SWEEP.entrypoint]
    assert await work(db) == 2
    assert {row["version_id"] for row in await db.reads.fetch("SELECT version_id FROM check_results")} == versions


async def test_many_versions_are_asked_about_in_batches(db: Db, make: Make) -> None:
    model = await make.model()
    first = await make.version(model)
    async with db.write(actor=None, operation="make") as tx:
        await tx.session.execute(
            text(
                "INSERT INTO model_versions SELECT (jsonb_populate_record(v, jsonb_build_object("
                "'id', gen_random_uuid(), 'external_id', 'copy ' || n))).*"
                " FROM model_versions v, generate_series(1, 450) n"
            )
        )
    await work(db)
    await make.policy()
    assert await work(db) == 1 + 3
    assert await make.count("check_results") == 451
    assert await make.count("check_results", f"version_id = '{first.id}'") == 1


async def test_a_model_that_is_classified_or_changes_hands_is_asked_about_again(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.MODEL_OWNER)
    await make.policy("owned", rule="model.owner != null", tiers=(RiskTier.LIMITED,))
    model = await make.model(tier=RiskTier.HIGH)
    await make.version(model)
    await work(db)
    assert await make.count("check_results") == 0
    async with db.write(actor=ada.person_id, operation="op") as tx:
        await models.classify(tx, ada, model.id, tier=RiskTier.LIMITED, why="looked at")
    await work(db)
    async with db.write(actor=ada.person_id, operation="op") as tx:
        await models.set_owner(tx, ada, model.id, owner_id=ada.person_id)
    await work(db)
    rows = await db.reads.fetch("SELECT outcome FROM check_results ORDER BY id")
    assert [row["outcome"] for row in rows] == [Outcome.FAIL, Outcome.PASS]


@pytest.mark.parametrize("kind", ["model.changed", "model.missing", "model.returned"])
async def test_what_a_sync_finds_of_models_is_asked_about_in_one_job(db: Db, make: Make, kind: str) -> None:
    found = [await make.model() for _ in range(3)]
    async with db.write(actor=None, operation="sync") as tx:
        await record_all(tx, kind, [Entry(Subject("model", model.id), {}, model.id) for model in found])
    assert await queued(db) == [SWEEP.entrypoint]


async def test_a_granted_exception_is_seen_wherever_its_policy_was_asked(db: Db, make: Make) -> None:
    policy, model = await make.policy(), await make.model()
    version = await make.version(model, metrics={"recall": 0.5})
    async with db.write(actor=None, operation="op") as tx:
        await order_evaluation(tx, [version.id], DecisionPoint.PROMOTE, Stage.PRODUCTION, tx.at)
    await work(db)
    exception = await make.exception(policy, model)
    assert set(await queued(db)) == {REASK.entrypoint, CONFIRM.entrypoint, SUGGEST.entrypoint}
    await work(db, times=2)
    rows = await db.reads.fetch("SELECT decision_point, outcome, exception_id FROM check_results ORDER BY id")
    # What was asked at REGISTER, for the version's own stage, is asked at MONITOR first: for the exception's criterion.
    assert {tuple(row) for row in rows[2:]} == {
        ("MONITOR", "WAIVED", exception.id),
        ("PROMOTE", "WAIVED", exception.id),
    }
    assert [row["outcome"] for row in rows[:2]] == ["FAIL", "FAIL"]
