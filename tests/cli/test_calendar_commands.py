"""`hub calendar`: made, changed, listed, shown with what it means now, and refused with the way out."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest

from hub.cli.calendar import days_in, days_text
from hub.errors import Refused
from hub.working_time import WorkingWeek, after
from tests.cli.hubs import command


async def test_a_calendar_is_made_changed_listed_and_shown(database: str) -> None:
    url = {"HUB_DATABASE_URL": database}
    # The Friday and the Monday of a year far off; the Saturday is no working day anyway.
    closed = [word for day in ("2190-01-04", "2190-01-01", "2190-01-02") for word in ("--closed", day)]
    made = await command("calendar", "set", "nepal", "--zone", "Asia/Kathmandu", "--days", "mon-fri", *closed, **url)
    assert (made.code, made.out) == (0, "nepal: mon-fri 09:00-17:00 Asia/Kathmandu, none\n")
    await command("calendar", "set", "nepal", "--opens", "10:00", "--name", "Office in Patan", **url)
    listed = orjson.loads((await command("calendar", "list", "--json", **url)).out)
    assert [one["key"] for one in listed] == ["default", "nepal"]
    assert listed[1] == {
        "key": "nepal",
        "name": "Office in Patan",
        "zone": "Asia/Kathmandu",
        "days": [1, 2, 3, 4, 5],
        "opens": "10:00",
        "closes": "17:00",
        "country": None,
        "subdivision": None,
        "closedOn": ["2190-01-01", "2190-01-02", "2190-01-04"],
    }
    week = WorkingWeek(ZoneInfo("Asia/Kathmandu"), frozenset({1, 2, 3, 4, 5}), 600, 1_020)
    earliest = after(week, datetime.now(UTC), 8)
    shown = orjson.loads((await command("calendar", "show", "nepal", "--json", **url)).out)
    assert earliest <= datetime.fromisoformat(shown["eightHoursFromNow"]) <= after(week, datetime.now(UTC), 8)
    assert shown["eightHoursFromNow"].endswith("+05:45")
    assert shown["nextClosed"] == [{"date": "2190-01-01", "why": ""}, {"date": "2190-01-04", "why": ""}]
    await command("calendar", "set", "nepal", "--none-closed", **url)
    assert orjson.loads((await command("calendar", "show", "nepal", "--json", **url)).out)["nextClosed"] == []


async def test_the_next_ten_closed_days_are_shown_by_name(database: str) -> None:
    url = {"HUB_DATABASE_URL": database}
    await command("calendar", "set", "default", "--country", "de", "--subdivision", "by", **url)
    shown = await command("calendar", "show", **url)
    first, second, *closed, last = shown.out.splitlines()
    assert (first, second) == ("default: Default", "  mon-fri 09:00-17:00 UTC, holidays: DE-BY")
    assert len(closed) == 10
    assert all(line.startswith("  closed ") for line in closed)
    assert [line[9:12] for line in closed if line.endswith("  Easter Monday")] == ["Mon"]
    assert last.startswith("  8 working hours from now end ")
    listed = (await command("calendar", "list", **url)).out.splitlines()
    assert listed[1].split() == ["default", "Default", "UTC", "mon-fri", "09:00-17:00", "DE-BY", "0"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "nowhere"), "hub: there is no calendar nowhere; there are default"),
        (("set", "new"), "hub: new is a new calendar; give its zone, such as Europe/Berlin"),
        (("set", "default", "--closed", "24.12.2026"), "hub: '24.12.2026' is no date; write it as YYYY-MM-DD, such as"),
        (("set", "default", "--closed", "2026-02-30"), "hub: '2026-02-30' is no date"),
        (("set", "default", "--closed", "2026-12-24", "--none-closed"), "hub: --closed and --none-closed contradict"),
        (("set", "default", "--days", "mon-funday"), "hub: 'mon-funday' is no day; write mon, tue,"),
    ],
)
async def test_what_cannot_be_is_told_in_a_sentence(database: str, words: tuple[str, ...], sentence: str) -> None:
    said = await command("calendar", *words, HUB_DATABASE_URL=database)
    assert said.code == 2
    assert said.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("text", "days", "shown"),
    [
        ("mon-fri", [1, 2, 3, 4, 5], "mon-fri"),
        ("sun-thu", [1, 2, 3, 4, 7], "mon,tue,wed,thu,sun"),
        ("Mon, wed", [1, 3], "mon,wed"),
        ("sat,sun", [6, 7], "sat,sun"),
        ("mon-sun", [1, 2, 3, 4, 5, 6, 7], "mon-sun"),
        ("tue-tue,mon-wed", [1, 2, 3], "mon-wed"),
    ],
)
def test_days_are_read_and_written_as_people_do(text: str, days: list[int], shown: str) -> None:
    assert days_in(text) == days
    assert days_text(days) == shown


@pytest.mark.parametrize("text", ["", "mon-", "-fri", "mon--fri", "1-5", "mon,,tue"])
def test_days_nobody_writes_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        days_in(text)
