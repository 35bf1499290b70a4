"""Who decides a policy change, which text, and once: nobody publishes their own."""

import asyncio

import pytest

from hub.db import Db
from hub.errors import Code, Refused
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import Discipline, PersonKind, Role
from hub.policies.changes import actions
from hub.policies.tables import ChangeStatus, PolicyChange
from tests.make import Make
from tests.policies.desk import Desk, refused


async def test_nobody_decides_their_own_change(desk: Desk, make: Make, ada: Principal) -> None:
    change = await desk.in_review(ada)
    await refused(make, desk.decide(ada, change.id), Code.SAME_PERSON, "change")
    await refused(make, desk.decide(ada, change.id, approve=False), Code.SAME_PERSON, "change")
    assert await make.count("policy_versions") == 0


async def test_nobody_decides_their_own_change_under_a_second_identity(
    desk: Desk, make: Make, db: Db, ada: Principal
) -> None:
    change = await desk.in_review(ada)
    twin = await make.person("ada.l", Role.POLICY_OWNER)
    mail = await make.person("lovelace", Role.POLICY_OWNER, email="ADA@corp")
    async with db.write(actor=None, operation="make") as tx:
        await people.link_identity(tx, None, person_id=ada.person_id, issuer="https://idp", subject="Ada.L")
        await people.link_identity(tx, None, person_id=ada.person_id, issuer="https://git", subject="ada@corp")
    for who in (twin, mail):
        await refused(make, desk.decide(who, change.id), Code.SAME_PERSON, "change")


async def test_a_service_account_decides_nothing_whatever_it_was_granted(
    desk: Desk, make: Make, ada: Principal
) -> None:
    change = await desk.in_review(ada)
    robot = await make.person("ci", Role.SERVICE, kind=PersonKind.SERVICE)
    await refused(make, desk.decide(robot, change.id), Code.FORBIDDEN)
    await make.grant_anyway(robot, Role.POLICY_OWNER)
    await refused(make, desk.decide(await make.principal(robot), change.id), Code.SAME_PERSON, "change")


async def test_who_left_or_lost_the_role_decides_nothing_as_of_now(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    change = await desk.in_review(ada)
    gone = await make.person("gone", Role.POLICY_OWNER)
    await make.take_roles(ben)
    await make.deactivate(gone)
    await refused(make, desk.decide(ben, change.id), Code.FORBIDDEN)
    await refused(make, desk.decide(gone, change.id), Code.FORBIDDEN)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.MODEL_OWNER, Role.AUDITOR, Role.EXECUTIVE, Role.DATA_STEWARD])
async def test_who_may_not_propose_or_decide_is_told_so(desk: Desk, make: Make, ada: Principal, role: Role) -> None:
    change = await desk.in_review(ada)
    who = await make.person("who", role)
    for doing in (desk.propose(who), desk.submit(who, change.id), desk.shadow(who, change.id)):
        await refused(make, doing, Code.FORBIDDEN)
    await refused(make, desk.decide(who, change.id), Code.FORBIDDEN)


async def test_an_admin_proposes_and_approves_nothing(desk: Desk, make: Make, ada: Principal) -> None:
    root = await make.person("root", Role.ADMIN)
    await desk.propose(root, "Mine.", key="other")
    await refused(make, desk.decide(root, (await desk.in_review(ada)).id), Code.FORBIDDEN)


async def test_an_approver_of_any_discipline_may_decide_and_the_owner_too(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    lea = await make.person("lea", disciplines=[Discipline.COMPLIANCE])
    await desk.published(ada, lea)
    await desk.published(ben, ada, rule="metrics.recall >= 0.95")
    policy = await desk.policy()
    assert policy["owner_id"] == ada.person_id


async def test_what_a_machine_proposed_is_owned_by_who_let_it_in_force(desk: Desk, make: Make, ben: Principal) -> None:
    robot = await make.person("ci", Role.SERVICE, kind=PersonKind.SERVICE)
    await desk.published(robot, ben)
    assert (await desk.policy())["owner_id"] == ben.person_id


async def test_a_rejected_first_change_leaves_a_draft(desk: Desk, make: Make, ada: Principal, ben: Principal) -> None:
    await make.model("diagnosis")
    change = await desk.in_review(ada)
    done = await desk.decide(ben, change.id, approve=False)
    assert done.status is ChangeStatus.REJECTED
    policy = await desk.policy()
    assert (policy["status"], policy["current_version_id"]) == ("DRAFT", None)
    assert await desk.bound() == set()
    await refused(make, desk.decide(ben, change.id), Code.WRONG_STATE, "change")


async def test_a_rejection_says_why(desk: Desk, make: Make, ada: Principal, ben: Principal) -> None:
    change = await desk.in_review(ada)

    async def silent() -> None:
        async with desk.db.write(actor=ben.person_id, operation="op") as tx:
            await actions.decide(tx, ben, change.id, approve=False, note=" ")

    await refused(make, silent(), Code.BAD_INPUT, "note")


async def test_what_was_revised_since_it_was_read_is_not_decided(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    change = await desk.in_review(ada)
    seen = change.digest
    revised = await desk.revise(ada, change.id, rule="metrics.recall >= 0.1")
    assert (revised.status, revised.submitted_at) == (ChangeStatus.DRAFT, None)
    assert revised.digest != seen
    assert (await desk.policy())["status"] == "DRAFT"
    await refused(make, desk.decide(ben, change.id, digest_seen=seen), Code.STALE, "digestSeen")
    await refused(make, desk.decide(ben, change.id, digest_seen=revised.digest), Code.WRONG_STATE, "change")
    await desk.submit(ada, change.id)
    await refused(make, desk.decide(ben, change.id, digest_seen=seen), Code.STALE, "digestSeen")
    done = await desk.decide(ben, change.id, digest_seen=revised.digest)
    assert done.status is ChangeStatus.PUBLISHED
    rule = await desk.db.reads.fetchval("SELECT rule FROM policy_versions")
    assert rule == "metrics.recall >= 0.1"


async def test_another_summary_is_another_digest_because_reviewers_read_it(desk: Desk, ada: Principal) -> None:
    change = await desk.in_review(ada)
    before = change.digest
    same = await desk.revise(ada, change.id)
    assert (same.digest, same.status) == (before, ChangeStatus.IN_REVIEW)
    assert (await desk.revise(ada, change.id, summary="Stricter.")).digest != before


async def test_a_draft_is_not_decided(desk: Desk, make: Make, ada: Principal, ben: Principal) -> None:
    change = await desk.propose(ada)
    await refused(make, desk.decide(ben, change.id), Code.WRONG_STATE, "change")


async def test_publishing_one_change_makes_the_others_stale(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    mine, theirs = await desk.in_review(ada), await desk.in_review(ben, tags=("eu",))
    await desk.shadow(ben, theirs.id)
    lea = await make.person("lea", Role.POLICY_OWNER)
    await desk.decide(lea, mine.id)
    assert await desk.statuses() == ["PUBLISHED", "STALE"]
    assert await make.count("policy_changes", "shadow") == 0
    for doing in (
        desk.decide(lea, theirs.id),
        desk.revise(ben, theirs.id, tags=("us",)),
        desk.submit(ben, theirs.id),
        desk.shadow(ben, theirs.id),
        desk.withdraw(ben, theirs.id),
    ):
        await refused(make, doing, Code.STALE, "change")
    assert (await make.events()).count("policy.change_stale") == 1


async def test_a_publication_without_review_makes_open_changes_stale_too(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    change = await desk.in_review(ada)
    await make.policy(by=ada, rule="metrics.recall >= 0.5")
    assert await desk.statuses() == ["STALE"]
    await refused(make, desk.decide(ben, change.id), Code.STALE, "change")


async def test_a_change_over_another_base_is_stale_even_if_nobody_said_so(
    desk: Desk, make: Make, db: Db, ada: Principal, ben: Principal
) -> None:
    await desk.published(ada, ben)
    change = await desk.in_review(ada, tags=("eu",))
    async with db.write(actor=None, operation="make") as tx:
        row = await tx.session.get_one(PolicyChange, change.id)
        row.base_version_id = None
    await refused(make, desk.decide(ben, change.id), Code.STALE, "change")


async def test_two_who_decide_at_once_publish_one_version(desk: Desk, make: Make, ada: Principal) -> None:
    change = await desk.in_review(ada)
    judges = [await make.person(f"judge{n}", Role.POLICY_OWNER) for n in range(4)]
    done = await asyncio.gather(*(desk.decide(judge, change.id) for judge in judges), return_exceptions=True)
    codes = sorted(
        one.code if isinstance(one, Refused) else "DONE" for one in done if not isinstance(one, PolicyChange)
    )
    assert codes == [Code.WRONG_STATE] * 3
    assert await make.count("policy_versions") == 1
    assert (await make.events()).count("policy.published") == 1


async def test_two_changes_approved_at_once_publish_one_version(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    one, two = await desk.in_review(ada), await desk.in_review(ben, tags=("eu",))
    done = await asyncio.gather(desk.decide(ben, one.id), desk.decide(ada, two.id), return_exceptions=True)
    assert sorted(type(found).__name__ for found in done) == ["PolicyChange", "Refused"]
    assert sorted(await desk.statuses()) == ["PUBLISHED", "STALE"]
    assert await make.count("policy_versions") == 1


async def test_two_first_proposals_of_one_key_at_once_make_one_policy(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    await asyncio.gather(desk.propose(ada), desk.propose(ben))
    assert await make.count("policies") == 1
    assert await desk.statuses() == ["DRAFT", "DRAFT"]


async def test_a_rule_that_no_longer_compiles_is_not_published(
    desk: Desk, make: Make, db: Db, ada: Principal, ben: Principal
) -> None:
    change = await desk.in_review(ada)
    async with db.write(actor=None, operation="make") as tx:
        row = await tx.session.get_one(PolicyChange, change.id)
        row.wording = {**(row.wording or {}), "rule": "metrics.recall >="}
    await refused(make, desk.decide(ben, change.id), Code.BAD_RULE, "rule")
    assert await desk.statuses() == ["IN_REVIEW"]


async def test_what_is_being_decided_is_neither_revised_nor_withdrawn_meanwhile(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    change = await desk.in_review(ada)
    async with desk.db.write(actor=ben.person_id, operation="op") as tx:
        await actions.decide(tx, ben, change.id, approve=False, note="No.")
        late = asyncio.gather(
            desk.withdraw(ada, change.id), desk.revise(ada, change.id, tags=("eu",)), return_exceptions=True
        )
        assert await make.waits(late)
    assert [error.code for error in await late if isinstance(error, Refused)] == [Code.WRONG_STATE] * 2
    assert await desk.statuses() == ["REJECTED"]
