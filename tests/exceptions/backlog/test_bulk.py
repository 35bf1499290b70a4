"""Many exceptions at once: what was shown is what is done, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from hub.clock import SetClock
from hub.exceptions.bulk.rules import BulkAction
from hub.exceptions.tables import PolicyException
from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ITEMS = "items { exception done what code why }"
PREVIEW = f"""mutation($input: ExceptionBulkInput!) {{ previewExceptionBulk(input: $input) {{ __typename
  ... on ExceptionBulkPreview {{ digest {ITEMS} }} ... on Refusal {{ code why field }} }} }}"""
ACT = f"""mutation($input: ActOnExceptionsInput!, $key: String) {{
  actOnExceptions(input: $input, idempotencyKey: $key) {{ __typename
  ... on ExceptionBulkDone {{ {ITEMS} }} ... on Refusal {{ code why field }} }} }}"""
TICKET = "https://tickets.example.com/7"


async def preview(ask: Ask, who: Principal, **given: Any) -> dict[str, Any]:
    return dict((await ask(who, PREVIEW, input=given))["previewExceptionBulk"])


async def act(ask: Ask, who: Principal, key: str | None = None, **given: Any) -> dict[str, Any]:
    return dict((await ask(who, ACT, input=given, key=key))["actOnExceptions"])


def ids(*rows: PolicyException) -> list[str]:
    return [f"PolicyException:{row.id}" for row in rows]


@pytest.fixture
async def company(make: Make) -> dict[str, Any]:
    pat = await make.person("pat", Role.POLICY_OWNER)
    policy = await make.policy(by=pat)
    ada, bob = await make.person("ada", Role.DEVELOPER), await make.person("bob", Role.DEVELOPER)
    cards = await make.model("cards")
    hidden = await make.model("hidden", owner=bob, restricted=True)
    return {
        "pat": pat,
        "ada": ada,
        "bob": bob,
        "policy": policy,
        "cards": cards,
        "granted": await make.exception(policy, cards, by=ada),
        "second": await make.exception(policy, cards, by=ada, ticket_url=TICKET),
        "waiting": await make.exception(policy, cards, by=ada, granted=False),
        "others": await make.exception(policy, cards, by=bob),
        "secret": await make.exception(policy, hidden, by=bob, granted=False),
    }


async def test_a_preview_says_of_each_what_would_happen_and_writes_nothing(
    ask: Ask, company: dict[str, Any], make: Make
) -> None:
    c = company
    await ask.token(c["ada"])
    before, rows = await make.events(), await make.count("policy_exceptions", f"ticket_url = '{TICKET}'")
    chosen = ids(c["granted"], c["second"], c["waiting"], c["others"], c["secret"])
    absent = f"PolicyException:{uuid4()}"
    told = await preview(ask, c["ada"], action="SET_TICKET", exceptions=[*chosen, absent], ticketUrl=TICKET)
    assert [(item["exception"], item["done"], item["what"], item["code"]) for item in told["items"]] == [
        (chosen[0], True, "names a ticket", None),
        (chosen[1], True, "names this ticket already", None),
        (chosen[2], False, "", "WRONG_STATE"),
        (chosen[3], False, "", "FORBIDDEN"),
        (chosen[4], False, "", "NOT_FOUND"),
        (absent, False, "", "NOT_FOUND"),
    ]
    # A hidden one is told as one that is not there, word by word.
    assert told["items"][4]["why"] == told["items"][5]["why"] == "there is no such exception"
    assert await make.events() == before
    assert await make.count("policy_exceptions", f"ticket_url = '{TICKET}'") == rows == 1


async def test_what_was_shown_is_done_to_each_and_told_once(ask: Ask, company: dict[str, Any], make: Make) -> None:
    c = company
    await ask.token(c["ada"])
    given = {
        "action": "SET_TICKET",
        "exceptions": ids(c["granted"], c["waiting"], c["second"]),
        "ticketUrl": "https://tickets.example.com/8",
    }
    shown = await preview(ask, c["ada"], **given)
    before = await make.events()
    done = await act(ask, c["ada"], "k1", digest=shown["digest"], **given)
    assert done["items"] == shown["items"]
    assert [item["what"] for item in done["items"]] == ["names a ticket", "", "names another ticket"]
    assert (await make.events())[len(before) :] == ["exception.ticket_set"] * 2
    assert await make.count("policy_exceptions", "ticket_url = 'https://tickets.example.com/8'") == 2
    assert await act(ask, c["ada"], "k1", digest=shown["digest"], **given) == done
    assert len(await make.events()) == len(before) + 2


async def test_nothing_is_done_when_one_stands_otherwise_than_shown(
    ask: Ask, company: dict[str, Any], make: Make, clock: SetClock
) -> None:
    c = company
    given = {"action": "SET_TICKET", "exceptions": ids(c["granted"], c["second"]), "ticketUrl": ""}
    shown = await preview(ask, c["ada"], **given)
    clock.move(31 * DAY)
    before = await make.events()
    refused = await act(ask, c["ada"], digest=shown["digest"], **given)
    assert (refused["code"], refused["field"]) == ("STALE", "digest")
    clock.move(-31 * DAY)
    other = await act(ask, c["ada"], digest=shown["digest"], **{**given, "exceptions": given["exceptions"][:1]})
    another = await act(ask, c["ada"], digest=shown["digest"], **{**given, "ticketUrl": TICKET})
    assert (other["code"], another["code"]) == ("STALE", "STALE")
    assert await make.events() == before
    assert await make.count("policy_exceptions", f"ticket_url = '{TICKET}'") == 1
    assert (await act(ask, c["ada"], digest=shown["digest"], **given))["__typename"] == "ExceptionBulkDone"


async def test_a_filter_chooses_and_what_comes_to_match_it_makes_it_stale(
    ask: Ask, company: dict[str, Any], make: Make
) -> None:
    c = company
    mine = {"open": True, "owner": f"Person:{c['ada'].person_id}", "any": [{"undecided": False}, {"hasTicket": True}]}
    given = {"action": "SET_TICKET", "filter": mine, "ticketUrl": "https://tickets.example.com/8"}
    shown = await preview(ask, c["ada"], **given)
    assert {item["exception"] for item in shown["items"]} == set(ids(c["granted"], c["second"]))
    await make.exception(c["policy"], c["cards"], by=c["ada"])
    assert (await act(ask, c["ada"], digest=shown["digest"], **given))["code"] == "STALE"
    assert len((await preview(ask, c["ada"], **given))["items"]) == 3


async def test_only_who_has_no_hand_in_it_puts_a_review_off(ask: Ask, company: dict[str, Any], make: Make) -> None:
    c = company
    chosen, soon, late = ids(c["granted"]), (NOON + 5 * DAY).isoformat(), (NOON + 20 * DAY).isoformat()

    async def set_review(who: Principal, at: str) -> tuple[bool, str, str | None]:
        given = {"action": "SET_REVIEW", "exceptions": chosen, "reviewAt": at}
        shown = await preview(ask, who, **given)
        (item,) = (await act(ask, who, digest=shown["digest"], **given))["items"]
        return item["done"], item["what"], item["code"]

    assert await set_review(c["ada"], soon) == (True, "looked at on 2026-11-26 instead of 2026-12-21", None)
    assert await set_review(c["ada"], late) == (False, "", "FORBIDDEN")
    assert await set_review(c["bob"], soon) == (False, "", "FORBIDDEN")
    assert await set_review(c["pat"], late) == (True, "looked at on 2026-12-11 instead of 2026-11-26", None)
    assert await set_review(c["pat"], (NOON + 31 * DAY).isoformat()) == (False, "", "BAD_INPUT")
    assert (await make.events()).count("exception.review_set") == 2


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"action": "SET_TICKET", "exceptions": [], "ticketUrl": ""}, "BAD_INPUT", "exceptions"),
        ({"action": "SET_TICKET", "ticketUrl": ""}, "BAD_INPUT", "exceptions"),
        ({"action": "SET_TICKET", "exceptions": ["Model:1"], "ticketUrl": ""}, "BAD_ID", "exceptions"),
        ({"action": "SET_TICKET", "filter": {}}, "BAD_INPUT", "ticketUrl"),
        ({"action": "SET_TICKET", "filter": {}, "ticketUrl": "", "reason": "x"}, "BAD_INPUT", "reason"),
        ({"action": "SET_TICKET", "exceptions": [f"PolicyException:{uuid4()}" for _ in range(201)], "ticketUrl": ""},
         "BAD_INPUT", "exceptions"),
    ],
)  # fmt: skip
async def test_a_selection_that_is_none_is_refused_as_a_whole(
    ask: Ask, company: dict[str, Any], given: dict[str, Any], code: str, field: str
) -> None:
    told = await preview(ask, company["ada"], **given)
    assert (told["code"], told["field"]) == (code, field)


async def test_owners_are_changed_and_exceptions_taken_back_by_the_same_rules_as_one_by_one(
    ask: Ask, company: dict[str, Any], make: Make
) -> None:
    c = company
    chosen = ids(c["granted"], c["waiting"], c["others"])
    bob = f"Person:{c['bob'].person_id}"

    async def both(who: Principal, **given: Any) -> list[tuple[str, str | None]]:
        given["exceptions"] = chosen
        shown = await preview(ask, who, **given)
        done = await act(ask, who, digest=shown["digest"], **given)
        assert done["items"] == shown["items"]
        return [(item["what"], item["code"]) for item in done["items"]]

    assert await both(c["ada"], action="ASSIGN_OWNER", owner=bob) == [
        ("gets another owner", None),
        ("", "WRONG_STATE"),
        ("", "FORBIDDEN"),
    ]
    assert await make.count("policy_exceptions", f"owner_id = '{c['bob'].person_id}'") == 3
    assert await both(c["ada"], action="REVOKE", reason="Not needed.") == [
        ("", "FORBIDDEN"),
        ("", "WRONG_STATE"),
        ("", "FORBIDDEN"),
    ]
    assert await both(c["bob"], action="REVOKE", reason="Not needed.") == [
        ("taken back", None),
        ("", "FORBIDDEN"),
        ("taken back", None),
    ]
    assert await make.count("policy_exceptions", "state = 'REVOKED' AND end_note = 'Not needed.'") == 2
    kinds = await make.events()
    assert (kinds.count("exception.moved"), kinds.count("exception.revoked")) == (1, 2)


def test_no_decision_is_made_in_bulk() -> None:
    assert {action.value for action in BulkAction} == {"ASSIGN_OWNER", "SET_REVIEW", "SET_TICKET", "REVOKE"}
