"""`hub exception export`: exceptions as a sheet, as JSON, or as an OSCAL plan of action and milestones."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote

PAGE = 50
FILES = 10
EXPORTED = f"""query($first: Int!, $after: String, $filter: PolicyExceptionFilter) {{
  exceptions(first: $first, after: $after, filter: $filter, orderBy: [{{ by: REQUESTED_AT, direction: ASC }}]) {{
    totalCount pageInfo {{ hasNextPage endCursor }}
    nodes {{
      id kind status stage tier template justification riskBefore riskAfter recommendedTreatment decidedTreatment
      ticketUrl requestedAt startsAt expiresAt reviewAt reviewEveryDays decidedAt decisionNote daysLeft weightedAgeDays
      extensionsUsed endedAt endNote
      policy {{ key title }} model {{ name registry {{ key }} }} version {{ name }}
      owner {{ ...Who }} requestedBy {{ ...Who }} decidedBy {{ ...Who }} endedBy {{ ...Who }}
      controls(first: {PAGE}) {{ nodes {{ id description attestEveryDays policy {{ key }} attestor {{ handle }} }} }}
      criteria(first: {PAGE}) {{ nodes {{ id description policy {{ key }} dueAt metAt }} }}
      attachments(first: {FILES}) {{ nodes {{ id name mediaType size sha256 path addedAt }} }}
    }}
  }}
}} fragment Who on Person {{ id name handle kind }}"""


class Form(StrEnum):
    """What exceptions are written as."""

    CSV = "csv"
    JSON = "json"
    OSCAL = "oscal"


def export(
    form: Annotated[Form, typer.Option("--format", help="csv, json, or oscal: a plan of action and milestones.")],
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Those that stand so; may be said again.", show_default=False)
    ] = None,
    requests: Annotated[
        bool,
        typer.Option("--requests", help="Only what requests say: an import elsewhere, exported so, is the same file."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="The file. Default: standard output.", show_default=False)
    ] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """Write the exceptions that you may see, or some of them. The oldest come first.

    Example: hub exception export --format oscal --status ACTIVE --out poam.json
    """
    import sys

    from hub.cli import printing, remote
    from hub.errors import Code, Refused

    if requests and form is Form.OSCAL:
        why = "a plan tells what became of exceptions, and no import reads it; with --requests write csv or json"
        raise Refused(Code.BAD_INPUT, why, field="requests")
    hub = remote.found(data=data, url=url, token=token)
    found = list(_nodes(hub, status or []))
    written = _written(form, found, hub.address, requests=requests)
    if out is None:
        sys.stdout.write(written.decode())
        return
    out.write_bytes(written)
    printing.line(f"{len(found)} exception{'' if len(found) == 1 else 's'} written to {out}")


def _nodes(hub: "Remote", status: list[str]) -> Iterator[dict[str, Any]]:
    from hub.cli.approvals.naming import word
    from hub.exceptions.tables import ExceptionStatus

    filter = {"status": [word(one, ExceptionStatus, option="--status") for one in status]} if status else None
    after = None
    while True:
        page = hub.ask(EXPORTED, first=PAGE, after=after, filter=filter)["exceptions"]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _written(form: Form, found: list[dict[str, Any]], address: str, *, requests: bool) -> bytes:
    from importlib.metadata import version

    import orjson

    from hub.errors import Code, Refused
    from hub.exceptions.exchange import documents, oscal, sheets

    if form is Form.CSV:
        return sheets.written(found, requests=requests)
    told: Any = documents.requests(found) if requests else found
    if form is Form.OSCAL:
        if not found:
            raise Refused(Code.NOT_FOUND, "no exception stands so, and OSCAL knows no empty plan; nothing was written")
        known = version("governance-hub")
        told = oscal.plan(found, title="Policy exceptions", at=_newest(found), version=known, system=address)
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _newest(found: list[dict[str, Any]]) -> str:
    """When something of what is written was last said or added."""
    said = [one[at] for one in found for at in ("requestedAt", "decidedAt", "endedAt") if one[at]]
    added = [file["addedAt"] for one in found for file in one["attachments"]["nodes"]]
    return str(max([*said, *added]))
