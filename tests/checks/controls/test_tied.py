"""A control that is tied to a policy is red whenever that does not pass, and the exception covers nothing then."""

import asyncio
from datetime import timedelta

import pytest

from hub.checks.actions import evaluate
from hub.checks.compliance import store as compliance
from hub.clock import SetClock
from hub.db import Db, new_id
from hub.events.record import Subject, record
from hub.exceptions import actions as exceptions
from hub.exceptions.rules import Control
from hub.exceptions.tables import PolicyException
from hub.models import actions as models
from hub.models.tables import RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies import store as policies
from hub.policies.tables import DecisionPoint, Enforcement, PolicyStatus
from tests.checks.controls.controlled import BROKEN, KEPT, Controlled
from tests.make import Make
from tests.statements import statements


async def _decide(db: Db, judge: Principal, asked: PolicyException) -> None:
    async with db.write(actor=judge.person_id, operation="op") as tx:
        await exceptions.decide(tx, judge, asked.id, approve=True, note="Weighed.")


async def test_a_control_turns_red_and_the_same_decision_sees_it(controlled: Controlled, clock: SetClock) -> None:
    await controlled.ask()
    await controlled.grant()
    await controlled.gate.work()
    assert (await controlled.status(), await controlled.outcome()) == ("ACTIVE", "WAIVED")
    clock.move(timedelta(hours=1))
    await controlled.measure("latency", BROKEN)
    await controlled.ask()
    assert (await controlled.status(), await controlled.outcome()) == ("SUSPENDED", "FAIL")
    control = await controlled.control()
    assert control["red_since"] == clock.now()
    assert control["red_why"] == "latency is FAIL for version 3 in PRODUCTION"
    explained = await controlled.db.reads.fetchval(
        "SELECT explanation FROM check_results WHERE policy_id = $1 ORDER BY evaluated_at DESC, id DESC LIMIT 1",
        controlled.recall.policy_id,
    )
    assert explained == (
        f"not kept: metrics.recall is 0.8, allowed >= 0.9; exception {controlled.exception.id} would waive it but is"
        ' suspended: its control "Slow answers are thrown away." does not hold: latency is FAIL for version 3 in'
        " PRODUCTION"
    )
    ((kind, told),) = await controlled.told("exception.suspended")
    assert (kind, told["control"], told["granted"]) == ("exception.suspended", str(control["id"]), True)
    assert told["why"] == {
        "policy": str(controlled.latency.policy_id),
        "outcome": "FAIL",
        "version": str(controlled.version.id),
        "stage": "PRODUCTION",
    }
    clock.move(timedelta(hours=1))
    await controlled.measure("latency", KEPT)
    await controlled.ask()
    assert (await controlled.status(), await controlled.outcome()) == ("ACTIVE", "WAIVED")
    control = await controlled.control()
    assert (control["red_since"], control["red_why"]) == (None, None)
    assert await controlled.moves() == ["suspended", "resumed"]


async def test_what_else_was_waived_is_asked_again_at_once(controlled: Controlled) -> None:
    other = await controlled.add("4")
    await controlled.ask(controlled.version, other)
    await controlled.grant()
    await controlled.gate.work()
    assert [await controlled.outcome(version=one) for one in (controlled.version, other)] == ["WAIVED", "WAIVED"]
    await controlled.measure("latency", BROKEN)
    await controlled.ask()
    assert [await controlled.outcome(version=one) for one in (controlled.version, other)] == ["FAIL", "WAIVED"]
    await controlled.gate.work("reask_checks")
    assert await controlled.outcome(version=other) == "FAIL"
    await controlled.measure("latency", KEPT)
    await controlled.ask()
    await controlled.gate.work("reask_checks")
    assert [await controlled.outcome(version=one) for one in (controlled.version, other)] == ["WAIVED", "WAIVED"]


async def test_a_control_that_was_never_asked_is_red_until_it_is_confirmed(controlled: Controlled) -> None:
    await controlled.gate.change("DELETE FROM pgqueuer")
    await controlled.grant()
    assert await controlled.status() == "SUSPENDED"
    assert (await controlled.control())["red_why"] == "latency was asked of nothing that the exception covers"
    assert (await controlled.told("exception.suspended"))[0][1]["why"]["outcome"] is None
    await controlled.gate.work("confirm_controls")
    assert await controlled.status() == "ACTIVE"
    assert await controlled.moves() == ["suspended", "resumed"]


async def test_it_is_confirmed_for_all_that_the_exception_covers(controlled: Controlled) -> None:
    slow = await controlled.add("4", latency=BROKEN)
    await controlled.ask(controlled.version, slow)
    await controlled.grant(version_id=controlled.version.id)
    assert await controlled.status() == "ACTIVE"
    await controlled.grant()
    assert await controlled.status() == "SUSPENDED"
    assert (await controlled.control())["red_why"] == "latency is FAIL for version 4 in PRODUCTION"
    await controlled.measure("latency", KEPT, slow)
    await controlled.ask(slow)
    assert await controlled.status() == "ACTIVE"


@pytest.mark.parametrize(
    ("wording", "metrics", "outcome"),
    [
        ({"enforcement": Enforcement.WARNING}, BROKEN, "WARN"),
        ({"rule": "metrics.absent <= 100.0"}, KEPT, "ERROR"),
        ({"stages": (Stage.STAGING,)}, KEPT, "SKIP"),
    ],
)
async def test_whatever_is_not_a_pass_confirms_nothing(
    controlled: Controlled, make: Make, wording: dict[str, object], metrics: float, outcome: str
) -> None:
    await controlled.measure("latency", metrics)
    tied = await make.policy("tied", **{"rule": "metrics.latency <= 100.0", **wording})
    await controlled.ask()
    await controlled.grant(controls=(Control("It is quick.", policy_id=tied.policy_id),))
    assert await controlled.outcome(tied) == outcome
    assert await controlled.status() == "SUSPENDED"
    assert (await controlled.control())["red_why"] == f"tied is {outcome} for version 3 in PRODUCTION"


async def test_what_is_waived_itself_confirms_nothing(controlled: Controlled, make: Make) -> None:
    await controlled.measure("latency", BROKEN)
    await make.exception(controlled.latency, controlled.model)
    await controlled.ask()
    await controlled.grant()
    assert (await controlled.outcome(controlled.latency), await controlled.status()) == ("WAIVED", "SUSPENDED")


async def test_one_red_control_of_two_suspends_and_only_both_resume(controlled: Controlled, make: Make) -> None:
    memory = await make.policy("memory", rule="metrics.memory <= 8.0")
    await controlled.gate.change(
        "INSERT INTO version_metrics (id, version_id, name, segment, value) VALUES (:i, :v, 'memory', '', 4)",
        i=new_id(),
        v=controlled.version.id,
    )
    await controlled.ask()
    await controlled.grant(
        controls=tuple(Control(one.id.hex, policy_id=one.policy_id) for one in (controlled.latency, memory))
    )
    for metric, value in (("latency", BROKEN), ("memory", 9), ("latency", KEPT), ("memory", 4)):
        await controlled.measure(metric, value)
        await controlled.ask()
    assert await controlled.moves() == ["suspended", "control_turned", "control_turned", "resumed"]
    turned = [data["holds"] for _, data in await controlled.told("exception.control_turned")]
    assert (turned, await controlled.status()) == ([False, True], "ACTIVE")


async def test_two_that_ask_at_once_lose_no_red(controlled: Controlled) -> None:
    """One version turns green and another red, each unseen by the other's snapshot: red is what stays."""
    other = await controlled.add("4", latency=BROKEN)
    await controlled.ask(controlled.version, other)
    await controlled.grant()
    for round in range(6):
        # The one that was red heals, the one that was green breaks.
        healing, breaking = (other, controlled.version) if round % 2 == 0 else (controlled.version, other)
        await controlled.measure("latency", KEPT, healing)
        await controlled.measure("latency", BROKEN, breaking)
        await asyncio.gather(controlled.ask(healing), controlled.ask(breaking))
        assert await controlled.status() == "SUSPENDED", round
        assert (await controlled.control())["red_why"] == f"latency is FAIL for version {breaking.name} in PRODUCTION"


async def test_a_green_that_waited_sees_the_red_it_waited_for(controlled: Controlled, db: Db, make: Make) -> None:
    other = await controlled.add("4", latency=BROKEN)
    await controlled.ask(controlled.version, other)
    await controlled.grant()
    await controlled.measure("latency", BROKEN)
    await controlled.measure("latency", KEPT, other)
    async with db.write(actor=None, operation="one") as tx:
        await evaluate(tx, [controlled.version.id], DecisionPoint.MONITOR, Stage.PRODUCTION, since=tx.at)
        healing = asyncio.create_task(controlled.ask(other))
        assert await make.waits(healing)
    await healing
    assert await controlled.status() == "SUSPENDED"
    assert (await controlled.control())["red_why"] == "latency is FAIL for version 3 in PRODUCTION"


async def test_one_that_is_granted_meanwhile_does_not_miss_it(controlled: Controlled, db: Db, make: Make) -> None:
    await controlled.ask()
    asked = await controlled.grant(granted=False)
    judge = await make.person("judge", Role.POLICY_OWNER)
    await controlled.measure("latency", BROKEN)
    async with db.write(actor=None, operation="one") as tx:
        await evaluate(tx, [controlled.version.id], DecisionPoint.MONITOR, Stage.PRODUCTION, since=tx.at)
        granting = asyncio.create_task(_decide(db, judge, asked))
        assert await make.waits(granting)
    await granting
    assert await controlled.status() == "SUSPENDED"


async def test_a_policy_that_no_longer_applies_leaves_it_unconfirmed(controlled: Controlled) -> None:
    await controlled.ask()
    await controlled.grant()
    assert await controlled.status() == "ACTIVE"
    await controlled.republish(tiers=(RiskTier.MINIMAL,))
    assert await controlled.status() == "SUSPENDED"
    assert (await controlled.control())["red_why"] == "latency was asked of nothing that the exception covers"
    await controlled.republish(tiers=(RiskTier.HIGH,))
    await controlled.ask()
    assert await controlled.status() == "ACTIVE"
    ada = await controlled.make.person("ada", Role.MODEL_OWNER)
    async with controlled.db.write(actor=ada.person_id, operation="op") as tx:
        await models.classify(tx, ada, controlled.model.id, tier=RiskTier.LIMITED, why="It only sorts.")
    await controlled.gate.work("look_at_controls")
    assert await controlled.status() == "SUSPENDED"


async def test_a_policy_that_is_retired_leaves_it_unconfirmed(controlled: Controlled) -> None:
    await controlled.ask()
    await controlled.grant()
    async with controlled.db.write(actor=None, operation="op") as tx:
        await policies.hold_bindings(tx)
        await policies.change(tx, controlled.latency.policy_id, status=PolicyStatus.RETIRED)
        await record(tx, "policy.retired", Subject("policy", controlled.latency.policy_id), {})
    assert await controlled.status() == "SUSPENDED"


async def test_where_nothing_turns_nothing_is_asked_in_addition(controlled: Controlled) -> None:
    await controlled.ask()
    await controlled.grant()
    await controlled.gate.work()
    with statements() as sent:
        await controlled.ask()
    assert [one for one in sent if "compensating_controls" in one and "exception_covers" not in one] == []
    await controlled.measure("latency", BROKEN)
    with statements() as sent:
        await controlled.ask()
    assert len([one for one in sent if one.lstrip().startswith("WITH hanging")]) == 1


async def test_a_confirmation_that_went_stale_is_found_by_the_clock(controlled: Controlled, clock: SetClock) -> None:
    await controlled.ask()
    await controlled.grant(controls=(Control("Somebody looks at it.", attest_every_days=7),))
    await controlled.gate.work()
    assert (await controlled.control())["attestation_due_at"] == clock.now() + timedelta(days=7)
    assert (await controlled.status(), await controlled.outcome()) == ("ACTIVE", "WAIVED")
    clock.move(timedelta(days=7))
    assert (await controlled.status(), await controlled.outcome()) == ("SUSPENDED", "WAIVED")
    async with controlled.db.write(actor=None, operation="clock") as tx:
        assert await compliance.ended(tx, tx.at, 10) == [controlled.exception.id]
    await controlled.ask()
    assert await controlled.outcome() == "FAIL"
    explained = await controlled.db.reads.fetchval(
        "SELECT explanation FROM check_results WHERE policy_id = $1 ORDER BY evaluated_at DESC, id DESC LIMIT 1",
        controlled.recall.policy_id,
    )
    assert explained.endswith('its control "Somebody looks at it." does not hold: not attested by 2026-11-28 12:00 UTC')
