"""A release rests on the row of the matrix that is in force: another row, and it is asked anew."""

import asyncio

from hub.deployments import actions
from hub.models.tables import Stage
from hub.people.tables import Discipline
from tests.approvals.matrix.desk import HIGH, Desk, content
from tests.deployments.gates import Gate
from tests.deployments.wishes import Story
from tests.make import Make
from tests.steps import sign_off

RISK, COMPLIANCE, LEGAL = Discipline.RISK, Discipline.COMPLIANCE, Discipline.LEGAL
STRICTER = content(sign_off(3, (RISK, COMPLIANCE, LEGAL)))


async def test_what_was_allowed_under_another_row_is_stale_and_its_permit_revoked(gate: Gate, make: Make) -> None:
    story, desk = await Story().begin(make), Desk(gate.db, make)
    desk.ada = await make.person("ada", disciplines=[LEGAL])
    intent = await story.approved(gate)
    assert intent["status"] == "APPROVED"
    await desk.signed(await desk.propose(HIGH, STRICTER), story.rita, story.carl)
    why = "changed since it was asked: approval rule; ask again"
    assert await gate.intents() == [("STALE", why)]
    (permit,) = await gate.permits()
    assert (permit["revoked_at"], permit["revoked_why"]) == (make.now, "content changed: approval rule")


async def test_what_waited_for_an_answer_under_another_row_is_stale(gate: Gate, make: Make) -> None:
    story, desk = await Story().begin(make), Desk(gate.db, make)
    desk.ada = await make.person("ada", disciplines=[LEGAL])
    await gate.ask(story.dev, story.version)
    await desk.signed(await desk.propose(HIGH, STRICTER), story.rita, story.carl)
    why = "changed since it was asked: approval rule; ask again"
    assert await gate.intents() == [("STALE", why)]


async def test_a_release_and_a_change_at_once_leave_no_permit_under_the_old_row(gate: Gate, make: Make) -> None:
    story, desk = await Story().begin(make), Desk(gate.db, make)
    desk.ada = await make.person("ada", disciplines=[LEGAL])
    asked = await gate.ask(story.dev, story.version)
    await gate.sign(story.rita, asked.approval_request_id)
    change = await desk.propose(HIGH, STRICTER)
    await desk.sign(story.rita, change)
    await asyncio.gather(
        gate.sign(story.carl, asked.approval_request_id), desk.sign(story.carl, change), return_exceptions=True
    )
    await gate.work("decide_deployment")
    assert await desk.status(change) == "APPLIED"
    assert [status for status, _ in await gate.intents()] == ["STALE"]
    assert [permit for permit in await gate.permits() if permit["revoked_at"] is None] == []


async def test_a_change_waits_for_a_decision_that_is_under_way(gate: Gate, make: Make) -> None:
    story, desk = await Story().begin(make), Desk(gate.db, make)
    desk.ada = await make.person("ada", disciplines=[LEGAL])
    change = await desk.propose(HIGH, STRICTER)
    await desk.sign(story.rita, change)
    async with gate.db.write(actor=story.dev.person_id, operation="op") as tx:
        await actions.request(tx, story.dev, story.version.id, Stage.PRODUCTION, reason="Better.")
        applying = asyncio.ensure_future(desk.sign(story.carl, change))
        assert await make.waits(applying)
    await applying
    assert [status for status, _ in await gate.intents()] == ["STALE"]
