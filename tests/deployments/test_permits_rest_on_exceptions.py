"""A permit is worth nothing from the instant at which an exception that it rests on ends, whoever has seen that."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from hub.approvals import actions as approvals
from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.deployments.permits import envelope
from hub.deployments.permits.statement import Revoked
from hub.deployments.permits.unfit import Fault, Unfit
from hub.exceptions.life import actions as life
from hub.exceptions.rules import Control
from hub.exceptions.tables import PolicyException
from hub.models.tables import ModelVersion
from hub.people.tables import Role
from tests.asking import Ask
from tests.deployments.gates import Gate
from tests.deployments.wishes import Story
from tests.make import Make

PERMITS = """{ counting: permits(first: 10, filter: {inForce: true}) { nodes { id } }
  revoked: permits(first: 10, filter: {revoked: true}) { nodes { revokedAt revokedWhy } } }"""


class Rests(Story):
    """Two versions below the recall that is wanted, each let through under the same exception."""

    other: ModelVersion
    exception: PolicyException

    async def under(self, gate: Gate, make: Make, **asked: Any) -> "Rests":
        await self.begin(make, recall=0.5)
        self.other = await make.version(
            self.model, "4", author="author", metrics={"recall": 0.6}, card={"factors": "Age."}
        )
        self.exception = await make.exception(self.policy, self.model, **asked)
        await gate.work()
        await self.approved(gate)
        self.version, self.other = self.other, self.version
        await self.approved(gate)
        return self


async def listed(door: httpx2.AsyncClient, clock: SetClock) -> tuple[Revoked, ...]:
    """What anybody is told to count no more."""
    known = envelope.public_keys((await door.get("/permits/keys")).content)
    reply = await door.get("/permits/revocations")
    return envelope.verify_revocations(reply.content, known, now=clock.now()).revoked


async def fault(door: httpx2.AsyncClient, permit: dict[str, Any], at: datetime) -> Fault | None:
    """What is wrong with a permit for whoever verifies it by what is served."""
    known = envelope.public_keys((await door.get("/permits/keys")).content)
    revocations = (await door.get("/permits/revocations")).content
    try:
        envelope.verify(permit["envelope"], known, now=at, revocations=revocations)
    except Unfit as unfit:
        return unfit.fault
    return None


async def taken_back(gate: Gate, make: Make, exception: PolicyException) -> None:
    judge = await make.person("judge", Role.POLICY_OWNER)
    async with gate.db.write(actor=judge.person_id, operation="op") as tx:
        await life.revoke(tx, judge, exception.id, reason="A leak.")


async def resolved(gate: Gate, make: Make, exception: PolicyException) -> None:
    judge = await make.person("judge", Role.POLICY_OWNER)
    async with gate.db.write(actor=judge.person_id, operation="op") as tx:
        await life.resolve(tx, judge, exception.id, note="Needed no more.")


@pytest.mark.parametrize(("end", "status"), [(taken_back, "REVOKED"), (resolved, "RESOLVED")])
async def test_every_permit_under_it_is_on_the_list_once_an_exception_is_ended_though_no_job_ran(
    door: httpx2.AsyncClient, ask: Ask, gate: Gate, make: Make, clock: SetClock, end: Any, status: str
) -> None:
    story = await Rests().under(gate, make)
    permits = await gate.permits()
    assert [await fault(door, one, clock.now()) for one in permits] == [None, None]
    clock.move(timedelta(hours=1))
    await end(gate, make, story.exception)
    assert [await fault(door, one, clock.now()) for one in permits] == [Fault.REVOKED] * 2
    why = f"the exception that it rests on is {status}"
    assert [(one.permit, one.at, one.why) for one in await listed(door, clock)] == [
        (str(one["id"]), clock.now(), why) for one in permits
    ]
    # The graph, and whoever asks by it, says the same; nobody has written to the permits.
    told = {"revokedAt": "2026-11-21T13:00:00+00:00", "revokedWhy": why}
    assert await ask(story.dev, PERMITS) == {"counting": {"nodes": []}, "revoked": {"nodes": [told] * 2}}
    assert [one["revoked_at"] for one in await gate.permits()] == [None, None]
    # The job asks again, and what follows is recorded: it halts both.
    clock.move(timedelta(minutes=1))
    await gate.work("reask_checks")
    assert [status for status, _ in await gate.intents()] == ["HALTED", "HALTED"]
    assert [one.why for one in await listed(door, clock)] == ["halted", "halted"]
    assert (await make.events()).count("permit.revoked") == 2


async def test_a_permit_that_is_signed_while_its_exception_is_revoked_is_worth_nothing_from_the_start(
    door: httpx2.AsyncClient, gate: Gate, make: Make, clock: SetClock
) -> None:
    story = await Story().begin(make, recall=0.5)
    exception = await make.exception(story.policy, story.model)
    await gate.work()
    asked = await gate.ask(story.dev, story.version)
    assert asked.approval_request_id is not None
    await gate.sign(story.rita, asked.approval_request_id)
    judge = await make.person("judge", Role.POLICY_OWNER)
    async with gate.db.write(actor=story.carl.person_id, operation="slow") as tx:
        await approvals.sign(
            tx, story.carl, asked.approval_request_id, decision=SignOffDecision.APPROVE, comment="Looked at."
        )
        async with gate.db.write(actor=judge.person_id, operation="op") as other:
            await life.revoke(other, judge, exception.id, reason="A leak.")
    (permit,) = await gate.permits()
    assert await fault(door, permit, clock.now()) is Fault.REVOKED


async def test_a_control_that_another_version_turned_red_voids_the_permits_of_all_until_it_holds_again(
    door: httpx2.AsyncClient, gate: Gate, make: Make, clock: SetClock
) -> None:
    floor = await make.policy("floor", rule="metrics.recall >= 0.4")
    story = await Rests().under(gate, make, controls=(Control("Nobody uses it.", policy_id=floor.policy_id),))
    third = await make.version(story.model, "5", author="author", metrics={"recall": 0.9}, card={"factors": "Age."})
    permits = await gate.permits()
    assert [await fault(door, one, clock.now()) for one in permits] == [None, None]
    await gate.measure(third, 0.1)
    await gate.evaluate(third)
    assert [await fault(door, one, clock.now()) for one in permits] == [Fault.REVOKED] * 2
    assert {one.why for one in await listed(door, clock)} == {"the exception that it rests on is SUSPENDED"}
    # Nobody halted them meanwhile: what they rest on is in force again.
    await gate.measure(third, 0.9)
    await gate.evaluate(third)
    assert [await fault(door, one, clock.now()) for one in permits] == [None, None]


async def test_a_permit_ends_with_the_first_of_its_exceptions_by_its_own_date(
    door: httpx2.AsyncClient, gate: Gate, make: Make, clock: SetClock
) -> None:
    ends = make.now + timedelta(days=2)
    await Rests().under(gate, make, expires_at=ends)
    permits = await gate.permits()
    assert [one["expires_at"] for one in permits] == [ends, ends]
    clock.move(timedelta(days=2) - timedelta(microseconds=1))
    assert [await fault(door, one, clock.now()) for one in permits] == [None, None]
    clock.move(timedelta(microseconds=1))
    assert [await fault(door, one, clock.now()) for one in permits] == [Fault.EXPIRED] * 2
    assert await listed(door, clock) == ()


async def test_a_permit_ends_when_a_control_under_it_is_to_be_attested(
    door: httpx2.AsyncClient, ask: Ask, gate: Gate, make: Make, clock: SetClock
) -> None:
    story = await Rests().under(gate, make, controls=(Control("A person looks.", attest_every_days=3),))
    permits = await gate.permits()
    due = make.now + timedelta(days=3)
    assert [one["expires_at"] for one in permits] == [due, due]
    clock.move(timedelta(days=3))
    assert [await fault(door, one, clock.now()) for one in permits] == [Fault.EXPIRED] * 2
    # It ended by itself: nobody has taken it back.
    assert await ask(story.dev, PERMITS) == {"counting": {"nodes": []}, "revoked": {"nodes": []}}


async def test_asked_again_a_release_without_a_worthy_permit_is_not_given_the_old_one(
    gate: Gate, make: Make, clock: SetClock
) -> None:
    story = await Rests().under(gate, make)
    clock.move(timedelta(hours=1))
    await taken_back(gate, make, story.exception)
    again = await gate.ask(story.dev, story.version)
    assert again.status == "HALTED"
    before, after = await gate.permits()
    assert {str(before["revoked_why"]), str(after["revoked_why"])} == {"halted: recall not kept", "None"}
