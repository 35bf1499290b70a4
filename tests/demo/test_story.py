"""What the demo tells before there is a model: people, and the starter pack brought from Git by two of them."""

from datetime import timedelta

import pytest

from hub.app import application
from hub.cli.token_file import HANDLE
from hub.demo import rulebook
from hub.demo.cast import MEMBERS, OWNERS, TEAMS, TIERS
from hub.demo.company import Company
from hub.demo.story import Story
from hub.policies.bundles import reading
from hub.policies.changes import applying
from hub.policies.changes.applying import PlanAction
from hub.policies.rules import checked
from tests.conftest import NOON

CATALOG = """
{
  policies(first: 100) { nodes {
    key status bundle owner { handle } currentVersion { publishedAt publishedBy { handle } } } }
  policyChanges(first: 100) { nodes { status author { handle } decidedBy { handle } createdAt policy { key } shadow } }
  people(first: 100) { totalCount } teams(first: 100) { totalCount }
}
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def engine(db, clock):
    return application(db, clock, development=False).state.hub.engine


async def test_the_pack_is_proposed_by_one_and_approved_by_another(db, engine, said):
    await Story(db, engine, said.append).before_the_sync()
    assert said == [
        "12 people in 5 teams",
        "31 policies of the starter pack proposed by sofia.marchetti, approved by lea.brandt",
    ]
    found = await Company(db, engine, said.append).ask(CATALOG)
    assert (found["people"]["totalCount"], found["teams"]["totalCount"]) == (12, 5)
    keys = {policy.wording.key for policy in reading.read(reading.STARTER).policies}
    assert {one["key"] for one in found["policies"]["nodes"]} == keys
    assert {(one["status"], one["bundle"], one["owner"]["handle"]) for one in found["policies"]["nodes"]} == {
        ("PUBLISHED", "starter", "sofia.marchetti")
    }
    assert {one["currentVersion"]["publishedBy"]["handle"] for one in found["policies"]["nodes"]} == {"lea.brandt"}
    published = {one["currentVersion"]["publishedAt"] for one in found["policies"]["nodes"]}
    assert published == {(NOON - timedelta(days=399)).isoformat()}
    changes = found["policyChanges"]["nodes"]
    assert {(one["status"], one["author"]["handle"], one["decidedBy"]["handle"]) for one in changes} == {
        ("PUBLISHED", "sofia.marchetti", "lea.brandt")
    }


async def test_what_was_told_is_not_told_again(db, engine, said):
    story, company = Story(db, engine, said.append), Company(db, engine, said.append)
    await story.before_the_sync()
    await rulebook.draft(company)
    await rulebook.tighten(company)
    before = await company.ask(CATALOG)
    told = len(said)
    await story.before_the_sync()
    await rulebook.draft(company)
    await rulebook.tighten(company)
    await story.after_the_sync()
    assert len(said) == told
    assert await company.ask(CATALOG) == before


async def test_a_stricter_branch_changes_one_policy_and_leaves_the_pack_as_it_is(db, engine, said):
    company = Company(db, engine, said.append)
    await Story(db, engine, said.append).before_the_sync()
    await rulebook.tighten(company)
    found = await company.ask(CATALOG)
    waiting = [one["policy"]["key"] for one in found["policyChanges"]["nodes"] if one["status"] == "IN_REVIEW"]
    assert waiting == ["performance-overall"]
    wordings = [policy.wording for policy in reading.read(reading.STARTER).policies]
    async with company.acting("sofia.marchetti") as (tx, sofia):
        plan = await applying.apply(tx, sofia, "starter", wordings, summary="as it is", dry_run=True)
    # In force is what the pack says: only the branch's open change would go.
    assert {one.key: one.action for one in plan if one.action is not PlanAction.UNCHANGED} == {
        "performance-overall": PlanAction.WITHDRAW
    }


async def test_a_draft_in_shadow_is_nobodys_rule_yet(db, engine, said):
    company = Company(db, engine, said.append)
    await Story(db, engine, said.append).before_the_sync()
    await rulebook.draft(company)
    found = await company.ask(CATALOG)
    (draft,) = [one for one in found["policyChanges"]["nodes"] if one["status"] == "DRAFT"]
    assert (draft["policy"]["key"], draft["shadow"]) == ("calibration-known", True)
    assert draft["createdAt"] == (NOON - timedelta(days=6)).isoformat()
    (policy,) = [one for one in found["policies"]["nodes"] if one["key"] == "calibration-known"]
    assert (policy["status"], policy["currentVersion"]) == ("DRAFT", None)


def test_only_the_rule_that_is_meant_is_tightened():
    bundle = reading.read(reading.STARTER)
    moved = [one.wording.key for one in bundle.policies if rulebook.tightened(one.wording) != one.wording]
    assert moved == ["performance-overall"]
    (overall,) = [one.wording for one in bundle.policies if one.wording.key == "performance-overall"]
    assert checked(rulebook.tightened(overall)).rule.endswith("metrics.recall >= 0.95)")


def test_everybody_who_is_named_is_there():
    handles = {member.handle for member in MEMBERS}
    assert {owner for owner, _ in OWNERS.values()} <= handles
    assert {team for _, team in OWNERS.values()} | {member.team for member in MEMBERS if member.team} == set(TEAMS)
    assert TIERS.keys() == OWNERS.keys()
    assert HANDLE not in handles
