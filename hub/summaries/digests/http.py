"""Where digests that were made are handed out, and computed again to be compared."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.errors import Code, Refused
from hub.people.asking import Asking
from hub.people.serving import JSON, Open, Unexpected, answering, headers
from hub.summaries import files
from hub.summaries.digests import reading
from hub.summaries.digests.reading import Kept
from hub.summaries.http import handed


def routes(open_session: Open, unexpected: Unexpected) -> list[Route]:
    """A digest in each form, and whether it comes out equal; ids are global ids or UUIDs."""
    file = answering(_file, open_session, unexpected)
    compared = answering(_compared, open_session, unexpected)
    return [
        Route("/digests/{id}/verify", compared, methods=["GET"]),
        Route("/digests/{id}.{form}", file, methods=["GET"]),
    ]


async def _file(request: Request, asking: Asking) -> Response:
    name = request.path_params["form"]
    files.form(name)
    one = await _kept(request, asking)
    return await handed(request, one.summary, name, f"exceptions-{one.period.slug}")


async def _compared(request: Request, asking: Asking) -> Response:
    again = await reading.again(asking.db, await _kept(request, asking))
    return Response(orjson.dumps(again.told()), media_type=JSON, headers=headers())


async def _kept(request: Request, asking: Asking) -> Kept:
    found = await reading.kept(asking.engine, asking.reader, request.path_params["id"])
    if found is None:
        why = "there is no such digest, or none that you may see; look for one among digests in the graph"
        raise Refused(Code.NOT_FOUND, why)
    return found
