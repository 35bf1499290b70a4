"""Digests: each period once when it is over, by the clock of its zone, also after a time in which nobody looked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlmodel import SQLModel, select

from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.events.jobs import Order
from hub.events.tables import Event
from hub.people.access import Principal, Scope
from hub.people.tables import Role
from hub.summaries import document
from hub.summaries.digests import actions, jobs, rules
from hub.summaries.digests.rules import Wish
from hub.summaries.digests.tables import Audience, Digest, DigestSubscription, Rhythm
from hub.summaries.wording import changes
from tests.asking import Ask
from tests.make import Make
from tests.summaries.counted import Counted, instead
from tests.summaries.making import october

Row = TypeVar("Row", bound=SQLModel)

MONTHLY = Wish(Audience.EXECUTIVES, Rhythm.MONTH, "Europe/Berlin")
WEEKLY = Wish(Audience.POLICY_OWNERS, Rhythm.WEEK, "UTC", on_day=2, hour=6)


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return instead(monkeypatch)


@pytest.fixture
async def ann(make: Make) -> Principal:
    return await make.person("ann", Role.ADMIN)


def until(clock: SetClock, at: datetime) -> None:
    clock.move(at - clock.now())


async def rows(make: Make, table: type[Row]) -> Sequence[Row]:
    async with make.db.write(actor=None, operation="look") as tx:
        return (await tx.session.execute(select(table))).scalars().all()


async def subscribe(db: Db, who: Principal, wish: Wish) -> DigestSubscription:
    async with db.write(actor=who.person_id, operation="test") as tx:
        return await actions.subscribe(tx, who, wish)


async def tick(db: Db) -> None:
    """What the clock and the worker do."""
    await jobs.due(db, db.clock.now())
    await jobs.run_make(db, Order({}, "worker"))


async def digests(make: Make) -> list[Digest]:
    return sorted(await rows(make, Digest), key=lambda one: one.made_at)


async def told(make: Make) -> list[Event]:
    return [one for one in await rows(make, Event) if one.kind == "summary.digest_made"]


async def test_a_month_is_told_of_once_when_it_is_over(
    db: Db, make: Make, clock: SetClock, ann: Principal, counted: Counted
) -> None:
    row = await subscribe(db, ann, MONTHLY)
    # The first of December, eight o'clock in Berlin.
    due = datetime(2026, 12, 1, 7, tzinfo=UTC)
    assert (row.next_begins, row.next_at) == (date(2026, 11, 1), due)
    until(clock, due - timedelta(seconds=1))
    await tick(db)
    assert await digests(make) == []
    until(clock, due)
    await tick(db)
    await tick(db)
    (made,) = await digests(make)
    assert (made.begins, made.ends, made.zone, made.late) == (date(2026, 11, 1), date(2026, 12, 1), row.zone, False)
    assert made.as_of == datetime(2026, 11, 30, 23, tzinfo=UTC), "the month's end, not when it was made"
    ((reader, of),) = counted.asked
    assert (reader.binds, of["as_of"]) == ({"person": UUID(int=0), "teams": []}, made.as_of)
    kept = document.read(made.facts)
    assert document.digest(kept) == made.facts_digest
    assert made.changes == changes(kept)
    (event,) = await told(make)
    assert (event.subject_kind, event.subject_id, event.subject_digest) == ("digest", made.id, made.facts_digest)
    assert event.data == {
        "subscription": str(row.id),
        "audience": "EXECUTIVES",
        "team": None,
        "period": "MONTH",
        "zone": "Europe/Berlin",
        "roles": ["EXECUTIVE"],
        "people": [],
        "begins": "2026-11-01",
        "ends": "2026-12-01",
        "late": False,
    }
    assert (await rows(make, DigestSubscription))[0].next_at == datetime(2027, 1, 1, 7, tzinfo=UTC)


async def test_what_was_missed_is_made_up_for_once_the_newest_first_and_marked_late(
    db: Db, make: Make, clock: SetClock, ann: Principal
) -> None:
    await subscribe(db, ann, WEEKLY)
    until(clock, datetime(2026, 12, 15, 6, 30, tzinfo=UTC))
    await tick(db)
    await tick(db)
    found = {one.begins: one.late for one in await digests(make)}
    assert found == {
        date(2026, 11, 16): True,
        date(2026, 11, 23): True,
        date(2026, 11, 30): True,
        date(2026, 12, 7): False,
    }
    events = sorted(await told(make), key=lambda one: one.seq or 0)
    assert [one.data["begins"] for one in events] == ["2026-12-07", "2026-11-30", "2026-11-23", "2026-11-16"]


async def test_after_a_year_of_silence_the_last_twelve_are_made(
    db: Db, make: Make, clock: SetClock, ann: Principal
) -> None:
    await subscribe(db, ann, WEEKLY)
    until(clock, datetime(2027, 11, 16, 12, tzinfo=UTC))
    await tick(db)
    found = sorted(one.begins for one in await digests(make))
    assert (len(found), found[0], found[-1]) == (12, date(2027, 8, 23), date(2027, 11, 8))
    (row,) = await rows(make, DigestSubscription)
    assert (row.next_begins, row.next_at) == (date(2027, 11, 15), datetime(2027, 11, 23, 6, tzinfo=UTC))


async def test_what_stopped_half_way_goes_on_without_telling_twice(
    db: Db, make: Make, clock: SetClock, ann: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribe(db, ann, WEEKLY)
    until(clock, datetime(2026, 12, 1, 7, tzinfo=UTC))
    whole, made = actions.make, []

    async def stops(*given: Any) -> Digest | None:
        if made:
            raise RuntimeError("the worker was killed")
        made.append(given)
        return await whole(*given)

    monkeypatch.setattr(actions, "make", stops)
    await jobs.run_make(db, Order({}, "worker"))
    assert [one.begins for one in await digests(make)] == [date(2026, 11, 23)]
    monkeypatch.setattr(actions, "make", whole)
    await tick(db)
    assert [one.begins for one in await digests(make)] == [date(2026, 11, 23), date(2026, 11, 16)]
    assert len(await told(make)) == 2


@pytest.mark.parametrize(
    ("zone", "begins", "hour", "due"),
    [
        # 25 October 2026: clocks in Berlin go back at three, so two o'clock comes twice; the first is meant.
        ("Europe/Berlin", date(2026, 10, 12), 2, datetime(2026, 10, 25, 0, tzinfo=UTC)),
        # 29 March 2026: two o'clock is left out, and taken as three.
        ("Europe/Berlin", date(2026, 3, 16), 2, datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 7, 6), 2, datetime(2026, 7, 19, 0, tzinfo=UTC)),
        ("Pacific/Kiritimati", date(2026, 7, 6), 8, datetime(2026, 7, 18, 18, tzinfo=UTC)),
    ],
)
def test_days_and_hours_are_the_zones_whatever_its_clocks_do(zone: str, begins: date, hour: int, due: datetime) -> None:
    week = rules.period_of(Rhythm.WEEK, begins, zone)
    assert rules.due_at(week, 7, hour) == due


def test_a_digest_at_midnight_waits_until_what_began_in_its_period_is_over() -> None:
    month = rules.period_of(Rhythm.MONTH, date(2026, 11, 5), "UTC")
    assert rules.due_at(month, 1, 0) == datetime(2026, 12, 1, 0, 10, tzinfo=UTC)


async def test_a_teams_digest_is_its_members_and_counts_what_they_see(
    db: Db, make: Make, ask: Ask, clock: SetClock, counted: Counted
) -> None:
    team = await make.team("lending")
    lea, eve = await make.person("lea", Role.DEVELOPER, teams=[team]), await make.person("eve", Role.EXECUTIVE)
    wish = replace(WEEKLY, audience=Audience.TEAM, team_id=team.id)
    with pytest.raises(Refused) as refused:
        await subscribe(db, eve, wish)
    assert refused.value.code == Code.FORBIDDEN
    assert await rows(make, DigestSubscription) == []
    row = await subscribe(db, lea, wish)
    assert row.roles == []
    until(clock, datetime(2026, 11, 24, 6, tzinfo=UTC))
    await tick(db)
    ((reader, of),) = counted.asked
    assert (of["team_id"], reader.binds["teams"], reader.visibility) == (team.id, [team.id], "MEMBER")
    query = "{ digests(first: 5) { nodes { id changes late pagePath team { key } } } }"
    ((seen,), none) = (
        (await ask(lea, query))["digests"]["nodes"],
        (await ask(eve, query))["digests"]["nodes"],
    )
    assert (none, seen["team"]["key"], seen["late"]) == ([], "lending", False)
    assert seen["changes"][0].startswith("41 exceptions are open")
    path = seen["pagePath"]
    assert path == f"/digests/{seen['id'].removeprefix('Digest:')}.html"
    assert "team Lending" in (await ask.get(lea, path)).text
    assert (await ask.get(eve, path)).status_code == 404


@pytest.mark.parametrize("who", [Role.EXECUTIVE, Role.AUDITOR, Role.POLICY_OWNER, Role.MODEL_OWNER])
async def test_only_an_admin_says_which_digests_the_company_gets(db: Db, make: Make, who: Role) -> None:
    with pytest.raises(Refused) as refused:
        await subscribe(db, await make.person("x", who), MONTHLY)
    assert refused.value.code == Code.FORBIDDEN
    assert await rows(make, DigestSubscription) == []


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (replace(MONTHLY, zone="Berlin"), "zone"),
        (replace(MONTHLY, audience=Audience.TEAM), "team"),
        (replace(MONTHLY, team_id=UUID(int=1)), "team"),
        (replace(MONTHLY, audience=Audience.TEAM, team_id=UUID(int=1)), "team"),
        (replace(MONTHLY, on_day=29), "onDay"),
        (replace(WEEKLY, on_day=8), "onDay"),
        (replace(WEEKLY, on_day=0), "onDay"),
        (replace(WEEKLY, hour=24), "hour"),
        (replace(WEEKLY, people=(UUID(int=1),)), "people"),
        (replace(WEEKLY, people=tuple(map(UUID, map("{:032}".format, range(101))))), "people"),
    ],
)
async def test_digests_that_could_not_be_made_are_refused(
    db: Db, make: Make, ann: Principal, wish: Wish, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await subscribe(db, ann, wish)
    assert refused.value.field == field
    assert await rows(make, DigestSubscription) == []


SUBSCRIBE = """mutation($input: SubscribeDigestInput!) { subscribeDigest(input: $input) {
  __typename
  ... on DigestSubscriptionChanged { subscription { id enabled nextAt roles people(first: 5) { nodes { handle } } } }
  ... on Refusal { code field why }
} }"""
UNSUBSCRIBE = """mutation($id: ID!) { unsubscribeDigest(input: {subscription: $id}) {
  __typename
  ... on DigestSubscriptionChanged { subscription { enabled nextAt } }
  ... on Refusal { code field why }
} }"""


async def test_digests_are_asked_for_and_ended_over_the_graph(
    db: Db, make: Make, ask: Ask, clock: SetClock, ann: Principal
) -> None:
    await ask.token(ann, (Scope.ADMIN,))
    given = {"audience": "EXECUTIVES", "period": "MONTH", "zone": "UTC", "people": [f"Person:{ann.person_id}"]}
    made = (await ask(ann, SUBSCRIBE, input=given))["subscribeDigest"]["subscription"]
    assert made == {
        "id": made["id"],
        "enabled": True,
        "nextAt": "2026-12-01T08:00:00+00:00",
        "roles": [],
        "people": {"nodes": [{"handle": "ann"}]},
    }
    again = (await ask(ann, SUBSCRIBE, input=given))["subscribeDigest"]
    assert (again["code"], again["field"]) == ("CONFLICT", "audience")
    ended = (await ask(ann, UNSUBSCRIBE, id=made["id"]))["unsubscribeDigest"]["subscription"]
    assert ended == {"enabled": False, "nextAt": None}
    twice = (await ask(ann, UNSUBSCRIBE, id=made["id"]))["unsubscribeDigest"]
    assert (twice["code"], twice["why"]) == ("WRONG_STATE", "it ended at 2026-11-21 12:00 UTC")
    until(clock, datetime(2026, 12, 1, 9, tzinfo=UTC))
    await tick(db)
    assert await digests(make) == []
    kinds = [one.kind for one in sorted(await rows(make, Event), key=lambda one: one.seq or 0)]
    assert [kind for kind in kinds if kind.startswith("summary.")] == ["summary.subscribed", "summary.unsubscribed"]
    assert (await ask(ann, SUBSCRIBE, input=given))["subscribeDigest"]["__typename"] == "DigestSubscriptionChanged"


async def test_a_digest_is_computed_again_and_equal_or_what_differs_is_told(
    db: Db, make: Make, ask: Ask, clock: SetClock, ann: Principal, counted: Counted
) -> None:
    await subscribe(db, ann, MONTHLY)
    until(clock, datetime(2026, 12, 1, 7, tzinfo=UTC))
    await tick(db)
    (made,) = await digests(make)
    clock.move(timedelta(days=400))
    eve = await make.person("eve", Role.EXECUTIVE)
    again = (await ask.get(eve, f"/digests/{made.id}/verify")).json()
    assert again == {"equal": True, "digest": made.facts_digest, "again": made.facts_digest, "differences": []}
    assert counted.asked[0][1] == counted.asked[1][1], "as of the same instant"
    counted.told = {"overdue_reviews": 4, "now": replace(october().now, opened=13)}
    again = (await ask.get(eve, f"/digests/Digest:{made.id}/verify")).json()
    assert (again["equal"], again["digest"]) == (False, made.facts_digest)
    assert again["differences"] == ["now.opened: 12, then 13", "overdue_reviews: 3, then 4"]


async def test_a_digest_is_handed_out_as_it_was_made(
    db: Db, make: Make, ask: Ask, clock: SetClock, ann: Principal, counted: Counted
) -> None:
    await subscribe(db, ann, MONTHLY)
    until(clock, datetime(2026, 12, 1, 7, tzinfo=UTC))
    await tick(db)
    (made,) = await digests(make)
    counted.told = {"overdue_reviews": 4}
    eve = await make.person("eve", Role.EXECUTIVE)
    reply = await ask.get(eve, f"/digests/{made.id}.json")
    assert reply.content == document.text(document.read(made.facts))
    assert reply.headers["etag"].startswith(f'"{made.facts_digest}.')
    assert "3 reviews are overdue." in (await ask.get(eve, f"/digests/{made.id}.html")).text
    assert (await ask.get(eve, f"/digests/{made.id}.docx")).status_code == 400
    for unknown in ("nothing", UUID(int=1), f"Model:{made.id}"):
        assert (await ask.get(eve, f"/digests/{unknown}.html")).status_code == 404


async def test_what_was_made_is_never_changed(db: Db, make: Make) -> None:
    may = {
        verb: await db.reads.fetchval("SELECT has_table_privilege('hub_app', 'digests', $1)", verb)
        for verb in ("SELECT", "INSERT", "UPDATE", "DELETE")
    }
    assert may == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False}
