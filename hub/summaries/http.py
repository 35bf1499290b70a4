"""Where summaries are handed out, counted over what whoever asks may see."""

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.errors import Code, Refused
from hub.people.asking import Asking
from hub.people.serving import Open, Unexpected, answering, sent
from hub.summaries import asked, document, files
from hub.summaries.facts import Summary


def routes(open_session: Open, unexpected: Unexpected) -> list[Route]:
    """The summary of any period."""
    return [
        Route("/summaries/exceptions", answering(_of_a_period, open_session, unexpected), methods=["GET"]),
    ]


async def _of_a_period(request: Request, asking: Asking) -> Response:
    said = dict(request.query_params)
    name = said.pop("format", "html")
    files.form(name)
    for word in said:
        if word not in asked.WORDS:
            raise Refused(
                Code.BAD_INPUT, f"{word[:40]!r} is not understood; say {', '.join(asked.WORDS)} or format", field=word
            )
    of = await asked.wanted(asking.db, said)
    summary = await asked.computed(asking.db, asking.reader, of)
    return await handed(request, summary, name, f"exceptions-{of.period.slug}")


async def handed(request: Request, summary: Summary, name: str, called: str) -> Response:
    """A summary in one of its forms, under a file name."""
    form = files.form(name)
    body = await files.made(form, summary)
    more = {"Content-Disposition": f'attachment; filename="{called}.{name}"'} if form.kept else {}
    # A newer hub may draw the same facts otherwise, so the tag tells of both.
    tag = f"{document.digest(summary)}.{sha256(body).hexdigest()[:16]}"
    return sent(request, body, form.media, tag, policy=form.policy, more=more)
