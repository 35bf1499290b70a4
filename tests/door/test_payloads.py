"""What a mutation shows: its document is read once, and every kind of reader is shown their own."""

from typing import Any

import pytest

from hub.graph.compile import Compiler
from hub.people.access import Principal
from tests.door.conftest import Door
from tests.make import Make

CLASSIFY = """
mutation Classify($model: ID!, $why: String!, $n: Int!) {
  classifyModel(input: {model: $model, tier: LIMITED, why: $why}) {
    ... on ModelChanged { model { name tierWhy versions(first: $n) { nodes { __typename } } } }
  }
}
"""
CREATE = """
mutation Create($whose: Boolean!) {
  createToken(input: {label: "ci", scopes: [READ]}) {
    ... on TokenCreated { token { label person @include(if: $whose) { handle email } } }
  }
}
"""


async def test_a_document_is_read_and_planned_once_for_requests_of_one_shape(
    door: Door, owner: Principal, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await door.headers(owner)
    one, two = await make.model("one"), await make.model("two")
    first = await door.ask(headers, CLASSIFY, model=f"Model:{one.id}", why="It was looked at.", n=2)
    shown = first.json()["data"]["classifyModel"]["model"]
    assert shown == {"name": "one", "tierWhy": "It was looked at.", "versions": {"nodes": []}}

    def again(*_: Any, **__: Any) -> None:
        raise AssertionError("this was read, validated or planned before")

    for name in ("strawberry.schema.schema.parse", "strawberry.schema.schema.validate"):
        monkeypatch.setattr(name, again)
    monkeypatch.setattr(Compiler, "by_key", again)
    second = await door.ask(headers, CLASSIFY, model=f"Model:{two.id}", why="And this one.", n=2)
    shown = second.json()["data"]["classifyModel"]["model"]
    assert shown == {"name": "two", "tierWhy": "And this one.", "versions": {"nodes": []}}


async def test_another_page_is_planned_anew(door: Door, owner: Principal, make: Make) -> None:
    headers = await door.headers(owner)
    model = await make.model("one")
    for _ in range(3):
        await make.version(model)
    for n in (1, 3, 2):
        reply = await door.ask(headers, CLASSIFY, model=f"Model:{model.id}", why=f"Look {n}.", n=n)
        shown = reply.json()["data"]["classifyModel"]["model"]
        assert shown == {
            "name": "one",
            "tierWhy": f"Look {n}.",
            "versions": {"nodes": [{"__typename": "ModelVersion"}] * n},
        }


async def test_each_reader_is_shown_their_own_by_one_document(
    door: Door, owner: Principal, developer: Principal
) -> None:
    of_owner, of_developer = await door.headers(owner), await door.headers(developer)
    for _ in range(2):
        shown = (await door.ask(of_owner, CREATE, whose=True)).json()
        token = shown["data"]["createToken"]["token"]
        assert token == {"label": "ci", "person": {"handle": "olaf", "email": None}}
        [error] = (await door.ask(of_developer, CREATE, whose=True)).json()["errors"]
        assert error["message"] == "Person.email needs the permission SEE_CONTACTS"
        bare = (await door.ask(of_developer, CREATE, whose=False)).json()
        assert bare["data"]["createToken"]["token"] == {"label": "ci"}
