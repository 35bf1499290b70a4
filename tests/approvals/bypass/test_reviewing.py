"""The review of a break-glass: by two who had no hand in it, to its end."""

from datetime import timedelta

import pytest

from hub.approvals import actions as approvals
from hub.approvals.deadlines.jobs import due, run_climb
from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.errors import Code, Refused
from hub.events.jobs import Order
from hub.people import actions as people
from hub.people.tables import Discipline, Role
from tests.approvals.bypass.emergencies import APPROVE, REJECT, Emergency


async def test_two_who_had_no_hand_in_it_find_it_justified(fire: Emergency, clock: SetClock) -> None:
    made = await fire.breaks()
    clock.move(timedelta(hours=1))
    await fire.reviews(fire.una, made)
    assert (await fire.row("break_glasses", made.id))["reviewed_at"] is None
    await fire.reviews(fire.lee, made)
    row = await fire.row("break_glasses", made.id)
    assert (row["reviewed_at"], row["justified"]) == (clock.now(), True)
    event = await fire.told("break_glass.reviewed")
    assert event["subject"]["kind"] == "break_glass"
    assert event["data"] == {
        "request": str(fire.asked.id),
        "review": str(made.review_id),
        "justified": True,
        "late": False,
    }
    # What was gone past stays so: a review is no approval of the version.
    assert (await fire.row("approval_requests", fire.asked.id))["status"] == "BYPASSED"


async def test_one_no_is_enough_to_find_it_unjustified(fire: Emergency, clock: SetClock) -> None:
    made = await fire.breaks()
    clock.move(made.review_due_at - clock.now() + timedelta(microseconds=1))
    await fire.reviews(fire.una, made, REJECT)
    row = await fire.row("break_glasses", made.id)
    assert (row["reviewed_at"], row["justified"]) == (clock.now(), False)
    data = (await fire.told("break_glass.reviewed"))["data"]
    assert (data["justified"], data["late"]) == (False, True)


@pytest.mark.parametrize("decision", [APPROVE, REJECT])
async def test_nobody_who_had_a_hand_in_it_reviews_it(fire: Emergency, decision: SignOffDecision) -> None:
    twin = await fire.make.person("twin", Role.AUDITOR, email="IVY")
    asker = await fire.make.person("asker", Role.AUDITOR, email="dev")
    linked = await fire.make.person("linked", Role.AUDITOR)
    for who in (fire.ivy, fire.dev):
        await fire.make.grant_anyway(who, Role.AUDITOR)
    made = await fire.breaks()
    # Found out only after the question was put.
    async with fire.db.write(actor=None, operation="op") as tx:
        await people.link_identity(tx, None, person_id=linked.person_id, issuer="slack", subject="ivy")
    for who in (fire.ivy, fire.dev, fire.mia, twin, asker, linked):
        with pytest.raises(Refused) as refused:
            await fire.reviews(await fire.make.principal(who), made, decision)
        assert refused.value.code is Code.SAME_PERSON, who.handle
    assert await fire.make.count("sign_offs") == 0


async def test_a_review_is_taken_back_by_nobody(fire: Emergency) -> None:
    made = await fire.breaks()
    assert made.review_id is not None
    for who in (fire.ivy, await fire.make.person("root", Role.ADMIN)):
        with pytest.raises(Refused, match="the review of a break-glass is not taken back") as refused:
            async with fire.db.write(actor=who.person_id, operation="op") as tx:
                await approvals.withdraw(tx, who, made.review_id)
        assert refused.value.code is Code.FORBIDDEN
    assert (await fire.row("approval_requests", made.review_id))["status"] == "PENDING"


async def test_a_review_ends_in_yes_or_no(fire: Emergency) -> None:
    made = await fire.breaks()
    with pytest.raises(Refused, match="what happened cannot be changed any more") as refused:
        await fire.reviews(fire.una, made, SignOffDecision.REQUEST_CHANGES)
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "decision")
    assert (await fire.row("approval_requests", made.review_id))["status"] == "PENDING"


async def test_a_review_that_nobody_gives_stays_open_whatever_the_matrix_says(fire: Emergency, clock: SetClock) -> None:
    await fire.make.rule(Discipline.LEGAL, subject_kind="break_glass", term_days=1, at_end="EXPIRE")
    made = await fire.breaks()
    clock.move(made.review_due_at - clock.now() + timedelta(days=3))
    await due(fire.db, clock.now())
    await run_climb(fire.db, Order({}, "job"))
    assert (await fire.row("approval_requests", made.review_id))["status"] == "PENDING"
    assert "approval.overdue" in await fire.make.events()
    # The matrix asks one; two must answer all the same.
    await fire.reviews(fire.lee, made)
    assert (await fire.row("break_glasses", made.id))["reviewed_at"] is None
    await fire.reviews(await fire.make.person("lou", disciplines=[Discipline.LEGAL]), made)
    assert (await fire.row("break_glasses", made.id))["justified"] is True
