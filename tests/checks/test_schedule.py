"""Versions in use are asked about again and again, and what an exception no longer covers counts no more."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.checks.actions import evaluate
from hub.checks.jobs import EVALUATE, REASK, due
from hub.clock import SetClock
from hub.db import Db
from hub.deployments.tables import Deployment, DeploymentIntent, DeploymentStatus, IntentStatus
from hub.events.record import Subject, record
from hub.models.tables import Model, ModelVersion, Stage
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint
from hub.settings import settings
from tests.checks.test_check_jobs import queued, work
from tests.make import Make

DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
async def _settings() -> AsyncIterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


async def runs(db: Db, make: Make, model: Model, version: ModelVersion, status: DeploymentStatus) -> Deployment:
    """A deployment as a sync observes it."""
    row = await make.add(
        Deployment(
            registry_id=model.registry_id, external_id="d", model_id=model.id, version_id=version.id, endpoint="e",
            environment="eu", status=status, observed_at=make.now,
        )
    )  # fmt: skip
    await observed(db, row, "deployment.observed")
    return row


async def observed(db: Db, row: Deployment, kind: str) -> None:
    async with db.write(actor=None, operation="sync") as tx:
        await record(tx, kind, Subject("deployment", row.id), {"version": row.version_id}, scope_id=row.model_id)


async def scheduled(db: Db) -> list[object]:
    return [row["version_id"] for row in await db.reads.fetch("SELECT version_id FROM check_schedule ORDER BY due_at")]


async def test_a_version_in_production_is_asked_at_monitor_at_once_and_every_day(
    db: Db, make: Make, clock: SetClock
) -> None:
    await make.policy(decision_points=(DecisionPoint.MONITOR,))
    model = await make.model()
    used = await make.version(model, stage=Stage.PRODUCTION, metrics={"recall": 0.5})
    await make.version(model, stage=Stage.STAGING)
    await work(db)
    assert await scheduled(db) == [used.id]
    assert await due(db, make.now) == 1
    assert await queued(db) == [EVALUATE.entrypoint]
    await work(db)
    rows = await db.reads.fetch("SELECT version_id, decision_point, stage, outcome FROM check_results")
    assert [tuple(row) for row in rows] == [(used.id, "MONITOR", "PRODUCTION", "FAIL")]
    assert await due(db, make.now) == 0
    clock.move(DAY - timedelta(minutes=1))
    assert await due(db, make.now) == 0
    clock.move(timedelta(minutes=1))
    assert await due(db, make.now) == 1
    assert await due(db, make.now) == 0


async def test_after_downtime_it_is_asked_once(db: Db, make: Make, clock: SetClock) -> None:
    await make.version(await make.model(), stage=Stage.PRODUCTION)
    await work(db)
    await due(db, make.now)
    await work(db)
    clock.move(10 * DAY)
    assert [await due(db, make.now), await due(db, make.now)] == [1, 0]
    assert await db.reads.fetchval("SELECT due_at FROM check_schedule") == make.now + DAY


async def test_the_hours_may_be_set(db: Db, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_CHECK_EVERY_H", "1.5")
    await make.version(await make.model(), stage=Stage.PRODUCTION)
    await due(db, make.now)
    assert await db.reads.fetchval("SELECT due_at FROM check_schedule") == make.now + timedelta(minutes=90)


async def test_a_version_that_runs_is_in_use_until_it_runs_no_more(db: Db, make: Make, clock: SetClock) -> None:
    model = await make.model()
    version = await make.version(model, stage=Stage.STAGING)
    stopped = await runs(db, make, model, version, DeploymentStatus.STOPPED)
    assert await scheduled(db) == []
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text("UPDATE deployments SET status = 'RUNNING'"))
    await observed(db, stopped, "deployment.changed")
    assert await due(db, make.now) == 1
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text("UPDATE deployments SET missing_since = now()"))
    clock.move(DAY)
    assert await due(db, make.now) == 0
    assert await scheduled(db) == []


async def test_an_intent_that_stands_has_its_own_stage_asked(db: Db, make: Make) -> None:
    who, model = await make.person("ada"), await make.model()
    version = await make.version(model, stage=Stage.STAGING, metrics={"recall": 0.5})
    await work(db)
    await make.policy(decision_points=(DecisionPoint.MONITOR,))
    await work(db)
    await make.add(
        DeploymentIntent(
            version_id=version.id, model_id=model.id, stage=Stage.PRODUCTION, status=IntentStatus.DEPLOYED,
            subject_digest="", requested_by=who.person_id, requested_at=make.now,
        )
    )  # fmt: skip
    async with db.write(actor=None, operation="sync") as tx:
        await record(tx, "version.changed", Subject("version", version.id), {"parts": ["tags"]}, scope_id=model.id)
    await work(db)
    await due(db, make.now)
    await work(db)
    rows = await db.reads.fetch("SELECT stage, outcome FROM compliance ORDER BY stage")
    assert [tuple(row) for row in rows] == [("PRODUCTION", "FAIL"), ("STAGING", "FAIL")]


async def test_two_clocks_claim_a_version_once(db: Db, make: Make) -> None:
    model = await make.model()
    for _ in range(5):
        await make.version(model, stage=Stage.PRODUCTION)
    found = await asyncio.gather(*(due(db, make.now) for _ in range(4)))
    assert sum(found) == 5


async def test_what_an_exception_let_pass_is_asked_again_when_it_ends(db: Db, make: Make, clock: SetClock) -> None:
    pat = await make.person("pat", Role.POLICY_OWNER)
    policy, model = await make.policy(by=pat), await make.model()
    await make.policy("other", by=pat)
    version = await make.version(model, metrics={"recall": 0.5})
    await make.exception(policy, model)
    await work(db)
    async with db.write(actor=None, operation="op") as tx:
        await evaluate(tx, [version.id], DecisionPoint.PROMOTE, Stage.PRODUCTION)
    assert await make.count("compliance", "outcome = 'WAIVED'") == 2
    await due(db, make.now)
    assert await queued(db) == []
    clock.move(timedelta(days=30))
    await due(db, make.now)
    await due(db, make.now)
    assert await queued(db) == [REASK.entrypoint]
    results = await make.count("check_results")
    assert await work(db, times=2) == 1
    assert await make.count("compliance", "outcome = 'FAIL'") == 4
    assert await make.count("check_results") == results + 2
    await due(db, make.now)
    assert await queued(db) == []


async def test_an_exception_that_is_taken_back_counts_no_more(db: Db, make: Make) -> None:
    policy, model = await make.policy(), await make.model()
    version = await make.version(model, metrics={"recall": 0.5})
    await make.exception(policy, model)
    await work(db)
    assert await make.count("compliance", f"outcome = 'WAIVED' AND version_id = '{version.id}'") == 1
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE policy_exceptions SET state = 'REVOKED', ended_at = :at"), {"at": tx.at})
    await due(db, make.now)
    await work(db)
    assert await make.count("compliance", "outcome = 'FAIL'") == 1
