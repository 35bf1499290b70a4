"""`hub approvals request` and `withdraw`: a question put to people, and taken back."""

from typing import Annotated

import typer

from hub.cli.approvals.given import LISTS, Request
from hub.cli.options import AsJSON, Data, Registry, Token, Url


def request(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name in its registry.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The version's name in its registry.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; approvers read it.")],
    to: Annotated[
        str | None, typer.Option("--to", metavar="STAGE", help="The stage it is to go to.", show_default=False)
    ] = None,
    card: Annotated[bool, typer.Option("--card", help="Ask about what the version's card says instead.")] = False,
    registry: Registry = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Ask people whether a version may go to a stage. The rule of the approval matrix for it says whom.

    Example: hub approvals request fraud-detection 7 --to production --reason 'recall 0.95 on the new cases'
    """
    from hub.cli import named, printing, remote
    from hub.cli.approvals import following, queries
    from hub.cli.approvals.naming import bare, word
    from hub.errors import Code, Refused
    from hub.models.tables import Stage

    if card == (to is not None):
        raise Refused(Code.BAD_INPUT, "say --to STAGE, or --card to ask about the card alone", field="to")
    stage = word(to, Stage, option="--to") if to is not None else None
    hub = remote.found(data=data, url=url, token=token)
    asked = {"version": named.version_id(hub, model=model, version=version, registry=registry), "reason": reason}
    if stage is None:
        made = hub.change(queries.REQUEST_CARD, input=asked)["request"]
    else:
        made = hub.change(queries.REQUEST, input=asked | {"stage": stage})["request"]
    if json:
        printing.as_json(made)
        return
    following.say(made, [], f"asked, in request {bare(made['id'])}")


def withdraw(
    request: Request,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Take back a question that you put to people.

    Example: hub approvals withdraw 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import following, queries
    from hub.cli.approvals.naming import global_id

    id = global_id(request, "ApprovalRequest", field="request", see=LISTS)
    hub = remote.found(data=data, url=url, token=token)
    made = hub.change(queries.WITHDRAW, input={"request": id})["request"]
    if json:
        printing.as_json(made)
        return
    following.say(made, following.of(hub, made), "taken back")
