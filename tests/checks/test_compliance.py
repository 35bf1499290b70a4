"""What counts now: one row for each version, policy and stage, kept with the results behind it."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest
from sqlalchemy import text

from hub.checks import actions, store
from hub.checks.findings import Finding
from hub.checks.tables import Outcome
from hub.clock import SetClock
from hub.db import Db
from hub.events.canonical import digest_of
from hub.events.record import Subject, record
from hub.models import actions as models
from hub.models.tables import ModelVersion, RiskTier, Stage
from hub.people.tables import Role
from hub.policies.rules import EnforcementStep
from hub.policies.tables import DecisionPoint, Enforcement, Severity
from tests.checks.test_check_jobs import work
from tests.make import Make

DEPLOY, PROMOTE, MONITOR = DecisionPoint.DEPLOY, DecisionPoint.PROMOTE, DecisionPoint.MONITOR
PRODUCTION = Stage.PRODUCTION


async def evaluate(
    db: Db, *versions: ModelVersion, point: DecisionPoint = PROMOTE, stage: Stage | None = PRODUCTION, **more: Any
) -> list[Finding]:
    async with db.write(actor=None, operation="op") as tx:
        return await actions.evaluate(tx, [version.id for version in versions], point, stage, **more)


async def measure(db: Db, value: float) -> None:
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text("UPDATE version_metrics SET value = :value"), {"value": value})


async def row(db: Db, columns: str = "*") -> asyncpg.Record:
    (found,) = await db.reads.fetch(f"SELECT {columns} FROM compliance")
    return found


async def test_a_result_becomes_what_counts_with_the_document_that_was_seen(db: Db, make: Make) -> None:
    policy, model = await make.policy(), await make.model()
    version = await make.version(model, metrics={"recall": 0.83})
    (found,) = await evaluate(db, version)
    now = await row(db)
    assert (now["version_id"], now["policy_id"], now["stage"]) == (version.id, policy.policy_id, "PRODUCTION")
    assert (now["result_id"], now["outcome"], now["enforcement"], now["severity"]) == (
        found.id, "FAIL", "BLOCKING", "HIGH",
    )  # fmt: skip
    assert (now["since"], now["due_at"]) == (make.now, make.now + timedelta(days=30))
    assert (now["tier"], now["decision_point"]) == ("HIGH", "PROMOTE")
    kept = await db.reads.fetchrow("SELECT * FROM check_inputs")
    result = await db.reads.fetchrow("SELECT * FROM check_results")
    assert kept is not None and result is not None
    assert now["input_id"] == result["input_id"] == kept["id"]
    assert kept["digest"] == digest_of(orjson.loads(kept["document"]))
    assert orjson.loads(kept["document"])["metrics"] == {"recall": 0.83}
    assert (result["enforcement"], result["severity"]) == ("BLOCKING", "HIGH")
    assert result["took_us"] >= 0


async def test_since_is_when_it_became_so_and_the_term_begins_there(db: Db, make: Make, clock: SetClock) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    await make.policy(by=who, service_levels={Severity.HIGH: 5}, service_level_days=30)
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    await evaluate(db, version)
    begin = make.now
    clock.move(timedelta(days=2))
    await measure(db, 0.6)
    await evaluate(db, version)
    now = await row(db)
    assert (now["since"], now["due_at"], now["evaluated_at"]) == (begin, begin + timedelta(days=5), make.now)
    await make.policy(by=who, rule="metrics.recall >= 0.8", service_level_days=30)
    await evaluate(db, version)
    now = await row(db)
    assert (now["since"], now["due_at"]) == (make.now, make.now + timedelta(days=30))
    clock.move(timedelta(days=1))
    await measure(db, 0.9)
    await evaluate(db, version)
    now = await row(db)
    assert (now["outcome"], now["since"], now["due_at"]) == ("PASS", make.now, None)


async def test_asked_again_by_people_it_is_noted_and_not_recorded_twice(db: Db, make: Make, clock: SetClock) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    for key, rule in (("fails", "metrics.recall >= 0.9"), ("passes", "metrics.recall >= 0.1")):
        await make.policy(key, by=who, rule=rule)
    await make.policy("skipped", by=who, stages=(Stage.STAGING,))
    await make.policy("unknown", by=who, rule="metrics.auc >= 0.9")
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    assert len(await evaluate(db, version)) == 4
    before = await db.reads.fetch("SELECT id, result_id, outcome, since FROM compliance ORDER BY id")
    events = await make.events()
    clock.move(timedelta(minutes=5))
    assert await evaluate(db, version, point=DEPLOY) == []
    assert await make.events() == events
    after = await db.reads.fetch("SELECT id, result_id, outcome, since FROM compliance ORDER BY id")
    assert after == before
    moved = await db.reads.fetch("SELECT DISTINCT evaluated_at, decision_point FROM compliance")
    assert [tuple(one) for one in moved] == [(make.now, "DEPLOY")]
    assert await make.count("check_results") == 4


async def test_asked_again_by_a_job_nothing_is_written_but_the_hour(db: Db, make: Make, clock: SetClock) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    await make.policy("fails", by=who)
    await make.policy("passes", by=who, rule="metrics.recall >= 0.1")
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    await evaluate(db, version, since=make.now)
    first = make.now
    before = await db.reads.fetch("SELECT xmin::text, * FROM compliance ORDER BY id")
    for minutes, noted in ((59, first), (2, first + timedelta(minutes=61))):
        clock.move(timedelta(minutes=minutes))
        assert await evaluate(db, version, since=make.now) == []
        assert await db.reads.fetchval("SELECT at FROM check_inputs") == noted
    assert await db.reads.fetch("SELECT xmin::text, * FROM compliance ORDER BY id") == before


async def test_what_follows_from_the_instant_is_asked_of_the_same_document(db: Db, make: Make, clock: SetClock) -> None:
    await make.policy(rule="version.age_days <= 3 || metrics.recall >= 0.9")
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    outcomes = []
    for _ in range(4):
        outcomes.append([found.outcome for found in await evaluate(db, version, since=make.now)])
        clock.move(timedelta(days=2))
    assert outcomes == [[Outcome.PASS], [], [Outcome.FAIL], []]
    assert await make.count("check_inputs") == 1
    told = await db.reads.fetchval("SELECT explanation FROM check_results WHERE outcome = 'FAIL'")
    assert "version.age_days is 4" in told


async def test_an_error_is_no_pass_and_has_a_term(db: Db, make: Make) -> None:
    await make.policy()
    version = await make.version(await make.model())
    await evaluate(db, version)
    now = await row(db)
    assert (now["outcome"], now["due_at"]) == ("ERROR", make.now + timedelta(days=30))


async def test_a_waived_failure_names_its_exception_and_has_no_term(db: Db, make: Make) -> None:
    policy, model = await make.policy(), await make.model()
    version = await make.version(model, metrics={"recall": 0.5})
    exception = await make.exception(policy, model)
    await evaluate(db, version)
    now = await row(db)
    assert (now["outcome"], now["exception_id"], now["due_at"]) == ("WAIVED", exception.id, None)


async def test_all_of_it_commits_together_or_not_at_all(db: Db, make: Make) -> None:
    await make.policy()
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    before = await make.events()
    with pytest.raises(RuntimeError, match="the end fails"):
        async with db.write(actor=None, operation="op") as tx:
            await actions.evaluate(tx, [version.id], PROMOTE, PRODUCTION)
            raise RuntimeError("the end fails")
    for table in ("check_results", "compliance", "check_inputs", "compliance_counts"):
        assert await make.count(table) == 0, table
    assert await make.events() == before


async def test_two_evaluations_at_once_leave_one_row(db: Db, make: Make) -> None:
    await make.policy()
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    found = await asyncio.gather(evaluate(db, version), evaluate(db, version, point=DEPLOY))
    assert sorted(map(len, found)) == [0, 1]
    assert await make.count("compliance") == await make.count("check_results") == 1


async def test_only_rules_that_read_what_was_touched_are_asked(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    rules = {
        "metric": "metrics.recall >= 0.9",
        "owner": "model.owner != null",
        "tags": "'reviewed' in version.tags",
        "fair": "evidence.fairness.verdict == 'PASS'",
    }
    keys = {(await make.policy(key, by=who, rule=rule)).policy_id: key for key, rule in rules.items()}
    version = await make.version(await make.model(), metrics={"recall": 0.5})

    async def asked(*touched: str) -> set[str]:
        found = await evaluate(db, version, touched=frozenset(touched))
        async with db.write(actor=None, operation="op") as tx:
            await tx.session.execute(text("DELETE FROM compliance"))
        return {keys[one.policy_id] for one in found}

    assert await asked("metrics") == {"metric"}
    assert await asked("model.owner", "model.team") == {"owner"}
    assert await asked("model") == {"owner"}
    assert await asked("version.aliases") == set()
    assert await asked("version", "evidence") == {"tags", "fair"}


async def test_a_planned_enforcement_counts_from_its_day(db: Db, make: Make, clock: SetClock) -> None:
    steps = (EnforcementStep(Enforcement.BLOCKING, Severity.CRITICAL, starts_on=(make.now + timedelta(days=3)).date()),)
    await make.policy(enforcement=Enforcement.ADVISORY, severity=Severity.LOW, schedule=steps)
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    await evaluate(db, version)
    assert tuple(await row(db, "outcome, enforcement, severity")) == ("WARN", "ADVISORY", "LOW")
    clock.move(timedelta(days=3))
    await evaluate(db, version, since=make.now)
    assert tuple(await row(db, "outcome, enforcement, severity")) == ("FAIL", "BLOCKING", "CRITICAL")


async def test_what_no_longer_applies_counts_no_more(db: Db, make: Make) -> None:
    ada, pat = await make.person("ada", Role.MODEL_OWNER), await make.person("pat", Role.POLICY_OWNER)
    await make.policy("limited", by=pat, tiers=(RiskTier.LIMITED,))
    await make.policy("all", by=pat)
    model = await make.model(tier=RiskTier.LIMITED)
    version = await make.version(model, metrics={"recall": 0.5})
    await evaluate(db, version)
    assert await make.count("compliance") == 2
    async with db.write(actor=ada.person_id, operation="op") as tx:
        await models.classify(tx, ada, model.id, tier=RiskTier.HIGH, why="It decides.")
    now = await row(db, "tier, (SELECT key FROM policies p WHERE p.id = policy_id) AS key")
    assert tuple(now) == ("HIGH", "all")
    assert await make.count("check_results") == 2
    await make.policy("all", by=pat, tiers=(RiskTier.LIMITED,))
    assert await make.count("compliance") == 0


async def test_standings_hold_everything_that_applies_so_that_nothing_slips_through(db: Db, make: Make) -> None:
    pat = await make.person("pat", Role.POLICY_OWNER)
    await make.policy("asked", by=pat)
    await make.policy("elsewhere", by=pat, stages=(Stage.STAGING,))
    await make.policy("later", by=pat, decision_points=(DEPLOY,), enforcement=Enforcement.WARNING)
    await make.policy("watch", by=pat, decision_points=(MONITOR,))
    await make.policy("others", by=pat, tiers=(RiskTier.MINIMAL,))
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    await evaluate(db, version)

    async def standings() -> dict[str, tuple[Outcome, Enforcement, str]]:
        async with db.write(actor=None, operation="op") as tx:
            found = await store.standings(tx, version.id, PRODUCTION)
        return {one.key: (one.outcome, one.enforcement, one.explanation) for one in found}

    not_asked = (Outcome.ERROR, Enforcement.BLOCKING, "not asked yet")
    failed = (Outcome.FAIL, Enforcement.BLOCKING, "not kept: metrics.recall is 0.5, allowed >= 0.9")
    assert await standings() == {
        "asked": failed,
        "elsewhere": (Outcome.SKIP, Enforcement.BLOCKING, "not asked for this stage"),
        "later": (Outcome.ERROR, Enforcement.WARNING, "not asked yet"),
    }
    await evaluate(db, version, point=DEPLOY)
    await evaluate(db, version, point=MONITOR)
    assert (await standings())["later"][0] is Outcome.WARN
    assert (await standings())["watch"] == failed
    await make.policy("asked", by=pat, rule="metrics.recall >= 0.1")
    assert (await standings())["asked"] == not_asked
    await evaluate(db, version)
    assert (await standings())["asked"][0] is Outcome.PASS


async def test_a_standing_tells_what_the_gate_shows(db: Db, make: Make) -> None:
    policy, model = await make.policy(safe_rollback=True), await make.model()
    version = await make.version(model, metrics={"recall": 0.5})
    (found,) = await evaluate(db, version)
    async with db.write(actor=None, operation="op") as tx:
        (one,) = await store.standings(tx, version.id, PRODUCTION)
    assert (one.policy_id, one.policy_version_id, one.number, one.digest) == (
        policy.policy_id, policy.id, 1, policy.digest,
    )  # fmt: skip
    assert (one.result_id, one.exception_id, one.due_at) == (found.id, None, make.now + timedelta(days=30))
    assert (one.title, one.remediation, one.safe_rollback, one.validators) == (
        "Recall", "Train on more cases.", True, (),
    )  # fmt: skip
    assert (one.severity, one.decision_point) == (Severity.HIGH, PROMOTE)


async def test_another_clause_that_decides_is_news_and_another_age_is_not(db: Db, make: Make, clock: SetClock) -> None:
    await make.policy(rule="metrics.recall >= 0.9 && version.age_days <= 3")
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    new = []
    for _ in range(5):
        new.append(len(await evaluate(db, version, since=make.now)))
        clock.move(timedelta(days=2))
    assert new == [1, 0, 1, 0, 0]
    rows = await db.reads.fetch("SELECT explanation FROM check_results ORDER BY id")
    assert [row["explanation"].count(";") for row in rows] == [0, 1]


async def test_a_publication_waits_for_answers_that_are_being_written(db: Db, make: Make) -> None:
    pat = await make.person("pat", Role.POLICY_OWNER)
    await make.policy(by=pat)
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    async with db.write(actor=None, operation="op") as tx:
        await actions.evaluate(tx, [version.id], PROMOTE, PRODUCTION)
        publication = asyncio.create_task(make.policy(by=pat, tiers=(RiskTier.LIMITED,)))
        assert await make.waits(publication)
    await publication
    assert await make.count("compliance") == 0
    assert await make.count("check_results") == 1


async def test_an_answer_that_is_written_while_its_policy_is_taken_away_is_cleared_by_the_sweep(
    db: Db, make: Make
) -> None:
    ada, pat = await make.person("ada", Role.MODEL_OWNER), await make.person("pat", Role.POLICY_OWNER)
    await make.policy("limited", by=pat, tiers=(RiskTier.LIMITED,))
    model = await make.model(tier=RiskTier.LIMITED)
    version = await make.version(model, metrics={"recall": 0.5})
    await work(db)
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text("DELETE FROM compliance"))
    async with db.write(actor=None, operation="op") as tx:
        await actions.evaluate(tx, [version.id], PROMOTE, PRODUCTION)
        async with db.write(actor=ada.person_id, operation="op") as other:
            await models.classify(other, ada, model.id, tier=RiskTier.HIGH, why="It decides.")
    assert await make.count("compliance") == 1
    await work(db)
    assert await make.count("compliance") == 0


async def test_a_wording_that_no_longer_compiles_is_an_error_with_its_place(db: Db, make: Make) -> None:
    policy = await make.policy()
    version = await make.version(await make.model(), metrics={"recall": 0.95})
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE policy_versions SET rule = 'metrics.recall >'"))
    (found,) = await evaluate(db, version)
    assert (found.outcome, found.policy_id) == (Outcome.ERROR, policy.policy_id)
    assert "line 1, column" in found.explanation
    assert await evaluate(db, version) == []


async def test_a_deprecated_policy_still_applies_and_a_retired_one_counts_no_more(db: Db, make: Make) -> None:
    policy = await make.policy()
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE policies SET status = 'DEPRECATED'"))
    assert [found.outcome for found in await evaluate(db, version)] == [Outcome.FAIL]
    async with db.write(actor=None, operation="op") as tx:
        assert [one.outcome for one in await store.standings(tx, version.id, PRODUCTION)] == [Outcome.FAIL]
        await tx.session.execute(text("UPDATE policies SET status = 'RETIRED'"))
        assert await store.standings(tx, version.id, PRODUCTION) == []
        await record(tx, "policy.retired", Subject("policy", policy.policy_id), {})
    assert await make.count("compliance") == 0
    assert await evaluate(db, version) == []
