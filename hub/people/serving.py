"""Files served beside the graph: to the same readers, under the same headers, with the same words when refused."""

from collections.abc import Awaitable, Callable, Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from hub.errors import Code, Refused
from hub.graph.front import Headers
from hub.graph.negotiate import NotUnderstood
from hub.people.asking import Asking

Open = Callable[[Scope, Headers], Awaitable[Asking]]
Unexpected = Callable[[BaseException], NotUnderstood]
Answer = Callable[[Request, Asking], Awaitable[Response]]

JSON = "application/json"
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of what is no page."""
STATUS = {Code.NOT_FOUND: 404, Code.FORBIDDEN: 403, Code.UNAVAILABLE: 503}
"""How a refusal is told over HTTP; any other is a 400."""


def headers(policy: str = NOTHING) -> dict[str, str]:
    """What goes with every answer: it is one reader's, and nothing in it is obeyed."""
    return {
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Vary": "Authorization",
        "X-Content-Type-Options": "nosniff",
    }


def sent(
    request: Request, body: bytes, kind: str, tag: str, *, policy: str = NOTHING, more: Mapping[str, str] | None = None
) -> Response:
    """A file, or word that the reader has it already."""
    told = {**headers(policy), **(more or {}), "ETag": f'"{tag}"'}
    if told["ETag"] in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=told)
    return Response(body, media_type=kind, headers=told)


def why_not(why: str, status: int = 404) -> Response:
    """Why there is no file, in words."""
    return Response(orjson.dumps({"why": why}), status, media_type=JSON, headers=headers())


def answering(answer: Answer, open_session: Open, unexpected: Unexpected) -> Callable[[Request], Awaitable[Response]]:
    """The answer to whoever the request's token belongs to."""

    async def respond(request: Request) -> Response:
        try:
            return await answer(request, await open_session(request.scope, dict(request.scope["headers"])))
        except Refused as refused:
            return why_not(refused.why, STATUS.get(refused.code, 400))
        except NotUnderstood as error:
            told = error
        except Exception as error:
            told = unexpected(error)
        return Response(told.body(), told.status, media_type=JSON, headers={**headers(), **told.headers})

    return respond
