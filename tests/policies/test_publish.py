"""Publishing policies and binding them to models."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from hub.db import Db
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.models import actions as models
from hub.models.tables import Model, RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies import actions
from hub.policies.tables import DecisionPoint, Enforcement, PolicyVersion
from tests.make import Make


async def bound(db: Db) -> dict[str, str]:
    """Which models are bound, and why."""
    rows = await db.reads.fetch("SELECT m.name, b.why FROM policy_bindings b JOIN models m ON m.id = b.model_id")
    return {row["name"]: row["why"] for row in rows}


async def test_versions_count_up_and_the_newest_is_current(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    first = await make.policy(by=who, rule="metrics.recall >= 0.8")
    second = await make.policy(by=who, rule="metrics.recall >= 0.9", enforcement=Enforcement.WARNING)
    assert (first.number, second.number) == (1, 2)
    assert first.policy_id == second.policy_id
    (policy,) = await db.reads.fetch("SELECT * FROM policies")
    assert (policy["current_version_id"], policy["status"], policy["enforcement"]) == (
        second.id,
        "PUBLISHED",
        "WARNING",
    )
    rows = await db.reads.fetch("SELECT number, rule, digest FROM policy_versions ORDER BY number")
    assert [(row["number"], row["rule"]) for row in rows] == [
        (1, "metrics.recall >= 0.8"),
        (2, "metrics.recall >= 0.9"),
    ]
    assert rows[0]["digest"] == first.digest != second.digest


async def test_the_current_wording_published_again_writes_nothing(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    first = await make.policy(by=who, tiers=(RiskTier.HIGH, RiskTier.LIMITED))
    before = await make.events()
    again = await make.policy(by=who, tiers=(RiskTier.LIMITED, RiskTier.HIGH, RiskTier.HIGH))
    assert again.id == first.id
    assert await make.events() == before
    assert await make.count("policy_versions") == 1


@pytest.mark.parametrize(
    ("wording", "code", "field"),
    [
        ({"rule": "metrics.recall >= 1"}, Code.BAD_RULE, "rule"),
        ({"key": "No Good"}, Code.BAD_INPUT, "key"),
        ({"title": " "}, Code.BAD_INPUT, "title"),
        ({"remediation": ""}, Code.BAD_INPUT, "remediation"),
        ({"decision_points": ()}, Code.BAD_INPUT, "decisionPoints"),
        ({"tiers": (RiskTier.UNCLASSIFIED,)}, Code.BAD_INPUT, "tiers"),
        ({"service_level_days": 0}, Code.BAD_INPUT, "serviceLevelDays"),
        ({"longest_exception_days": 4_000}, Code.BAD_INPUT, "longestExceptionDays"),
    ],
)
async def test_a_wording_that_is_not_fit_is_refused(
    db: Db, make: Make, wording: dict[str, Any], code: Code, field: str
) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    before = await make.events()
    with pytest.raises(Refused) as refused:
        await make.policy(**{"key": "recall", **wording}, by=who)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await make.count("policies") == await make.count("policy_versions") == 0
    assert await make.events() == before


async def test_only_its_owner_publishes_a_policy_anew(db: Db, make: Make) -> None:
    await make.policy(by=await make.person("pat", Role.POLICY_OWNER))
    other = await make.person("other", Role.POLICY_OWNER)
    developer = await make.person("dev", Role.DEVELOPER)
    for who in (other, developer):
        with pytest.raises(Refused) as refused:
            await make.policy(by=who, rule="metrics.recall >= 0.1")
        assert refused.value.code is Code.FORBIDDEN
    assert await make.count("policy_versions") == 1
    root = await make.person("root", Role.ADMIN)
    assert (await make.policy(by=root, rule="metrics.recall >= 0.95")).number == 2


async def test_a_policy_is_bound_by_tier_and_unclassified_counts_as_high(db: Db, make: Make) -> None:
    for tier in RiskTier:
        await make.model(tier.lower(), tier=tier)
    await make.policy(tiers=(RiskTier.HIGH, RiskTier.LIMITED))
    assert await bound(db) == {
        "high": "risk tier HIGH",
        "limited": "risk tier LIMITED",
        "unclassified": "not classified yet, treated as HIGH",
    }


async def test_a_new_version_moves_the_bindings(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    for tier in (RiskTier.HIGH, RiskTier.LIMITED):
        await make.model(tier.lower(), tier=tier)
    await make.policy(by=who, tiers=(RiskTier.HIGH,))
    await make.policy(by=who, tiers=(RiskTier.LIMITED,))
    assert await bound(db) == {"limited": "risk tier LIMITED"}
    data = await db.reads.fetchval("SELECT data FROM events WHERE kind = 'policy.published' ORDER BY seq DESC LIMIT 1")
    assert '"bound": 1' in data
    assert '"unbound": 1' in data
    await make.policy(by=who, tiers=())
    assert await bound(db) == {"high": "applies to every model", "limited": "applies to every model"}


async def classify(db: Db, who: Principal, model: Model, tier: RiskTier) -> None:
    async with db.write(actor=who.person_id, operation="op") as tx:
        await models.classify(tx, who, model.id, tier=tier, why="looked at")


async def test_models_are_bound_when_they_appear_and_when_they_are_classified(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.MODEL_OWNER)
    await make.policy(tiers=(RiskTier.HIGH,))
    model = await make.model("late", tier=RiskTier.UNCLASSIFIED)
    assert await bound(db) == {"late": "not classified yet, treated as HIGH"}
    await classify(db, ada, model, RiskTier.HIGH)
    assert await bound(db) == {"late": "risk tier HIGH"}
    await classify(db, ada, model, RiskTier.MINIMAL)
    assert await bound(db) == {}


async def test_a_retired_policy_is_not_published_nor_bound(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    await make.policy(by=who)
    async with db.write(actor=None, operation="make") as tx:
        await tx.session.execute(text("UPDATE policies SET status = 'RETIRED'"))
    with pytest.raises(Refused) as refused:
        await make.policy(by=who, rule="metrics.recall >= 0.1")
    assert refused.value.code is Code.WRONG_STATE
    await make.model("late")
    assert await bound(db) == {}


async def test_two_publications_at_once_make_two_versions(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    versions: list[PolicyVersion] = await asyncio.gather(
        *(make.policy(by=who, rule=f"metrics.recall >= 0.{n}") for n in range(1, 5))
    )
    assert sorted(version.number for version in versions) == [1, 2, 3, 4]
    assert await make.count("policies") == 1


async def test_a_publication_waits_for_models_that_are_about_to_appear(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    model = Model(**make.model_values("late", registry_id=await make.registry()))
    async with db.write(actor=None, operation="sync") as tx:
        tx.session.add(model)
        await tx.session.flush()
        await record(tx, "model.registered", Subject("model", model.id), {}, scope_id=model.id)
        publication = asyncio.create_task(make.policy(by=who))
        assert await make.waits(publication)
    await publication
    assert await bound(db) == {"late": "applies to every model"}


async def test_a_model_that_appears_waits_for_a_publication(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    await make.registry()
    async with db.write(actor=who.person_id, operation="op") as tx:
        await actions.publish(tx, who, make.wording())
        appearing = asyncio.create_task(make.model("late"))
        assert await make.waits(appearing)
    await appearing
    assert await bound(db) == {"late": "applies to every model"}


async def test_a_model_that_appears_while_a_policy_is_published_is_not_missed(db: Db, make: Make) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    await make.registry()
    await asyncio.gather(
        *(make.model(f"m{n}") for n in range(6)),
        *(make.policy(f"p{n}", by=who, decision_points=(DecisionPoint.DEPLOY,)) for n in range(6)),
    )
    assert await make.count("policy_bindings") == 36
