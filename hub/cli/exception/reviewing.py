"""`hub exception review`: the recurring look, with what it came to."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hub.cli.exception.given import LISTS, Exception_
from hub.cli.options import AsJSON, Data, Token, Url


def review(
    exception: Exception_,
    note: Annotated[str, typer.Option("--note", help="What you found.")],
    goes_on: Annotated[bool, typer.Option("--continue", help="It goes on.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="It is taken back at once.")] = False,
    resolve: Annotated[bool, typer.Option("--resolve", help="It is needed no more.")] = False,
    following: Annotated[
        str | None,
        typer.Option(
            "--next",
            metavar="WHEN",
            help="When to look again: a date, an instant, or a span. Default: by its rhythm.",
            show_default=False,
        ),
    ] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Say that you looked at a granted exception again. You have no hand in it, and say what it came to.

    Example: hub exception review 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --continue --note 'both readers are there'
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import global_id
    from hub.cli.exception import following as after
    from hub.cli.exception import queries

    id = global_id(exception, "PolicyException", field="exception", see=LISTS)
    asked: dict[str, Any] = {"exception": id, "note": note, "verdict": _verdict(goes_on, revoke, resolve)}
    if following is not None:
        at = when.instant(following, option="--next", since=datetime.now(UTC), ends=False)
        asked["nextReviewAt"] = at.isoformat()
    hub = remote.found(data=data, url=url, token=token)
    made = hub.change(queries.REVIEW, input=asked)["review"]
    if json:
        printing.as_json(made)
        return
    found = made["exception"]
    then = f"; next on {when.said(when.of(found['reviewAt']))}" if found["reviewAt"] else ""
    after.say(found, f"{made['verdict']} is on record{then}")


def _verdict(goes_on: bool, revoke: bool, resolve: bool) -> str:
    from hub.errors import Code, Refused

    if goes_on + revoke + resolve != 1:
        raise Refused(Code.BAD_INPUT, "say one of --continue, --revoke and --resolve", field="verdict")
    return "CONTINUE" if goes_on else "REVOKE" if revoke else "RESOLVE"
