"""`hub approvals show`: one request, with all that is needed to decide it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.approvals.given import LISTS, Request
from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote


def show(
    request: Request,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Save the dossier there as a page.")
    ] = None,
    evidence: Annotated[bool, typer.Option("--evidence", help="Also show each test report with its figures.")] = False,
    document: Annotated[
        Path | None, typer.Option("--document", metavar="FILE", help="Save the dossier's exact JSON there.")
    ] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Show a request, and what you can do now. It says by which rule, who is asked, and what was said.

    That you opened it is recorded, and with --evidence or --html that you opened its test reports.

    Example: hub approvals show 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import queries, sheet
    from hub.cli.approvals.naming import bare, global_id, node
    from hub.cli.gate.text import width_of

    hub = remote.found(data=data, url=url, token=token)
    id = global_id(request, "ApprovalRequest", field="request", see=LISTS)
    _open(hub, id, reports=[])
    found = node(hub, queries.SHOWN, id, field="request", see=LISTS)
    for path, ending in ((html, "html"), (document, "json")):
        if path is not None:
            _save(path, hub.read(f"/dossiers/{bare(id)}.{ending}"))
    if evidence or html is not None:
        _open(hub, id, reports=_reports(found["node"]))
        # What was not opened yet is told otherwise now.
        found = node(hub, queries.SHOWN, id, field="request", see=LISTS)
    if json:
        printing.as_json(_told(found["node"]))
        return
    width = width_of(sys.stdout)
    for line in sheet.lines(found["node"], found["viewer"], datetime.now(UTC), width, evidence=evidence):
        printing.line(line)
    for path in (html, document):
        if path is not None:
            typer.echo(f"the dossier is in {path}", err=True)


def _open(hub: "Remote", id: str, *, reports: list[str]) -> None:
    """Record that this was opened; whoever may not sign opens nothing, and may read it all the same."""
    from hub.cli.approvals import queries
    from hub.cli.approvals.signing import CHANNEL
    from hub.errors import Code, Refused

    for at in range(0, max(len(reports), 1), queries.PAGE):
        asked = {"request": id, "evidence": reports[at : at + queries.PAGE], "channel": CHANNEL}
        try:
            hub.change(queries.OPEN, input=asked)
        except Refused as refused:
            if refused.code not in (Code.FORBIDDEN, Code.NOT_FOUND):
                raise
            return


def _reports(request: dict[str, Any]) -> list[str]:
    """The ids of the test reports that stand in the dossier."""
    import orjson

    content = orjson.loads(request["dossier"]["text"]) if request["dossier"] is not None else {"evidence": []}
    return [f"Evidence:{one['id']}" for one in content["evidence"]]


def _told(request: dict[str, Any]) -> dict[str, Any]:
    """The request as JSON, with the whole dossier as a value instead of its text."""
    import orjson

    dossier = request["dossier"]
    if dossier is not None:
        content = {"content": orjson.loads(dossier["text"])}
        request = request | {"dossier": {name: value for name, value in dossier.items() if name != "text"} | content}
    return request


def _save(path: Path, words: bytes) -> None:
    from hub.errors import Code, Refused

    try:
        path.write_bytes(words)
    except OSError as error:
        raise Refused(Code.BAD_INPUT, f"{path} cannot be written ({error.strerror}); name another file") from None
