"""Drafts that run in shadow: kept beside what counts, and without any effect on it."""

from typing import Any

import pytest
from replaying import Replays

from hub.checks.actions import evaluate
from hub.checks.tables import Outcome
from hub.db import Db
from hub.models.tables import Stage
from hub.people.tables import Role
from hub.policies.changes import actions as changes
from hub.policies.tables import DecisionPoint, PolicyChange
from tests.asking import Ask
from tests.make import Make
from tests.statements import statements

SHADOW = """query($id: ID!) { node(id: $id) { ... on PolicyChange {
  shadowSummary { versions agree newlyFailing newlyError newlyPassing }
  shadowResults(first: 10) {
    totalCount nodes { publishedOutcome draftOutcome agrees explanation } } } } }"""


async def in_shadow(db: Db, replays: Replays, change: PolicyChange, *, on: bool = True) -> None:
    async with db.write(actor=replays.author.person_id, operation="op") as tx:
        await changes.shadow(tx, replays.author, change.id, on=on)


async def evaluated(db: Db, *versions: Any) -> dict[Any, Outcome]:
    async with db.write(actor=None, operation="op") as tx:
        found = await evaluate(tx, [one.id for one in versions], DecisionPoint.DEPLOY, Stage.PRODUCTION)
        return {one.version_id: one.outcome for one in found}


async def test_a_draft_in_shadow_is_asked_beside_and_changes_nothing(
    db: Db, make: Make, replays: Replays, ask: Ask
) -> None:
    await make.policy(by=replays.author)
    versions = [await make.version(await make.model(), metrics={"recall": recall}) for recall in (0.97, 0.92, 0.5)]
    versions.append(await make.version(await make.model()))
    change = await replays.propose()
    await in_shadow(db, replays, change)
    before = await make.count("check_results")
    outcomes = await evaluated(db, *versions)
    assert [outcomes[one.id] for one in versions] == [Outcome.PASS, Outcome.PASS, Outcome.FAIL, Outcome.ERROR]
    assert await make.count("check_results") == before + 4
    auditor = await make.person("auditor", Role.AUDITOR)
    shown = (await ask(auditor, SHADOW, id=f"PolicyChange:{change.id}"))["node"]
    assert shown["shadowSummary"] == {"versions": 4, "agree": 3, "newlyFailing": 1, "newlyError": 0, "newlyPassing": 0}
    assert [one for one in shown["shadowResults"]["nodes"] if not one["agrees"]] == [
        {
            "publishedOutcome": "PASS",
            "draftOutcome": "FAIL",
            "agrees": False,
            "explanation": "not kept: metrics.recall is 0.92, allowed >= 0.95",
        }
    ]


async def test_the_newest_of_a_version_and_stage_stays(db: Db, make: Make, replays: Replays) -> None:
    version = await make.version(await make.model(), metrics={"recall": 0.92})
    change = await replays.propose("new")
    await in_shadow(db, replays, change)
    await evaluated(db, version)
    await evaluated(db, version)
    (row,) = await db.reads.fetch("SELECT published_outcome, draft_outcome, stage FROM shadow_results")
    assert tuple(row) == (None, "FAIL", "PRODUCTION")
    await in_shadow(db, replays, change, on=False)
    other = await make.version(await make.model(), metrics={"recall": 0.92})
    await evaluated(db, other)
    assert await make.count("shadow_results") == 1


async def test_a_draft_that_errs_does_not_break_what_counts(db: Db, make: Make, replays: Replays) -> None:
    await make.policy(by=replays.author)
    version = await make.version(await make.model(), metrics={"recall": 0.92})
    change = await replays.propose(rule="model.tags.nowhere == 'x' && 1 / int(metrics.recall - metrics.recall) > 0")
    await in_shadow(db, replays, change)
    assert await evaluated(db, version) == {version.id: Outcome.PASS}
    assert await db.reads.fetchval("SELECT draft_outcome FROM shadow_results") == "ERROR"


@pytest.mark.parametrize("drafts", [0, 3])
async def test_statements_are_the_same_for_any_number_of_versions_and_drafts(
    db: Db, make: Make, replays: Replays, drafts: int
) -> None:
    for number in range(drafts):
        await in_shadow(db, replays, await replays.propose(f"new{number}"))
    versions = [await make.version(await make.model(), metrics={"recall": 0.92}) for _ in range(3)]
    counts = []
    for some in (versions[:1], versions):
        with statements() as sent:
            await evaluated(db, *some)
        counts.append(sum("shadow" in one for one in sent))
    assert counts == ([2, 2] if drafts else [1, 1])
    assert await make.count("shadow_results") == drafts * 3


async def test_shadow_results_of_a_restricted_model_are_for_who_sees_it(
    db: Db, make: Make, replays: Replays, ask: Ask
) -> None:
    owner, other = await make.person("owner", Role.MODEL_OWNER), await make.person("other", Role.DEVELOPER)
    version = await make.version(await make.model(owner=owner, restricted=True), metrics={"recall": 0.92})
    change = await replays.propose("new")
    await in_shadow(db, replays, change)
    await evaluated(db, version)
    for who, seen in ((owner, 1), (other, 0)):
        shown = (await ask(who, SHADOW, id=f"PolicyChange:{change.id}"))["node"]
        assert (shown["shadowResults"]["totalCount"], shown["shadowSummary"]["newlyFailing"]) == (seen, 1)
