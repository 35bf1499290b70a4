"""Many exceptions asked for at once, each by itself: for good, or tried out and undone."""

from typing import Any

import pytest

from hub.exceptions.exchange.actions import MOST
from tests.asking import Ask
from tests.exceptions.living import NOON, Life

IMPORT = """mutation($input: ImportExceptionsInput!, $key: String) {
  importExceptions(input: $input, idempotencyKey: $key) {
    __typename ... on Refusal { code why field }
    ... on ExceptionsImported { items { became exception code why field } }
  }
}"""
LEFT = ("policy_exceptions", "compensating_controls", "approval_requests", "events", "answered", "pgqueuer")


def wanted(life: Life, **more: Any) -> dict[str, Any]:
    return {
        "policy": f"Policy:{life.policy.policy_id}",
        "model": f"Model:{life.model.id}",
        "owner": f"Person:{life.olaf.person_id}",
        "justification": "More cases arrive next month.",
        "controls": [{"description": "A radiologist reads every scan."}],
        "expiresAt": NOON.replace(day=28).isoformat(),
        **more,
    }


async def imported(ask: Ask, life: Life, *each: dict[str, Any], dry_run: bool = False, key: str | None = None) -> Any:
    said = await ask(life.dev, IMPORT, input={"exceptions": list(each), "dryRun": dry_run}, key=key)
    return said["importExceptions"]


async def left(life: Life) -> list[int]:
    return [await life.make.count(table) for table in LEFT]


async def test_what_is_refused_leaves_the_others_and_what_was_imported_is_not_asked_anew(ask: Ask, life: Life) -> None:
    late = wanted(life, expiresAt=NOON.replace(year=2027).isoformat())
    other = wanted(life, justification="They are rare.")
    done = await imported(ask, life, wanted(life), late, wanted(life), other)
    first, refused, again, last = done["items"]
    assert [one["became"] for one in done["items"]] == ["ASKED", "REFUSED", "ASKED_BEFORE", "ASKED"]
    assert again["exception"] == first["exception"] != last["exception"]
    assert refused == {
        "became": "REFUSED",
        "exception": None,
        "code": "TERM_TOO_LONG",
        "why": "365 days asked, 90 allowed by recall; ask for a renewal instead",
        "field": "expiresAt",
    }
    assert await life.make.count("policy_exceptions") == 2
    assert await life.kinds() == ["exception.requested"] * 2
    assert (await imported(ask, life, other))["items"] == [last | {"became": "ASKED_BEFORE"}]


async def test_a_dry_run_says_the_same_and_leaves_nothing_not_even_under_a_key(ask: Ask, life: Life) -> None:
    (there,) = (await imported(ask, life, wanted(life, stage="STAGING")))["items"]
    each = wanted(life), wanted(life, controls=[]), wanted(life), wanted(life, stage="STAGING")
    before = await left(life)
    tried = await imported(ask, life, *each, dry_run=True, key="once")
    assert await left(life) == before
    done = await imported(ask, life, *each, key="once")
    assert [one["became"] for one in done["items"]] == ["ASKED", "REFUSED", "ASKED_BEFORE", "ASKED_BEFORE"]
    assert done["items"][3]["exception"] == there["exception"]
    undone = [one | {"exception": None} for one in done["items"][:3]]
    assert tried["items"] == [*undone, done["items"][3]]
    assert await life.make.count("policy_exceptions") == 2


async def test_what_another_asked_for_is_not_asked_before(ask: Ask, life: Life) -> None:
    await imported(ask, life, wanted(life))
    said = await ask(life.pat, IMPORT, input={"exceptions": [wanted(life)]})
    assert [one["became"] for one in said["importExceptions"]["items"]] == ["ASKED"]


@pytest.mark.parametrize("number", [0, MOST + 1])
async def test_neither_none_nor_too_many_are_taken(ask: Ask, life: Life, number: int) -> None:
    said = await imported(ask, life, *[wanted(life)] * number)
    assert said == {
        "__typename": "Refusal",
        "code": "BAD_INPUT",
        "why": f"{number} exceptions given; 1 to 50 are taken at once, split them into several requests",
        "field": "exceptions",
    }
    assert await life.make.count("policy_exceptions") == 0
