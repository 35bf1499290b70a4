"""Going back to the version before: by itself where that is safe, else by a person."""

import pytest

from hub.deployments import actions
from hub.deployments.rolling import by_itself
from hub.deployments.tables import DeploymentIntent
from hub.errors import Code, Refused
from hub.models.tables import RiskTier
from hub.people.access import Principal
from hub.people.tables import Discipline, PersonKind, Role
from tests.deployments.gates import Gate
from tests.deployments.releases import Release
from tests.make import Make


async def test_where_it_is_safe_the_hub_goes_back_by_itself(gate: Gate, make: Make) -> None:
    release = await Release(gate, make).begin(tier=RiskTier.LIMITED, safe=True)
    await release.breaks()
    assert (await gate.event("deployment.halted"))["by_itself"] is True
    assert await gate.work("roll_back") == ["urgent.roll_back"]
    found = await gate.intent(release.intent.id)
    assert found["status"] == "ROLLED_BACK"
    assert found["status_why"].startswith("automatic rollback of version 3; recall: not kept")
    # Version 2 is at production already: its own intent gets the fresh permit.
    back = await gate.intent(release.before.id)
    assert (back["status"], back["requested_by"]) == ("DEPLOYED", release.dev.person_id)
    permits = await gate.permits()
    assert [one["version_id"] for one in permits] == [release.old.id, release.new.id, release.old.id]
    said = (await gate.verified(permits[2])).predicate
    assert (said["remedies"], said["version"], len(said["approvals"])) == (str(release.intent.id), "2", 1)
    assert (await gate.event("deployment.rolled_back"))["rollback"] == str(release.old.id)
    # The job may run twice.
    async with gate.db.write(actor=None, operation="op") as tx:
        await by_itself(tx, release.intent.id)
    assert await make.count("permits") == 3


async def test_a_target_whose_own_wish_is_over_gets_a_fresh_one(gate: Gate, make: Make) -> None:
    release = await Release(gate, make).begin(tier=RiskTier.LIMITED, safe=True)
    await gate.change("UPDATE deployment_intents SET status = 'EXPIRED' WHERE id = :id", id=release.before.id)
    await release.breaks()
    await gate.work("roll_back")
    row = await gate.db.reads.fetchrow("SELECT * FROM deployment_intents ORDER BY id DESC LIMIT 1")
    assert row is not None
    assert (row["version_id"], row["status"], row["reason"], row["requested_by"]) == (
        release.old.id,
        "APPROVED",
        "automatic rollback of version 3",
        release.dev.person_id,
    )


@pytest.mark.parametrize(
    ("tier", "safe"), [(RiskTier.HIGH, True), (RiskTier.UNCLASSIFIED, True), (RiskTier.LIMITED, False)]
)
async def test_where_it_is_not_safe_a_person_is_waited_for(gate: Gate, make: Make, tier: RiskTier, safe: bool) -> None:
    if tier is RiskTier.UNCLASSIFIED:
        await make.rule(Discipline.RISK)
    release = await Release(gate, make).begin(tier=tier, safe=safe)
    await release.breaks()
    assert await gate.work("roll_back") == []
    assert (await gate.intent(release.intent.id))["status"] == "HALTED"


async def test_every_broken_policy_must_call_it_safe(gate: Gate, make: Make) -> None:
    release = await Release(gate, make).begin(tier=RiskTier.LIMITED, safe=True)
    await make.policy("other", rule="metrics.recall >= 0.8")
    release.intent = await release.allowed(release.new)
    await release.breaks()
    assert await gate.work("roll_back") == []


async def test_a_target_that_breaks_the_rules_itself_is_not_gone_back_to(gate: Gate, make: Make) -> None:
    release = await Release(gate, make).begin(tier=RiskTier.LIMITED, safe=True)
    await gate.measure(release.old, 0.3)
    await release.breaks()
    await gate.work("roll_back")
    found = await gate.intent(release.intent.id)
    assert found["status"] == "HALTED"
    assert found["status_why"].endswith(
        "not rolled back by itself: version 2 is not gone back to either: blocked by recall (FAIL);"
        " mend it, or ask for another version"
    )
    assert await make.count("permits") == 2


async def roll_back(release: Release, who: Principal, reason: str = "It errs.") -> DeploymentIntent:
    async with release.gate.db.write(actor=who.person_id, operation="op") as tx:
        return await actions.roll_back(tx, who, release.intent.id, reason)


async def test_a_person_goes_back_by_hand(release: Release) -> None:
    await release.seen(release.new)
    await release.breaks()
    ivy = await release.make.person("ivy", Role.INCIDENT_RESPONDER)
    back = await roll_back(release, ivy)
    assert (back.version_id, back.status) == (release.old.id, "DEPLOYED")
    assert (await release.gate.intent(release.intent.id))["status"] == "ROLLED_BACK"
    assert len(await release.gate.permits()) == 3


async def test_going_back_is_no_way_around_an_approval(release: Release) -> None:
    ivy = await release.make.person("ivy", Role.INCIDENT_RESPONDER)
    never = await release.make.version(release.model, "1", metrics={"recall": 0.99})
    await release.gate.ask(release.dev, release.new, back_to=never)
    before = await release.gate.counts()
    with pytest.raises(Refused, match="version 1 as it is was never let to PRODUCTION") as refused:
        await roll_back(release, ivy)
    assert (refused.value.code, await release.gate.counts()) == (Code.WRONG_STATE, before)


async def test_a_target_that_was_made_again_under_its_name_is_another(release: Release) -> None:
    ivy = await release.make.person("ivy", Role.INCIDENT_RESPONDER)
    await release.gate.change("UPDATE model_versions SET digest = 'other' WHERE id = :id", id=release.old.id)
    with pytest.raises(Refused, match="version 2 as it is was never let to PRODUCTION"):
        await roll_back(release, ivy)
    assert len(await release.gate.permits()) == 2


async def test_who_may_not_halt_and_machines_do_not_go_back(release: Release) -> None:
    robot = await release.make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    before = await release.gate.counts()
    for who in (release.dev, robot):
        with pytest.raises(Refused) as refused:
            await roll_back(release, who)
        assert refused.value.code is Code.FORBIDDEN
    ivy = await release.make.person("ivy", Role.INCIDENT_RESPONDER)
    await release.make.take_roles(ivy)
    before = await release.gate.counts()
    with pytest.raises(Refused) as refused:
        await roll_back(release, ivy)
    assert (refused.value.code, await release.gate.counts()) == (Code.FORBIDDEN, before)
