"""Criteria that are met by themselves, and exceptions that are not needed any more."""

from datetime import timedelta
from typing import Any

import pytest

from hub.clock import SetClock
from hub.models.tables import Stage
from tests.asking import Ask
from tests.checks.controls.controlled import BROKEN, KEPT, Controlled

SUGGESTED = """query($is: Boolean) {
  exceptions(filter: {resolutionSuggested: $is}, first: 5) { nodes { resolutionSuggestedAt } } }"""
SUGGESTING = ("exception.resolution_suggested", "exception.resolution_unsuggested")
MEETING = ("exception.criterion_met", "exception.criterion_reopened")


async def criteria(controlled: Controlled) -> list[Any]:
    rows = await controlled.db.reads.fetch("SELECT met_at FROM acceptance_criteria ORDER BY id")
    return [row["met_at"] for row in rows]


async def test_a_policy_that_passes_again_suggests_to_close_its_exception(
    controlled: Controlled, clock: SetClock, ask: Ask
) -> None:
    other = await controlled.add("4")
    await controlled.ask(controlled.version, other)
    await controlled.grant()
    await controlled.gate.work()
    assert (await ask(controlled.dev, SUGGESTED, **{"is": True}))["exceptions"]["nodes"] == []
    await controlled.measure("recall", 0.95)
    await controlled.ask()
    assert await controlled.told(*SUGGESTING) == []
    clock.move(timedelta(days=1))
    await controlled.measure("recall", 0.95, other)
    await controlled.ask(other)
    ((kind, told),) = await controlled.told(*SUGGESTING)
    assert (kind, told["why"]["outcome"], told["granted"]) == ("exception.resolution_suggested", "PASS", True)
    # Nothing is waived any more: nobody would see by compliance that the exception is there still.
    assert [await controlled.outcome(version=one) for one in (controlled.version, other)] == ["PASS", "PASS"]
    assert (await ask(controlled.dev, SUGGESTED, **{"is": True}))["exceptions"]["nodes"] == [
        {"resolutionSuggestedAt": "2026-11-22T12:00:00+00:00"}
    ]
    assert (await ask(controlled.dev, SUGGESTED, **{"is": False}))["exceptions"]["nodes"] == []
    await controlled.measure("recall", 0.5)
    await controlled.ask()
    assert [kind for kind, _ in await controlled.told(*SUGGESTING)] == list(SUGGESTING)
    assert (await ask(controlled.dev, SUGGESTED, **{"is": True}))["exceptions"]["nodes"] == []
    assert await controlled.outcome() == "WAIVED"


async def test_one_that_was_never_needed_is_suggested_to_be_closed_when_it_is_granted(controlled: Controlled) -> None:
    await controlled.measure("recall", 0.95)
    await controlled.ask()
    await controlled.grant()
    assert [kind for kind, _ in await controlled.told(*SUGGESTING)] == ["exception.resolution_suggested"]


@pytest.mark.parametrize(("stage", "suggested"), [(Stage.PRODUCTION, 1), (None, 0)])
async def test_it_passes_for_every_stage_of_which_it_is_asked(
    controlled: Controlled, stage: Stage | None, suggested: int
) -> None:
    await controlled.ask()
    await controlled.gate.evaluate(controlled.version, stage=Stage.STAGING)
    await controlled.grant(stage=stage)
    await controlled.measure("recall", 0.95)
    await controlled.ask()
    assert len(await controlled.told("exception.resolution_suggested")) == suggested
    await controlled.gate.evaluate(controlled.version, stage=Stage.STAGING)
    assert len(await controlled.told("exception.resolution_suggested")) == 1


async def test_where_the_policy_is_not_asked_is_no_reason_to_keep_it_open(controlled: Controlled) -> None:
    controlled.recall = await controlled.make.policy("sharp", stages=(Stage.PRODUCTION,))
    await controlled.ask()
    await controlled.gate.evaluate(controlled.version, stage=Stage.STAGING)
    await controlled.grant(stage=None)
    await controlled.measure("recall", 0.95)
    await controlled.ask()
    assert len(await controlled.told("exception.resolution_suggested")) == 1


async def test_a_criterion_is_met_when_its_policy_passes_and_open_again_when_not(
    controlled: Controlled, clock: SetClock
) -> None:
    await controlled.measure("latency", BROKEN)
    await controlled.ask()
    await controlled.grant(
        controls=("A radiologist reads every scan.",),
        criteria=(controlled.criterion(controlled.latency), controlled.criterion()),
    )
    assert await criteria(controlled) == [None, None]
    clock.move(timedelta(days=1))
    await controlled.measure("latency", KEPT)
    await controlled.ask()
    assert await criteria(controlled) == [clock.now(), None]
    ((_, told),) = await controlled.told("exception.criterion_met")
    id = await controlled.db.reads.fetchval("SELECT id FROM acceptance_criteria WHERE policy_id IS NOT NULL")
    assert (told["criterion"], told["why"]["policy"]) == (str(id), str(controlled.latency.policy_id))
    await controlled.measure("latency", BROKEN)
    await controlled.ask()
    assert await criteria(controlled) == [None, None]
    assert [kind for kind, _ in await controlled.told(*MEETING)] == list(MEETING)
    assert await controlled.status() == "ACTIVE"
