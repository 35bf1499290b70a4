"""How compliance stood at the end of each day: told a day later or a month later, the same."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from hub.checks.actions import evaluate
from hub.clock import SetClock
from hub.db import Db
from hub.events.jobs import Order
from hub.graph.values import Reader
from hub.models.tables import Model, ModelVersion, RiskTier, Stage
from hub.people.access import Principal, Sight
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint, PolicyVersion
from hub.summaries.compliance import store
from hub.summaries.facts import Bucket
from hub.summaries.jobs import due, run_tell
from hub.summaries.trend import rules
from tests.asking import Ask
from tests.make import Make

DAYS = """query($to: Date!, $asOf: DateTime) {
  exceptionTrend(from: "2026-11-21", to: $to, bucket: DAY, asOf: $asOf) {
    compliance { begins asked kept waived reportedPercent truePercent } } }"""
ALL = Reader(Sight.ALL, {}, frozenset())


async def told(db: Db, make: Make) -> None:
    """The clock ticks, and what it enqueued is done."""
    await due(db, make.now)
    await run_tell(db, Order({"today": make.now.date().isoformat()}, "op"))


async def checked(db: Db, *versions: ModelVersion) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await evaluate(tx, [one.id for one in versions], DecisionPoint.PROMOTE, Stage.PRODUCTION)


class Estate:
    """Three models under one policy: one keeps it, one does not, one is waived until the next evening."""

    kept: ModelVersion
    failing: ModelVersion
    waived: ModelVersion
    hidden: Model
    eve: Principal
    policy: PolicyVersion

    async def begin(self, db: Db, make: Make) -> "Estate":
        self.eve = await make.person("eve", Role.EXECUTIVE)
        self.policy = await make.policy()
        excepted = await make.model(tier=RiskTier.LIMITED)
        self.kept = await make.version(await make.model(), metrics={"recall": 0.95})
        self.failing = await make.version(await make.model(), metrics={"recall": 0.5})
        self.waived = await make.version(excepted, metrics={"recall": 0.5})
        await make.exception(self.policy, excepted, expires_at=make.now + timedelta(days=1, hours=6))
        await checked(db, self.kept, self.failing, self.waived)
        return self


async def measured(db: Db, version: ModelVersion, recall: float) -> None:
    """A metric is logged anew, and the version asked about again."""
    async with db.write(actor=None, operation="op") as tx:
        values = {"value": recall, "id": version.id}
        await tx.session.execute(text("UPDATE version_metrics SET value = :value WHERE version_id = :id"), values)
    await checked(db, version)


async def days(ask: Ask, who: Principal, to: str, as_of: str | None = None) -> list[tuple[Any, ...]]:
    """What each day says: asked, kept, waived, reported and true."""
    found = (await ask(who, DAYS, to=to, asOf=as_of))["exceptionTrend"]["compliance"]
    return [tuple(one[name] for name in list(one)[1:]) for one in found]


async def test_each_day_is_told_as_it_ended_and_what_is_waived_ends_by_its_date(
    ask: Ask, db: Db, make: Make, clock: SetClock
) -> None:
    estate = await Estate().begin(db, make)
    assert await days(ask, estate.eve, "2026-11-22") == [(3, 1, 1, 66.7, 33.3)]
    for _ in range(3):
        clock.move(timedelta(days=1))
        await told(db, make)
    await measured(db, estate.failing, 0.95)
    clock.move(timedelta(days=1))
    assert await days(ask, estate.eve, "2026-11-26") == [
        (3, 1, 1, 66.7, 33.3),
        # The exception ended in the evening; nobody asked about the version again.
        (3, 1, 0, 33.3, 33.3),
        (3, 1, 0, 33.3, 33.3),
        # Not told yet: found from the results themselves.
        (3, 2, 0, 66.7, 66.7),
        # Today is as it stands in what counts now, where the version is waived until it is asked about again.
        (3, 2, 1, 100.0, 66.7),
    ]
    # As of an instant its results say what stood, now and later.
    for _ in range(2):
        assert (await days(ask, estate.eve, "2026-11-26", "2026-11-25T12:00:00Z"))[-1] == (3, 2, 0, 66.7, 66.7)
        assert (await days(ask, estate.eve, "2026-11-25", "2026-11-24T11:59:59Z"))[-1] == (3, 1, 0, 33.3, 33.3)
        clock.move(timedelta(hours=1))
    found = await db.reads.fetch("SELECT day FROM compliance_told ORDER BY day")
    assert [row["day"].day for row in found] == [21, 22, 23]


async def test_days_that_were_missed_come_out_as_if_they_had_been_told_at_once(
    db: Db, make: Make, clock: SetClock
) -> None:
    estate = await Estate().begin(db, make)
    recalls = (0.95, 0.2, 0.91, 0.4)
    for recall in recalls:
        clock.move(timedelta(days=1))
        await told(db, make)
        await measured(db, estate.failing, recall)
        await measured(db, estate.kept, 1 - recall)
    clock.move(timedelta(days=1))
    await told(db, make)
    columns = "day, model_id, policy_id, team_id, tier, asked, kept, waived"
    once = await db.reads.fetch(f"SELECT {columns} FROM compliance_days ORDER BY day, model_id, tier")
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("DELETE FROM compliance_days"))
        await tx.session.execute(text("DELETE FROM compliance_told"))
    for _ in range(2):
        await told(db, make)
        assert await db.reads.fetch(f"SELECT {columns} FROM compliance_days ORDER BY day, model_id, tier") == once
    assert len(once) > 8
    whole = rules.span(date(2026, 11, 21), date(2026, 11, 26), now=make.now)
    found = await store.at_ends(db, ALL, rules.stepped(whole, Bucket.DAY))
    assert [one.kept for one in found] == [1, 1, 0, 1, 0]
    assert [one.waived for one in found] == [1, 0, 0, 0, 0]


async def test_a_model_that_is_not_seen_is_in_no_day(ask: Ask, db: Db, make: Make, clock: SetClock) -> None:
    estate = await Estate().begin(db, make)
    clock.move(timedelta(days=1))
    await told(db, make)
    async with db.write(actor=None, operation="op") as tx:
        values = {"id": estate.failing.model_id}
        await tx.session.execute(text("UPDATE models SET restricted = true WHERE id = :id"), values)
    assert await days(ask, estate.eve, "2026-11-23") == [(2, 1, 1, 100.0, 50.0)] * 2
    auditor = await make.person("aud", Role.AUDITOR)
    assert await days(ask, auditor, "2026-11-23") == [(3, 1, 1, 66.7, 33.3)] * 2


async def test_nothing_is_told_before_anything_was_checked(db: Db, make: Make) -> None:
    await told(db, make)
    assert (await make.count("compliance_told"), await make.count("pgqueuer")) == (0, 0)
    whole = rules.span(date(2026, 11, 20), date(2026, 11, 21), now=make.now)
    (found,) = await store.at_ends(db, ALL, whole)
    assert (found.asked, found.reported, found.true) == (0, None, None)
