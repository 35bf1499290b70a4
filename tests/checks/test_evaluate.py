"""Asking policies about versions: outcomes, what is recorded, and what it costs."""

import asyncio
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from hub.checks import actions
from hub.checks.findings import Finding
from hub.checks.tables import Outcome
from hub.clock import SetClock
from hub.db import Db
from hub.lineage.tables import LineageRole
from hub.models.tables import ModelVersion, RiskTier, Stage
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint, Enforcement
from tests.make import Make
from tests.statements import statements

DEPLOY, PROMOTE = DecisionPoint.DEPLOY, DecisionPoint.PROMOTE


async def evaluate(
    db: Db, *versions: ModelVersion, point: DecisionPoint = PROMOTE, stage: Stage | None = Stage.PRODUCTION
) -> list[Finding]:
    async with db.write(actor=None, operation="op") as tx:
        return await actions.evaluate(tx, [version.id for version in versions], point, stage)


async def test_a_version_passes_and_another_fails_with_the_value_found(db: Db, make: Make) -> None:
    policy, model = await make.policy(), await make.model()
    good = await make.version(model, metrics={"recall": 0.95})
    bad = await make.version(model, metrics={"recall": 0.83})
    results = {result.version_id: result for result in await evaluate(db, good, bad)}
    assert (results[good.id].outcome, results[bad.id].outcome) == (Outcome.PASS, Outcome.FAIL)
    row = await db.reads.fetchrow("SELECT * FROM check_results WHERE version_id = $1", bad.id)
    assert row is not None
    assert row["explanation"] == "not kept: metrics.recall is 0.83, allowed >= 0.9"
    assert orjson.loads(row["inputs"])["clauses"][0]["found"] == 0.83
    assert (row["policy_version_id"], row["subject_digest"], row["stage"]) == (policy.id, bad.digest, "PRODUCTION")
    told = await db.reads.fetch("SELECT subject_id, data FROM events WHERE kind = 'check.evaluated'")
    assert {row["subject_id"]: orjson.loads(row["data"])["outcomes"] for row in told} == {
        good.id: {str(policy.policy_id): "PASS"},
        bad.id: {str(policy.policy_id): "FAIL"},
    }


@pytest.mark.parametrize("enforcement", [Enforcement.ADVISORY, Enforcement.WARNING])
async def test_what_does_not_block_is_a_warning(db: Db, make: Make, enforcement: Enforcement) -> None:
    await make.policy(enforcement=enforcement)
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    assert [result.outcome for result in await evaluate(db, version)] == [Outcome.WARN]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({}, "could not be told: metrics.recall >= 0.9: metrics.recall is missing"),
        (
            {"recall": "NaN"},
            "could not be told: metrics.recall >= 0.9: metrics.recall was measured, but NaN is no number",
        ),
    ],
)
async def test_missing_data_is_an_error_that_no_exception_waives(
    db: Db, make: Make, metrics: dict[str, float | str], words: str
) -> None:
    policy, model = await make.policy(), await make.model()
    version = await make.version(model, metrics=metrics)
    await make.exception(policy, model)
    (result,) = await evaluate(db, version)
    assert (result.outcome, result.exception_id, result.explanation) == (Outcome.ERROR, None, words)


async def test_a_failure_is_waived_while_an_exception_covers_it(db: Db, make: Make, clock: SetClock) -> None:
    policy, model = await make.policy(), await make.model()
    version = await make.version(model, metrics={"recall": 0.83})
    exception = await make.exception(policy, model, stage=Stage.PRODUCTION)
    (waived,) = await evaluate(db, version)
    assert (waived.outcome, waived.exception_id) == (Outcome.WAIVED, exception.id)
    assert waived.explanation == (
        f"not kept, waived by exception {exception.id}: metrics.recall is 0.83, allowed >= 0.9"
    )
    (elsewhere,) = await evaluate(db, version, stage=Stage.STAGING)
    assert elsewhere.outcome is Outcome.FAIL
    clock.move(timedelta(days=30))
    (expired,) = await evaluate(db, version)
    assert (expired.outcome, expired.exception_id) == (Outcome.FAIL, None)


async def test_a_pass_uses_up_no_exception(db: Db, make: Make) -> None:
    policy, model = await make.policy(), await make.model()
    await make.exception(policy, model)
    (result,) = await evaluate(db, await make.version(model, metrics={"recall": 0.95}))
    assert (result.outcome, result.exception_id) == (Outcome.PASS, None)


async def test_only_what_applies_is_asked(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    await make.policy("elsewhere", by=who, tiers=(RiskTier.LIMITED,))
    await make.policy("later", by=who, decision_points=(DEPLOY,))
    staged = await make.policy("staged", by=who, stages=(Stage.STAGING,))
    both = await make.policy("both", by=who, stages=(Stage.STAGING, Stage.PRODUCTION))
    version = await make.version(await make.model(), metrics={"recall": 0.95})
    found = {result.policy_id: (result.outcome, result.explanation) for result in await evaluate(db, version)}
    assert found == {
        staged.policy_id: (Outcome.SKIP, "not asked for this stage"),
        both.policy_id: (Outcome.PASS, "kept: metrics.recall is 0.95, allowed >= 0.9"),
    }


async def test_the_newest_wording_is_asked(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    await make.policy(by=who)
    version = await make.version(await make.model(), metrics={"recall": 0.85})
    assert [result.outcome for result in await evaluate(db, version)] == [Outcome.FAIL]
    second = await make.policy(by=who, rule="metrics.recall >= 0.8")
    (result,) = await evaluate(db, version)
    assert (result.outcome, result.policy_version_id) == (Outcome.PASS, second.id)


async def test_a_rule_sees_model_card_data_sets_segments_and_tags(db: Db, make: Make) -> None:
    owner = await make.person("ada")
    rule = """
        model.owner == 'ada' && model.tier == 'HIGH' && model.registry == 'mlflow'
        && version.stage == 'STAGING' && version.author == 'bob' && version.tags.reviewed == 'yes'
        && has(version.signature) && card.intended_use.contains('reader')
        && datasets.exists(d, d.role == 'EVALUATION' && d.name == 'wdbc test')
        && lineage.training_datasets == 1 && segments.recall.all(s, segments.recall[s] >= 0.8)
        && stage == 'PRODUCTION' && decision_point == 'PROMOTE'
    """
    await make.policy(rule=rule)
    version = await make.version(
        await make.model(owner=owner, tier=RiskTier.UNCLASSIFIED),
        author="bob",
        tags={"reviewed": "yes"},
        signature={"inputs": []},
        card={"intended_use": "Second reader."},
        datasets={"wdbc train": LineageRole.TRAINING, "wdbc test": LineageRole.EVALUATION},
        segments={"recall": {"age<50": 0.9, "age>=50": 0.85}},
    )
    (result,) = await evaluate(db, version)
    assert result.outcome is Outcome.PASS, result.explanation


async def test_each_version_may_be_asked_for_its_own_stage(db: Db, make: Make) -> None:
    await make.policy()
    model = await make.model()
    versions = [await make.version(model, stage=stage) for stage in (Stage.STAGING, Stage.PRODUCTION)]
    found = {result.version_id: result.stage for result in await evaluate(db, *versions, stage=None)}
    assert found == {versions[0].id: Stage.STAGING, versions[1].id: Stage.PRODUCTION}


async def test_nothing_to_ask_records_nothing(db: Db, make: Make) -> None:
    version = await make.version(await make.model())
    before = await make.events()
    assert await evaluate(db, version) == []
    async with db.write(actor=None, operation="op") as tx:
        assert await actions.evaluate(tx, [UUID(int=1)], PROMOTE, None) == []
        assert await actions.evaluate(tx, [], PROMOTE, None) == []
    assert await make.events() == before


async def test_hundreds_of_versions_cost_as_many_statements_as_one(db: Db, make: Make) -> None:
    for key in ("one", "two", "three"):
        await make.policy(key, rule=f"metrics.recall >= 0.9 || metrics.{key} > 0.5")
    model = await make.model()
    versions = [await make.version(model, metrics={"recall": 0.8, "one": 1.0, "two": 0.1}) for _ in range(60)]
    counts = []
    for asked in (versions[:1], versions[1:]):
        with statements() as sent:
            assert len(await evaluate(db, *asked)) == 3 * len(asked)
        counts.append(len(sent))
    # One of them asks for the lock on who may sign: pending approvals are looked at. One asks what hangs on policies.
    assert counts == [13, 13]
    assert await make.count("check_results") == 180


async def test_a_change_that_a_rule_does_not_read_leaves_what_it_said(db: Db, make: Make, clock: SetClock) -> None:
    rules = {
        "recall": "metrics.recall >= 0.9",
        "auc": "metrics.auc >= 0.5",
        "any": "metrics.exists(name, metrics[name] > 0.8)",
        "failing": "metrics.recall >= 0.99",
        "aging": "version.age_days < 400 && metrics.recall >= 0.9",
    }
    for key, rule in rules.items():
        await make.policy(key, rule=rule)
    version = await make.version(await make.model(), metrics={"recall": 0.95, "auc": 0.7})
    first = {one.policy_id: one for one in await evaluate(db, version)}
    assert len(first) == 5
    clock.move(timedelta(minutes=5))
    await db_run(db, "UPDATE version_metrics SET value = 0.8 WHERE name = 'auc'")
    again = await evaluate(db, version, point=DEPLOY)
    named = dict(await db.reads.fetch("SELECT id, key FROM policies"))
    # What reads the metric, or reads them all, is asked; so is what was not kept, and what looks at the day.
    assert {named[one.policy_id] for one in again} == {"auc", "any", "failing", "aging"}
    rows = await db.reads.fetch(
        "SELECT c.policy_id, c.result_id, c.decision_point AS point, c.evaluated_at AS at,"
        " i.document::jsonb -> 'metrics' -> 'auc' AS auc FROM compliance c JOIN check_inputs i ON i.id = c.input_id"
    )
    assert {(row["point"], row["at"], row["auc"]) for row in rows} == {("DEPLOY", clock.now(), "0.8")}
    kept = {named[row["policy_id"]] for row in rows if row["result_id"] == first[row["policy_id"]].id}
    assert kept == {"recall"}
    assert await evaluate(db, version, point=DEPLOY) == []


async def db_run(db: Db, statement: str) -> None:
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text(statement))


async def test_what_a_result_says_has_a_digest_and_when_it_was_said_is_no_part_of_it(
    db: Db, make: Make, clock: SetClock
) -> None:
    await make.policy()
    model = await make.model()
    version = await make.version(model, metrics={"recall": 0.95})
    other = await make.version(model, metrics={"recall": 0.95})
    (first,) = await evaluate(db, version)
    clock.move(timedelta(days=1))
    (second,) = await evaluate(db, other)
    assert first.id != second.id and first.digest == second.digest
    await db_run(db, f"UPDATE version_metrics SET value = 0.96 WHERE version_id = '{other.id}'")
    (third,) = await evaluate(db, other)
    assert third.digest != second.digest
    rows = await db.reads.fetch("SELECT version_id, result_digest FROM compliance")
    assert dict(rows) == {version.id: first.digest, other.id: third.digest}


async def test_two_evaluations_at_once_both_end(db: Db, make: Make) -> None:
    await make.policy()
    model = await make.model()
    versions = [await make.version(model, metrics={"recall": 0.95}) for _ in range(5)]
    found = await asyncio.gather(evaluate(db, *versions), evaluate(db, *reversed(versions)))
    assert sorted(map(len, found)) == [0, 5]
    for table in ("check_results", "compliance", "check_inputs"):
        assert await make.count(table) == 5, table
    assert (await make.events()).count("check.evaluated") == 5
