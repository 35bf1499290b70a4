"""A change asks only what it touches, wherever the version was asked of before."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from hub.approvals import actions as approvals
from hub.approvals.tables import SignOffDecision
from hub.checks import actions, store
from hub.checks.context import context
from hub.checks.dossier import dossier_digest
from hub.checks.jobs import EVALUATE, SOON, SWEEP
from hub.checks.tables import Evidence, EvidenceKind, EvidenceSource, Verdict
from hub.db import Db
from hub.deployments.tables import Deployment, DeploymentIntent, DeploymentStatus, IntentStatus
from hub.events.jobs import PRIORITY
from hub.events.record import Subject, record
from hub.lineage.tables import DatasetDescription, LineageRole
from hub.models.tables import Model, ModelVersion, RiskTier, Stage
from hub.people.tables import Discipline, Role
from hub.policies.tables import DecisionPoint
from tests.checks.test_check_jobs import work
from tests.make import Make
from tests.statements import statements

RULES: Mapping[str, str] = {
    "metric": "metrics.recall >= 0.9",
    "card": "has(card.factors)",
    "owner": "model.owner != null",
    "model": "!model.missing == true",
    "evidence": "evidence.fairness.verdict == 'PASS'",
    "data": "datasets.all(d, !d.prohibited == true)",
    "running": "deployment.running > 0",
    "stage": "version.stage == 'STAGING'",
}


@pytest.fixture
async def estate(db: Db, make: Make) -> tuple[Model, ModelVersion]:
    """A version that eight policies look at, each at something else; all were asked at STAGING and PRODUCTION."""
    pat = await make.person("pat", Role.POLICY_OWNER)
    for key, rule in RULES.items():
        await make.policy(key, by=pat, rule=rule)
    model = await make.model()
    version = await make.version(
        model, metrics={"recall": 0.5}, card={"factors": "Age."}, datasets={"a": LineageRole.TRAINING}
    )
    await work(db)
    async with db.write(actor=None, operation="op") as tx:
        await actions.evaluate(tx, [version.id], DecisionPoint.PROMOTE, Stage.PRODUCTION)
    assert await make.count("compliance") == 2 * len(RULES)
    return model, version


async def asked_by(db: Db, make: Make, kind: str, subject: Subject, data: dict[str, Any], model: Model) -> set[str]:
    """The policies that an event has asked, at both stages: of the document as it is by then, which is another."""
    before = dict(await db.reads.fetch("SELECT id, input_id FROM compliance"))
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text("UPDATE model_versions SET description = description || 'x'"))
        await record(tx, kind, subject, data, scope_id=model.id)
    await work(db)
    rows = await db.reads.fetch(
        "SELECT c.id, c.input_id, p.key FROM compliance c JOIN policies p ON p.id = c.policy_id"
    )
    asked = [row["key"] for row in rows if row["input_id"] != before[row["id"]]]
    assert {asked.count(key) for key in asked} <= {2}
    return set(asked)


async def test_each_event_asks_what_it_touches(db: Db, make: Make, estate: tuple[Model, ModelVersion]) -> None:
    model, version = estate
    of_version, of_model = Subject("version", version.id), Subject("model", model.id)
    card = await db.reads.fetchval("SELECT id FROM model_cards")
    described = await make.add(
        DatasetDescription(
            namespace="files", name="a", described_by=(await make.person("ada")).person_id, described_at=make.now
        )
    )
    deployment = await make.add(
        Deployment(
            registry_id=model.registry_id, external_id="d", model_id=model.id, version_id=version.id, endpoint="e",
            status=DeploymentStatus.RUNNING, observed_at=make.now,
        )
    )  # fmt: skip
    everything = set(RULES)
    told = {
        ("card.changed", Subject("card", card)): {"card"},
        ("version.changed", of_version): {"metric", "evidence", "data", "stage"},
        ("version.missing", of_version): {"stage"},
        ("version.returned", of_version): everything,
        ("model.owner_set", of_model): {"owner"},
        ("model.changed", of_model): {"owner", "model"},
        ("model.classified", of_model): everything,
        ("model.rebound", of_model): everything,
        ("dataset.described", Subject("dataset_description", described.id)): {"data"},
        ("deployment.observed", Subject("deployment", deployment.id)): {"running"},
        ("deployment.missing", Subject("deployment", deployment.id)): {"running"},
    }
    for (kind, subject), wanted in told.items():
        assert await asked_by(db, make, kind, subject, {}, model) == wanted, kind
    sent = {"version": str(version.id), "source": "SENT"}
    assert await asked_by(db, make, "evidence.added", Subject("evidence", version.id), sent, model) == {"evidence"}
    for parts, wanted in (
        (["aliases"], set()),
        (["tags"], {"evidence"}),
        (["details"], {"metric", "evidence", "data", "stage"}),
        (["tags", "stage"], everything),
        (["unheard of"], {"metric", "evidence", "data", "stage"}),
    ):
        assert await asked_by(db, make, "version.changed", of_version, {"parts": parts}, model) == wanted, parts


async def test_an_approval_has_only_what_looks_at_it_asked_where_it_goes(
    db: Db, make: Make, estate: tuple[Model, ModelVersion]
) -> None:
    _, version = estate
    await make.rule(Discipline.RISK)
    pia = await make.person("pia", Role.POLICY_OWNER)
    await make.policy("approved", by=pia, rule="deployment.approved == true", decision_points=(DecisionPoint.DEPLOY,))
    await work(db)
    dev, rita = await make.person("dev", Role.DEVELOPER), await make.person("rita", disciplines=[Discipline.RISK])
    async with db.write(actor=dev.person_id, operation="op") as tx:
        await actions.evaluate(tx, [version.id], DecisionPoint.DEPLOY, Stage.PRODUCTION)
        request = await actions.ask_approval(tx, dev, version.id, stage=Stage.PRODUCTION, reason="Better.")
    before = await db.reads.fetchval("SELECT outcome FROM check_results ORDER BY evaluated_at DESC, id DESC LIMIT 1")
    assert before == "FAIL"
    async with db.write(actor=rita.person_id, operation="op") as tx:
        await approvals.sign(tx, rita, request.id, decision=SignOffDecision.APPROVE, comment="Seen.")
    count = await make.count("check_results")
    await work(db)
    rows = await db.reads.fetch(
        "SELECT p.key, r.outcome, r.stage FROM check_results r JOIN policies p ON p.id = r.policy_id"
        f" ORDER BY r.id OFFSET {count}"
    )
    assert {tuple(row) for row in rows} == {
        ("approved", "PASS", "PRODUCTION"), ("running", "FAIL", "PRODUCTION"),
    }  # fmt: skip
    # What was approved does not change by having been approved.
    async with db.write(actor=None, operation="op") as tx:
        assert await dossier_digest(tx, version.id, Stage.PRODUCTION) == request.subject_digest


async def test_a_published_wording_is_asked_alone_wherever_its_policy_was_asked(
    db: Db, make: Make, estate: tuple[Model, ModelVersion]
) -> None:
    count = await make.count("check_results")
    who = await make.person("root", Role.POLICY_OWNER, Role.ADMIN)
    await make.policy("metric", by=who, rule="metrics.recall >= 0.4")
    await work(db)
    rows = await db.reads.fetch(
        f"SELECT p.key, r.stage, r.outcome FROM check_results r JOIN policies p ON p.id = r.policy_id"
        f" ORDER BY r.id OFFSET {count}"
    )
    assert sorted(tuple(row) for row in rows) == [("metric", "PRODUCTION", "PASS"), ("metric", "STAGING", "PASS")]


async def test_one_metric_of_one_version_costs_the_same_in_a_larger_hub(
    db: Db, make: Make, estate: tuple[Model, ModelVersion]
) -> None:
    model, version = estate

    async def change(value: float) -> tuple[int, int]:
        async with db.write(actor=None, operation="sync") as tx:
            values = {"value": value, "id": version.id}
            await tx.session.execute(text("UPDATE version_metrics SET value = :value WHERE version_id = :id"), values)
            await record(
                tx, "version.changed", Subject("version", version.id), {"parts": ["details"]}, scope_id=model.id
            )
        results = await make.count("check_results")
        with statements() as sent:
            await work(db)
        return len(sent), await make.count("check_results") - results

    first = await change(0.6)
    for _ in range(12):
        await make.version(await make.model(), metrics={"recall": 0.5})
    await work(db)
    assert await change(0.7) == first
    # Four rules look at details, at two stages; the two that passed read nothing that is another, and say the same.
    assert first[1] == 4


async def test_jobs_of_a_change_name_only_what_it_touches(
    db: Db, make: Make, estate: tuple[Model, ModelVersion]
) -> None:
    model, _ = estate
    async with db.write(actor=None, operation="sync") as tx:
        await record(tx, "model.owner_set", Subject("model", model.id), {}, scope_id=model.id)
        card = Subject("card", (await tx.session.execute(text("SELECT id FROM model_cards"))).scalar_one())
        await record(tx, "card.changed", card, {}, scope_id=model.id)
    rows = await db.reads.fetch("SELECT entrypoint, payload FROM pgqueuer ORDER BY id")
    told = [(row["entrypoint"], orjson.loads(row["payload"])["touched"]) for row in rows]
    assert told == [(SWEEP.entrypoint, ["model.owner", "model.team"]), (EVALUATE.entrypoint, ["card"])]


async def test_the_document_holds_evidence_data_and_deployments_as_they_are(db: Db, make: Make) -> None:
    ada = await make.person("ada")
    model = await make.model(tier=RiskTier.LIMITED)
    old = await make.version(model, "1", stage=Stage.PRODUCTION)
    version = await make.version(model, "2", datasets={"a": LineageRole.TRAINING, "b": LineageRole.EVALUATION})

    async def report(days: int, verdict: Verdict, **more: Any) -> Evidence:
        values: dict[str, Any] = {
            "version_id": version.id, "model_id": model.id, "kind": EvidenceKind.FAIRNESS, "verdict": verdict,
            "source": EvidenceSource.SENT, "figures": {"gap": 0.25}, "version_digest": version.digest,
            "digest": f"{days} {verdict}", "experiment": "e", "measured_at": make.now - timedelta(days=days),
            "added_at": make.now, **more,
        }  # fmt: skip
        return await make.add(Evidence(**values))

    first = await report(9, Verdict.PASS)
    await report(5, Verdict.FAIL, disagrees_with_id=first.id, tool="fairlearn")
    await report(1, Verdict.PASS, version_digest="of other content")
    await make.add(
        DatasetDescription(
            namespace="files", name="a", categories=["personal"], consent="opt-in", prohibited=True,
            described_by=ada.person_id, described_at=make.now,
        )
    )  # fmt: skip
    await make.add(
        Deployment(
            registry_id=model.registry_id, external_id="d", model_id=model.id, version_id=version.id, endpoint="e",
            environment="eu", status=DeploymentStatus.RUNNING, observed_at=make.now,
        )
    )  # fmt: skip

    async def seen(stage: Stage | None) -> dict[str, Any]:
        async with db.write(actor=None, operation="op") as tx:
            (one,) = await store.subjects(tx, [version.id], stage)
        return dict(context(one).values)

    values = await seen(Stage.PRODUCTION)
    fair = values["evidence"]["fairness"]
    assert (fair["verdict"], fair["tool"], fair["reports"], fair["disputed"], fair["repeated"]) == (
        "FAIL", "fairlearn", 2, True, False,
    )  # fmt: skip
    assert fair["figures"] == {"gap": 0.25}
    assert fair["measured_at"] == "2026-11-16T12:00:00.000000Z"
    by_name = {one["name"]: one for one in values["datasets"]}
    assert (by_name["a"]["categories"], by_name["a"]["prohibited"], by_name["a"]["described"]) == (
        ["PERSONAL"],
        True,
        True,
    )
    assert (by_name["b"]["described"], values["lineage"]["described"]) == (False, 1)
    assert values["deployment"] == {
        "stage_before": "STAGING", "approved": False, "running": 1, "environments": ["eu"], "rollback_target": "1",
    }  # fmt: skip
    other = await make.version(model, "0", stage=Stage.STAGING)
    await make.add(
        DeploymentIntent(
            version_id=version.id, model_id=model.id, stage=Stage.PRODUCTION, status=IntentStatus.BLOCKED,
            subject_digest="", rollback_version_id=other.id, requested_by=ada.person_id, requested_at=make.now,
        )
    )  # fmt: skip
    assert (await seen(Stage.PRODUCTION))["deployment"]["rollback_target"] == "0"
    assert (await seen(None))["deployment"]["rollback_target"] == old.name


async def test_what_somebody_waits_for_does_not_stand_behind_thousands(
    db: Db, make: Make, estate: tuple[Model, ModelVersion]
) -> None:
    model, version = estate
    async with db.write(actor=None, operation="op") as tx:
        for source in ("SENT", "REGISTRY"):
            told = {"version": version.id, "source": source}
            await record(tx, "evidence.added", Subject("evidence", version.id), told, scope_id=model.id)
    assert await db.reads.fetchval("SELECT array_agg(entrypoint) FROM pgqueuer") == [SOON.entrypoint]
    assert PRIORITY[SOON.lane] > PRIORITY[EVALUATE.lane]
