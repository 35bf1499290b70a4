"""What is asked of a version in use neither keeps it from being asked for, nor ends a release that keeps its rules."""

from hub.policies.tables import DecisionPoint
from tests.deployments.gates import Gate
from tests.deployments.wishes import Story
from tests.make import Make

IN_USE = (DecisionPoint.DEPLOY, DecisionPoint.MONITOR)


async def test_a_version_that_was_monitored_before_it_was_approved_may_still_be_approved(
    gate: Gate, make: Make
) -> None:
    story = await Story().begin(make)
    await make.policy("approved", rule="deployment.approved == true", decision_points=IN_USE)
    await gate.evaluate(story.version, DecisionPoint.MONITOR)
    asked = await gate.ask(story.dev, story.version)
    assert (asked.status, asked.status_why) == ("AWAITING_APPROVAL", "waits for approval")
    await gate.sign(story.rita, asked.approval_request_id)
    await gate.sign(story.carl, asked.approval_request_id)
    assert (await gate.intents())[0][0] == "APPROVED"


async def test_the_first_look_at_a_version_in_use_leaves_its_permit(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    await make.policy("drift", rule="metrics.recall >= 0.1", decision_points=(DecisionPoint.MONITOR,))
    asked = await gate.ask(story.dev, story.version)
    await gate.sign(story.rita, asked.approval_request_id)
    await gate.sign(story.carl, asked.approval_request_id)
    await gate.evaluate(story.version, DecisionPoint.MONITOR)
    assert await make.count("check_results", "decision_point = 'MONITOR'") >= 1
    assert (await gate.intents())[0][0] == "APPROVED"
    assert [permit["revoked_at"] for permit in await gate.permits()] == [None]
