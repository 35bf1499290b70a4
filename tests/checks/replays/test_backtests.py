"""Backtests: what they count, how they go on, and what they leave alone."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from replaying import HOUR, Replays

from hub.checks.replays import actions, store
from hub.checks.replays.jobs import run_backtest
from hub.db import Db
from hub.errors import Code, Refused
from hub.events.jobs import Order
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Role
from hub.policies.changes import actions as changes
from hub.policies.rules import EnforcementStep
from hub.policies.tables import DecisionPoint, Enforcement
from tests.make import Make

DAY = timedelta(days=1)


@pytest.fixture
def two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "BATCH", 2)


async def test_every_document_moves_in_one_way_and_is_counted_by_tier_and_owner(make: Make, replays: Replays) -> None:
    await make.policy(by=replays.author, rule="metrics.recall >= 0.9")
    ada = await make.person("ada", Role.MODEL_OWNER)
    await replays.versions(0.97, 0.92, 0.93, 0.5, owner=ada)
    version = await make.version(await make.model(tier=RiskTier.MINIMAL), stage=Stage.PRODUCTION)
    await replays.store(version, tier=RiskTier.MINIMAL, recall=0.91)
    unmeasured = await make.version(await make.model(), stage=Stage.PRODUCTION)
    await replays.store(unmeasured, auc=0.8)
    asked = await replays.ask(await replays.propose())
    assert await replays.work() == 1
    row = await replays.row(asked.id)
    assert (row["status"], row["done"], row["total"], row["started_at"], row["ended_at"]) == (
        ("DONE", 6, 6, make.now, make.now)
    )
    assert await replays.counts(asked.id) == {
        "inputs": 6,
        "newly_failing": 3,
        "unchanged_pass": 1,
        "unchanged_fail": 1,
        "unchanged_error": 1,
        "by_tier": {
            "HIGH": {"unchanged_pass": 1, "newly_failing": 2, "unchanged_fail": 1, "unchanged_error": 1},
            "MINIMAL": {"newly_failing": 1},
        },
        "by_owner": {str(ada.person_id): {"newly_failing": 2}, "nobody": {"newly_failing": 1}},
        "approvals": {"requests": 0, "by_discipline": {}},
        "versions_newly_failing": 3,
        "models_newly_failing": 3,
        "exceptions_needed": 3,
    }


async def test_what_newly_passes_errs_or_is_asked_is_told_apart(make: Make, replays: Replays) -> None:
    await make.policy(by=replays.author, rule="metrics.recall >= 0.9", tiers=(RiskTier.HIGH,))
    high, low = await make.model(), await make.model(tier=RiskTier.MINIMAL)
    for metrics in ({"recall": 0.5, "auc": 0.9}, {"recall": 0.95}, {"auc": 0.9}):
        await replays.store(await make.version(high), **metrics)
    await replays.store(await make.version(low), tier=RiskTier.MINIMAL, auc=0.9)
    await replays.store(await make.version(low), tier=RiskTier.MINIMAL, auc=0.1)
    asked = await replays.ask(await replays.propose(rule="metrics.auc >= 0.8"))
    await replays.work()
    counts = await replays.counts(asked.id)
    moved = {key: value for key, value in counts.items() if isinstance(value, int) and "ly" in key}
    assert moved == {
        "newly_passing": 2,
        "newly_error": 1,
        "newly_asked": 1,
        "newly_failing": 1,
        "versions_newly_failing": 1,
        "models_newly_failing": 1,
    }
    assert counts["inputs"] == 5


async def test_a_narrower_draft_no_longer_asks_and_a_milder_one_eases(make: Make, replays: Replays) -> None:
    await make.policy(by=replays.author)
    model = await make.model()
    await replays.store(await make.version(model), recall=0.5, stage=Stage.STAGING)
    await replays.store(await make.version(model), recall=0.5)
    change = await replays.propose(
        rule="metrics.recall >= 0.9", stages=(Stage.PRODUCTION,), enforcement=Enforcement.WARNING
    )
    asked = await replays.ask(change)
    await replays.work()
    counts = await replays.counts(asked.id)
    assert (counts["no_longer_asked"], counts["eased"], counts["inputs"]) == (1, 1, 2)


async def test_a_warning_that_comes_to_block_is_a_new_failure(make: Make, replays: Replays) -> None:
    await make.policy(by=replays.author, enforcement=Enforcement.WARNING)
    await replays.versions(0.5)
    begins = EnforcementStep(Enforcement.BLOCKING, starts_on=date(2026, 11, 21))
    change = await replays.propose(rule="metrics.recall >= 0.9", enforcement=Enforcement.WARNING, schedule=(begins,))
    asked = await replays.ask(change)
    await replays.work()
    counts = await replays.counts(asked.id)
    assert (counts["newly_failing"], counts["exceptions_needed"]) == (1, 1)


async def test_a_first_wording_is_compared_with_none(make: Make, replays: Replays) -> None:
    await replays.versions(0.99, 0.5)
    asked = await replays.ask(await replays.propose("new"))
    await replays.work()
    counts = await replays.counts(asked.id)
    assert (counts["newly_asked"], counts["newly_failing"], counts["inputs"]) == (1, 1, 2)


async def test_only_documents_of_the_days_and_points_asked_are_counted(make: Make, replays: Replays) -> None:
    await make.policy(by=replays.author, decision_points=(DecisionPoint.DEPLOY,))
    model = await make.model()
    await replays.store(await make.version(model), recall=0.92, ago=7 * DAY)
    await replays.store(await make.version(model), recall=0.92, ago=7 * DAY + HOUR)
    await replays.store(await make.version(model), recall=0.92, point=DecisionPoint.REGISTER)
    change = await replays.propose(decision_points=(DecisionPoint.DEPLOY,))
    asked = await replays.ask(change, days=7)
    await replays.work()
    row = await replays.row(asked.id)
    assert (row["done"], row["total"], row["counts"]["inputs"], row["counts"]["newly_failing"]) == (2, 2, 1, 1)


async def test_a_version_is_found_once_and_by_what_was_seen_of_it_last(
    db: Db, make: Make, replays: Replays, two_at_once: None
) -> None:
    await make.policy(by=replays.author)
    version = await make.version(await make.model(), stage=Stage.PRODUCTION)
    mended = await make.version(await make.model(), stage=Stage.PRODUCTION)
    for hours, recall in ((1, 0.93), (2, 0.92), (3, 0.91)):
        await replays.store(version, recall=recall, ago=hours * HOUR)
        await replays.store(mended, recall=0.99 if hours == 1 else recall, ago=hours * HOUR)
    asked = await replays.ask(await replays.propose())
    assert await replays.work() == 3
    rows = await db.reads.fetch("SELECT version_id, before, after, explanation, needs_exception FROM backtest_findings")
    assert [tuple(row) for row in rows] == [
        (version.id, "PASS", "FAIL", "not kept: metrics.recall is 0.93, allowed >= 0.95", True)
    ]
    counts = await replays.counts(asked.id)
    assert (counts["newly_failing"], counts["unchanged_pass"], counts["versions_newly_failing"]) == (5, 1, 1)


async def test_models_that_are_excepted_already_need_no_exception(make: Make, replays: Replays) -> None:
    policy = await make.policy(by=replays.author)
    excepted, other = await make.model(), await make.model()
    for model in (excepted, other):
        for _ in range(2):
            await replays.store(await make.version(model, stage=Stage.PRODUCTION), recall=0.92)
    await make.exception(policy, excepted)
    asked = await replays.ask(await replays.propose())
    await replays.work()
    counts = await replays.counts(asked.id)
    assert (counts["versions_newly_failing"], counts["models_newly_failing"], counts["exceptions_needed"]) == (4, 2, 1)


async def test_a_job_that_runs_twice_counts_once(make: Make, replays: Replays, two_at_once: None) -> None:
    await make.policy(by=replays.author)
    await replays.versions(0.92, 0.92, 0.92, 0.92, 0.92)
    asked = await replays.ask(await replays.propose())
    assert await replays.work(times=3) == 3
    row = await replays.row(asked.id)
    assert (row["status"], row["done"], row["counts"]["newly_failing"]) == ("DONE", 5, 5)
    assert (await make.events()).count("backtest.done") == 1


async def test_a_batch_that_dies_before_its_commit_is_counted_when_it_runs_again(
    db: Db, make: Make, replays: Replays, two_at_once: None
) -> None:
    await make.policy(by=replays.author)
    await replays.versions(0.92, 0.92, 0.92)
    asked = await replays.ask(await replays.propose())
    await replays.work(most=1)
    before = await replays.row(asked.id)
    (waiting,) = await replays.waiting()
    with pytest.raises(KeyboardInterrupt):
        async with db.write(actor=None, operation="op") as tx:
            assert await actions.advance(tx, asked.id, waiting["payload"]["cursor"]) is False
            raise KeyboardInterrupt
    assert await replays.row(asked.id) == before
    assert await replays.waiting() == [waiting]
    await replays.work()
    row = await replays.row(asked.id)
    assert (row["status"], row["done"], row["counts"]["newly_failing"]) == ("DONE", 3, 3)


async def test_what_is_asked_again_meanwhile_is_neither_lost_nor_counted_twice(
    make: Make, replays: Replays, two_at_once: None
) -> None:
    await make.policy(by=replays.author)
    versions = [await make.version(await make.model(), stage=Stage.PRODUCTION) for _ in range(4)]
    stored = [await replays.store(version, recall=0.92) for version in versions]
    asked = await replays.ask(await replays.propose())
    await replays.work(most=1)
    for one in (stored[0], stored[2]):
        await replays.seen(one.id, make.now + HOUR)
    await replays.store(versions[0], recall=0.1)
    await replays.work()
    row = await replays.row(asked.id)
    assert (row["done"], row["total"], row["counts"]["newly_failing"]) == (4, 4, 4)


async def test_stopping_and_resuming_gives_the_counts_of_an_uninterrupted_run(
    make: Make, replays: Replays, two_at_once: None
) -> None:
    await make.policy(by=replays.author)
    await replays.versions(0.92, 0.97, 0.5, 0.93, 0.94)
    change = await replays.propose()
    whole = await replays.ask(change, days=30)
    await replays.work()
    parted = await replays.ask(change, days=31)
    await replays.work(most=1)
    await replays.stop(parted.id)
    await replays.work()
    row = await replays.row(parted.id)
    assert (row["status"], row["done"], row["ended_at"]) == ("STOPPED", 2, None)
    await replays.resume(parted.id)
    await replays.resume(parted.id)
    await replays.work()
    assert (await replays.row(parted.id))["status"] == "DONE"
    assert await replays.counts(parted.id) == await replays.counts(whole.id)
    assert [kind for kind in await make.events() if kind.startswith("backtest")] == [
        "backtest.asked",
        "backtest.done",
        "backtest.asked",
        "backtest.stopped",
        "backtest.resumed",
        "backtest.done",
    ]


async def test_a_resumption_beside_the_old_job_counts_nothing_twice(
    make: Make, replays: Replays, two_at_once: None
) -> None:
    await make.policy(by=replays.author)
    await replays.versions(0.92, 0.92, 0.92, 0.92, 0.92, 0.92)
    asked = await replays.ask(await replays.propose())
    await replays.work(most=1)
    await replays.stop(asked.id)
    await replays.resume(asked.id)
    assert len(await replays.waiting()) == 2
    await replays.work()
    assert (await replays.row(asked.id))["counts"]["newly_failing"] == 6


async def test_what_is_done_is_neither_stopped_nor_resumed(make: Make, replays: Replays) -> None:
    await make.policy(by=replays.author)
    asked = await replays.ask(await replays.propose())
    await replays.work()
    assert (await replays.row(asked.id))["status"] == "DONE"
    for verb in (replays.stop, replays.resume):
        with pytest.raises(Refused) as refused:
            await verb(asked.id)
        assert refused.value.code is Code.WRONG_STATE
    with pytest.raises(Refused) as refused:
        await replays.stop(uuid4())
    assert refused.value.code is Code.NOT_FOUND


async def test_a_draft_that_is_revised_meanwhile_ends_its_backtest(
    make: Make, replays: Replays, two_at_once: None
) -> None:
    await make.policy(by=replays.author)
    await replays.versions(0.92, 0.92, 0.92)
    change = await replays.propose()
    asked = await replays.ask(change)
    await replays.work(most=1)
    await replays.revise(change, rule="metrics.recall >= 0.99")
    await replays.work()
    row = await replays.row(asked.id)
    assert (row["status"], row["done"], row["why"]) == ("FAILED", 2, actions.REVISED)
    with pytest.raises(Refused) as refused:
        await replays.resume(asked.id)
    assert (refused.value.code, refused.value.why) == (Code.STALE, actions.REVISED)
    again = await replays.ask(change)
    assert again.id != asked.id


async def test_a_backtest_that_is_under_way_is_given_back(make: Make, replays: Replays) -> None:
    change = await replays.propose("new")
    first, second = await replays.ask(change), await replays.ask(change)
    other = await replays.ask(change, days=7)
    assert first.id == second.id != other.id
    assert await make.count("backtests") == len(await replays.waiting()) == 2


async def test_submitting_a_draft_asks_for_its_backtest(make: Make, replays: Replays) -> None:
    await make.policy(by=replays.author)
    change = await replays.propose()
    await replays.submit(change)
    (row,) = await replays.db.reads.fetch("SELECT change_id, days, asked_by, status FROM backtests")
    assert tuple(row) == (change.id, 30, replays.author.person_id, "QUEUED")
    async with replays.db.write(actor=replays.author.person_id, operation="op") as tx:
        retired = await make.policy("other", by=replays.author)
        ended = await changes.retire(tx, replays.author, retired.policy_id, summary="Not needed.")
        await changes.submit(tx, replays.author, ended.id)
    assert await make.count("backtests") == 1


async def test_a_change_that_has_no_draft_or_is_over_is_not_replayed(make: Make, replays: Replays) -> None:
    policy = await make.policy(by=replays.author)
    change = await replays.propose()
    async with replays.db.write(actor=replays.author.person_id, operation="op") as tx:
        await changes.withdraw(tx, replays.author, change.id)
        ended = await changes.retire(tx, replays.author, policy.policy_id, summary="Not needed.")
    for id, code in ((change.id, Code.WRONG_STATE), (ended.id, Code.WRONG_STATE), (uuid4(), Code.NOT_FOUND)):
        with pytest.raises(Refused) as refused:
            async with replays.db.write(actor=replays.author.person_id, operation="op") as tx:
                await actions.ask(tx, replays.author, id)
        assert (refused.value.code, refused.value.field) == (code, "change")
    for days in (0, 366):
        with pytest.raises(Refused) as refused:
            await replays.ask(change, days=days)
        assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "days")
    assert await make.count("backtests") == await make.count("events", "kind LIKE 'backtest%'") == 0


async def test_who_neither_writes_nor_decides_policies_starts_and_stops_nothing(make: Make, replays: Replays) -> None:
    change = await replays.propose("new")
    asked = await replays.ask(change)
    developer = await make.person("dev", Role.DEVELOPER)
    for verb in (actions.ask, actions.stop, actions.resume):
        with pytest.raises(Refused) as refused:
            async with replays.db.write(actor=developer.person_id, operation="op") as tx:
                await verb(tx, developer, change.id if verb is actions.ask else asked.id)
        assert refused.value.code is Code.FORBIDDEN
    assert await make.count("backtests") == 1
    assert (await replays.row(asked.id))["status"] == "QUEUED"
    approver = await make.person("approver", Role.MODEL_APPROVER)
    async with replays.db.write(actor=approver.person_id, operation="op") as tx:
        await actions.stop(tx, approver, asked.id)
    assert (await replays.row(asked.id))["status"] == "STOPPED"


async def test_a_fault_of_the_hubs_own_is_seen_on_the_backtest(
    make: Make, replays: Replays, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make.policy(by=replays.author)
    (version,) = await replays.versions(0.92)
    asked = await replays.ask(await replays.propose())

    async def broken(*_: object, **__: object) -> None:
        raise ValueError("secret of the house")

    with monkeypatch.context() as patch:
        patch.setattr(store, "following", broken)
        (waiting,) = await replays.waiting()
        with pytest.raises(ValueError, match="secret"):
            await run_backtest(replays.db, Order(waiting["payload"], "op"))
    row = await replays.row(asked.id)
    assert (row["status"], row["done"]) == ("FAILED", 0)
    assert row["why"] == "ValueError in operation op; resume it to try again from where it broke off"
    await replays.resume(asked.id)
    await replays.work()
    row = await replays.row(asked.id)
    assert (row["status"], row["why"], row["counts"]["newly_failing"]) == ("DONE", None, 1)
    assert isinstance(version, UUID)


async def test_old_documents_are_passed_over_in_bounded_steps(
    make: Make, replays: Replays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "LOOK", 2)
    await make.policy(by=replays.author)
    model = await make.model()
    for ago in (60 * DAY, 60 * DAY, 60 * DAY, HOUR, 60 * DAY, HOUR):
        await replays.store(await make.version(model, stage=Stage.PRODUCTION), recall=0.92, ago=ago)
    asked = await replays.ask(await replays.propose())
    assert await replays.work() == 3
    row = await replays.row(asked.id)
    assert (row["status"], row["done"], row["counts"]["newly_failing"]) == ("DONE", 2, 2)
