"""How exceptions stood at an instant: ages, ends in sight, what needs care; and the summary that is made of it."""

from datetime import date, timedelta
from typing import Any

from hub.clock import SetClock
from hub.db import Db
from hub.exceptions.tables import ExceptionStatus
from hub.graph.values import Reader
from hub.models.tables import RiskTier
from hub.people.access import Sight
from hub.people.tables import Role
from hub.summaries.actions import summary
from hub.summaries.facts import Ages, Cliff, Counted, TopPolicy
from tests.asking import Ask
from tests.make import Make
from tests.summaries.past import Past, at, folded

ALL = Reader(Sight.ALL, {}, frozenset())
STANDING = """query($asOf: DateTime) {
  exceptionTrend(from: "2026-10-01", to: "2026-11-01", bucket: MONTH, asOf: $asOf) {
  ages { tier open medianDays p90Days oldestDays } cliff { in30Days in60Days in90Days }
  topPolicies(first: 2) { policy { key } open openBefore opened } } }"""


async def test_ages_and_ends_in_sight_are_those_of_the_trends_end(
    ask: Ask, db: Db, past: Past, make: Make, clock: SetClock
) -> None:
    eve = await make.person("eve", Role.EXECUTIVE)
    rows = [await past.in_force(at(10, day, 0), until=at(11, day, 0)) for day in (2, 12, 22)]
    await past.in_force(at(9, 2, 0), until=at(12, 15, 0), tier=RiskTier.LIMITED)
    await past.in_force(at(9, 3, 0), until=at(9, 30, 0))
    asked: dict[str, Any] = {
        "ages": [
            {"tier": "HIGH", "open": 3, "medianDays": 20.0, "p90Days": 28.0, "oldestDays": 30},
            {"tier": "LIMITED", "open": 1, "medianDays": 60.0, "p90Days": 60.0, "oldestDays": 60},
        ],
        "cliff": {"in30Days": 3, "in60Days": 4, "in90Days": 4},
        "topPolicies": [{"policy": {"key": "recall"}, "open": 4, "openBefore": 1, "opened": 3}],
    }
    assert (await ask(eve, STANDING))["exceptionTrend"] == asked
    # What is put off, revoked and moved in November was in sight at the end of October all the same.
    await past.extended(at(11, 1, 0), rows[0], at(12, 29, 0))
    await past.ended(at(11, 3), rows[1], ExceptionStatus.REVOKED)
    await past.moved(at(11, 4), rows[2], RiskTier.MINIMAL)
    await folded(db)
    clock.move(timedelta(days=60))
    assert (await ask(eve, STANDING))["exceptionTrend"] == asked
    found = (await ask(eve, STANDING, asOf="2026-10-12T00:00:00Z"))["exceptionTrend"]
    assert [(one["open"], one["oldestDays"]) for one in found["ages"]] == [(2, 10), (1, 40)]
    assert found["cliff"] == {"in30Days": 1, "in60Days": 2, "in90Days": 3}
    november = STANDING.replace("2026-11-01", "2026-12-01").replace("2026-10-01", "2026-11-01")
    found = (await ask(eve, november))["exceptionTrend"]
    assert found["cliff"] == {"in30Days": 2, "in60Days": 2, "in90Days": 2}


async def test_a_month_is_summed_up_against_the_one_before_and_again_the_same(
    db: Db, past: Past, make: Make, clock: SetClock
) -> None:
    team, policy = await make.team("claims"), await make.policy("fairness")
    model = await make.model(team=team)
    old = await past.in_force(at(9, 11, 0), until=at(10, 11, 0), model=model)
    await past.tells(at(9, 20), "exception.suspended", old, control=None)
    new = await past.asked(at(10, 2), until=at(12, 1), model=model, policy_id=policy.policy_id, review_at=at(10, 20))
    await past.granted(at(10, 4), new)
    await past.tells(at(10, 9), "exception.suspended", new, control=None)
    await past.asked(at(10, 30), model=model)
    await past.asked(at(10, 30))

    async def told() -> Any:
        return await summary(db, ALL, date(2026, 10, 1), date(2026, 11, 1), team_id=team.id)

    found = await told()
    assert (found.team, found.as_of, found.zone) == ("Claims", at(11, 1, 0), "UTC")
    assert found.now == Counted(
        begins=date(2026, 10, 1),
        ends=date(2026, 11, 1),
        group="",
        opened=2,
        granted=1,
        expired=1,
        open_at_end=2,
        in_force_at_end=1,
        mean_age_days=(29.5 + 1.5) / 2,
        decided=1,
        mean_hours_to_decide=48.0,
    )
    assert (found.before.begins, found.before.opened, found.before.open_at_end) == (date(2026, 9, 1), 1, 1)
    assert found.ages == (Ages("HIGH", 2, 15.5, 26.7, 29),)
    assert (found.cliff, found.cliff_before) == (Cliff(0, 1, 1), Cliff(1, 1, 1))
    assert found.top_policies == (
        TopPolicy(policy.policy_id, "fairness", "Fairness", 1, 0, 1),
        TopPolicy(old.policy_id, "recall", "Recall", 1, 1, 1),
    )
    assert (found.median_hours_to_decide, found.median_hours_to_decide_before) == (48.0, 0.0)
    assert (found.waiting_for_decision, found.suspended, found.overdue_reviews) == (1, 1, 1)
    assert [(step.begins, step.open_at_end) for step in found.series][-2:] == [
        (date(2026, 9, 1), 1),
        (date(2026, 10, 1), 2),
    ]
    assert [day for day, _ in found.compliance_series][0::12] == [date(2025, 10, 1), date(2026, 10, 1)]
    await past.tells(at(11, 2), "exception.resumed", new, control=None)
    new.review_at = at(12, 1)
    await past.tells(at(11, 3), "exception.reviewed", new)
    await past.ended(at(11, 4), new, ExceptionStatus.RESOLVED)
    clock.move(timedelta(days=40))
    await folded(db)
    assert await told() == found
