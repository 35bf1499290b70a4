"""The development page: GraphiQL from its installed files or our explorer, and nothing from outside the machine."""

import re
from collections.abc import Iterator
from hashlib import sha256
from importlib import invalidate_caches
from pathlib import Path

import orjson
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub.graph import graphiql

CONTENT = {name: f"/* {name} */".encode() for name in graphiql.DIGESTS}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    graphiql.installed.cache_clear()
    yield
    graphiql.installed.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that holds GraphiQL's four files."""
    package = "graphiql_for_a_test"
    files = tmp_path / package / "static" / package
    files.mkdir(parents=True)
    (tmp_path / package / "__init__.py").write_text("raise RuntimeError('never imported')")
    for name, content in CONTENT.items():
        (files / name).write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    invalidate_caches()
    monkeypatch.setattr(graphiql, "PACKAGE", package)
    monkeypatch.setattr(graphiql, "DIGESTS", {name: sha256(text).hexdigest() for name, text in CONTENT.items()})
    return files


def client(graphql: str = "/graphql") -> TestClient:
    return TestClient(Starlette(routes=graphiql.routes(at="/ide", graphql=graphql)))


def policy(headers: object) -> dict[str, str]:
    return dict(part.split(" ", 1) for part in dict(headers)["content-security-policy"].split("; "))  # type: ignore[call-overload]


def test_without_graphiql_the_explorer_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphiql, "PACKAGE", "graphiql_is_not_here")
    reply = client().get("/ide")
    assert reply.status_code == 200
    assert "<title>Explorer · Governance Hub</title>" in reply.text
    assert client().get("/ide/graphiql.min.js").status_code == 404


def test_installed_graphiql_is_served_without_importing_its_package(folder: Path) -> None:
    page = client().get("/ide")
    assert "<title>GraphiQL · Governance Hub</title>" in page.text
    linked = re.findall(r'(?:src|href)="(/ide/[^"]+)"', page.text)
    assert sorted(linked) == sorted(f"/ide/{name}" for name in CONTENT)
    for address in linked:
        reply = client().get(address)
        assert reply.content == CONTENT[address.removeprefix("/ide/")]
        assert reply.headers["content-type"].startswith("text/css" if address.endswith("css") else "text/javascript")


@pytest.mark.parametrize("name", ["graphiql.css", "..%2f..%2f__init__.py", "__init__.py", "%00", "graphiql.min.js.map"])
def test_only_the_four_files_are_served(folder: Path, name: str) -> None:
    assert client().get(f"/ide/{name}").status_code == 404


@pytest.mark.parametrize("name", CONTENT)
def test_one_changed_or_missing_file_brings_the_explorer(folder: Path, name: str) -> None:
    (folder / name).write_bytes(CONTENT[name] + b" ")
    assert "Explorer" in client().get("/ide").text
    graphiql.installed.cache_clear()
    (folder / name).unlink()
    assert "Explorer" in client().get("/ide").text


@pytest.mark.parametrize("with_graphiql", [True, False])
def test_policy_allows_this_page_and_its_own_origin_only(
    with_graphiql: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if with_graphiql:
        request.getfixturevalue("folder")
    else:
        monkeypatch.setattr(graphiql, "PACKAGE", "graphiql_is_not_here")
    reply = client().get("/ide")
    rules = policy(reply.headers)
    own = {"'self'"} if with_graphiql else set()
    assert set(rules["script-src"].split()) - own == {graphiql._hashes("script", reply.text)}
    assert set(rules["style-src"].split()) - own == {graphiql._hashes("style", reply.text)}
    assert {name: rule for name, rule in rules.items() if name not in ("script-src", "style-src", "font-src")} == {
        "default-src": "'none'",
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert "unsafe" not in reply.headers["content-security-policy"]
    assert not re.search(r"""["'(]\s*(?:https?:|wss?:)?//""", reply.text)
    assert "localStorage" not in reply.text
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("with_graphiql", [True, False])
def test_page_asks_the_given_endpoint(with_graphiql: bool, request: pytest.FixtureRequest) -> None:
    if with_graphiql:
        request.getfixturevalue("folder")
    page = client(graphql='/api/"graph"').get("/ide").text
    assert 'data-graphql="/api/&quot;graph&quot;"' in page
    assert page.count("data-graphql") == 1


@pytest.mark.parametrize("with_graphiql", [True, False])
def test_the_page_begins_with_the_query_of_the_readme_and_where_the_token_is(
    with_graphiql: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if with_graphiql:
        request.getfixturevalue("folder")
    else:
        monkeypatch.setattr(graphiql, "PACKAGE", "graphiql_is_not_here")
    first = re.search(r"^const (?:first|START) = (.*);$", client().get("/ide").text, re.MULTILINE)
    assert first is not None
    *comments, query = orjson.loads(first[1]).split("\n", 2)
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert f"```graphql\n{query}```" in readme
    assert [line[:2] for line in comments] == ["# ", "# "]
    assert "hub up printed it" in comments[0]


def test_explorer_has_a_label_for_every_control_and_stays_small() -> None:
    page = (Path(graphiql.__file__).parent / "explorer.html").read_text("utf-8")
    assert len(page.splitlines()) <= 300
    for control in re.findall(r"<(?:input|textarea) ([^>]*)>", page):
        name = re.search(r'id="(\w+)"', control)
        assert name is not None
        assert "aria-label" in control or f'<label for="{name[1]}"' in page
    assert "innerHTML" not in page
