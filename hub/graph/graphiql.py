"""A page to write queries in, for development: GraphiQL where its files are installed, our own explorer elsewhere.

GraphiQL 2.4.7 and React 17.0.2 come in the wheel graphene-django-graphiql-static (extra `dev`), of which these four
files are used and none of its Python. They are served only while every digest is the one below: the bytes that the
GraphiQL and React projects released (the wheel adds a line feed to GraphiQL's two). Nothing here reaches outside the
machine, and the Content-Security-Policy holds the page to that: it talks to its own origin only. GraphiQL's dialogs
try to add a style that stops the page from scrolling; the policy refuses it, and the page does not scroll anyway.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

PACKAGE: Final = "graphene_django_graphiql_static"
DIGESTS: Final[Mapping[str, str]] = {
    "react.production.min.js": "229bbf4d0e7488209564152c6723497f1ac3934136ca1684233d2fa88fa4146f",
    "react-dom.production.min.js": "9db33292007ab6c38527b39d5663e976a305564e19b2a5a8713ea2b2c00f505d",
    "graphiql.min.js": "c564de05b95d184e2c5ba5ceaf2635821f6bf92f2d5777b74d91004ff6b591d1",
    "graphiql.min.css": "c6cd4b83f01c5e1ff4975d77bc957184dce6dec0155fbf9cc4d9190eba8a7b9d",
}
TYPES: Final = {".js": "text/javascript", ".css": "text/css"}

PAGE: Final = """<!doctype html>
<html lang="en" data-graphql="/graphql">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphiQL · Governance Hub</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="FILES/graphiql.min.css">
<style>
:root { color-scheme: light dark; }
body { margin: 0; height: 100vh; overflow: hidden; display: grid; grid-template-rows: auto minmax(0, 1fr);
  font: 14px system-ui, sans-serif; }
header { display: flex; gap: 10px; align-items: center; padding: 8px 16px; border-bottom: 1px solid #8884; }
header b { margin-right: auto; font-weight: 600; }
header input { width: 260px; font: inherit; padding: 4px 8px; border: 1px solid #8886; border-radius: 6px; }
</style>
</head>
<body>
<header><b>Governance Hub</b><label for="token">Token</label>
<input id="token" type="password" autocomplete="off" placeholder="hub_… stays in this tab"></header>
<div id="graphiql">Loading…</div>
<script src="FILES/react.production.min.js"></script>
<script src="FILES/react-dom.production.min.js"></script>
<script src="FILES/graphiql.min.js"></script>
<script>
"use strict";
const url = new URL(document.documentElement.dataset.graphql, location.href).href;
const box = document.getElementById("token");
const first = FIRST_QUERY;
box.value = sessionStorage.getItem("hub.token") ?? "";
function draw() {
  sessionStorage.setItem("hub.token", box.value);
  const token = box.value.trim();
  const headers = token ? { Authorization: "Bearer " + token } : {};
  const fetcher = GraphiQL.createFetcher({ url, headers, subscriptionUrl: url.replace(/^http/, "ws"),
    wsConnectionParams: { Authorization: headers.Authorization } });
  // A new key for a new token: GraphiQL asks for the schema once in its life, and with null not at all.
  const schema = token ? undefined : null;
  ReactDOM.render(React.createElement(GraphiQL, { key: token, fetcher, schema, defaultQuery: first,
    shouldPersistHeaders: false }), document.getElementById("graphiql"));
}
box.addEventListener("change", draw);
draw();
</script>
</body>
</html>
"""


def routes(at: str = "/graphiql", graphql: str = "/graphql") -> list[Route]:
    """The page at `at` and the files it needs below it, talking to `graphql`. For development: mount it only there."""
    files = installed()
    page = PAGE.replace("FILES", escape(at)) if files else _explorer()
    page = page.replace("FIRST_QUERY", _first_query(), 1)
    page = page.replace('data-graphql="/graphql"', f'data-graphql="{escape(graphql)}"', 1)
    headers = _headers(page, graphiql=bool(files))

    async def show(_: Request) -> Response:
        return HTMLResponse(page, headers=headers)

    async def send(request: Request) -> Response:
        content = files.get(request.path_params["name"])
        if content is None:
            return Response("No such file", 404, media_type="text/plain")
        kind = TYPES[Path(request.path_params["name"]).suffix]
        kept = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type=kind, headers=kept)

    return [Route(at, show), Route(f"{at}/{{name}}", send)]


@cache
def installed() -> Mapping[str, bytes]:
    """GraphiQL's files by name; none at all unless every one is there with its digest."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(spec.submodule_search_locations[0]) / "static" / PACKAGE
    found: dict[str, bytes] = {}
    for name, digest in DIGESTS.items():
        path = folder / name
        content = path.read_bytes() if path.is_file() else b""
        if sha256(content).hexdigest() != digest:
            return {}
        found[name] = content
    return found


def _explorer() -> str:
    return (Path(__file__).parent / "explorer.html").read_text("utf-8")


def _first_query() -> str:
    """What the page begins with, as a script's string: where the token is, and a query that joins everything."""
    text = (Path(__file__).parent / "first.graphql").read_text("utf-8")
    return orjson.dumps(text).decode().replace("<", "\\u003c")


def _headers(page: str, *, graphiql: bool) -> dict[str, str]:
    own = " 'self'" if graphiql else ""
    policy = {
        "default-src": "'none'",
        "script-src": _hashes("script", page) + own,
        "style-src": _hashes("style", page) + own,
        "connect-src": "'self'",
        "img-src": "data:",
        "font-src": "data:" if graphiql else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _hashes(tag: str, page: str) -> str:
    """The sources of a policy that allow exactly the inline elements of this page."""
    inline = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in inline)
