"""Where dossiers are exported, for whoever may read them: as a page, and as the exact text that was kept."""

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.checks.dossiers import page, reading
from hub.checks.dossiers.reading import Export, Text
from hub.people.asking import Asking
from hub.people.serving import JSON, Answer, Open, Unexpected, answering, sent, why_not


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
        return Route(path, answering(answer, open_session, unexpected), methods=["GET"])

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
    return sent(request, body, "text/html; charset=utf-8", tag, policy=page.POLICY)


def _text(request: Request, text: Text | None) -> Response:
    return _absent() if text is None else sent(request, text.text.encode(), JSON, text.digest)


def _absent() -> Response:
    """The same for what is not there and for what is not for this reader's eyes."""
    return why_not(
        "there is no such dossier, or none that you may see; give an approval request, or a version and a stage"
    )
