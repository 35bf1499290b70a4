"""`hub exception drafts`, `submit` and `discard`: requests that are written and that nobody is asked about yet."""

from datetime import datetime
from typing import Annotated, Any

import typer

from hub.cli.exception.given import Attach
from hub.cli.options import AsJSON, Data, Token, Url

LISTS = "hub exception drafts"
LONGEST = 60

Draft = Annotated[str, typer.Argument(metavar="DRAFT", help="The draft's id, as hub exception drafts shows it.")]


def drafts(url: Url = None, token: Token = None, data: Data = None, json: AsJSON = False) -> None:
    """List your drafts of requests, the last changed first. Nobody else sees them.

    Example: hub exception drafts
    """
    from hub.cli import printing, remote
    from hub.cli.exception import request_queries as queries

    found = remote.found(data=data, url=url, token=token).ask(queries.DRAFTS)["exceptionDrafts"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        printing.line("you have no draft; begin one with: hub exception request --draft")
        return
    printing.table(("CHANGED", "POLICY", "MODEL", "UNTIL", "WHY", "DRAFT"), [_row(one) for one in found["nodes"]])
    if found["totalCount"] > len(found["nodes"]):
        printing.line(f"the last {len(found['nodes'])} of {found['totalCount']}; submit or discard some")
    printing.line("ask for one with: hub exception submit DRAFT")


def submit(
    draft: Draft,
    attach: Attach = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Ask for what a draft of yours says. It goes as with hub exception request.

    Example: hub exception submit 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11
    """
    from hub.cli import printing, remote
    from hub.cli.exception import files, following
    from hub.cli.exception import request_queries as queries

    id, read = _id(draft), files.read(attach or [])
    hub = remote.found(data=data, url=url, token=token)
    made = hub.change(queries.SUBMIT, input={"draft": id, "attachments": files.sent(hub, read)})["exception"]
    if json:
        printing.as_json(made)
        return
    following.asked(made)
    for line in files.said(made, read):
        printing.line(line)


def discard(draft: Draft, url: Url = None, token: Token = None, data: Data = None, json: AsJSON = False) -> None:
    """Give a draft of yours up.

    Example: hub exception discard 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11
    """
    from hub.cli import printing, remote
    from hub.cli.exception import request_queries as queries
    from hub.cli.gate.inert import inert

    hub = remote.found(data=data, url=url, token=token)
    made = hub.change(queries.DISCARD, input={"draft": _id(draft)})["draft"]
    if json:
        printing.as_json(made)
        return
    model = inert(made["model"]["name"], LONGEST) if made["model"] else "a model"
    printing.line(f"the draft about {model} and {inert(made['policy']['key'])} is given up; nobody was asked")


def _id(draft: str) -> str:
    from hub.cli.approvals.naming import global_id

    return global_id(draft, "ExceptionDraft", field="draft", see=LISTS)


def _row(one: dict[str, Any]) -> tuple[str | None, ...]:
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import bare
    from hub.cli.gate.inert import inert

    says = one["says"]
    return (
        when.said(when.of(one["updatedAt"])),
        inert(one["policy"]["key"], LONGEST),
        inert(one["model"]["name"], LONGEST) if one["model"] else None,
        when.said(datetime.fromisoformat(says["expires_at"])) if "expires_at" in says else None,
        inert(says["justification"], LONGEST) if "justification" in says else None,
        bare(one["id"]),
    )
