"""GraphQL over HTTP: every request gets its exact status."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import orjson
import pytest
from graphql import OperationType

from hub.graph.negotiate import (
    BODY_BYTES,
    Asked,
    Media,
    NotUnderstood,
    check_content_type,
    check_method,
    content_type,
    media_for,
    read,
    read_body,
    status_of,
)
from tests.effort import counted

BOTH = "application/graphql-response+json, application/json;q=0.9"


def post(body: bytes | str, kind: str | None = "application/json") -> Asked:
    return read("POST", kind, b"", body.encode() if isinstance(body, str) else body)


def get(**parameters: str) -> Asked:
    return read("GET", None, urlencode(parameters).encode(), b"")


def test_post_with_everything() -> None:
    asked = post(
        '{"query": "query Q { a }", "operationName": "Q", "variables": {"n": 1}, "extensions": {"trace": "x"}, "b": 1}'
    )
    assert asked == Asked("query Q { a }", "Q", {"n": 1}, {"trace": "x"})


def test_null_is_the_same_as_leaving_out() -> None:
    asked = post('{"query": "{a}", "operationName": null, "variables": null, "extensions": null}')
    assert asked == Asked("{a}", None, {}, {})


def test_empty_operation_name_chooses_nothing() -> None:
    assert post('{"query": "{a}", "operationName": ""}').operation_name is None


def test_get_with_everything() -> None:
    asked = get(query="query Q{a(x:1)}", operationName="Q", variables='{"n": "ü+ "}', extensions="{}", other="1")
    assert asked == Asked("query Q{a(x:1)}", "Q", {"n": "ü+ "}, {})


def test_get_takes_empty_parameters_as_missing() -> None:
    assert get(query="{a}", operationName="", variables="", extensions="") == Asked("{a}")


def test_head_reads_like_get() -> None:
    assert read("HEAD", None, b"query=%7Ba%7D", b"") == Asked("{a}")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no JSON"),
        (b"null", "no JSON object"),
        (b"5", "no JSON object"),
        (b'"{a}"', "no JSON object"),
        (b"[]", "is a list"),
        (b'[{"query": "{a}"}]', "is a list"),
        (b"NONSENSE", "no JSON"),
        (b'{"query":', "no JSON"),
        (b'{"query": "\xff"}', "UTF-8"),
        (b'\xef\xbb\xbf{"query": "{a}"}', "BOM"),
        (b'{"query": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "depth limit"),
        (b"[" * 100_000 + b"]" * 100_000, "depth limit"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "depth limit"),
        (b"{}", "`query`"),
        (b'{"qeury": "{a}"}', "`query`"),
        (b'{"query": null}', "`query`"),
        (b'{"query": 0}', "`query`"),
        (b'{"query": ["{a}"]}', "`query`"),
        (b'{"query": "{a}", "operationName": 0}', "`operationName`"),
        (b'{"query": "{a}", "operationName": []}', "`operationName`"),
        (b'{"query": "{a}", "variables": [7]}', "`variables`"),
        (b'{"query": "{a}", "variables": "{}"}', "`variables`"),
        (b'{"query": "{a}", "variables": false}', "`variables`"),
        (b'{"query": "{a}", "extensions": []}', "`extensions`"),
        (b'{"query": "{a}", "variables": {"a": "x\\u0000"}}', "NUL"),
        (b'{"query": "{a}", "variables": {"a": [{"x\\u0000": 1}]}}', "NUL"),
        (b'{"query": "{a}", "variables": {"a": ' + b"[" * 64 + b"]" * 64 + b"}}", "64 deep"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_post_that_is_no_request_is_a_400(body: bytes, why: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        post(body)
    assert refused.value.status == 400
    assert why in refused.value.why
    assert len(refused.value.why) < 200


def test_values_may_nest_sixty_four_deep_and_say_u0000() -> None:
    body = b'{"query": "{a}", "variables": {"a": "\\\\u0000", "b": ' + b"[" * 63 + b"]" * 63 + b"}}"
    assert post(body).variables["a"] == "\\u0000"


def test_deep_json_is_refused_at_once() -> None:
    body = b'{"query": "{a}", "variables": ' + b'{"a":' * 100_000
    with counted() as effort, pytest.raises(NotUnderstood):
        post(body)
    assert effort.calls < 200


@pytest.mark.parametrize(
    "query_string",
    [b"", b"query=", b"query=%7Ba%7D&variables=%5B7%5D", b"query=%7Ba%7D&variables=%7B", b"query=%ff", b"query=\xff",
     b"query=%7Ba%7D&query=%7Bb%7D", b"a=1&" * 101, b"query=%7Ba%7D&variables=%7B%22a%22%3A%22%5Cu0000%22%7D"],
)  # fmt: skip
def test_get_that_is_no_request_is_a_400(query_string: bytes) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read("GET", None, query_string, b"")
    assert refused.value.status == 400


def test_long_url_is_a_414() -> None:
    with pytest.raises(NotUnderstood) as refused:
        read("GET", None, b"query=" + b"a" * 16_379, b"")
    assert refused.value.status == 414


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json;charset=utf-8",
        'Application/JSON; Charset="UTF-8"',
        "application/json; v=1",
    ],
)
def test_json_in_utf_8_is_taken(kind: str) -> None:
    assert post('{"query": "{a}"}', kind) == Asked("{a}")


@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/graphql", "application/graphql-response+json", "application/jsonx", "text/json",
     "application/json; charset=iso-8859-1", "application/json; charset=utf-16", "application/json, text/plain"],
)  # fmt: skip
def test_other_content_types_are_a_415(kind: str | None) -> None:
    with pytest.raises(NotUnderstood) as refused:
        check_content_type(kind)
    assert (refused.value.status, refused.value.headers) == (415, {"Accept-Post": "application/json"})


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"])
def test_other_methods_are_a_405_that_lists_what_is_allowed(method: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read(method, "application/json", b"", b'{"query": "{a}"}')
    assert (refused.value.status, refused.value.headers) == (405, {"Allow": "GET, HEAD, POST"})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_mutation_by_get_is_a_405(method: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        check_method(method, OperationType.MUTATION)
    assert (refused.value.status, refused.value.headers) == (405, {"Allow": "POST"})


def test_queries_by_any_method_and_mutations_by_post_pass() -> None:
    check_method("GET", OperationType.QUERY)
    check_method("HEAD", OperationType.QUERY)
    check_method("POST", OperationType.QUERY)
    check_method("POST", OperationType.MUTATION)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_subscription_over_http_is_a_400_that_names_the_protocol(method: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        check_method(method, OperationType.SUBSCRIPTION)
    assert refused.value.status == 400
    assert "graphql-transport-ws" in refused.value.why


async def chunks_of(size: int, count: int, seen: list[int]) -> AsyncIterator[bytes]:
    for _ in range(count):
        seen.append(size)
        yield b" " * size


async def test_five_megabytes_of_spaces_are_a_413_and_not_read_to_the_end() -> None:
    seen: list[int] = []
    with pytest.raises(NotUnderstood) as refused:
        await read_body(chunks_of(65_536, 80, seen), None)
    assert refused.value.status == 413
    assert sum(seen) == 16 * 65_536


@pytest.mark.parametrize("declared", ["1000001", "5242880", "9" * 5_000])
async def test_declared_length_over_the_cap_is_a_413_before_reading(declared: str) -> None:
    seen: list[int] = []
    with pytest.raises(NotUnderstood) as refused:
        await read_body(chunks_of(1, 1, seen), declared)
    assert (refused.value.status, seen) == (413, [])


@pytest.mark.parametrize("declared", [None, "10", "-1", "abc", "²"])
async def test_body_of_exactly_the_cap_is_read_whatever_was_declared(declared: str | None) -> None:
    assert len(await read_body(chunks_of(BODY_BYTES // 10, 10, []), declared)) == BODY_BYTES


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, Media.JSON),
        ("", Media.JSON),
        ("*/*", Media.JSON),
        ("application/*", Media.JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Media.JSON),
        ("application/json", Media.JSON),
        ("APPLICATION/JSON; charset=UTF-8", Media.JSON),
        ("application/json, */*", Media.JSON),
        ("application/json;q=0.9, application/graphql-response+json;q=0.5", Media.JSON),
        ("application/graphql-response+json;q=0, */*", Media.JSON),
        ("application/graphql-response+json", Media.GRAPHQL),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", Media.GRAPHQL),
        ("application/json, application/graphql-response+json", Media.GRAPHQL),
        (BOTH, Media.GRAPHQL),
        ("application/json;q=0, */*;q=0.1", Media.GRAPHQL),
        ("application/graphql-response+json; charset=utf-16, application/json", Media.JSON),
        ("application/json;q=abc, application/graphql-response+json;q=0.1", Media.GRAPHQL),
    ],
)
def test_accept_chooses_the_media_type(accept: str | None, media: Media) -> None:
    assert media_for(accept) is media


@pytest.mark.parametrize(
    "accept",
    ["text/html", "text/*", "multipart/mixed", "text/event-stream", "application/json;q=0", "*/*;q=0", ",", ";",
     "application/json; charset=utf-16", "application/xml;q=1, image/*"],
)  # fmt: skip
def test_accept_of_nothing_we_have_is_a_406(accept: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        media_for(accept)
    assert refused.value.status == 406


@pytest.mark.parametrize(
    ("data", "errors", "accept", "status", "kind"),
    [
        (True, False, BOTH, 200, "application/graphql-response+json; charset=utf-8"),
        (True, True, BOTH, 294, "application/graphql-response+json; charset=utf-8"),
        (False, True, BOTH, 400, "application/graphql-response+json; charset=utf-8"),
        (True, False, "application/json", 200, "application/json; charset=utf-8"),
        (True, True, "application/json", 200, "application/json; charset=utf-8"),
        (False, True, "application/json", 400, "application/graphql-response+json; charset=utf-8"),
        (True, False, "*/*", 200, "application/json; charset=utf-8"),
        (True, True, None, 200, "application/json; charset=utf-8"),
        (False, True, None, 400, "application/graphql-response+json; charset=utf-8"),
    ],
)
def test_status_and_type_of_an_answer(data: bool, errors: bool, accept: str | None, status: int, kind: str) -> None:
    media = media_for(accept)
    assert status_of(data=data, errors=errors, media=media) == status
    assert content_type(media, status) == kind


def test_refusal_is_a_graphql_result_without_data() -> None:
    body = orjson.loads(NotUnderstood(415, "why").body())
    assert body == {"errors": [{"message": "why", "extensions": {"code": "BAD_INPUT"}}]}
