"""Another owner, another tier or team, and another exception after one that has ended."""

from typing import Any
from uuid import uuid4

import pytest

from hub.clock import SetClock
from hub.errors import Code, Refused
from hub.exceptions import actions as exceptions
from hub.exceptions.life import actions
from hub.exceptions.tables import PolicyException
from hub.models import actions as models
from hub.models.tables import RiskTier
from hub.people.tables import PersonKind, Role
from tests.exceptions.living import DAY, NOON, Life


async def test_its_owner_hands_it_to_somebody_else(life: Life) -> None:
    found = await life.granted()
    nora = await life.make.person("nora", Role.DEVELOPER)
    await life.do(life.olaf, actions.assign, found.id, owner_id=nora.person_id)
    assert (await life.now(found.id)).owner_id == nora.person_id
    (told,) = await life.told("exception.moved")
    assert (told["was_owner"], told["owner"]) == (str(life.olaf.person_id), str(nora.person_id))
    assert (told["was_tier"], told["tier"], told["was_team"]) == ("HIGH", "HIGH", None)
    await life.do(nora, actions.assign, found.id, owner_id=nora.person_id)
    assert len(await life.told("exception.moved")) == 1, "nothing happens when they own it already"


async def test_only_a_person_who_is_there_owns_it(life: Life) -> None:
    found, undecided = await life.granted(), await life.asked()
    robot = await life.make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    gone = await life.make.person("gone", Role.DEVELOPER)
    admin = await life.make.person("admin", Role.ADMIN)
    await life.make.deactivate(gone)
    before = await life.make.events()
    for who, of, owner, code in (
        (life.olaf, found, robot.person_id, Code.BAD_INPUT),
        (life.olaf, found, gone.person_id, Code.BAD_INPUT),
        (life.olaf, found, uuid4(), Code.NOT_FOUND),
        (life.dev, found, life.pat.person_id, Code.FORBIDDEN),
        (life.olaf, undecided, life.pat.person_id, Code.WRONG_STATE),
    ):
        with pytest.raises(Refused) as refused:
            await life.do(who, actions.assign, of.id, owner_id=owner)
        assert refused.value.code is code
    assert await life.make.events() == before
    for who in (admin, life.rita):
        await life.do(who, actions.assign, found.id, owner_id=who.person_id)
        assert (await life.now(found.id)).owner_id == who.person_id


async def test_exceptions_that_last_follow_their_models_tier_and_team(life: Life, clock: SetClock) -> None:
    team = await life.make.team("imaging")
    waiting, granted = await life.asked(), await life.granted()
    ended = await life.granted()
    await life.do(life.rita, actions.revoke, ended.id, reason="Over.")
    expired = await life.granted(expires_at=NOON + DAY)
    clock.move(2 * DAY)
    await life.do(life.rita, models.classify, life.model.id, tier=RiskTier.MINIMAL, why="It helps with billing only.")
    for one in (waiting, granted):
        now = await life.now(one.id)
        # Half of the thirty days' head start of MEDIUM risk, as migrated rows have it.
        assert (now.tier, now.weighted_since) == (RiskTier.MINIMAL, NOON - 15 * DAY)
    for one in (ended, expired):
        now = await life.now(one.id)
        assert (now.tier, now.weighted_since) == (RiskTier.HIGH, NOON - 60 * DAY)
    told = await life.told("exception.moved")
    assert [(one["was_tier"], one["tier"], one["was_owner"]) for one in told] == [
        ("HIGH", "MINIMAL", str(life.olaf.person_id))
    ] * 2
    await life.do(life.olaf, models.set_owner, life.model.id, owner_id=life.olaf.person_id, team_id=team.id)
    assert (await life.now(granted.id)).team_id == team.id
    last = (await life.told("exception.moved"))[-1]
    assert (last["was_team"], last["team"]) == (None, str(team.id))
    await life.do(life.olaf, models.set_owner, life.model.id, owner_id=life.dev.person_id)
    assert len(await life.told("exception.moved")) == 4, "another owner of the model moves none"


async def test_the_tier_is_no_part_of_what_is_signed(life: Life) -> None:
    asked = await life.asked()
    await life.do(life.rita, models.classify, life.model.id, tier=RiskTier.LIMITED, why="Advice only.")
    await life.do(life.pat, exceptions.decide, asked.id, approve=True, note="Weighed.")
    assert await life.status(asked.id) == "ACTIVE"


async def renewal(life: Life, before: Any, **asked: Any) -> PolicyException:
    return await life.asked(renewed_from_id=before, **asked)


async def test_what_has_expired_is_asked_for_afresh_and_prefills_nothing(life: Life, clock: SetClock) -> None:
    found = await life.granted(justification="The first scans are late.")
    clock.move(31 * DAY)
    made = await renewal(life, found.id)
    assert (made.renewed_from_id, made.state, made.extensions_used) == (found.id, "SUBMITTED", 0)
    assert made.justification == "More cases arrive next month."
    assert await life.covering() is None


async def test_only_an_ended_one_from_the_same_policy_for_the_same_model_is_renewed(
    life: Life, clock: SetClock
) -> None:
    lasting = await life.granted()
    ended = await life.granted()
    await life.do(life.rita, actions.revoke, ended.id, reason="Over.")
    model, policy = life.model, life.policy
    restricted = await life.make.model(restricted=True, owner=life.olaf)
    life.model = restricted
    hidden = await life.do(life.olaf, exceptions.request, life.make.deviation(policy, restricted, life.olaf))
    life.model = model
    other = await life.make.policy("other", by=life.pat, longest_exception_days=90)
    elsewhere = await life.make.model()
    count = await life.make.count("policy_exceptions")
    for before, of, on, code, why in (
        (lasting.id, policy, model, Code.WRONG_STATE, "it lasts still; extend it with extendException"),
        (ended.id, other, model, Code.BAD_INPUT, "is for another policy"),
        (ended.id, policy, elsewhere, Code.BAD_INPUT, "is for another model"),
        (hidden.id, policy, model, Code.NOT_FOUND, "there is no such exception"),
        (uuid4(), policy, model, Code.NOT_FOUND, "there is no such exception"),
    ):
        life.policy, life.model = of, on
        with pytest.raises(Refused, match=why) as refused:
            await renewal(life, before)
        assert (refused.value.code, refused.value.field) == (code, "renewedFrom")
    assert await life.make.count("policy_exceptions") == count
    life.policy, life.model = policy, model
    assert (await renewal(life, ended.id)).renewed_from_id == ended.id
