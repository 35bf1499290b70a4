"""The forms in which a summary is handed out, each with its media type and its bytes."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.errors import Code, Refused
from hub.people import serving
from hub.summaries import document, page, pdf, sheet
from hub.summaries.facts import Summary


@dataclass(frozen=True, slots=True)
class Form:
    """One form: how it is made, what it is, and whether it is to be kept rather than shown."""

    made: Callable[[Summary], bytes]
    media: str
    policy: str = serving.NOTHING
    kept: bool = False


FORMS: Mapping[str, Form] = {
    "html": Form(lambda summary: page.rendered(summary).encode(), "text/html; charset=utf-8", page.POLICY),
    "pdf": Form(pdf.rendered, "application/pdf", kept=True),
    "csv": Form(sheet.written, "text/csv; charset=utf-8", kept=True),
    "json": Form(document.text, serving.JSON),
}


def form(name: str) -> Form:
    """The form of this name. Refuses others."""
    if name not in FORMS:
        raise Refused(Code.BAD_INPUT, f"{name[:40]!r} is no form; ask for {', '.join(FORMS)}", field="format")
    return FORMS[name]


async def made(of: Form, summary: Summary) -> bytes:
    """Its bytes; others are answered meanwhile, for a PDF takes a second."""
    return await asyncio.to_thread(of.made, summary)
