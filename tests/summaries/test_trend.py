"""How exceptions developed: exact counts of a history that is computed by hand, equal whenever it is asked for."""

from typing import Any

import pytest

from hub.clock import SetClock
from hub.db import Db
from hub.exceptions.tables import ExceptionStatus
from hub.models.tables import RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from hub.summaries.tables import COUNTS
from tests.asking import Ask
from tests.make import Make
from tests.summaries.past import Past, at, folded

NUMBERS = " ".join((*COUNTS, "closed openAtEnd inForceAtEnd"))
TREND = f"""query($from: Date!, $to: Date!, $bucket: TrendBucket! = MONTH, $by: TrendGroupBy! = NOTHING,
    $zone: String! = "UTC", $asOf: DateTime, $team: ID, $policy: ID, $tier: [RiskTier!]) {{
  exceptionTrend(from: $from, to: $to, bucket: $bucket, groupBy: $by, zone: $zone, asOf: $asOf, team: $team,
      policy: $policy, tier: $tier) {{
    buckets {{ begins ends group {NUMBERS} meanAgeDays meanHoursToDecide }} }} }}"""


@pytest.fixture
async def eve(make: Make) -> Principal:
    """An executive."""
    return await make.person("eve", Role.EXECUTIVE)


async def trend(ask: Ask, who: Principal, begins: str, ends: str, **more: Any) -> list[dict[str, Any]]:
    """The steps of a trend."""
    found = await ask(who, TREND, **{"from": begins, "to": ends, **more})
    return list(found["exceptionTrend"]["buckets"])


def said(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is not nothing of each step, without its days."""
    return [{key: value for key, value in step.items() if value and key not in ("begins", "ends")} for step in steps]


async def history(past: Past) -> None:
    """Five exceptions of September and October; every number below is counted by hand from this."""
    first = await past.asked(at(9, 1), until=at(10, 16))
    await past.granted(at(9, 2), first)
    second = await past.asked(at(9, 10), until=at(10, 10))
    await past.granted(at(9, 13), second)
    await past.extended(at(10, 5), second, at(12, 10))
    third = await past.in_force(at(9, 20), until=at(11, 20))
    await past.ended(at(10, 21), third, ExceptionStatus.REVOKED)
    fourth = await past.asked(at(9, 30))
    await past.ended(at(10, 1), fourth, ExceptionStatus.REJECTED)
    fifth = await past.in_force(at(10, 11), until=at(12, 11))
    await past.moved(at(10, 20), fifth, RiskTier.LIMITED)


async def test_each_step_counts_what_happened_and_how_it_stood_at_its_end(ask: Ask, past: Past, eve: Principal) -> None:
    await history(past)
    assert await trend(ask, eve, "2026-09-01", "2026-12-01") == [
        {
            "begins": "2026-09-01",
            "ends": "2026-10-01",
            "group": "",
            "opened": 4,
            "granted": 3,
            "rejected": 0,
            "withdrawn": 0,
            "extended": 0,
            "expired": 0,
            "revoked": 0,
            "resolved": 0,
            "decided": 3,
            "closed": 0,
            "openAtEnd": 4,
            "inForceAtEnd": 3,
            # 29.5, 20.5, 10.5 and half a day.
            "meanAgeDays": 15.25,
            # A day, three days, and none.
            "meanHoursToDecide": 32.0,
        },
        {
            "begins": "2026-10-01",
            "ends": "2026-11-01",
            "group": "",
            "opened": 1,
            "granted": 1,
            "rejected": 1,
            "withdrawn": 0,
            "extended": 1,
            "expired": 1,
            "revoked": 1,
            "resolved": 0,
            "decided": 2,
            "closed": 3,
            "openAtEnd": 2,
            "inForceAtEnd": 2,
            # 51.5 and 20.5 days.
            "meanAgeDays": 36.0,
            "meanHoursToDecide": 12.0,
        },
        {
            "begins": "2026-11-01",
            "ends": "2026-12-01",
            "group": "",
            **dict.fromkeys((*COUNTS, "closed"), 0),
            "openAtEnd": 2,
            "inForceAtEnd": 2,
            # Up to now, noon of the 21st.
            "meanAgeDays": 56.5,
            "meanHoursToDecide": None,
        },
    ]


async def test_nobody_needs_to_look_for_an_exception_to_end_by_its_date(ask: Ask, past: Past, eve: Principal) -> None:
    await past.in_force(at(11, 1), until=at(11, 10))
    await past.in_force(at(11, 1), until=at(11, 21, 13))
    found = await trend(ask, eve, "2026-11-09", "2026-11-23", bucket="WEEK")
    assert said(found) == [
        {"expired": 1, "closed": 1, "openAtEnd": 1, "inForceAtEnd": 1, "meanAgeDays": 14.5},
        {"openAtEnd": 1, "inForceAtEnd": 1, "meanAgeDays": 20.0},
    ]


async def test_a_move_is_seen_from_the_day_on_which_it_happened(ask: Ask, past: Past, eve: Principal) -> None:
    await history(past)
    found = await trend(ask, eve, "2026-10-19", "2026-10-26", bucket="DAY", by="TIER")
    assert [(step["begins"][-2:], step["group"], step["openAtEnd"], step["opened"]) for step in found] == [
        ("19", "HIGH", 3, 0),
        ("19", "LIMITED", 0, 0),
        ("20", "HIGH", 2, 0),
        ("20", "LIMITED", 1, 0),
        ("21", "HIGH", 1, 0),
        ("21", "LIMITED", 1, 0),
        ("22", "HIGH", 1, 0),
        ("22", "LIMITED", 1, 0),
        ("23", "HIGH", 1, 0),
        ("23", "LIMITED", 1, 0),
        ("24", "HIGH", 1, 0),
        ("24", "LIMITED", 1, 0),
        ("25", "HIGH", 1, 0),
        ("25", "LIMITED", 1, 0),
    ]


async def test_october_reads_the_same_in_november_and_in_december(
    ask: Ask, db: Db, past: Past, eve: Principal, clock: SetClock
) -> None:
    await history(past)
    row = await past.in_force(at(10, 30), until=at(11, 15))
    october = {"begins": "2026-10-01", "ends": "2026-11-01", "by": "TIER", "bucket": "DAY"}
    clock.move(at(11, 1, 0) - clock.now())
    then = await trend(ask, eve, **october)
    await past.extended(at(11, 3), row, at(12, 24))
    await past.moved(at(11, 4), row, RiskTier.MINIMAL)
    await past.ended(at(11, 5), row, ExceptionStatus.REVOKED)
    await folded(db)
    await past.asked(at(11, 6))
    clock.move(at(12, 1) - clock.now())
    assert await trend(ask, eve, **october) == then
    as_of = await trend(ask, eve, **october, asOf="2026-11-01T00:00:00Z")
    assert as_of == then
    assert sum(step["opened"] for step in then) == 2
    assert {step["group"] for step in then} == {"HIGH", "LIMITED"}


async def test_what_came_after_as_of_is_not_known(ask: Ask, db: Db, past: Past, eve: Principal) -> None:
    await history(past)
    await folded(db)
    found = await trend(ask, eve, "2026-10-01", "2026-12-01", asOf="2026-10-11T12:00:00Z")
    assert said(found) == [
        # The fifth came at that very instant; the first, of 40 days, ends on the 16th; the third is not revoked.
        {
            "opened": 1,
            "granted": 1,
            "rejected": 1,
            "extended": 1,
            "decided": 2,
            "closed": 1,
            "openAtEnd": 4,
            "inForceAtEnd": 4,
            "meanAgeDays": 23.0,
            "meanHoursToDecide": 12.0,
        }
    ]


async def test_weeks_begin_on_the_zones_own_mondays_also_when_its_clock_is_put_back(
    ask: Ask, db: Db, past: Past, eve: Principal
) -> None:
    # Berlin is two hours ahead until the 25th of October, at three in the night, and one hour afterwards.
    for hour, day in ((21, 18), (22, 18), (22, 25), (23, 25)):
        await past.asked(at(10, day, hour))
    weeks = {"begins": "2026-10-12", "ends": "2026-11-02", "bucket": "WEEK"}
    for _ in range(2):
        berlin = await trend(ask, eve, **weeks, zone="Europe/Berlin")
        assert [(step["begins"], step["opened"], step["openAtEnd"]) for step in berlin] == [
            ("2026-10-12", 1, 1),
            ("2026-10-19", 2, 3),
            ("2026-10-26", 1, 4),
        ]
        assert [step["opened"] for step in await trend(ask, eve, **weeks)] == [2, 2, 0]
        days = await trend(ask, eve, "2026-10-24", "2026-10-27", bucket="DAY", zone="Europe/Berlin")
        assert [step["opened"] for step in days] == [0, 1, 1]
        await folded(db)


async def test_whoever_may_not_see_a_model_learns_nothing_of_it_from_counts(
    ask: Ask, db: Db, past: Past, make: Make
) -> None:
    owner, other = await make.person("owner", Role.MODEL_OWNER), await make.person("other", Role.EXECUTIVE)
    team = await make.team("claims")
    mate, auditor = await make.person("mate", Role.DEVELOPER, teams=[team]), await make.person("aud", Role.AUDITOR)
    hidden = await make.model(restricted=True, owner=owner, team=team, tier=RiskTier.PROHIBITED)
    await past.asked(at(10, 1))
    await past.asked(at(10, 1), model=hidden)

    async def seen() -> list[int]:
        found = [await trend(ask, who, "2026-10-01", "2026-11-01") for who in (owner, mate, auditor, other)]
        return [steps[0]["opened"] for steps in found]

    assert await seen() == [2, 2, 2, 1]
    await folded(db)
    assert await seen() == [2, 2, 2, 1]
    groups = await trend(ask, other, "2026-10-01", "2026-11-01", by="TIER")
    assert [step["group"] for step in groups] == ["HIGH"]
    by_team = await trend(ask, other, "2026-10-01", "2026-11-01", team=f"Team:{team.id}")
    assert [step["opened"] for step in by_team] == [0]


async def test_filters_and_groups_count_the_same_however_they_are_put(
    ask: Ask, db: Db, past: Past, make: Make, eve: Principal
) -> None:
    teams = [await make.team("one"), await make.team("two")]
    models = [await make.model(team=team, tier=tier) for team in teams for tier in (RiskTier.HIGH, RiskTier.LIMITED)]
    for place, model in enumerate(models):
        for day in range(1, 3 + place):
            await past.asked(at(10, day), model=model)
    month = {"begins": "2026-10-01", "ends": "2026-11-01"}
    for _ in range(2):
        by_team = await trend(ask, eve, **month, by="TEAM")
        assert [(step["group"], step["opened"]) for step in by_team] == [(str(teams[0].id), 5), (str(teams[1].id), 9)]
        one = {"team": f"Team:{teams[1].id}"}
        assert [step["opened"] for step in await trend(ask, eve, **month, **one)] == [9]
        within = await trend(ask, eve, **month, **one, by="TIER")
        assert [(step["group"], step["opened"]) for step in within] == [("HIGH", 4), ("LIMITED", 5)]
        assert [step["opened"] for step in await trend(ask, eve, **month, tier=["LIMITED"])] == [8]
        assert [step["opened"] for step in await trend(ask, eve, **month, **one, tier=["LIMITED"])] == [5]
        await folded(db)


async def test_a_selection_is_answered_in_its_own_words(ask: Ask, past: Past, eve: Principal) -> None:
    await past.asked(at(10, 1))
    query = """query($more: Boolean!) {
      trend: exceptionTrend(from: "2026-10-01", to: "2026-11-01", bucket: MONTH, groupBy: POLICY) { ...T }
      policies(first: 1) { nodes { key } } }
    fragment T on ExceptionTrend { __typename asOf steps: buckets { __typename ... on ExceptionTrendStep { new: opened }
      groupName closed @include(if: $more) } }"""
    assert await ask(eve, query, more=False) == {
        "trend": {
            "__typename": "ExceptionTrend",
            "asOf": "2026-11-21T12:00:00+00:00",
            "steps": [{"__typename": "ExceptionTrendStep", "new": 1, "groupName": "recall"}],
        },
        "policies": {"nodes": [{"key": "recall"}]},
    }


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        ({"from": "2026-10-01", "to": "2026-10-01"}, "to", "2026-10-01 is not before to 2026-10-01"),
        ({"from": "2010-01-01", "to": "2020-01-02"}, "to", "more than 10 years"),
        ({"from": "2024-01-01", "to": "2026-11-01", "bucket": "DAY"}, "bucket", "1,035 steps are 1,035 counts; up to"),
        ({"from": "2026-12-01", "to": "2026-12-09"}, "from", "2026-12-01 had not begun at 2026-11-21T12:00:00"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, "from", "outside the years 1970 to 2999"),
        ({"from": "2026-10-01", "to": "2026-11-01", "zone": "Mars"}, "zone", "there is no time zone 'Mars'"),
        ({"from": "2026-10-01", "to": "2026-11-01", "asOf": "2026-12-01T00:00:00Z"}, "asOf", "has not come yet"),
    ],
)
async def test_what_cannot_be_told_is_refused_with_its_numbers(
    ask: Ask, eve: Principal, asked: dict[str, Any], field: str, why: str
) -> None:
    reply = (await ask.reply(eve, TREND, **asked)).json()
    (error,) = reply["errors"]
    assert (error["extensions"], reply["data"]) == ({"code": "BAD_INPUT", "field": field}, None)
    assert why in error["message"]


async def test_too_many_groups_are_refused_with_their_number(ask: Ask, past: Past, make: Make, eve: Principal) -> None:
    for name in ("one", "two", "three"):
        await past.asked(at(10, 1), model=await make.model(team=await make.team(name)))
    query = {"from": "2025-10-01", "to": "2026-10-07", "bucket": "DAY", "by": "TEAM"}
    (error,) = (await ask.reply(eve, TREND, **query)).json()["errors"]
    assert error["message"] == (
        "371 steps of 3 groups are 1,113 counts; up to 1,000 are given: ask for a longer bucket or a shorter span"
    )
