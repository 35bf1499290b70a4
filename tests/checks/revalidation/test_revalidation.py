"""Versions in production are to be validated again, by the same days as the starter pack's rule has them."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
import yaml
from sqlalchemy import text

from hub.approvals.tables import ApprovalRequest
from hub.checks import actions as checks
from hub.checks.evidence import actions as evidence
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, Verdict
from hub.clock import SetClock
from hub.db import Db
from hub.models.tables import Model, ModelVersion, RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint
from tests.exceptions.deadlines.desk import passes, tick, told
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DUE, OVERDUE = "version.revalidation_due", "version.revalidation_overdue"
RULE = yaml.safe_load((files("hub.policies") / "starter" / "validation-in-date.yaml").read_text())["rule"]


@pytest.fixture
async def dev(make: Make) -> Principal:
    return await make.person("dev", Role.DEVELOPER)


async def measured(db: Db, dev: Principal, version: ModelVersion, at: datetime) -> None:
    report = Report(kind=EvidenceKind.PERFORMANCE, verdict=Verdict.PASS, figures={"recall": 0.9}, measured_at=at)
    async with db.write(actor=dev.person_id, operation="op") as tx:
        await evidence.add(tx, dev, version.id, report)


async def produced(
    db: Db, make: Make, dev: Principal, tier: RiskTier = RiskTier.HIGH, owner: Principal | None = None
) -> tuple[Model, ModelVersion]:
    """A version in production that was measured at noon."""
    model = await make.model(tier=tier, owner=owner)
    version = await make.version(model, stage=Stage.PRODUCTION)
    await measured(db, dev, version, NOON)
    return model, version


@pytest.mark.parametrize(
    ("tier", "days"),
    [(RiskTier.HIGH, 181), (RiskTier.UNCLASSIFIED, 181), (RiskTier.LIMITED, 366), (RiskTier.MINIMAL, 731)],
)
async def test_a_version_is_told_30_days_before_and_when_the_rule_of_the_starter_pack_begins_to_fail(
    db: Db, make: Make, clock: SetClock, dev: Principal, tier: RiskTier, days: int
) -> None:
    await make.policy("validation-in-date", rule=RULE)
    owner = await make.person("owner", Role.MODEL_OWNER)
    model, version = await produced(db, make, dev, tier, owner)

    async def outcome() -> str:
        async with db.write(actor=None, operation="op") as tx:
            await checks.evaluate(tx, [version.id], DecisionPoint.MONITOR, Stage.PRODUCTION)
        return str(await db.reads.fetchval("SELECT outcome FROM compliance WHERE version_id = $1", version.id))

    assert await outcome() == "PASS"
    await tick(db)
    clock.move(timedelta(days=days - 30) - timedelta(seconds=1))
    assert await tick(db) is False
    await passes(db, clock, seconds=1)
    clock.move(timedelta(days=30) - timedelta(seconds=1))
    assert await tick(db) is False
    if tier is not RiskTier.MINIMAL:  # the policy asks nothing of that tier
        assert await outcome() == "PASS"
    await passes(db, clock, seconds=1)
    if tier is not RiskTier.MINIMAL:
        assert await outcome() == "FAIL"
    rows = await told(db, DUE, OVERDUE)
    assert [(kind, subject, data["days_left"], data["late"]) for kind, subject, data in rows] == [
        (DUE, version.id, 30, False),
        (OVERDUE, version.id, 0, False),
    ]
    assert {(data["owner"], data["tier"], data["stage"]) for _, _, data in rows} == {
        (str(owner.person_id), tier, "PRODUCTION")
    }
    assert await db.reads.fetchval("SELECT count(*) FROM events WHERE kind = $1 AND scope_id = $2", DUE, model.id) == 1


async def test_a_new_report_gives_it_time_again_and_one_that_is_older_does_not(
    db: Db, make: Make, clock: SetClock, dev: Principal
) -> None:
    _, version = await produced(db, make, dev)
    await tick(db)
    await passes(db, clock, days=155)
    assert len(await told(db, DUE)) == 1
    await measured(db, dev, version, NOON - timedelta(days=3))
    await measured(db, dev, version, clock.now())
    await tick(db)
    await passes(db, clock, days=150)
    assert [kind for kind, _, _ in await told(db, DUE, OVERDUE)] == [DUE]
    await passes(db, clock, days=1)
    assert [kind for kind, _, _ in await told(db, DUE, OVERDUE)] == [DUE, DUE]


async def test_without_a_report_its_approval_counts_and_without_either_nothing(
    db: Db, make: Make, clock: SetClock, dev: Principal
) -> None:
    approved, new = [await make.version(await make.model(), stage=Stage.PRODUCTION) for _ in range(2)]
    await make.add(
        ApprovalRequest(
            subject_kind="version",
            subject_id=approved.id,
            subject_digest=approved.digest,
            requested_by=dev.person_id,
            requested_at=NOON,
            due_at=NOON,
        )
    )
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(
            text("UPDATE approval_requests SET status = 'APPROVED', decided_at = :at"), {"at": NOON}
        )
    await tick(db)
    await passes(db, clock, days=151)
    assert [subject for _, subject, _ in await told(db, DUE)] == [approved.id] != [new.id]


async def test_a_version_that_leaves_production_or_a_model_in_another_tier_has_other_days(
    db: Db, make: Make, clock: SetClock, dev: Principal
) -> None:
    _, out = await produced(db, make, dev)
    eased, _ = await produced(db, make, dev)
    await tick(db)
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE model_versions SET stage = 'ARCHIVED' WHERE id = :id"), {"id": out.id})
        await tx.session.execute(text("UPDATE models SET tier = 'LIMITED' WHERE id = :id"), {"id": eased.id})
    await tick(db)
    await passes(db, clock, days=300)
    assert await told(db, DUE, OVERDUE) == []
    await passes(db, clock, days=36)
    assert [(kind, data["tier"]) for kind, _, data in await told(db, DUE, OVERDUE)] == [(DUE, "LIMITED")]
