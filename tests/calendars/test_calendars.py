"""Calendars: made and changed by key, refused with the way out, and counted with."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hub.calendars import actions, store
from hub.calendars.rules import Change
from hub.calendars.tables import Calendar
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.people.access import Principal, Scope
from hub.people.tables import PersonKind, Role
from hub.working_time import WorkingWeek, after
from tests.asking import Ask
from tests.make import Make

SET = """
mutation Set($input: SetCalendarInput!) {
  setCalendar(input: $input) {
    ... on CalendarSet {
      calendar { key name zone days opens closes country subdivision closedOn events(first: 9) { nodes { kind } } }
    }
    ... on Refusal { code why field }
  }
}
"""
MUNICH: dict[str, Any] = {"name": "Munich", "zone": "Europe/Berlin", "country": "DE", "subdivision": "BY"}


async def put(db: Db, who: Principal | None, key: str = "munich", **asked: Any) -> Calendar:
    async with db.write(actor=who and who.person_id, operation="op") as tx:
        return await actions.set_calendar(tx, who, key, Change(**asked))


async def week(db: Db, which: Any) -> WorkingWeek:
    async with db.write(actor=None, operation="op") as tx:
        return await store.week(tx, which)


async def ends(db: Db, which: Any, start: str, hours: float) -> datetime:
    return after(await week(db, which), datetime.fromisoformat(start), hours)


async def test_a_calendar_is_there_from_the_start(ask: Ask, db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.EXECUTIVE)
    query = "{ calendars(first: 5) { nodes { key name zone days opens closes country subdivision closedOn } } }"
    assert (await ask(ada, query))["calendars"]["nodes"] == [
        {
            "key": "default",
            "name": "Default",
            "zone": "UTC",
            "days": [1, 2, 3, 4, 5],
            "opens": "09:00",
            "closes": "17:00",
            "country": None,
            "subdivision": None,
            "closedOn": [],
        }
    ]
    assert await ends(db, "default", "2026-12-24T16:00Z", 2) == datetime.fromisoformat("2026-12-25T10:00Z")


async def test_public_holidays_and_closed_dates_are_no_working_time(ask: Ask, db: Db, make: Make) -> None:
    """In Munich 24 December is a closed date, 25 and 6 January are holidays; the 28th is a Monday."""
    ada = await make.person("ada", Role.ADMIN)
    await ask.token(ada, [Scope.ADMIN])
    asked = {"key": "munich", **MUNICH, "country": "deu", "subdivision": "by", "closedOn": ["2026-12-31", "2026-12-24"]}
    assert (await ask(ada, SET, input=asked))["setCalendar"]["calendar"] == {
        "key": "munich",
        "name": "Munich",
        "zone": "Europe/Berlin",
        "days": [1, 2, 3, 4, 5],
        "opens": "09:00",
        "closes": "17:00",
        "country": "DE",
        "subdivision": "BY",
        "closedOn": ["2026-12-24", "2026-12-31"],
        "events": {"nodes": [{"kind": "calendar.set"}]},
    }
    found = await db.reads.fetchval("SELECT id FROM calendars WHERE key = 'munich'")
    for which in ("munich", found):
        assert await ends(db, which, "2026-12-23T16:00+01:00", 2) == datetime.fromisoformat("2026-12-28T10:00+01:00")
        assert await ends(db, which, "2027-01-05T16:00+01:00", 2) == datetime.fromisoformat("2027-01-07T10:00+01:00")
    # Berlin works on 6 January.
    await put(db, ada, "berlin", **{**MUNICH, "subdivision": "BE"})
    assert await ends(db, "berlin", "2027-01-05T16:00+01:00", 2) == datetime.fromisoformat("2027-01-06T10:00+01:00")


async def test_what_is_left_out_stays_and_what_is_empty_goes(db: Db, make: Make, clock: SetClock) -> None:
    ada = await make.person("ada", Role.ADMIN)
    first = await put(db, ada, **MUNICH, closed_on=[date(2026, 12, 24)])
    clock.move(timedelta(hours=1))
    second = await put(db, ada, closes="18:30", days=[5, 1, 1])
    assert second.id == first.id
    (row,) = await db.reads.fetch("SELECT * FROM calendars WHERE key = 'munich'")
    assert (row["name"], row["zone"], row["country"], row["subdivision"]) == ("Munich", "Europe/Berlin", "DE", "BY")
    assert (row["days"], row["opens"], row["closes"]) == ([1, 5], "09:00", "18:30")
    assert (row["closed_on"], row["created_at"], row["changed_at"]) == (
        [date(2026, 12, 24)],
        first.created_at,
        clock.now(),
    )
    changed = await put(db, ada, country="AT", closed_on=[])
    assert (changed.country, changed.subdivision, changed.closed_on) == ("AT", None, [])
    gone = await put(db, ada, country="")
    assert (gone.country, gone.subdivision, gone.name) == (None, None, "Munich")


async def test_what_it_says_already_is_said_once(db: Db, make: Make, clock: SetClock) -> None:
    ada = await make.person("ada", Role.ADMIN)
    first = await put(db, ada, **MUNICH, closed_on=[date(2026, 12, 24)])
    since = len(await make.events())
    clock.move(timedelta(hours=1))
    for again in ({}, MUNICH, {"closed_on": [date(2026, 12, 24)] * 2, "days": [5, 4, 3, 2, 1], "country": "de"}):
        assert (await put(db, ada, **again)).changed_at == first.changed_at
    assert await make.events(since=since) == []
    assert await db.reads.fetchval("SELECT changed_at FROM calendars WHERE key = 'munich'") == first.changed_at


async def test_the_trail_tells_what_changed(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.ADMIN)
    made = await put(db, ada, **MUNICH, closed_on=[date(2026, 12, 24), date(2026, 12, 31)])
    await put(db, ada, closed_on=[date(2026, 12, 24), date(2027, 12, 24)])
    first, second = await db.reads.fetch(
        "SELECT subject_id, subject_digest, actor_id, data::jsonb ->> 'digest_before' AS before,"
        " data::jsonb -> 'closed_added' AS added, data::jsonb -> 'closed_removed' AS removed"
        " FROM events WHERE kind = 'calendar.set' ORDER BY seq"
    )
    assert (first["subject_id"], first["actor_id"], first["before"]) == (made.id, ada.person_id, None)
    assert (first["added"], first["removed"]) == ('["2026-12-24", "2026-12-31"]', "[]")
    assert (second["added"], second["removed"]) == ('["2027-12-24"]', '["2026-12-31"]')
    assert second["before"] == first["subject_digest"] != second["subject_digest"]


async def test_two_who_make_the_same_calendar_at_once_both_have_their_way(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada", Role.ADMIN), await make.person("bob", Role.ADMIN)
    await asyncio.gather(put(db, ada, zone="UTC", opens="08:00"), put(db, bob, zone="UTC", closes="20:00"))
    (row,) = await db.reads.fetch("SELECT opens, closes FROM calendars WHERE key = 'munich'")
    assert (row["opens"], row["closes"]) == ("08:00", "20:00")
    assert (await make.events()).count("calendar.set") == 2


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_only_admins_set_calendars(ask: Ask, make: Make, role: Role) -> None:
    kind = PersonKind.SERVICE if role is Role.SERVICE else PersonKind.HUMAN
    who = await make.person("who", role, kind=kind)
    await ask.token(who, [Scope.ADMIN])
    reply = await ask(who, SET, input={"key": "munich", "zone": "UTC"})
    assert reply["setCalendar"]["code"] == "FORBIDDEN"
    assert reply["setCalendar"]["why"].endswith("it is given to ADMIN")
    assert await make.count("calendars") == 1


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"zone": None}, "zone", "munich is a new calendar; give its zone"),
        ({"zone": "Berlin"}, "zone", "did you mean Europe/Berlin?"),
        ({"zone": "America/NewYork"}, "zone", "did you mean America/New_York"),
        ({"zone": "../../etc/passwd"}, "zone", "there is no time zone"),
        ({"zone": "localtime"}, "zone", "there is no time zone"),
        ({"zone": "x\x00"}, "zone", "there is no time zone"),
        ({"days": []}, "days", "at least one working day"),
        ({"days": [1, 8]}, "days", "from 1 for Monday to 7 for Sunday"),
        ({"opens": "17:00", "closes": "09:00"}, "closes", "a day opens before it closes"),
        ({"opens": "9"}, "opens", "'9' is no time of day; write one from 00:00 to 24:00"),
        ({"closes": "24:01"}, "closes", "is no time of day"),
        ({"closes": "1٧:00"}, "closes", "is no time of day"),
        ({"country": "Atlantis"}, "country", "no holidays are known of 'Atlantis'"),
        ({"country": "DE", "subdivision": "Texas"}, "subdivision", "DE has no part 'Texas'; there are BB, BE, BW, BY,"),
        ({"country": "MT", "subdivision": "1"}, "subdivision", "leave it out"),
        ({"subdivision": "BY"}, "country", "is a part of no country"),
        ({"name": " "}, "name", "name is empty"),
        ({"closed_on": [date(1969, 1, 1)]}, "closedOn", "give dates from 1970 to 2200"),
        ({"closed_on": [date.max]}, "closedOn", "give dates from 1970 to 2200"),
        (
            {"closed_on": [date(2026, 1, 1) + timedelta(days=n) for n in range(1_001)]},
            "closedOn",
            "1001 closed dates; at most 1000",
        ),
        (
            {"closed_on": [date(2026, 1, 1) + timedelta(days=n) for n in range(400)]},
            "closedOn",
            "nobody would work from 2026-01-01 to",
        ),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    db: Db, make: Make, asked: dict[str, Any], field: str, words: str
) -> None:
    ada = await make.person("ada", Role.ADMIN)
    since = len(await make.events())
    with pytest.raises(Refused) as refused:
        await put(db, ada, **{"zone": "UTC", **asked})
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, field)
    assert words in refused.value.why
    assert await make.count("calendars") == 1
    assert await make.events(since=since) == []


@pytest.mark.parametrize("key", ["", "Munich", "-", "a b", "a" * 101])
async def test_a_key_that_cannot_be_typed_is_refused(db: Db, make: Make, key: str) -> None:
    with pytest.raises(Refused) as refused:
        await put(db, None, key, zone="UTC")
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "key")
    assert await make.count("calendars") == 1


async def test_a_calendar_that_is_not_there_is_told(db: Db) -> None:
    with pytest.raises(Refused, match="there is no calendar nowhere") as refused:
        await week(db, "nowhere")
    assert refused.value.code is Code.NOT_FOUND


async def test_one_is_found_by_key_and_others_by_what_they_say(ask: Ask, db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.AUDITOR)
    await put(db, None, **MUNICH)
    assert (await ask(ada, '{ calendar(key: "munich") { name } }'))["calendar"] == {"name": "Munich"}
    assert (await ask(ada, '{ calendar(key: "nowhere") { name } }'))["calendar"] is None
    listed = "query L($f: CalendarFilter) { calendars(first: 5, filter: $f) { nodes { key } } }"
    for condition, expected in [
        (None, ["default", "munich"]),
        ({"text": "MUN"}, ["munich"]),
        ({"zone": "UTC"}, ["default"]),
        ({"country": "de"}, ["munich"]),
    ]:
        found = (await ask(ada, listed, f=condition))["calendars"]["nodes"]
        assert [one["key"] for one in found] == expected, condition
