"""`hub approvals sign` and `unsign`: a person's answer, given to exactly what was shown."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hub.cli.approvals.given import LISTS, Discipline, Request, Yes
from hub.cli.options import AsJSON, Data, Token, Url

CHANNEL = "CLI"


def sign(
    request: Request,
    approve: Annotated[bool, typer.Option("--approve", help="Say yes.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Say no: it ends here.")] = False,
    changes: Annotated[bool, typer.Option("--changes", help="Ask for changes: it ends, to be asked anew.")] = False,
    comment: Annotated[
        str, typer.Option("--comment", help="Why; needed for every no, and for what is of the tier HIGH.")
    ] = "",
    discipline: Discipline = None,
    behalf: Annotated[
        str | None,
        typer.Option("--as", metavar="HANDLE", help="In the place of whoever gave you their say.", show_default=False),
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option("--digest", help="What you looked at; refused when it is another now.", show_default=False),
    ] = None,
    yes: Yes = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Answer a request, once what you declare was shown. A script says --yes with the --digest looked at.

    Example: hub approvals sign 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --approve --comment 'errors by age are explained'
    """
    from hub.cli import agreeing, printing, remote
    from hub.cli.approvals import following, queries
    from hub.cli.approvals.naming import global_id, node, person, word
    from hub.errors import Code, Refused
    from hub.people import tables as people

    decision = _decision(approve=approve, reject=reject, changes=changes)
    if yes and digest is None:
        raise Refused(
            Code.BAD_INPUT, "--yes signs what nobody is shown; add the --digest that was looked at", field="digest"
        )
    if not yes and (json or not agreeing.at_a_terminal()):
        raise Refused(
            Code.BAD_INPUT, "nobody can be asked here; say --yes, and the --digest that was looked at", field="yes"
        )
    hub = remote.found(data=data, url=url, token=token)
    id = global_id(request, "ApprovalRequest", field="request", see=LISTS)
    asked: dict[str, Any] = {"request": id, "decision": decision, "comment": comment, "channel": CHANNEL}
    if discipline is not None:
        asked["discipline"] = word(discipline, people.Discipline, option="--discipline")
    if behalf is not None:
        asked["onBehalfOf"] = person(hub, behalf, field="as")["id"]
    answer = node(hub, queries.TO_SIGN, id, field="request", see=LISTS)
    found = answer["node"]
    _check_comment(decision, found, comment)
    asked["digestSeen"] = digest or found["subjectDigest"]
    if not yes:
        if found["status"] != "PENDING":
            raise Refused(Code.WRONG_STATE, f"this request is {found['status']}; only PENDING ones are signed")
        _show(found, answer["viewer"], decision)
        if not agreeing.agreed("Sign?"):
            raise Refused(Code.BAD_INPUT, "nothing was signed")
    made = hub.change(queries.SIGN, input=asked)["signOff"]
    follows = following.of(hub, made["request"])
    if json:
        printing.as_json(made | {"intents": follows})
        return
    field = f" for {made['discipline']}" if made["discipline"] else ""
    place = f" in the place of {made['onBehalfOf']['handle']}" if made["onBehalfOf"] else ""
    following.say(made["request"], follows, f"{decision.replace('_', ' ')}{field}{place} is on record")


def unsign(
    request: Request,
    comment: Annotated[str, typer.Option("--comment", help="Why.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Take your answer back while the request is open. Both stay on record.

    Example: hub approvals unsign 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --comment 'the report was about another version'
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import following, queries
    from hub.cli.approvals.naming import global_id

    id = global_id(request, "ApprovalRequest", field="request", see=LISTS)
    hub = remote.found(data=data, url=url, token=token)
    made = hub.change(queries.UNSIGN, input={"request": id, "comment": comment, "channel": CHANNEL})["signOff"]
    if json:
        printing.as_json(made)
        return
    following.say(made["request"], [], "your answer is taken back")


def _decision(*, approve: bool, reject: bool, changes: bool) -> str:
    from hub.errors import Code, Refused

    if approve + reject + changes != 1:
        raise Refused(Code.BAD_INPUT, "say one of --approve, --reject and --changes", field="approve")
    return "APPROVE" if approve else "REJECT" if reject else "REQUEST_CHANGES"


def _check_comment(decision: str, request: dict[str, Any], comment: str) -> None:
    """Before anybody is asked: what the hub would refuse anyway."""
    from hub.cli.approvals import doing
    from hub.errors import Code, Refused

    if doing.needs_comment(decision, request["tier"]) and not comment.strip():
        why = "a no" if decision != "APPROVE" else f"an answer about what is of the tier {request['tier']}"
        raise Refused(Code.BAD_INPUT, f"{why} says why; add --comment", field="comment")


def _show(request: dict[str, Any], viewer: dict[str, Any] | None, decision: str) -> None:
    """What is signed, word for word as it will be recorded."""
    from hub.approvals.rules import VERBS
    from hub.approvals.tables import SignOffDecision
    from hub.cli import printing
    from hub.cli.approvals import sheet
    from hub.cli.gate.inert import uncommanding
    from hub.cli.gate.text import width_of

    width = width_of(sys.stdout)
    # The graph tells it as it is declared with a yes, at its end.
    yes, said = VERBS[SignOffDecision.APPROVE], VERBS[SignOffDecision(decision)]
    text = f"{request['acknowledgement'].removesuffix(f'{yes}.')}{said}."
    shown = [
        *sheet.heading(request, datetime.now(UTC), width),
        "",
        "What you declare",
        *sheet.declaration(request, width, text),
        *sheet.signals(request, viewer, width),
    ]
    for line in shown:
        printing.line(uncommanding(line))
    printing.line()
