"""A policy that is excepted again and again is suggested to be changed, once, with the facts."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.events.jobs import Order
from hub.exceptions.suggested import rules
from hub.exceptions.suggested.jobs import LOOK, run_look
from hub.exceptions.tables import ExceptionKind, PolicySuggestion, SuggestionStatus
from hub.models.tables import RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIST = """{ policySuggestions(first: 10) { totalCount nodes { id status facts reason policy { key } team { key }
  change { status summary changed author { handle } } exceptions(first: 10) { totalCount } } } }"""
TAKE = """mutation($input: TakePolicySuggestionInput!) { takePolicySuggestion(input: $input) { __typename
  ... on PolicySuggestionSettled { suggestion { status change { status summary changed wording author { handle } } } }
  ... on Refusal { code why } } }"""
DISMISS = """mutation($input: DismissPolicySuggestionInput!) { dismissPolicySuggestion(input: $input) { __typename
  ... on PolicySuggestionSettled { suggestion { status reason settledBy { handle } } }
  ... on Refusal { code why field } } }"""


class Company:
    """A policy of pat's, excepted by dev again and again."""

    def __init__(self, db: Db, make: Make, ask: Ask) -> None:
        self.db, self.make, self.ask = db, make, ask

    async def found(self) -> "Company":
        self.pat = await self.make.person("pat", Role.POLICY_OWNER)
        self.dev = await self.make.person("dev", Role.DEVELOPER)
        self.policy = await self.make.policy(by=self.pat)
        return self

    async def grants(self, count: int, **model: Any) -> None:
        """So many exceptions, each of a model of its own."""
        for _ in range(count):
            made = await self.make.model(**model)
            await self.make.exception(self.policy, made, by=self.dev)
        await self.works()

    async def works(self) -> None:
        """The worker does what was enqueued about policies."""
        rows = await self.db.reads.fetch(
            "SELECT payload FROM pgqueuer WHERE entrypoint = $1 ORDER BY id", LOOK.entrypoint
        )
        for row in rows:
            await run_look(self.db, Order(json.loads(row["payload"]), "job"))

    async def shown(self, who: Principal) -> list[dict[str, Any]]:
        found = (await self.ask(who, LIST))["policySuggestions"]
        assert found["totalCount"] == len(found["nodes"])
        return list(found["nodes"])


@pytest.fixture
async def company(db: Db, make: Make, ask: Ask) -> Company:
    return await Company(db, make, ask).found()


async def test_the_fifth_exception_suggests_a_change_once_with_the_facts(company: Company, make: Make) -> None:
    c = company
    await c.grants(3)
    await make.model()
    twice = await make.model(tier=RiskTier.LIMITED)
    await make.exception(
        c.policy, twice, by=c.dev, kind=ExceptionKind.WAIVER, controls=("Sampled.",), expires_at=NOON + 10 * DAY
    )
    await c.works()
    assert await c.shown(c.pat) == []
    await make.exception(c.policy, twice, by=c.dev)
    await c.works()
    (one,) = await c.shown(c.pat)
    assert (one["status"], one["policy"], one["team"], one["exceptions"]) == (
        "OPEN",
        {"key": "recall"},
        None,
        {"totalCount": 5},
    )
    models = one["facts"].pop("models")
    assert len(models) == 4
    assert one["facts"] == {
        "granted": 5,
        "within_days": 180,
        "tiers": {"HIGH": 3, "LIMITED": 2},
        "kinds": {"EXCEPTION": 4, "WAIVER": 1},
        "controls": [
            {"description": "A radiologist reads every scan.", "count": 4},
            {"description": "Sampled.", "count": 1},
        ],
        "mean_term_days": 26.0,
        "policy_models": 5,
        "waived_models": 4,
        "waived_percent": 80.0,
    }
    await c.grants(1)
    assert len(await c.shown(c.pat)) == 1
    assert (await make.events()).count("policy.change_suggested") == 1


async def test_three_for_one_teams_models_are_enough(company: Company, make: Make) -> None:
    c = company
    desk, lab = await make.team("desk"), await make.team("lab")
    await c.grants(2, team=desk)
    await c.grants(1)
    await c.grants(1, team=lab)
    assert await c.shown(c.pat) == []
    await c.grants(1, team=desk)
    (one,) = await c.shown(c.pat)
    # Five in all: then it is no longer about one team.
    assert (one["team"], one["facts"]["granted"]) == (None, 5)


async def test_a_teams_three_are_told_as_that_teams(company: Company, make: Make) -> None:
    c = company
    desk = await make.team("desk")
    await c.grants(1)
    await c.grants(3, team=desk)
    (one,) = await c.shown(c.pat)
    assert (one["team"], one["facts"]["granted"], one["exceptions"]) == ({"key": "desk"}, 3, {"totalCount": 3})


async def test_restricted_models_are_not_counted(company: Company, make: Make, db: Db) -> None:
    c = company
    await c.grants(4)
    hidden = await make.model(owner=c.dev)
    await make.exception(c.policy, hidden, by=c.dev)
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE models SET restricted = true WHERE id = :id"), {"id": hidden.id})
    await c.works()
    assert await c.shown(c.pat) == []
    await c.grants(1)
    (one,) = await c.shown(c.pat)
    assert (one["facts"]["granted"], one["facts"]["policy_models"], one["facts"]["waived_models"]) == (5, 5, 5)


async def test_only_who_answers_for_the_policy_sees_it_and_settles_it(company: Company, make: Make) -> None:
    c = company
    await c.grants(5)
    other, audit = await make.person("other", Role.POLICY_OWNER), await make.person("audit", Role.AUDITOR)
    admin = await make.person("admin", Role.ADMIN)
    assert [len(await c.shown(who)) for who in (c.pat, admin, audit, other, c.dev)] == [1, 1, 1, 0, 0]
    (one,) = await c.shown(c.pat)
    before = await make.events()
    told = [
        (await c.ask(who, DISMISS, input={"suggestion": one["id"], "reason": "No."}))["dismissPolicySuggestion"]["code"]
        for who in (other, audit, c.dev)
    ]
    assert told == ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN"]
    empty = await c.ask(c.pat, DISMISS, input={"suggestion": one["id"], "reason": " "})
    assert empty["dismissPolicySuggestion"]["field"] == "reason"
    assert [kind for kind in (await make.events())[len(before) :] if kind.startswith("policy")] == []


async def test_taken_up_it_is_a_draft_that_holds_the_facts(company: Company, make: Make, clock: SetClock) -> None:
    c = company
    await c.grants(5)
    (one,) = await c.shown(c.pat)
    given = {"suggestion": one["id"], "summary": "Ask for less of small models."}
    taken = (await c.ask(c.pat, TAKE, input=given))["takePolicySuggestion"]["suggestion"]
    facts = (
        "5 exceptions were granted within 180 days for 5 models (HIGH 5), for 30 days on average;"
        " 5 of 5 models are under waiver now. Used most instead: 'A radiologist reads every scan.' (5 times)."
    )
    change = taken["change"]
    assert taken["status"] == "TAKEN"
    assert (change["status"], change["changed"], change["author"]) == ("DRAFT", ["rationale"], {"handle": "pat"})
    assert change["summary"] == f"Ask for less of small models.\n\n{facts}"
    assert change["wording"]["rationale"] == (
        f"A missed case harms a patient.\n\nTo be reconsidered (2026-11-21): {facts}"
    )
    again = (await c.ask(c.pat, TAKE, input=given))["takePolicySuggestion"]
    assert again["code"] == "WRONG_STATE"
    assert await make.count("policy_changes", "status = 'DRAFT'") == 1
    # Only what is granted from then on counts.
    clock.move(DAY)
    await c.grants(4)
    assert len(await c.shown(c.pat)) == 1
    await c.grants(1)
    assert [node["status"] for node in await c.shown(c.pat)] == ["OPEN", "TAKEN"]


async def test_dismissed_it_is_not_suggested_again_for_ninety_days(company: Company, clock: SetClock) -> None:
    c = company
    await c.grants(5)
    (one,) = await c.shown(c.pat)
    given = {"suggestion": one["id"], "reason": "New data arrives in May."}
    settled = (await c.ask(c.pat, DISMISS, input=given))["dismissPolicySuggestion"]["suggestion"]
    assert settled == {"status": "DISMISSED", "reason": "New data arrives in May.", "settledBy": {"handle": "pat"}}
    clock.move(90 * DAY - timedelta(seconds=1))
    await c.grants(1)
    assert len(await c.shown(c.pat)) == 1
    clock.move(timedelta(seconds=1))
    await c.grants(1)
    assert [node["status"] for node in await c.shown(c.pat)] == ["OPEN", "DISMISSED"]


def test_what_is_counted_from_when_on() -> None:
    def last(status: SuggestionStatus, days: int) -> PolicySuggestion:
        settled = None if status is SuggestionStatus.OPEN else NOON - days * DAY
        return PolicySuggestion(status=status, settled_at=settled)

    assert rules.since(NOON, None) == NOON - 180 * DAY
    assert rules.since(NOON, last(SuggestionStatus.OPEN, 0)) is None
    assert rules.since(NOON, last(SuggestionStatus.TAKEN, 10)) == NOON - 10 * DAY
    assert rules.since(NOON, last(SuggestionStatus.TAKEN, 300)) == NOON - 180 * DAY
    assert rules.since(NOON, last(SuggestionStatus.DISMISSED, 89)) is None
    assert rules.since(NOON, last(SuggestionStatus.DISMISSED, 90)) == NOON - 180 * DAY
