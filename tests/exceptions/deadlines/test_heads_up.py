"""The end of an exception is told 30, 7 and 1 days before, once each, to its owner, however long nobody looked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from hub.clock import SetClock
from hub.db import Db
from hub.events.record import Subject, record
from hub.models.tables import Model
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.tables import PolicyVersion
from tests.exceptions.deadlines.desk import change, passes, tick, told
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXPIRY = ("exception.expiring", "exception.expired")


@pytest.fixture
async def story(make: Make) -> tuple[PolicyVersion, Model, Principal]:
    policy = await make.policy(longest_exception_days=400)
    return policy, await make.model(), await make.person("dev", Role.DEVELOPER)


async def test_an_owner_hears_of_the_end_three_times_and_then_that_it_came(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal]
) -> None:
    policy, model, dev = story
    made = await make.exception(policy, model, by=dev, expires_at=NOON + timedelta(days=60))
    found = []
    for hours in range(0, 62 * 24, 6):
        clock.move(NOON + timedelta(hours=hours) - clock.now())
        await tick(db)
        rows = await told(db, *EXPIRY)
        found += [(hours / 24, kind, data["late"]) for kind, _, data in rows[len(found) :]]
    assert found == [
        (30, "exception.expiring", False),
        (53, "exception.expiring", False),
        (59, "exception.expiring", False),
        (60, "exception.expired", False),
    ]
    (_, whom, data), *_, (_, ended, end) = await told(db, *EXPIRY)
    assert (whom, ended) == (dev.person_id, made.id)
    assert data["exceptions"] == [
        {
            "exception": str(made.id),
            "about": str(made.id),
            "due_at": "2027-01-20T12:00:00.000000Z",
            "expires_at": "2027-01-20T12:00:00.000000Z",
            "days_left": 30,
            "late": False,
            "in_copy": False,
            "policy": str(policy.policy_id),
            "policy_version": str(policy.id),
            "policy_owner": str(await db.reads.fetchval("SELECT owner_id FROM policies")),
            "model": str(model.id),
            "version": None,
            "stage": None,
            "risk": "MEDIUM",
            "owner": str(dev.person_id),
        }
    ]
    assert (end["granted"], end["policy"], end["expires_at"]) == (
        True,
        str(policy.policy_id),
        data["exceptions"][0]["due_at"],
    )


@pytest.mark.parametrize(
    ("down_days", "kinds", "days_left"),
    [
        (54, ["exception.expiring"], 6),
        (59.5, ["exception.expiring"], 0),
        (63, ["exception.expired"], None),
    ],
)
async def test_after_downtime_only_the_newest_rung_is_told_once_and_marked_late(
    db: Db,
    make: Make,
    clock: SetClock,
    story: tuple[PolicyVersion, Model, Principal],
    down_days: float,
    kinds: list[str],
    days_left: int | None,
) -> None:
    policy, model, dev = story
    await make.exception(policy, model, by=dev, expires_at=NOON + timedelta(days=60))
    await passes(db, clock, days=down_days)
    assert await tick(db) is False
    rows = await told(db, *EXPIRY)
    assert [kind for kind, _, _ in rows] == kinds
    assert rows[0][2]["late"] is True
    if days_left is not None:
        assert [one["days_left"] for one in rows[0][2]["exceptions"]] == [days_left]


async def test_a_rung_that_is_told_within_the_hour_is_not_late(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal]
) -> None:
    policy, model, dev = story
    for at, late in ((timedelta(hours=1), False), (timedelta(hours=1, microseconds=1), True)):
        await make.exception(policy, model, by=dev, expires_at=clock.now() + timedelta(days=40))
        clock.move(timedelta(days=10) + at)
        await tick(db)
        assert (await told(db, *EXPIRY))[-1][2]["late"] is late


async def test_rungs_that_were_past_when_it_was_granted_are_never_told(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal]
) -> None:
    policy, model, dev = story
    await make.exception(policy, model, by=dev, expires_at=NOON + timedelta(days=20))
    assert await tick(db) is False
    await passes(db, clock, days=13)
    assert [(one[2]["late"], one[2]["exceptions"][0]["days_left"]) for one in await told(db, *EXPIRY)] == [(False, 7)]


async def test_what_an_owner_has_to_look_at_comes_in_one_event(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal]
) -> None:
    policy, model, dev = story
    other = await make.person("other", Role.DEVELOPER)
    mine = [
        await make.exception(policy, await make.model(), by=dev, expires_at=NOON + timedelta(days=60, minutes=n))
        for n in (2, 0, 1)
    ]
    theirs = await make.exception(policy, model, by=other, expires_at=NOON + timedelta(days=60))
    await passes(db, clock, days=30, minutes=5)
    rows = await told(db, *EXPIRY)
    assert {whom: [one["exception"] for one in data["exceptions"]] for _, whom, data in rows} == {
        dev.person_id: [str(mine[n].id) for n in (1, 2, 0)],
        other.person_id: [str(theirs.id)],
    }
    assert len(rows) == 2


async def test_a_new_end_is_told_anew_and_its_past_rungs_are_not(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal]
) -> None:
    policy, model, dev = story
    made = await make.exception(policy, model, by=dev, expires_at=NOON + timedelta(days=60))
    await passes(db, clock, days=53)
    assert len(await told(db, *EXPIRY)) == 1
    async with db.write(actor=dev.person_id, operation="op") as tx:
        raw = await tx.raw()
        await raw.execute("UPDATE policy_exceptions SET expires_at = expires_at + interval '18 days'")
        await record(tx, "exception.extended", Subject("exception", made.id), {}, scope_id=model.id)
    # 25 days are left: the rung of 30 days is past, that of 7 is not.
    await passes(db, clock, days=17, hours=23)
    assert len(await told(db, *EXPIRY)) == 1
    await passes(db, clock, hours=1)
    assert [one["days_left"] for one in (await told(db, *EXPIRY))[-1][2]["exceptions"]] == [7]
    await passes(db, clock, days=7)
    assert [(kind, data["late"]) for kind, _, data in await told(db, *EXPIRY)][2:] == [("exception.expired", True)]


async def test_a_new_end_that_nobody_told_of_is_still_found(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal]
) -> None:
    policy, model, dev = story
    made = await make.exception(policy, model, by=dev, expires_at=NOON + timedelta(days=60))
    await change(db, made.id, expires_at=NOON + timedelta(days=100))
    assert await tick(db) is True
    assert await told(db, *EXPIRY) == []
    await passes(db, clock, days=70)
    assert len(await told(db, *EXPIRY)) == 1


@pytest.mark.parametrize("state", ["REVOKED", "RESOLVED"])
async def test_what_has_ended_is_told_of_no_more(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal], state: str
) -> None:
    policy, model, dev = story
    made = await make.exception(policy, model, by=dev, expires_at=NOON + timedelta(days=60))
    await passes(db, clock, days=30)
    await change(db, made.id, state=state)
    before = await make.events()
    await passes(db, clock, days=40)
    assert await make.events() == before
    assert await make.count("deadlines") == 0


async def test_one_that_was_never_granted_is_not_told_of(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal]
) -> None:
    policy, model, dev = story
    await make.exception(policy, model, by=dev, granted=False)
    await passes(db, clock, days=100)
    assert await told(db, *EXPIRY) == []


async def test_a_new_owner_hears_what_the_old_one_has_not_heard(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal]
) -> None:
    policy, model, dev = story
    other = await make.person("other", Role.DEVELOPER)
    made = await make.exception(policy, model, by=dev, expires_at=NOON + timedelta(days=60))
    await passes(db, clock, days=30)
    await change(db, made.id, owner_id=other.person_id)
    assert await tick(db) is False
    await passes(db, clock, days=23)
    assert [whom for _, whom, _ in await told(db, *EXPIRY)] == [dev.person_id, other.person_id]


@pytest.mark.parametrize("day", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)])
async def test_a_change_of_the_clock_neither_doubles_nor_loses_a_rung(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Model, Principal], day: datetime
) -> None:
    policy, model, dev = story
    # Rungs of 7 days and of one day fall into the hours that are there twice, or not at all, in Berlin.
    ends = [
        (day + timedelta(days=days)).astimezone(ZoneInfo("Europe/Berlin")).replace(hour=2, minute=30) for days in (1, 7)
    ]
    clock.move(day - timedelta(days=9) - clock.now())
    made = [await make.exception(policy, model, by=dev, expires_at=end) for end in ends]
    found: list[tuple[UUID, int]] = []
    for _ in range(2 * 24 * 20):
        clock.move(timedelta(minutes=30))
        await tick(db)
    for _, _, data in await told(db, "exception.expiring"):
        assert data["late"] is False
        found += [(UUID(one["exception"]), one["days_left"]) for one in data["exceptions"]]
    assert sorted(found) == sorted((one.id, days) for one in made for days in (7, 1))
    assert len(await told(db, "exception.expired")) == 2
