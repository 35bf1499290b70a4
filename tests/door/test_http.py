"""The door over HTTP, end to end: who comes in, what is refused, what is shown."""

from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest

from hub.app import application
from hub.clock import SetClock
from hub.db import Db
from hub.people.access import Principal, Scope
from hub.people.tables import Role
from tests.door.conftest import Door
from tests.make import Make

MODELS = "{ models(first: 2) { nodes { name } } }"
CLASSIFY = """
mutation Classify($model: ID!, $tier: RiskTier! = LIMITED, $why: String! = "It was looked at.", $key: String) {
  classifyModel(input: {model: $model, tier: $tier, why: $why}, idempotencyKey: $key) {
    ... on ModelChanged { model { id tier } }
    ... on Refusal { code why field }
  }
}
"""


def code_of(reply: httpx2.Response) -> Any:
    return reply.json()["errors"][0]["extensions"]["code"]


async def test_without_a_good_token_nothing_is_answered(
    door: Door, make: Make, clock: SetClock, developer: Principal
) -> None:
    good = await door.token(developer)
    lapsing = await door.token(developer, term_days=1)
    revoked = await door.headers(developer)
    made = await door.ask(revoked, "{ me: people(first: 1) { nodes { tokens(first: 9) { nodes { id } } } } }")
    assert made.status_code in (200, 400)
    clock.move(timedelta(days=2))
    for given in (
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic aHViOmh1Yg==",
        good,
        f"Bearer {good[:-1]}",
        f"Bearer {good} x",
        f"Bearer {lapsing}",
        "Bearer hub_00000000_0000000000000000000000000000000000000000_000000",
        "Bearer " + "x" * 5_000,
        "Bearer é\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ):
        headers = {b"Content-Type": b"application/json"}
        if given is not None:
            headers[b"Authorization"] = given.encode("latin-1")
        reply = await door.client.post("/graphql", content=orjson.dumps({"query": MODELS}), headers=headers)
        assert (reply.status_code, code_of(reply)) == (401, "UNAUTHENTICATED"), given
        assert reply.headers["www-authenticate"] == 'Bearer realm="hub"'
        assert reply.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
        assert "data" not in reply.json()
    assert (await door.ask({"Authorization": f"bearer {good}"}, MODELS)).status_code == 200


async def test_a_revoked_token_opens_nothing(door: Door, developer: Principal, make: Make) -> None:
    door.hub.bearers.kept_s = 0
    headers = await door.headers(developer)
    made = await door.ask(
        headers,
        'mutation { createToken(input: {label: "ci", scopes: [READ]}) { ... on TokenCreated { secret token { id }}}}',
    )
    token = made.json()["data"]["createToken"]
    ci = {"Authorization": f"Bearer {token['secret']}"}
    assert (await door.ask(ci, MODELS)).status_code == 200
    await door.ask(
        headers, "mutation($t: ID!) { revokeToken(input: {token: $t}) { __typename } }", t=token["token"]["id"]
    )
    assert (await door.ask(ci, MODELS)).status_code == 401


async def test_who_may_not_read_is_forbidden(door: Door, make: Make) -> None:
    reply = await door.ask(await door.headers(await make.person("nobody")), MODELS)
    assert (reply.status_code, code_of(reply)) == (403, "FORBIDDEN")


async def test_a_scope_narrows_what_roles_give(door: Door, owner: Principal, make: Make) -> None:
    model = await make.model()
    headers = {"Authorization": f"Bearer {await door.token(owner, scopes=[Scope.READ])}"}
    reply = (await door.ask(headers, CLASSIFY, model=f"Model:{model.id}")).json()["data"]["classifyModel"]
    assert reply["code"] == "FORBIDDEN" and "GOVERN" in reply["why"]


async def test_permission_is_refused_before_any_sql(
    door: Door, developer: Principal, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = await make.model()
    headers = await door.headers(developer)
    assert (await door.ask(headers, MODELS)).status_code == 200
    events = await make.count("events")
    pool = door.db.reads

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a statement was about to be sent")

    with monkeypatch.context() as patch:
        patch.setattr(door.db, "write", asked)
        patch.setattr(door.db, "_reads", None)
        reply = await door.ask(headers, CLASSIFY, model=f"Model:{model.id}")
        refused = reply.json()["data"]["classifyModel"]
        assert (reply.status_code, refused["code"]) == (200, "FORBIDDEN")
        assert "CLASSIFY_MODEL" in refused["why"] and "MODEL_OWNER" in refused["why"]
        reply = await door.ask(headers, "{ registries(first: 1) { nodes { baseUrl } } }")
        assert (reply.status_code, code_of(reply)) == (400, "FORBIDDEN")
    assert door.db.reads is pool
    assert await make.count("events") == events


async def test_a_query_by_get_and_no_mutation(door: Door, owner: Principal, make: Make) -> None:
    model = await make.model("seen")
    headers = await door.headers(owner)
    reply = await door.client.get("/graphql", params={"query": MODELS}, headers=headers)
    assert (reply.status_code, reply.json()["data"]) == (200, {"models": {"nodes": [{"name": "seen"}]}})
    events = await make.count("events")
    variables = orjson.dumps({"model": f"Model:{model.id}"}).decode()
    reply = await door.client.get("/graphql", params={"query": CLASSIFY, "variables": variables}, headers=headers)
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert await make.count("events") == events


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "",
    ],
)
async def test_a_mutation_in_another_media_type_has_no_effect(
    door: Door, owner: Principal, make: Make, kind: str
) -> None:
    model = await make.model()
    headers = await door.headers(owner)
    events = await make.count("events")
    body = orjson.dumps({"query": CLASSIFY, "variables": {"model": f"Model:{model.id}"}})
    reply = await door.post(headers, body, **{"Content-Type": kind})
    assert reply.status_code == 415
    assert (await make.count("events"), await make.count("models", "tier = 'HIGH'")) == (events, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"null", 400),
        (b"[]", 400),
        (b"5", 400),
        (b'"x"', 400),
        (b"", 400),
        (b"{", 400),
        (b'{"query": ' + b"[" * 100_000, 400),
        (b'{"query": ' + b'{"a":' * 100_000, 400),
        (b'{"query": "{ __typename }", "variables": ' + b"[" * 500 + b"]" * 500 + b"}", 400),
        (b'{"query": 5}', 400),
        (b'{"query": "{ __typename }", "variables": []}', 400),
        (b'{"query": "\\ud800"}', 400),
        (b'{"query": "{ nothing("}', 400),
        (b'{"query": "query A { __typename } query B { __typename }"}', 400),
        (b'{"query": "query A { __typename }", "operationName": "B"}', 400),
        (b'{"query": "subscription { events { id } }"}', 400),
        (b" " * 5_000_000, 413),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else str(value),
)
async def test_what_is_no_request_is_refused(door: Door, developer: Principal, body: bytes, status: int) -> None:
    headers = await door.headers(developer)
    await door.ask(headers, MODELS)
    reply = await door.post(headers, body)
    assert reply.status_code == status
    assert list(reply.json()) == ["errors"]
    assert len(reply.content) < 1_000


async def test_a_body_in_pieces_is_read_whole_and_cut_when_too_large(door: Door, developer: Principal) -> None:
    headers = await door.headers(developer)
    whole = orjson.dumps({"query": MODELS})

    async def pieces() -> Any:
        for at in range(len(whole)):
            yield whole[at : at + 1]

    async def endless() -> Any:
        while True:
            yield b" " * 100_000

    kind = {"Content-Type": "application/json", **headers}
    assert (await door.client.post("/graphql", content=pieces(), headers=kind)).status_code == 200
    assert (await door.client.post("/graphql", content=endless(), headers=kind)).status_code == 413


@pytest.mark.parametrize("page", ["", "(first: 0)", "(first: -1)", "(first: 101)", "(last: 101)", "(first: 1000000)"])
async def test_a_wrong_page_size_names_the_limit(door: Door, developer: Principal, page: str) -> None:
    reply = await door.ask(await door.headers(developer), f"{{ models{page} {{ nodes {{ id }} }} }}")
    assert (reply.status_code, code_of(reply)) == (400, "PAGE_SIZE")
    assert "100" in reply.json()["errors"][0]["message"]


@pytest.mark.parametrize("size", [0, -1, 101, 2**31 - 1])
async def test_a_wrong_page_size_by_variable_names_the_limit(door: Door, developer: Principal, size: int) -> None:
    query = "query($n: Int) { models(first: $n) { nodes { id } } }"
    reply = await door.ask(await door.headers(developer), query, n=size)
    assert (reply.status_code, code_of(reply)) == (400, "PAGE_SIZE")
    assert "100" in reply.json()["errors"][0]["message"]


async def test_a_typo_is_helped_in_development_only(door: Door, developer: Principal, db: Db, clock: SetClock) -> None:
    headers = await door.headers(developer)
    queries = ("{ model { id } }", "{ models(first: 1) { nodes { nam } } }", "{ models(frist: 1) { nodes { id } } }")
    lab = Door(application(db, clock, development=True), db)
    for query in queries:
        assert "Did you mean" not in (await door.ask(headers, query)).text
    assert "Did you mean 'name'" in (await lab.ask(headers, queries[1])).text
    assert (await door.client.get("/graphiql")).status_code == 404
    assert (await lab.client.get("/graphiql")).status_code == 200


async def test_the_bare_address_leads_to_the_page_for_queries_in_development_only(
    door: Door, db: Db, clock: SetClock
) -> None:
    lab = Door(application(db, clock, development=True), db)
    reply = await lab.client.get("/", headers={"Host": "evil.example"})
    assert (reply.status_code, reply.headers["location"]) == (307, "/graphiql")
    assert (await door.client.get("/")).status_code == 404


async def test_a_failure_is_masked_and_logged_under_its_id(
    door: Door, owner: Principal, make: Make, monkeypatch: pytest.MonkeyPatch, lines: Any
) -> None:
    model = await make.model()
    headers = await door.headers(owner)

    async def boom(*_: object, **__: object) -> None:
        raise RuntimeError("postgresql://hub:s3cret@db:5432/hub does not answer, " + "not at all, " * 900)

    monkeypatch.setattr("hub.models.actions.classify", boom)
    lines()
    reply = await door.ask(headers, CLASSIFY, model=f"Model:{model.id}")
    [error] = reply.json()["errors"]
    assert reply.json()["data"] is None
    assert error["extensions"]["code"] == "INTERNAL"
    assert "s3cret" not in reply.text and "postgresql" not in reply.text and "RuntimeError" not in reply.text
    [line] = [line for line in lines() if '"failed"' in line]
    assert error["extensions"]["errorId"] in line and error["extensions"]["errorId"] in error["message"]
    assert "s3cret" not in line and len(line.encode()) <= 2_048


async def test_a_log_line_stays_short_whatever_is_sent(door: Door, developer: Principal, lines: Any) -> None:
    headers = await door.headers(developer)
    name = "N" * 5_000
    for body in (
        {"query": f"query {name} {{ __typename }}", "operationName": name},
        {"query": "{" + " ".join(f"a{n}: __typename" for n in range(3_000)) + "}", "operationName": name},
        {"query": "{ __typename " + "@skip(if: false) " * 3_000 + "}"},
    ):
        await door.post(headers, orjson.dumps(body), **{"X-Operation-Id": "x" * 5_000})
    written = lines()
    assert len(written) == 3
    assert max(len(line.encode()) for line in written) <= 2_048
    assert all("hub_" not in line and "Bearer" not in line for line in written)


async def test_a_flood_of_aliases_is_refused(door: Door, developer: Principal) -> None:
    headers = await door.headers(developer)
    await door.ask(headers, MODELS)
    flood = "{" + " ".join(f'a{n}: node(id: "Model:x") {{ id }}' for n in range(200)) + "}"
    reply = await door.ask(headers, flood)
    assert (reply.status_code, code_of(reply)) == (400, "TOO_COSTLY")


async def test_one_mutation_in_a_request(door: Door, owner: Principal, make: Make) -> None:
    model = await make.model()
    headers = await door.headers(owner)
    events = await make.count("events")
    one = f'classifyModel(input: {{model: "Model:{model.id}", tier: LIMITED, why: "x"}}) {{ __typename }}'
    for query in (
        f"mutation {{ a: {one} b: {one} }}",
        f"mutation {{ ...F a: {one} }} fragment F on Mutation {{ b: {one} }}",
    ):
        reply = await door.ask(headers, query)
        assert reply.status_code == 400
        assert "1 is allowed" in reply.json()["errors"][0]["message"]
    assert await make.count("events") == events


async def test_hidden_absent_and_other_are_the_same_null(door: Door, developer: Principal, make: Make) -> None:
    hidden = await make.model(restricted=True)
    seen = await make.model()
    headers = await door.headers(developer)
    query = "query($id: ID!) { node(id: $id) { id ... on Model { name } } }"
    bodies = {
        (await door.ask(headers, query, id=id)).content
        for id in (
            f"Model:{hidden.id}",
            "Model:00000000-0000-0000-0000-000000000000",
            f"ModelVersion:{seen.id}",
            f"Person:{seen.id}",
        )
    }
    assert bodies == {b'{"data":{"node":null},"extensions":{"cost":1}}'}


async def test_an_edited_cursor_is_a_typed_error(door: Door, developer: Principal, make: Make) -> None:
    for _ in range(3):
        await make.model()
    headers = await door.headers(developer)
    query = "query($c: String) { models(first: 1, after: $c) { pageInfo { endCursor } } }"
    cursor = (await door.ask(headers, query)).json()["data"]["models"]["pageInfo"]["endCursor"]
    for edited in (
        cursor[:-2],
        cursor[:4] + "AAAA" + cursor[8:],
        "x",
        "",
        "'; DROP TABLE models; --",
        "é",
        "A" * 9_000,
    ):
        reply = await door.ask(headers, query, c=edited)
        assert (reply.status_code, code_of(reply)) == (400, "BAD_CURSOR"), edited
        assert "SELECT" not in reply.text and len(reply.content) < 600


async def test_what_looks_like_sql_is_only_text(door: Door, owner: Principal, make: Make) -> None:
    model = await make.model('it\'s "quoted" -- \\')
    headers = await door.headers(owner)
    query = "query($t: String) { models(first: 2, filter: {text: $t}) { nodes { name } } }"
    for text, count in (("'; DROP TABLE models; --", 0), ("it's", 1), ("%", 0), ("\\", 1), ("$1", 0)):
        reply = await door.ask(headers, query, t=text)
        assert (reply.status_code, len(reply.json()["data"]["models"]["nodes"])) == (200, count), text
    raw = b'{"query": "query($t: String) { models(first: 2, filter: {text: $t}) { nodes { name } } }",'
    assert (await door.post(headers, raw + b'"variables": {"t": "a\\u0000b"}}')).status_code == 400
    inline = r'{ models(first: 2, filter: {text: "a\u0000b"}) { nodes { name } } }'
    assert (await door.ask(headers, inline)).status_code == 400
    assert (await door.ask(headers, CLASSIFY, model=f"Model:{model.id}", why="a\0b")).status_code == 400


async def test_a_key_replays_the_same_answer(door: Door, owner: Principal, make: Make) -> None:
    model = await make.model()
    headers = await door.headers(owner)
    asked = {"model": f"Model:{model.id}", "key": "once"}
    first = await door.ask(headers, CLASSIFY, **asked)
    assert first.json()["data"]["classifyModel"] == {"model": {"id": f"Model:{model.id}", "tier": "LIMITED"}}
    events = await make.count("events")
    again = await door.ask(headers, CLASSIFY, **asked)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    other = await door.ask(headers, CLASSIFY, **asked, tier="MINIMAL")
    assert other.json()["data"]["classifyModel"]["code"] == "KEY_REUSED"
    assert await make.count("events") == events


async def test_cost_is_told(door: Door, owner: Principal, make: Make) -> None:
    model = await make.model()
    headers = await door.headers(owner)
    heavy = "{ models(first: 50) { nodes { versions(first: 5) { nodes { id } } } } }"
    assert (await door.ask(headers, heavy)).json()["extensions"] == {"cost": 351}
    assert (await door.ask(headers, CLASSIFY, model=f"Model:{model.id}")).json()["extensions"] == {"cost": 2}
    too_much = (
        "{ models(first: 100) { nodes { versions(first: 100) { nodes { datasets(first: 100) { nodes { id } } } } } } }"
    )
    reply = await door.ask(headers, too_much)
    assert (reply.status_code, code_of(reply)) == (400, "TOO_COSTLY")


async def test_answers_are_not_kept_sniffed_or_shared(door: Door, developer: Principal) -> None:
    headers = {**await door.headers(developer), "Origin": "https://evil.example", "Host": "evil.example"}
    for reply in (
        await door.ask(headers, MODELS),
        await door.ask({}, MODELS),
        await door.client.options("/graphql", headers={**headers, "Access-Control-Request-Method": "POST"}),
    ):
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert not [name for name in reply.headers if name.startswith("access-control")]
        assert "evil" not in reply.text
    assert (await door.client.options("/graphql", headers=headers)).status_code == 405
    slash = await door.client.post("/graphql/", headers=headers)
    assert (slash.status_code, slash.headers.get("location")) == (404, None)


async def test_roles_lost_are_seen_at_the_next_look(door: Door, make: Make) -> None:
    who = await make.person("ada", Role.DEVELOPER)
    headers = await door.headers(who)
    assert (await door.ask(headers, MODELS)).status_code == 200
    await make.take_roles(who)
    door.hub.bearers.kept_s = 0
    assert (await door.ask(headers, MODELS)).status_code == 403
