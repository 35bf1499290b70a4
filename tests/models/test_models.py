"""Classifying models and giving them owners."""

import asyncio
from uuid import uuid4

import pytest

from hub.db import Db
from hub.errors import Code, Refused
from hub.models import actions
from hub.models.tables import Model, RiskTier
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from tests.make import Make


async def classify(db: Db, who: Principal, model: Model, tier: RiskTier, why: str = "It reads scans.") -> Model:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.classify(tx, who, model.id, tier=tier, why=why)


async def set_owner(db: Db, who: Principal, model: Model, owner: Principal) -> Model:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.set_owner(tx, who, model.id, owner_id=owner.person_id)


async def test_a_model_is_classified_with_a_reason(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.MODEL_OWNER)
    model = await make.model(tier=RiskTier.UNCLASSIFIED)
    found = await classify(db, ada, model, RiskTier.LIMITED, "  It sorts letters.  ")
    assert (found.tier, found.tier_why) == (RiskTier.LIMITED, "It sorts letters.")
    row = await db.reads.fetchrow("SELECT * FROM events ORDER BY seq DESC LIMIT 1")
    assert row is not None
    assert (row["kind"], row["subject_id"], row["scope_id"]) == ("model.classified", model.id, model.id)
    assert '"before": "UNCLASSIFIED"' in row["data"]
    assert b"letters" not in row["body"]


async def test_saying_the_same_again_records_nothing(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.MODEL_OWNER)
    model = await make.model(tier=RiskTier.UNCLASSIFIED)
    await classify(db, ada, model, RiskTier.HIGH)
    await classify(db, ada, model, RiskTier.HIGH)
    assert (await make.events()).count("model.classified") == 1


@pytest.mark.parametrize(("tier", "why", "field"), [(RiskTier.UNCLASSIFIED, "x", "tier"), (RiskTier.HIGH, "  ", "why")])
async def test_a_classification_says_something(db: Db, make: Make, tier: RiskTier, why: str, field: str) -> None:
    ada = await make.person("ada", Role.MODEL_OWNER)
    model = await make.model(tier=RiskTier.LIMITED)
    before = await make.events()
    with pytest.raises(Refused) as refused:
        await classify(db, ada, model, tier, why)
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, field)
    assert await make.count("models", "tier = 'LIMITED'") == 1
    assert await make.events() == before


async def test_a_developer_does_not_classify(db: Db, make: Make) -> None:
    eve = await make.person("eve", Role.DEVELOPER)
    model = await make.model()
    with pytest.raises(Refused) as refused:
        await classify(db, eve, model, RiskTier.MINIMAL)
    assert refused.value.code is Code.FORBIDDEN
    assert await make.count("models", "tier = 'HIGH'") == 1


async def test_a_hidden_model_is_the_same_as_none(db: Db, make: Make) -> None:
    eve = await make.person("eve", Role.MODEL_OWNER)
    hidden = await make.model(restricted=True)
    absent = Model(id=uuid4(), **hidden.model_dump(exclude={"id"}))
    told = []
    for model in (hidden, absent):
        with pytest.raises(Refused) as refused:
            await classify(db, eve, model, RiskTier.MINIMAL)
        told.append((refused.value.code, refused.value.why, refused.value.field))
    assert told[0] == told[1] == (Code.NOT_FOUND, "there is no such model", "model")
    assert await make.count("models", "tier = 'HIGH'") == 1


async def test_team_owner_and_admins_see_a_restricted_model(db: Db, make: Make) -> None:
    team = await make.team("imaging")
    owner = await make.person("owner", Role.MODEL_OWNER)
    member = await make.person("member", Role.MODEL_OWNER, teams=[team])
    root = await make.person("root", Role.ADMIN)
    model = await make.model(restricted=True, owner=owner, team=team)
    for tier, who in ((RiskTier.HIGH, owner), (RiskTier.LIMITED, member), (RiskTier.MINIMAL, root)):
        assert (await classify(db, who, model, tier)).tier is tier


async def test_an_owner_is_an_active_human_being(db: Db, make: Make) -> None:
    ada, gone = await make.person("ada", Role.MODEL_OWNER), await make.person("gone")
    robot = await make.person("robot", kind=PersonKind.SERVICE)
    await make.deactivate(gone)
    model = await make.model(owner=ada)
    nobody = Principal(uuid4(), "x", PersonKind.HUMAN, frozenset(), frozenset(), (), frozenset())
    before = await make.events()
    for owner, code in ((gone, Code.BAD_INPUT), (robot, Code.BAD_INPUT), (nobody, Code.NOT_FOUND)):
        with pytest.raises(Refused) as refused:
            await set_owner(db, ada, model, owner)
        assert (refused.value.code, refused.value.field) == (code, "owner")
    assert await db.reads.fetchval("SELECT owner_id FROM models") == ada.person_id
    assert await make.events() == before


async def test_an_owner_may_give_a_restricted_model_away(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada", Role.MODEL_OWNER), await make.person("bob")
    model = await make.model(restricted=True, owner=ada)
    assert (await set_owner(db, ada, model, bob)).owner_id == bob.person_id
    with pytest.raises(Refused, match="no such model"):
        await set_owner(db, ada, model, ada)
    assert (await make.events()).count("model.owner_set") == 1


async def test_two_classifications_at_once_come_one_after_the_other(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada", Role.MODEL_OWNER), await make.person("bob", Role.MODEL_OWNER)
    model = await make.model(tier=RiskTier.UNCLASSIFIED)
    await asyncio.gather(classify(db, ada, model, RiskTier.HIGH), classify(db, bob, model, RiskTier.LIMITED))
    rows = await db.reads.fetch(
        "SELECT data->>'before' AS before, data->>'tier' AS tier"
        " FROM events WHERE kind = 'model.classified' ORDER BY seq"
    )
    assert rows[0]["before"] == "UNCLASSIFIED"
    assert rows[1]["before"] == rows[0]["tier"]
    assert await db.reads.fetchval("SELECT tier FROM models") == rows[1]["tier"]


async def test_the_trail_names_the_one_who_acts(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada", Role.MODEL_OWNER), await make.person("bob", Role.MODEL_OWNER)
    model = await make.model()
    with pytest.raises(AssertionError, match="not the one who acts"):
        async with db.write(actor=bob.person_id, operation="op") as tx:
            await actions.classify(tx, ada, model.id, tier=RiskTier.MINIMAL, why="x")


async def test_a_model_is_given_to_a_team_and_stays_there(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada", Role.MODEL_OWNER), await make.person("bob")
    team = await make.team("clinical")
    model = await make.model(owner=ada)
    async with db.write(actor=ada.person_id, operation="test") as tx:
        given = await actions.set_owner(tx, ada, model.id, owner_id=ada.person_id, team_id=team.id)
    assert (given.owner_id, given.team_id) == (ada.person_id, team.id)
    assert (await set_owner(db, ada, model, bob)).team_id == team.id
    before = await make.events()
    with pytest.raises(Refused) as refused:
        async with db.write(actor=ada.person_id, operation="test") as tx:
            await actions.set_owner(tx, ada, model.id, owner_id=ada.person_id, team_id=uuid4())
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "team")
    assert await db.reads.fetchval("SELECT team_id FROM models") == team.id
    assert await make.events() == before
