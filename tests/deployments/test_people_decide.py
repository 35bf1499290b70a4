"""What people do to a wish: sign it, refuse it, lose their role, take it back."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.deployments import actions
from hub.errors import Code, Refused
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint
from tests.deployments.gates import Gate
from tests.deployments.wishes import Story
from tests.make import Make


async def test_two_signatures_for_two_versions_of_a_model_at_once_both_count(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    other = await make.version(story.model, "4", metrics={"recall": 0.95})
    asked = [await gate.ask(story.dev, version) for version in (story.version, other)]
    for one in asked:
        await gate.sign(story.rita, one.approval_request_id)
    await gate.measure(other, 0.96)
    await asyncio.gather(
        *(gate.sign(story.carl, one.approval_request_id) for one in asked),
        gate.evaluate(story.version, DecisionPoint.PROMOTE),
    )
    await gate.work("decide_deployment")
    assert [status for status, _ in await gate.intents()] == ["APPROVED", "APPROVED"]
    assert await make.count("permits") == 2


async def test_a_signature_while_the_version_is_held_is_followed_up_by_a_job(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    asked = await gate.ask(story.dev, story.version)
    await gate.sign(story.rita, asked.approval_request_id)
    async with gate.db.write(actor=None, operation="elsewhere") as tx:
        held = text("SELECT id FROM model_versions WHERE id = :id FOR UPDATE")
        await tx.session.execute(held, {"id": story.version.id})
        await gate.sign(story.carl, asked.approval_request_id)
        assert (await gate.intents())[0][0] == "AWAITING_APPROVAL"
    assert await gate.work("decide_deployment") == ["urgent.decide_deployment"]
    assert (await gate.intents())[0][0] == "APPROVED"
    assert await make.count("permits") == 1


async def test_a_signer_who_lost_the_role_before_the_job_ran_counts_no_more(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    asked = await gate.ask(story.dev, story.version)
    await gate.sign(story.rita, asked.approval_request_id)
    async with gate.db.write(actor=None, operation="elsewhere") as tx:
        held = text("SELECT id FROM model_versions WHERE id = :id FOR UPDATE")
        await tx.session.execute(held, {"id": story.version.id})
        await gate.sign(story.carl, asked.approval_request_id)
    await make.take_roles(story.rita)
    await gate.work("decide_deployment")
    assert await gate.intents() == [("AWAITING_APPROVAL", "who signed may no longer sign for it; ask again")]
    assert await make.count("permits") == 0
    again = await gate.ask(story.dev, story.version)
    assert (again.id == asked.id, again.approval_request_id == asked.approval_request_id) == (True, False)


async def test_a_no_ends_the_wish(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    asked = await gate.ask(story.dev, story.version)
    await gate.sign(story.rita, asked.approval_request_id, SignOffDecision.REJECT)
    assert await gate.intents() == [("REJECTED", "an approver said no")]
    again = await gate.ask(story.dev, story.version)
    assert (again.id != asked.id, again.status) == (True, "AWAITING_APPROVAL")
    await gate.sign(story.carl, again.approval_request_id, SignOffDecision.REQUEST_CHANGES)
    assert (await gate.intents())[1] == ("REJECTED", "an approver asks for changes first")


async def test_a_signer_who_lost_the_role_counts_no_more_at_the_release(
    gate: Gate, make: Make, clock: SetClock
) -> None:
    story = await Story().begin(make)
    await story.approved(gate)
    clock.move(timedelta(days=8))
    await make.take_roles(story.rita)
    again = await gate.ask(story.dev, story.version)
    assert (again.status, again.status_why) == (
        "AWAITING_APPROVAL",
        "waits for approval; who signed before may no longer sign for it",
    )
    assert await gate.counts(("approval_requests", "permits")) == [2, 1]


async def test_whoever_asked_takes_it_back_with_the_question(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    asked = await gate.ask(story.dev, story.version)
    other = await make.person("other", Role.DEVELOPER)
    with pytest.raises(Refused, match="only whoever asked for it") as refused:
        async with gate.db.write(actor=other.person_id, operation="op") as tx:
            await actions.withdraw(tx, other, asked.id)
    assert refused.value.code is Code.FORBIDDEN
    async with gate.db.write(actor=story.dev.person_id, operation="op") as tx:
        await actions.withdraw(tx, story.dev, asked.id)
    assert await gate.intents() == [("WITHDRAWN", "taken back")]
    assert await gate.db.reads.fetchval("SELECT status FROM approval_requests") == "WITHDRAWN"
    with pytest.raises(Refused, match="this intent is WITHDRAWN"):
        async with gate.db.write(actor=story.dev.person_id, operation="op") as tx:
            await actions.withdraw(tx, story.dev, asked.id)


async def test_an_admin_takes_back_what_was_allowed_and_the_permit_goes(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    done = await story.approved(gate)
    admin = await make.person("admin", Role.ADMIN)
    async with gate.db.write(actor=admin.person_id, operation="op") as tx:
        await actions.withdraw(tx, admin, done["id"])
    (permit,) = await gate.permits()
    assert (permit["revoked_at"], permit["revoked_why"]) == (make.now, "withdrawn")
