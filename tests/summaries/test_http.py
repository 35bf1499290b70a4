"""Summaries over HTTP: to readers with a token, in each form, by what they may see."""

from datetime import UTC, date, datetime

import orjson
import pytest

from hub.people.access import Sight
from hub.people.tables import Role
from hub.summaries import document, page
from tests.asking import Ask
from tests.make import Make
from tests.outline import words
from tests.summaries.counted import Counted, instead

OCTOBER = "/summaries/exceptions?month=2026-10&zone=Europe/Berlin"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return instead(monkeypatch)


async def test_a_page_is_handed_out_that_may_do_nothing(ask: Ask, make: Make, counted: Counted) -> None:
    eve = await make.person("eve", Role.EXECUTIVE)
    reply = await ask.get(eve, OCTOBER)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert words(reply.text).startswith("Exceptions in October 2026")
    assert reply.headers["content-security-policy"] == page.POLICY
    assert "script" not in page.POLICY
    assert reply.headers["cache-control"] == "private, no-cache"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "content-disposition" not in reply.headers
    ((reader, of),) = counted.asked
    assert (reader.visibility, reader.binds["person"]) == (Sight.MEMBER, eve.person_id)
    assert of == {
        "begins": date(2026, 10, 1),
        "ends": date(2026, 11, 1),
        "zone": "Europe/Berlin",
        "as_of": datetime(2026, 10, 31, 23, tzinfo=UTC),
        "team_id": None,
    }


@pytest.mark.parametrize(
    ("form", "media", "begins"),
    [("pdf", "application/pdf", b"%PDF-"), ("csv", "text/csv; charset=utf-8", b"begins,ends,tier,opened")],
)
async def test_files_are_handed_out_under_the_name_of_their_period(
    ask: Ask, make: Make, counted: Counted, form: str, media: str, begins: bytes
) -> None:
    reply = await ask.get(await make.person("eve", Role.EXECUTIVE), f"{OCTOBER}&format={form}")
    assert (reply.status_code, reply.headers["content-type"]) == (200, media)
    assert reply.headers["content-disposition"] == f'attachment; filename="exceptions-2026-10.{form}"'
    assert reply.content.startswith(begins)


async def test_the_json_is_the_text_whose_digest_stands_on_the_page(ask: Ask, make: Make, counted: Counted) -> None:
    eve = await make.person("eve", Role.EXECUTIVE)
    text = await ask.get(eve, f"{OCTOBER}&format=json")
    told = document.read(orjson.loads(text.content))
    assert document.text(told) == text.content
    assert document.digest(told) in (await ask.get(eve, OCTOBER)).text
    again = await ask.get(eve, f"{OCTOBER}&format=json", **{"If-None-Match": text.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_team_is_named_by_key_or_id(ask: Ask, make: Make, counted: Counted) -> None:
    eve, team = await make.person("eve", Role.EXECUTIVE), await make.team("lending")
    for named in ("lending", str(team.id), f"Team:{team.id}"):
        reply = await ask.get(eve, f"{OCTOBER}&team={named}")
        assert "Exceptions in October 2026, team Lending" in reply.text
    assert {of["team_id"] for _, of in counted.asked} == {team.id}


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ("month=soon", 400, "month 'soon' is none; say month=2026-10, week=2026-W43, or from=2026-10-03 and"),
        ("month=2026-10&format=docx", 400, "'docx' is no form; ask for html, pdf, csv, json"),
        ("months=2026-10", 400, "'months' is not understood; say month, week, from, to, zone, team, as_of or format"),
        ("month=2026-10&team=nobody", 404, "there is no team 'nobody'; give a team's key or id"),
        ("month=2026-10&zone=Berlin", 400, "there is no time zone 'Berlin'; did you mean Europe/Berlin"),
    ],
)
async def test_what_cannot_be_told_is_refused_with_the_way_out(
    ask: Ask, make: Make, counted: Counted, query: str, status: int, why: str
) -> None:
    reply = await ask.get(await make.person("eve", Role.EXECUTIVE), f"/summaries/exceptions?{query}")
    assert reply.status_code == status
    assert reply.json()["why"].startswith(why)
    assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert counted.asked == []


async def test_a_token_is_needed(ask: Ask, counted: Counted) -> None:
    assert (await ask.get(None, OCTOBER)).status_code == 401
    assert counted.asked == []
