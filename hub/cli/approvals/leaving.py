"""`hub approvals away` and `back`: when somebody is not there to answer."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hub.cli.approvals.given import From, Until
from hub.cli.options import AsJSON, Data, Token, Url


def away(
    until: Until,
    begins: From = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Say that you are away. What is asked of you goes to whoever stands in, or to the next in the path.

    Example: hub approvals away --until 5d
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import queries, when
    from hub.cli.approvals.naming import called

    hub = remote.found(data=data, url=url, token=token)
    before = hub.ask(queries.ABSENCES, first=queries.PAGE)["viewer"]["absences"]["nodes"]
    made = hub.change(queries.AWAY, input=when.spanned(begins, until, datetime.now(UTC)))["absence"]
    if json:
        printing.as_json(made)
        return
    if made["id"] in {one["id"] for one in before}:
        printing.line("nothing changed; the same was said before")
    span = f"from {when.said(when.of(made['startsAt']))} until {when.said(when.of(made['endsAt']))}"
    printing.line(f"{called(made['person'])} is away {span}")
    gave = [one for one in hub.ask(queries.MINE, first=queries.PAGE)["viewer"]["given"]["nodes"] if _covers(one, made)]
    if gave:
        printing.line(f"in your place: {', '.join(called(one['taker']) for one in gave)}")
    else:
        printing.line(f"nobody signs in your place; give your say with: hub approvals delegate HANDLE --until {until}")


def back(
    ahead: Annotated[bool, typer.Option("--ahead", help="Also take back absences that are still to come.")] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Say that you are back before your absence ends. What you delegated goes on until it ends.

    Example: hub approvals back
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import queries, when
    from hub.cli.approvals.naming import called
    from hub.errors import Code, Refused

    now = datetime.now(UTC)
    hub = remote.found(data=data, url=url, token=token)
    viewer = hub.ask(queries.ABSENCES, first=queries.PAGE)["viewer"] or {"absences": {"nodes": []}}
    there = [one for one in viewer["absences"]["nodes"] if one["cancelledAt"] is None and when.of(one["endsAt"]) > now]
    over = [one for one in there if ahead or when.of(one["startsAt"]) <= now]
    if not over:
        begins = min((one["startsAt"] for one in there), default=None)
        told = f"; from {when.said(when.of(begins))} on you are: hub approvals back --ahead" if begins else ""
        raise Refused(Code.NOT_FOUND, f"you are not away now{told}")
    ended = [hub.change(queries.BACK, input={"absence": one["id"]})["absence"] for one in over]
    if json:
        printing.as_json(ended)
        return
    printing.line(f"{called(ended[0]['person'])} is back")


def _covers(one: dict[str, Any], absence: dict[str, Any]) -> bool:
    """Whether a delegation holds at some time of an absence."""
    from hub.cli.approvals import when

    overlaps = when.of(one["startsAt"]) < when.of(absence["endsAt"]) and when.of(one["endsAt"]) > when.of(
        absence["startsAt"]
    )
    return one["revokedAt"] is None and overlaps
