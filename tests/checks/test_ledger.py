"""The counts that a dashboard shows are the counts of the rows, after whatever happened to them."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.checks import schedule
from hub.checks.actions import evaluate
from hub.checks.jobs import due
from hub.clock import SetClock
from hub.db import Db
from hub.models import actions as models
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint, Enforcement
from tests.make import Make

KEYS = "policy_id, stage, tier, outcome, enforcement, restricted_model_id"
SUMS = f"SELECT {KEYS}, sum(n)::bigint AS n FROM compliance_counts GROUP BY {KEYS} HAVING sum(n) <> 0 ORDER BY {KEYS}"
ROWS = f"""
SELECT {KEYS}, count(*) AS n
FROM (SELECT c.*, CASE WHEN m.restricted THEN m.id END AS restricted_model_id
      FROM compliance c JOIN models m ON m.id = c.model_id) c
GROUP BY {KEYS} ORDER BY {KEYS}
"""


async def agree(db: Db) -> int:
    """How many counts there are, which are those of the rows."""
    sums = await db.reads.fetch(SUMS)
    assert sums == await db.reads.fetch(ROWS)
    return len(sums)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_ledgers_sums_are_the_rows_counts_after_any_history(
    db: Db, make: Make, clock: SetClock, seed: int
) -> None:
    chance = random.Random(seed)
    pat, ada = await make.person("pat", Role.POLICY_OWNER), await make.person("ada", Role.MODEL_OWNER, Role.ADMIN)
    policies = [
        await make.policy("one", by=pat),
        await make.policy("two", by=pat, rule="metrics.recall >= 0.3", enforcement=Enforcement.WARNING),
        await make.policy("three", by=pat, tiers=(RiskTier.LIMITED, RiskTier.HIGH)),
    ]
    estate = [
        await make.model(tier=tier, restricted=tier is RiskTier.HIGH) for tier in (RiskTier.HIGH, RiskTier.MINIMAL)
    ]
    versions = [await make.version(model, metrics={"recall": 0.5}) for model in estate for _ in range(3)]

    async def write(statement: str, **values: Any) -> None:
        async with db.write(actor=None, operation="op") as tx:
            await tx.session.execute(text(statement), values)

    async def ask() -> None:
        some = chance.sample(versions, chance.randint(1, 6))
        async with db.write(actor=None, operation="op") as tx:
            stage = chance.choice([Stage.STAGING, Stage.PRODUCTION])
            await evaluate(tx, [one.id for one in some], DecisionPoint.PROMOTE, stage)

    async def measure() -> None:
        one, value = chance.choice(versions), chance.choice([0.1, 0.5, 0.95])
        await write("UPDATE version_metrics SET value = :value WHERE version_id = :id", id=one.id, value=value)

    async def toggle() -> None:
        await write("UPDATE models SET restricted = NOT restricted WHERE id = :id", id=chance.choice(estate).id)

    async def reclassify() -> None:
        tier = chance.choice([RiskTier.HIGH, RiskTier.LIMITED, RiskTier.MINIMAL])
        async with db.write(actor=ada.person_id, operation="op") as tx:
            await models.classify(tx, ada, chance.choice(estate).id, tier=tier, why=f"look {chance.random()}")

    async def reword() -> None:
        least, how = chance.randint(1, 9), chance.choice([*Enforcement])
        await make.policy(chance.choice(["one", "two"]), by=pat, rule=f"metrics.recall >= 0.{least}", enforcement=how)

    async def forget() -> None:
        await write("DELETE FROM compliance WHERE version_id = :id", id=chance.choice(versions).id)

    async def fold() -> None:
        async with db.write(actor=None, operation="op") as tx:
            await schedule.fold(tx, anyway=True)

    async def unbind() -> None:
        await write("DELETE FROM policy_bindings WHERE policy_id = :id", id=policies[2].policy_id)

    steps = [ask, ask, ask, measure, measure, toggle, reclassify, reword, forget, fold, unbind]
    for _ in range(40):
        clock.move(timedelta(minutes=1))
        await chance.choice(steps)()
        await agree(db)
    await ask()
    await fold()
    assert await agree(db) == await make.count("compliance_counts", "n <> 0") > 0
    assert await make.count("compliance_counts", "NOT folded") == 0


async def test_the_clock_adds_up_a_ledger_that_has_grown_long(
    db: Db, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "LONGEST_LEDGER", 3)
    await make.policy()
    model = await make.model()
    for number in range(1, 5):
        version = await make.version(model, metrics={"recall": 0.5})
        async with db.write(actor=None, operation="op") as tx:
            await evaluate(tx, [version.id], DecisionPoint.PROMOTE, Stage.PRODUCTION)
        await due(db, make.now)
        assert await make.count("compliance_counts") == {1: 1, 2: 2, 3: 1, 4: 2}[number]
        assert await agree(db) == 1


async def test_a_fold_that_fails_leaves_the_ledger_as_it_was(db: Db, make: Make) -> None:
    await make.policy()
    version = await make.version(await make.model(), metrics={"recall": 0.5})
    async with db.write(actor=None, operation="op") as tx:
        await evaluate(tx, [version.id], DecisionPoint.PROMOTE, Stage.PRODUCTION)
    before = await db.reads.fetch("SELECT * FROM compliance_counts")
    with pytest.raises(RuntimeError):
        async with db.write(actor=None, operation="op") as tx:
            await schedule.fold(tx, anyway=True)
            raise RuntimeError("the end fails")
    assert await db.reads.fetch("SELECT * FROM compliance_counts") == before
