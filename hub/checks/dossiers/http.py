"""Where dossiers are exported, for whoever may read them: as a page, and as the exact text that was kept."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from hub.checks.dossiers import page, reading
from hub.checks.dossiers.reading import Export, Text
from hub.graph.front import Headers
from hub.graph.negotiate import NotUnderstood
from hub.people.asking import Asking

Open = Callable[[Scope, Headers], Awaitable[Asking]]
Unexpected = Callable[[BaseException], NotUnderstood]
Answer = Callable[[Request, Asking], Awaitable[Response]]

JSON = "application/json"
ALWAYS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": page.POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Authorization",
    "X-Content-Type-Options": "nosniff",
}


def routes(open_session: Open, unexpected: Unexpected) -> list[Route]:
    """The dossier of an approval request, and that of a version for a stage as of now; ids are global ids or UUIDs."""

    async def request_page(request: Request, asking: Asking) -> Response:
        asked = request.path_params["request"]
        return _page(request, await reading.of_request(asking.engine, asking.reader, asked))

    async def request_text(request: Request, asking: Asking) -> Response:
        asked = request.path_params["request"]
        return _text(request, await reading.text_of_request(asking.engine, asking.reader, asked))

    async def version_page(request: Request, asking: Asking) -> Response:
        version, stage = request.path_params["version"], request.path_params["stage"]
        return _page(request, await reading.of_now(asking.engine, asking.reader, version, stage))

    async def version_text(request: Request, asking: Asking) -> Response:
        version, stage = request.path_params["version"], request.path_params["stage"]
        return _text(request, await reading.text_of_now(asking.engine, asking.reader, version, stage))

    def route(path: str, answer: Answer) -> Route:
        return Route(path, _answering(answer, open_session, unexpected), methods=["GET"])

    return [
        route("/dossiers/{request}.html", request_page),
        route("/dossiers/{request}.json", request_text),
        route("/dossiers/{version}/{stage}.html", version_page),
        route("/dossiers/{version}/{stage}.json", version_text),
    ]


def _page(request: Request, export: Export | None) -> Response:
    if export is None:
        return _absent()
    body = page.rendered(export).encode()
    # Decisions stand on the page beside what was frozen, so its tag tells of both.
    tag = f"{export.whole['contentDigest']}.{sha256(body).hexdigest()[:16]}"
    return _sent(request, body, "text/html; charset=utf-8", tag)


def _text(request: Request, text: Text | None) -> Response:
    return _absent() if text is None else _sent(request, text.text.encode(), JSON, text.digest)


def _sent(request: Request, body: bytes, kind: str, tag: str) -> Response:
    headers = {**ALWAYS, "ETag": f'"{tag}"'}
    if headers["ETag"] in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)


def _absent() -> Response:
    """The same for what is not there and for what is not for this reader's eyes."""
    why = "there is no such dossier, or none that you may see; give an approval request, or a version and a stage"
    return Response(orjson.dumps({"why": why}), 404, media_type=JSON, headers=ALWAYS)


def _answering(answer: Answer, open_session: Open, unexpected: Unexpected) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            return await answer(request, await open_session(request.scope, dict(request.scope["headers"])))
        except NotUnderstood as error:
            told = error
        except Exception as error:
            told = unexpected(error)
        return Response(told.body(), told.status, media_type=JSON, headers={**ALWAYS, **told.headers})

    return respond
