"""The short way and Strawberry's way give the same bytes."""

import pytest

from hub.graph.front import Front
from hub.graph.negotiate import Asked, Media
from hub.people.access import Principal
from hub.schema import schema
from tests.door.conftest import Door
from tests.make import Make

DOCUMENTS = {
    "tiny": "query($id: ID!) { node(id: $id) { id __typename ... on Model { name tier } } }",
    "absent": '{ node(id: "Model:00000000-0000-0000-0000-000000000000") { id } }',
    "page": "{ models(first: 2) { nodes { id name } edges { cursor } pageInfo { hasNextPage endCursor } totalCount } }",
    "nested": """
        query Q($n: Int = 2) { __typename models(first: $n, orderBy: [{by: NAME, direction: DESC}]) { nodes { ...M } } }
        fragment M on Model { name versions(first: 2) { nodes { name stage datasets(first: 1) { totalCount } } }
          owner { id } }
    """,
    "aliases": '{ a: models(first: 1) { totalCount } b: models(first: 1, filter: {text: "x"}) { n: nodes { name } } }',
    "directives": "query($no: Boolean = false) { models(first: 1) @include(if: $no) { totalCount } __typename }",
    "twice": "{ models(first: 1) { totalCount } models(first: 1) { nodes { id } } }",
    "texts": '{ models(first: 5, filter: {text: "\\"quoted\\" \\u00fc"}) { nodes { name description } } }',
    "nothing": '{ registry(key: "none") { id } syncRuns(first: 1) { nodes { id } } }',
}
REFUSED = {
    "page size": "query($n: Int = 0) { models(first: $n) { nodes { id } } }",
    "variable": "query($n: Int!) { models(first: $n) { totalCount } }",
    "unknown": "{ models(first: 1) { nodes { nme } } }",
}


async def both(door: Door, who: Principal, asked: Asked) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    token = (await door.headers(who))["Authorization"].encode()
    session = await door.hub.open_session({}, {b"authorization": token})
    walked = Front(schema(), door.hub.engine, door.hub.open_session, door.hub.telemetry, compiled=False)
    answers = [await front.answer(asked, "POST", session, Media.GRAPHQL) for front in (door.hub.front, walked)]
    return answers[0], answers[1]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_an_answer_has_the_same_bytes_either_way(door: Door, developer: Principal, make: Make, name: str) -> None:
    model = await make.model('the "quoted" ü', owner=developer)
    for _ in range(3):
        await make.version(model)
    await make.model("other")
    variables = {"id": f"Model:{model.id}"} if name == "tiny" else {}
    compiled, walked = await both(door, developer, Asked(DOCUMENTS[name], variables=variables))
    assert compiled == walked
    assert compiled[0] == 200 and b"errors" not in compiled[1]


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_has_the_same_bytes_either_way(door: Door, developer: Principal, name: str) -> None:
    compiled, walked = await both(door, developer, Asked(REFUSED[name]))
    assert compiled == walked
    assert compiled[0] == 400
