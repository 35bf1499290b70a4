"""`hub approvals break-glass` and `break-glasses`: going ahead without an approval, and answering for it."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hub.cli.approvals.given import LISTS, Request, Yes
from hub.cli.options import AsJSON, Data, Token, Url

WORD = "BREAK"
LOUD, EDGE = "!" * 78, "!! "

TO_BREAK = """query($id: ID!) { node(id: $id) { ... on ApprovalRequest {
  id title status subjectDigest tier stage lacking
} } }"""

GLASS = """fragment Glass on BreakGlass {
  id reason at expiresAt inForce reviewDueAt overdue reviewedAt justified
  person { name handle } model { name } request { id title status stage } review { id }
}"""

BREAK = f"""mutation($input: BreakGlassInput!) {{ breakGlass(input: $input) {{
  __typename ... on Refusal {{ code why field }}
  ... on GlassBroken {{ breakGlass {{ ...Glass }} }}
}} }} {GLASS}"""

GLASSES = f"""query($first: Int!, $filter: BreakGlassFilter!) {{
  breakGlasses(first: $first, filter: $filter) {{ totalCount nodes {{ ...Glass }} }}
}} {GLASS}"""


def break_glass(
    request: Request,
    reason: Annotated[str, typer.Option("--reason", help="Why it cannot wait; reviewers will read it.")],
    hours: Annotated[int, typer.Option("--hours", help="For how many hours.")],
    yes: Yes = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Go ahead without an approval, in an emergency. It is for a few hours, told loudly, and reviewed by two others.

    Example: hub approvals break-glass 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --hours 4 --reason 'fraud wave since noon'
    """
    from hub.cli import agreeing, printing, remote
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import bare, called, global_id, node
    from hub.cli.gate.inert import inert
    from hub.errors import Code, Refused

    if not yes and (json or not agreeing.at_a_terminal()):
        raise Refused(Code.BAD_INPUT, "nobody can be asked here; say --yes to break the glass unasked", field="yes")
    hub = remote.found(data=data, url=url, token=token)
    id = global_id(request, "ApprovalRequest", field="request", see=LISTS)
    asked = node(hub, TO_BREAK, id, field="request", see=LISTS)["node"]
    if not yes:
        _warn(asked, reason, hours)
        if agreeing.typed(f"Type {WORD} to go on: ") != WORD:
            raise Refused(Code.BAD_INPUT, "the glass is whole; nothing was done")
    given = {"request": id, "reason": reason, "hours": hours, "digestSeen": asked["subjectDigest"]}
    made = hub.change(BREAK, input=given)["breakGlass"]
    if json:
        printing.as_json(made)
        return
    until = when.said(when.of(made["expiresAt"]))
    printing.line(f"{inert(asked['title'])}: the glass is broken by {called(made['person'])} until {until}")
    due = when.said(when.of(made["reviewDueAt"]))
    where = f" in request {bare(made['review']['id'])}" if made["review"] else ""
    printing.line(f"two uninvolved people review it{where}, due {due}")


def break_glasses(
    pending: Annotated[bool, typer.Option("--open", help="Those that nobody has reviewed yet.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Those whose review is past its term.")] = False,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many, newest first.")] = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List when approvals were gone past, and by whom. It says why, and what reviewers found.

    Example: hub approvals break-glasses --open
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import bare, called
    from hub.cli.gate.inert import inert

    filter: dict[str, Any] = ({"reviewed": False} if pending else {}) | ({"overdue": True} if overdue else {})
    found = remote.found(data=data, url=url, token=token).ask(GLASSES, first=first, filter=filter)["breakGlasses"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        printing.line("no glass is broken" if not filter else "there is no such break-glass")
        return
    now = datetime.now(UTC)
    rows = [
        (
            when.said(when.of(one["at"])),
            inert(one["request"]["title"], 60) if one["request"] else None,
            called(one["person"]),
            f"until {when.said(when.of(one['expiresAt']))}" if one["inForce"] else "over",
            _found(one, now),
            inert(one["reason"], 80),
            bare(one["review"]["id"]) if one["review"] else None,
        )
        for one in found["nodes"]
    ]
    printing.table(("WHEN", "TITLE", "BY", "IN FORCE", "FOUND", "WHY", "REVIEW"), rows)
    if found["totalCount"] > len(rows):
        printing.line(f"{len(rows)} of {found['totalCount']}; --first shows more")


def _warn(asked: dict[str, Any], reason: str, hours: int) -> None:
    """What is about to happen, so that nobody can have missed it."""
    from hub.cli import printing
    from hub.cli.gate.inert import inert, wrapped
    from hub.cli.gate.text import width_of

    width = min(width_of(sys.stdout), len(LOUD))
    printing.line(LOUD[:width])
    lacking = f", {asked['lacking']} signatures short" if asked["lacking"] else ""
    for line in (
        f"BREAK THE GLASS: {inert(asked['title'])} goes ahead for {hours} hours WITHOUT its approval{lacking}.",
        f"Why: {inert(reason)}",
        "Everybody concerned is told at once, in your name. Policies that block go on blocking. Two uninvolved people"
        " review it; until they have, neither you nor this model can do it again.",
    ):
        for part in wrapped(line, width - len(EDGE)):
            printing.line(f"{EDGE}{part}")
    printing.line(LOUD[:width])


def _found(one: dict[str, Any], now: datetime) -> str:
    from hub.cli.approvals import when

    if one["reviewedAt"] is not None:
        return "justified" if one["justified"] else "NOT justified"
    return f"review due {when.due(when.of(one['reviewDueAt']), now)}"
