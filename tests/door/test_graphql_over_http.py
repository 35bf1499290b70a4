"""GraphQL over HTTP, first edition (September 2026): what a client of the specification may count on."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
import orjson
import pytest

from hub.people.access import Principal
from tests.door.conftest import Door

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
OK = {"query": "{ __typename }"}
UNVALIDATED = {"query": "{ nothing }"}
UNPARSED = {"query": "{"}
UNCOERCED = {"query": "query($n: Int!) { models(first: $n) { nodes { id } } }", "variables": {"n": "x"}}


@pytest.fixture
async def sent(door: Door, developer: Principal) -> Any:
    headers = await door.headers(developer)

    async def send(body: Any, accept: str | None = None, method: str = "POST") -> httpx2.Response:
        asked = {**headers, "Accept": accept} if accept is not None else dict(headers)
        if method in ("GET", "HEAD"):
            query = {k: v if isinstance(v, str) else orjson.dumps(v).decode() for k, v in body.items()}
            return await door.client.request(method, f"/graphql?{urlencode(query)}", headers=asked)
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return await door.client.request(method, "/graphql", content=content, headers={"Content-Type": JSON, **asked})

    return send


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("", JSON),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{JSON}, {GRAPHQL};q=0.9", JSON),
        (f"text/html, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL.upper()}", GRAPHQL),
    ],
)
async def test_a_success_has_the_accepted_media_type(sent: Any, accept: str, media: str, method: str) -> None:
    reply = await sent(OK, accept, method)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == f"{media}; charset=utf-8"
    assert reply.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0, {GRAPHQL};q=0", f"{JSON}; charset=latin-1"])
async def test_what_cannot_be_given_is_not_acceptable(sent: Any, accept: str) -> None:
    assert (await sent(OK, accept)).status_code == 406


@pytest.mark.parametrize("accept", [GRAPHQL, JSON, None])
@pytest.mark.parametrize("body", [UNPARSED, UNVALIDATED, UNCOERCED, {}, {"query": None}, b"NONSENSE", b"[]"])
async def test_a_request_error_is_a_400_without_data(sent: Any, body: Any, accept: str | None) -> None:
    reply = await sent(body, accept)
    assert reply.status_code == 400
    assert reply.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    shown = reply.json()
    assert "data" not in shown and shown["errors"] and all(error["message"] for error in shown["errors"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_not_allowed(sent: Any, method: str) -> None:
    reply = await sent(OK, None, method)
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD, POST")


async def test_get_takes_variables_and_the_operation_name(sent: Any) -> None:
    reply = await sent(
        {
            "query": "query A { __typename }"
            " query B($t: String) { models(first: 1, filter: {text: $t}) { totalCount } }",
            "operationName": "B",
            "variables": {"t": "+ &ü"},
        },
        method="GET",
    )
    assert (reply.status_code, reply.json()["data"]) == (200, {"models": {"totalCount": 0}})


async def test_a_long_query_string_is_a_414(sent: Any) -> None:
    assert (await sent({"query": "{ __typename }" + " " * 20_000}, method="GET")).status_code == 414


async def test_unknown_members_are_passed_over_and_null_is_absent(sent: Any) -> None:
    body = {**OK, "operationName": None, "variables": None, "extensions": None, "id": 7}
    assert (await sent(body)).status_code == 200


async def test_a_charset_in_the_content_type_is_fine(door: Door, developer: Principal) -> None:
    headers = await door.headers(developer)
    for kind in ("application/json; charset=utf-8", "application/json;charset=UTF-8", "APPLICATION/JSON"):
        assert (await door.post(headers, orjson.dumps(OK), **{"Content-Type": kind})).status_code == 200


async def test_introspection_is_answered_and_mixes_with_reads(sent: Any) -> None:
    body = {
        "query": '{ __schema { queryType { name } } __type(name: "Model") { kind } models(first: 1) { totalCount } }'
    }
    reply = await sent(body, GRAPHQL)
    assert (reply.status_code, reply.json()["data"]) == (
        200,
        {"__schema": {"queryType": {"name": "Query"}}, "__type": {"kind": "OBJECT"}, "models": {"totalCount": 0}},
    )


async def test_data_beside_errors_is_a_294_for_who_lists_the_new_type(sent: Any) -> None:
    fails = '{ ... on Model { versions(first: 1, after: "x") { nodes { id } } } }'
    body = {"query": f'{{ __schema {{ queryType {{ name }} }} node(id: "Model:{UUID(int=0)}") {fails} }}'}
    for accept, status in ((GRAPHQL, 294), (JSON, 200)):
        reply = await sent(body, accept)
        assert reply.status_code == status, reply.text
        assert set(reply.json()) == {"data", "errors", "extensions"}
