"""Backtests over GraphQL: who starts them, how far they are, and who sees what they found."""

from datetime import timedelta

import pytest
from replaying import Replays

from hub.checks.actions import ask_approval
from hub.checks.replays import actions
from hub.clock import SetClock
from hub.db import Db
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Discipline, Role
from tests.asking import Ask
from tests.make import Make

START = """mutation($change: ID!, $days: Int = 30) { startBacktest(input: {change: $change, days: $days}) {
  ... on BacktestChanged { backtest { id status days total done percent rate current askedBy { handle } } }
  ... on Refusal { code why field } } }"""
VERB = """mutation($id: ID!) { %s(input: {backtest: $id}) {
  ... on BacktestChanged { backtest { status done total percent rate } } ... on Refusal { code field } } }"""
SHOWN = """query($id: ID!) { node(id: $id) { ... on PolicyChange { backtests(first: 5) { totalCount nodes {
  status current percent rate counts change { id }
  findings(first: 5) { totalCount nodes {
    before after explanation enforcement needsException stage decisionPoint tier
    model { name } version { name } } } } } } } }"""


async def test_a_draft_is_replayed_stopped_and_gone_on_with(
    make: Make, replays: Replays, ask: Ask, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH", 2)
    await make.policy(by=replays.author)
    await replays.versions(0.92, 0.92, 0.97)
    change = await replays.propose()
    who = replays.author
    made = (await ask(who, START, change=f"PolicyChange:{change.id}"))["startBacktest"]["backtest"]
    id = made.pop("id")
    assert made == {
        "status": "QUEUED",
        "days": 30,
        "total": 0,
        "done": 0,
        "percent": 0,
        "rate": None,
        "current": True,
        "askedBy": {"handle": "author"},
    }
    await replays.work(most=1)
    clock.move(timedelta(seconds=4))
    stopped = (await ask(who, VERB % "stopBacktest", id=id))["stopBacktest"]["backtest"]
    assert stopped["status"] == "STOPPED"
    assert (stopped["done"], stopped["total"], round(stopped["percent"], 2), stopped["rate"]) == (2, 3, 66.67, 0.5)
    resumed = (await ask(who, VERB % "resumeBacktest", id=id))["resumeBacktest"]["backtest"]
    assert resumed["status"] == "RUNNING"
    await replays.work()
    (shown,) = (await ask(who, SHOWN, id=f"PolicyChange:{change.id}"))["node"]["backtests"]["nodes"]
    assert (shown["status"], shown["current"], shown["percent"]) == ("DONE", True, 100)
    assert shown["counts"]["newly_failing"] == 2
    await replays.revise(change, rule="metrics.recall >= 0.99")
    (shown,) = (await ask(who, SHOWN, id=f"PolicyChange:{change.id}"))["node"]["backtests"]["nodes"]
    assert shown["current"] is False


async def test_who_may_not_is_told_so_and_nothing_is_written(make: Make, replays: Replays, ask: Ask) -> None:
    change = await replays.propose("new")
    asked = await replays.ask(change)
    developer = await make.person("dev", Role.DEVELOPER)
    told = (await ask(developer, START, change=f"PolicyChange:{change.id}"))["startBacktest"]
    assert (told["code"], told["field"]) == ("FORBIDDEN", None)
    for verb in ("stopBacktest", "resumeBacktest"):
        assert (await ask(developer, VERB % verb, id=f"Backtest:{asked.id}"))[verb]["code"] == "FORBIDDEN"
    wrong = (await ask(replays.author, START, change=f"Policy:{change.policy_id}"))["startBacktest"]
    assert (wrong["code"], wrong["field"]) == ("BAD_ID", "change")
    many = (await ask(replays.author, START, change=f"PolicyChange:{change.id}", days=4_000))["startBacktest"]
    assert (many["code"], many["why"]) == ("BAD_INPUT", "4000 days asked; 1 to 365 are allowed")
    assert await make.count("backtests") == 1


async def test_findings_about_a_restricted_model_are_for_who_sees_it_and_counts_for_all(
    db: Db, make: Make, replays: Replays, ask: Ask
) -> None:
    await make.policy(by=replays.author)
    owner, other = await make.person("owner", Role.MODEL_OWNER), await make.person("other", Role.DEVELOPER)
    secret = await make.model("secret", owner=owner, restricted=True)
    await replays.store(await make.version(secret, "7", stage=Stage.PRODUCTION), recall=0.92)
    await replays.versions(0.93)
    change = await replays.propose()
    asked = await replays.ask(change)
    await replays.work()
    for who, seen in ((owner, 2), (other, 1), (replays.author, 1)):
        (shown,) = (await ask(who, SHOWN, id=f"PolicyChange:{change.id}"))["node"]["backtests"]["nodes"]
        assert shown["findings"]["totalCount"] == len(shown["findings"]["nodes"]) == seen
        assert ("secret" in str(shown), "0.92" in str(shown)) == (who is owner, who is owner)
        assert (shown["counts"]["newly_failing"], shown["counts"]["exceptions_needed"]) == (2, 2)
    (found,) = [
        one
        for one in (await ask(owner, SHOWN, id=f"PolicyChange:{change.id}"))["node"]["backtests"]["nodes"][0][
            "findings"
        ]["nodes"]
        if one["model"]["name"] == "secret"
    ]
    assert found == {
        "before": "PASS",
        "after": "FAIL",
        "explanation": "not kept: metrics.recall is 0.92, allowed >= 0.95",
        "enforcement": "BLOCKING",
        "needsException": True,
        "stage": "PRODUCTION",
        "decisionPoint": "DEPLOY",
        "tier": "HIGH",
        "model": {"name": "secret"},
        "version": {"name": "7"},
    }
    rows = await db.reads.fetch("SELECT data::text, body FROM events WHERE subject_id = $1", asked.id)
    assert len(rows) == 2
    assert not any("secret" in str(tuple(row)) or "0.92" in str(tuple(row)) for row in rows)


async def test_requests_that_a_publication_would_void_are_counted_by_discipline(
    db: Db, make: Make, replays: Replays
) -> None:
    await make.policy(by=replays.author)
    await make.rule(Discipline.RISK, Discipline.LEGAL)
    await make.rule(Discipline.RISK, tier=RiskTier.MINIMAL)
    high, low = await make.model(), await make.model(tier=RiskTier.MINIMAL)
    developer = await make.person("dev", Role.DEVELOPER)
    for model in (high, high, low):
        version = await make.version(model, metrics={"recall": 0.97})
        async with db.write(actor=developer.person_id, operation="op") as tx:
            await ask_approval(tx, developer, version.id, stage=Stage.PRODUCTION, reason="It is better.")
    asked = await replays.ask(await replays.propose(tiers=(RiskTier.HIGH,)))
    await replays.work()
    assert (await replays.counts(asked.id))["approvals"] == {"requests": 3, "by_discipline": {"RISK": 3, "LEGAL": 2}}
    assert await make.count("approval_requests", "status = 'PENDING'") == 3
    other = await replays.ask(await replays.propose("other", tiers=(RiskTier.HIGH,)))
    await replays.work()
    assert (await replays.counts(other.id))["approvals"] == {"requests": 2, "by_discipline": {"RISK": 2, "LEGAL": 2}}
