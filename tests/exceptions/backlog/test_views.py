"""Views of the backlog that people keep, for themselves or for a team."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
VIEW = "view { id name filter orderBy mine person { handle } sharedWith { key } }"
SAVE = f"""mutation($input: SaveViewInput!) {{ saveView(input: $input) {{ __typename
  ... on ViewSaved {{ {VIEW} }} ... on Refusal {{ code why field }} }} }}"""
DELETE = """mutation($input: DeleteViewInput!) { deleteView(input: $input) { __typename
  ... on ViewDeleted { view } ... on Refusal { code field } } }"""
LIST = """query Views($filter: SavedViewFilter) { savedViews(first: 10, filter: $filter) {
  totalCount nodes { name mine filter orderBy } } }"""
USE = """query Use($filter: PolicyExceptionFilter, $orderBy: [PolicyExceptionOrder!]) {
  exceptions(first: 10, filter: $filter, orderBy: $orderBy) { nodes { justification } } }"""
HEAVIEST = [{"by": "WEIGHTED_AGE", "direction": "ASC"}]


async def save(ask: Ask, who: Principal, **given: Any) -> dict[str, Any]:
    return dict((await ask(who, SAVE, input=given))["saveView"])


async def views(ask: Ask, who: Principal, **filter: Any) -> list[tuple[str, bool]]:
    found = (await ask(who, LIST, filter=filter))["savedViews"]
    assert found["totalCount"] == len(found["nodes"])
    return [(node["name"], node["mine"]) for node in found["nodes"]]


@pytest.fixture
async def people(make: Make) -> dict[str, Any]:
    desk, lab = await make.team("desk"), await make.team("lab")
    return {
        "desk": desk,
        "lab": lab,
        "ada": await make.person("ada", Role.DEVELOPER, teams=[desk]),
        "bob": await make.person("bob", Role.DEVELOPER, teams=[desk, lab]),
        "eve": await make.person("eve", Role.AUDITOR),
    }


async def test_a_view_is_kept_as_it_was_asked_and_asks_the_same_again(
    ask: Ask, make: Make, people: dict[str, Any]
) -> None:
    ada = people["ada"]
    policy, model = await make.policy(), await make.model()
    for name in ("one", "two"):
        await make.exception(policy, model, by=ada, justification=name, granted=name == "one")
    given = {
        "open": True,
        "riskAfter": ["MEDIUM", "LOW"],
        "requested": {"since": "2026-11-01T00:00:00+00:00"},
        "not": {"undecided": True},
        "any": [{"owner": f"Person:{ada.person_id}"}, {"hasTicket": True}],
    }
    saved = (await save(ask, ada, name=" Mine ", filter=given, orderBy=HEAVIEST))["view"]
    assert {key: saved[key] for key in ("name", "filter", "orderBy", "mine", "person", "sharedWith")} == {
        "name": "Mine",
        "filter": given,
        "orderBy": HEAVIEST,
        "mine": True,
        "person": {"handle": "ada"},
        "sharedWith": None,
    }
    (node,) = (await ask(ada, LIST, filter={"name": "Mine"}))["savedViews"]["nodes"]
    found = await ask(ada, USE, filter=node["filter"], orderBy=node["orderBy"])
    assert [one["justification"] for one in found["exceptions"]["nodes"]] == ["one"]
    assert (await make.events())[-1] == "view.saved"


async def test_a_view_of_the_same_name_is_written_anew(ask: Ask, make: Make, people: dict[str, Any]) -> None:
    first = (await save(ask, people["ada"], name="Mine", filter={"open": True}))["view"]
    second = (await save(ask, people["ada"], name="Mine", filter={"undecided": True}))["view"]
    others = (await save(ask, people["bob"], name="Mine", filter={}))["view"]
    assert first["id"] == second["id"] != others["id"]
    assert second["filter"] == {"undecided": True}
    assert await make.count("saved_views") == 2


async def test_a_view_is_seen_by_its_person_and_the_team_it_is_shared_with(
    ask: Ask, people: dict[str, Any], make: Make
) -> None:
    p = people
    await save(ask, p["bob"], name="desk's", filter={"open": True}, team=f"Team:{p['desk'].id}")
    await save(ask, p["bob"], name="lab's", filter={"open": True}, team=f"Team:{p['lab'].id}")
    await save(ask, p["ada"], name="own", filter={"open": True})
    assert await views(ask, p["ada"]) == [("desk's", False), ("own", True)]
    assert await views(ask, p["ada"], mine=True) == [("own", True)]
    assert await views(ask, p["bob"]) == [("desk's", True), ("lab's", True)]
    # Whoever sees every model does not look into what people keep for themselves.
    assert await views(ask, p["eve"]) == []
    refused = await save(ask, p["ada"], name="x", filter={}, team=f"Team:{p['lab'].id}")
    assert (refused["code"], refused["field"]) == ("NOT_FOUND", "team")
    assert await make.count("saved_views") == 3


async def test_a_view_is_dropped_by_its_person_alone(ask: Ask, people: dict[str, Any], make: Make) -> None:
    p = people
    shared = (await save(ask, p["bob"], name="desk's", filter={}, team=f"Team:{p['desk'].id}"))["view"]["id"]
    told = [
        (await ask(who, DELETE, input={"view": shared}))["deleteView"]
        for who in (p["ada"], p["eve"], p["bob"], p["bob"])
    ]
    assert [one.get("code") for one in told] == ["FORBIDDEN", "NOT_FOUND", None, "NOT_FOUND"]
    assert told[2]["view"] == shared
    assert await make.count("saved_views") == 0
    assert (await make.events()).count("view.deleted") == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " ", "filter": {}}, "name"),
        ({"name": "x" * 101, "filter": {}}, "name"),
        ({"name": "x", "filter": {"owner": "Model:1"}}, "filter"),
        ({"name": "x", "filter": {}, "orderBy": [{"by": "REVIEW_AT"}, {"by": "EXPIRES_AT"}, {"by": "REQUESTED_AT"},
                                                 {"by": "WEIGHTED_AGE"}]}, "filter"),
    ],
)  # fmt: skip
async def test_what_a_list_would_not_take_is_not_kept(
    ask: Ask, people: dict[str, Any], make: Make, given: dict[str, Any], field: str
) -> None:
    refused = await save(ask, people["ada"], **given)
    assert (refused["code"], refused["field"]) == ("BAD_INPUT", field)
    assert await make.count("saved_views") == 0
