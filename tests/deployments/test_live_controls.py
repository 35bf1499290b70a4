"""The gate and what an exception rests on: a control that turns red, an exception that ended while nobody looked."""

from datetime import timedelta
from typing import Any

import pytest

from hub.clock import SetClock
from hub.exceptions.rules import Control
from hub.exceptions.tables import PolicyException
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint
from tests.asking import Ask
from tests.deployments.gates import Gate
from tests.deployments.wishes import Story
from tests.make import Make

REQUEST = """mutation($version: ID!) {
  requestDeployment(input: {version: $version, stage: PRODUCTION, reason: "Better."}) {
    ... on DeploymentRequested { intent { id status statusWhy checks(first: 10) { nodes {
      policy { key } outcome explanation suspension exception { id } } } } }
    ... on Refusal { code why } } }"""


async def waived(make: Make, **asked: Any) -> tuple[Story, PolicyException]:
    """A version below the recall that is wanted, waived as long as it stays above the floor."""
    story = await Story().begin(make, recall=0.5)
    await make.policy("other", rule="metrics.recall >= 0.0")
    floor = await make.policy("floor", rule="metrics.recall >= 0.4")
    control = Control("Below 0.4 nobody uses it.", policy_id=floor.policy_id)
    return story, await make.exception(story.policy, story.model, **{"controls": (control,), **asked})


def because(exception: PolicyException, control: str, why: str) -> str:
    return f'exception {exception.id} would waive it but is suspended: its control "{control}" does not hold: {why}'


async def test_a_compensating_control_turns_red_and_the_gate_closes(gate: Gate, make: Make, clock: SetClock) -> None:
    story, exception = await waived(make)
    await gate.work()
    asked = await gate.ask(story.dev, story.version)
    assert asked.status == "AWAITING_APPROVAL"
    await gate.measure(story.version, 0.3)
    asked = await gate.ask(story.dev, story.version)
    red = because(exception, "Below 0.4 nobody uses it.", "floor is FAIL for version 3 in PRODUCTION")
    assert (asked.status, asked.status_why) == ("BLOCKED", f"blocked by floor (FAIL), recall (FAIL); {red}")
    await gate.measure(story.version, 0.5)
    assert (await gate.ask(story.dev, story.version)).status == "AWAITING_APPROVAL"


@pytest.mark.parametrize("point", [DecisionPoint.MONITOR, DecisionPoint.DEPLOY])
async def test_what_was_approved_under_it_is_halted_and_may_come_again(
    gate: Gate, make: Make, clock: SetClock, point: DecisionPoint
) -> None:
    story, exception = await waived(make)
    await gate.work()
    intent = await story.approved(gate)
    assert intent["status"] == "APPROVED"
    clock.move(timedelta(hours=1))
    await gate.measure(story.version, 0.3)
    await gate.evaluate(story.version, point)
    red = because(exception, "Below 0.4 nobody uses it.", "floor is FAIL for version 3 in PRODUCTION")
    assert await gate.intents() == [
        (
            "HALTED",
            "floor: not kept: metrics.recall is 0.3, allowed >= 0.4; recall: not kept: metrics.recall is 0.3, allowed"
            f" >= 0.9; {red}; no rollback target is known; take it out of use",
        )
    ]
    (permit,) = await gate.permits()
    assert permit["revoked_why"] == "halted: floor, recall not kept"
    clock.move(timedelta(hours=1))
    await gate.measure(story.version, 0.5)
    await gate.evaluate(story.version, point)
    await gate.work()
    assert (await story.approved(gate))["status"] == "APPROVED"


async def test_another_version_under_the_same_exception_is_halted_too(gate: Gate, make: Make) -> None:
    story, exception = await waived(make)
    other = await make.version(story.model, "4", author="author", metrics={"recall": 0.6}, card={"factors": "Age."})
    await gate.work()
    assert (await story.approved(gate))["status"] == "APPROVED"
    await gate.measure(other, 0.2)
    await gate.evaluate(other)
    await gate.work("reask_checks")
    ((status, why),) = await gate.intents()
    red = because(exception, "Below 0.4 nobody uses it.", "floor is FAIL for version 4 in PRODUCTION")
    assert (status, red in why) == ("HALTED", True)


async def test_a_control_that_nobody_attested_closes_the_gate_by_its_date_alone(
    gate: Gate, make: Make, clock: SetClock
) -> None:
    story, exception = await waived(make, controls=(Control("A person looks.", attest_every_days=7),))
    assert (await gate.ask(story.dev, story.version)).status == "AWAITING_APPROVAL"
    clock.move(timedelta(days=7))
    asked = await gate.ask(story.dev, story.version)
    stale = because(exception, "A person looks.", "not attested by 2026-11-28 12:00 UTC")
    assert (asked.status, asked.status_why) == ("BLOCKED", f"blocked by recall (FAIL); {stale}")


async def test_the_gate_tells_in_the_graph_what_is_suspended(ask: Ask, gate: Gate, make: Make) -> None:
    story, exception = await waived(make)
    await gate.work()
    await gate.measure(story.version, 0.3)
    intent = (await ask(story.dev, REQUEST, version=f"ModelVersion:{story.version.id}"))["requestDeployment"]["intent"]
    red = because(exception, "Below 0.4 nobody uses it.", "floor is FAIL for version 3 in PRODUCTION")
    assert {one["policy"]["key"]: one["suspension"] for one in intent["checks"]["nodes"]} == {
        "floor": None,
        "other": None,
        "recall": red,
    }


async def test_an_exception_that_expired_yesterday_closes_the_gate_though_no_clock_ticked(
    ask: Ask, make: Make, clock: SetClock
) -> None:
    story, exception = await waived(make, expires_at=make.now + timedelta(days=2))
    reader = await make.person("reader", Role.DEVELOPER)

    async def asked() -> dict[str, Any]:
        answer = await ask(reader, REQUEST, version=f"ModelVersion:{story.version.id}")
        found: dict[str, Any] = answer["requestDeployment"]["intent"]
        return found

    def recall(intent: dict[str, Any]) -> tuple[str, object]:
        (one,) = [check for check in intent["checks"]["nodes"] if check["policy"]["key"] == "recall"]
        return one["outcome"], one["exception"]

    open_ = await asked()
    assert (open_["status"], recall(open_)) == (
        "AWAITING_APPROVAL",
        ("WAIVED", {"id": f"PolicyException:{exception.id}"}),
    )
    # Nothing is done by any worker or clock from here on.
    clock.move(timedelta(days=2) - timedelta(microseconds=1))
    assert (await asked())["status"] == "AWAITING_APPROVAL"
    clock.move(timedelta(microseconds=1))
    assert (await asked())["status"] == "BLOCKED"
    clock.move(timedelta(days=1))
    shut = await asked()
    assert (shut["status"], shut["statusWhy"], recall(shut)) == ("BLOCKED", "blocked by recall (FAIL)", ("FAIL", None))
