"""Where files are put with an exception, and handed out: a body of GraphQL is too small for them."""

from urllib.parse import quote
from uuid import UUID

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hub.errors import Code, Refused
from hub.exceptions.attachments import actions, rules, store
from hub.exceptions.attachments.actions import Attached
from hub.exceptions.attachments.store import Kept
from hub.exceptions.attachments.uploads import actions as uploads
from hub.exceptions.attachments.uploads.store import Waiting
from hub.exceptions.graph import THROUGH_EXCEPTION
from hub.graph.negotiate import NotUnderstood, read_body
from hub.graph.values import uuid_in
from hub.people.access import Permission
from hub.people.asking import Asking
from hub.people.serving import JSON, Open, Unexpected, answering, headers, sent

POLICY = "sandbox; default-src 'none'"
"""What a browser may do with a file that somebody sent, should it show it all the same."""


def routes(open_session: Open, unexpected: Unexpected) -> list[Route]:
    """The attachments of an exception, and files that wait to be some; ids are global ids or UUIDs."""
    waiting = answering(_waiting, open_session, unexpected)
    taken = answering(_taken, open_session, unexpected)
    handed_out = answering(_handed_out, open_session, unexpected)
    return [
        Route("/exceptions/uploads", waiting, methods=["POST"]),
        Route("/exceptions/{exception}/attachments", taken, methods=["POST"]),
        Route("/exceptions/{exception}/attachments/{attachment}", handed_out, methods=["GET"]),
    ]


async def _waiting(request: Request, asking: Asking) -> Response:
    # Before a byte of the body is read.
    asking.who.require(Permission.REQUEST_EXCEPTION)
    name, body, kind = await _sent(request)
    async with asking.db.write(actor=asking.who.person_id, operation=asking.operation) as tx:
        kept = await uploads.upload(tx, asking.who, name=name, media_type=kind, content=body)
    told = {"id": f"ExceptionUpload:{kept.id}", **_seen(kept)}
    return Response(orjson.dumps(told), 201, media_type=JSON, headers=headers())


async def _taken(request: Request, asking: Asking) -> Response:
    # Before a byte of the body is read.
    asking.who.require(Permission.REQUEST_EXCEPTION)
    id = _id(request, "exception", "PolicyException")
    if id is None:
        raise Refused(Code.NOT_FOUND, "there is no such exception", field="exception")
    name, body, kind = await _sent(request)
    async with asking.db.write(actor=asking.who.person_id, operation=asking.operation) as tx:
        made = await actions.attach(tx, asking.who, id, name=name, media_type=kind, content=body)
    return Response(orjson.dumps(_told(made)), 201 if made.is_new else 200, media_type=JSON, headers=headers())


def _id(request: Request, named: str, node: str) -> UUID | None:
    """The id in the path, global or bare; None for what is neither."""
    said: str = request.path_params[named]
    return uuid_in(said if ":" in said else f"{node}:{said}", node)


async def _sent(request: Request) -> tuple[str, bytes, str]:
    """The file's name, its content, and what its sender calls it; the name is looked at first."""
    name = rules.file_name(request.query_params.get("name", ""))
    return name, await _body(request), request.headers.get("content-type", "")


async def _body(request: Request) -> bytes:
    """The file as it was sent; what goes beyond the most that is kept is not read."""
    try:
        return await read_body(request.stream(), request.headers.get("content-length"), rules.MOST_BYTES)
    except NotUnderstood as error:
        raise NotUnderstood(error.status, rules.too_large("the file is too large")) from None
    except ClientDisconnect:
        raise NotUnderstood(400, "the client went away before its file was whole") from None


def _told(made: Attached) -> dict[str, object]:
    """The attachment as the graph shows it, and the question that is asked anew because of it, if one is."""
    kept = made.kept
    return {
        "id": f"ExceptionAttachment:{kept.id}",
        **_seen(kept),
        "path": f"/exceptions/{kept.exception_id}/attachments/{kept.id}",
        "askedAnew": None if made.asked is None else f"ApprovalRequest:{made.asked}",
    }


def _seen(file: Kept | Waiting) -> dict[str, object]:
    return {"name": file.name, "mediaType": file.media_type, "size": file.size, "sha256": file.sha256}


async def _handed_out(request: Request, asking: Asking) -> Response:
    exception = _id(request, "exception", "PolicyException")
    attachment = _id(request, "attachment", "ExceptionAttachment")
    found = None
    if exception is not None and attachment is not None:
        found = await store.file(asking.db.reads, asking.reader, THROUGH_EXCEPTION, exception, attachment)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is no such attachment, or none that you may see")
    more = {"Content-Disposition": disposition(found.name)}
    kind = rules.shown_as(found.media_type)
    return sent(request, found.content, kind, found.sha256, policy=POLICY, more=more)


def disposition(name: str) -> str:
    """That it is a file to be kept, under this name.

    Source: RFC 6266, appendix D: a plain name for old clients, then the whole one as RFC 5987 writes it.
    """
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_. ") else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
