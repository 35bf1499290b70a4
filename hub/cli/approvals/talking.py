"""`hub approvals ask`, `answer`, `comment` and `resume`: the discussion of a request, which everybody shares."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.approvals.given import LISTS, Request
from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote

Text = Annotated[str, typer.Option("--text", help="What to say; @handle calls somebody.")]


def ask(
    request: Request,
    question: Annotated[str, typer.Option("--question", help="What you must know; @handle calls somebody.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Ask whoever wants the approval, as a reviewer. The clock stands still until they answer.

    Example: hub approvals ask 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --question 'Which hospitals are in the test set?'
    """
    from hub.cli import remote
    from hub.cli.approvals import queries

    asked = {"body": question}
    hub = remote.found(data=data, url=url, token=token)
    _say(hub, queries.ASK, request, asked, "asked; the clock stands still until they answer", json=json)


def answer(
    request: Request,
    text: Text,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Answer a question about what you want approved. The clock goes on.

    Example: hub approvals answer 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --text 'All of the north, see the card'
    """
    from hub.cli import remote
    from hub.cli.approvals import queries

    hub = remote.found(data=data, url=url, token=token)
    _say(hub, queries.ANSWER, request, {"body": text}, "answered; the clock goes on", json=json)


def comment(
    request: Request,
    text: Text,
    internal: Annotated[
        bool, typer.Option("--internal", help="For those who review only, never for whoever is reviewed.")
    ] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Say something in the discussion of a request. Everybody who sees it reads it, or reviewers alone.

    Example: hub approvals comment 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --text '@cora please look at the caveats'
    """
    from hub.cli import remote
    from hub.cli.approvals import queries

    done = "noted for reviewers" if internal else "said"
    hub = remote.found(data=data, url=url, token=token)
    _say(hub, queries.COMMENT, request, {"body": text, "internal": internal}, done, json=json)


def resume(
    request: Request,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Let the clock go on without an answer, as a reviewer.

    Example: hub approvals resume 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import following, queries
    from hub.cli.approvals.naming import global_id

    id = global_id(request, "ApprovalRequest", field="request", see=LISTS)
    hub = remote.found(data=data, url=url, token=token)
    found = hub.change(queries.RESUME, input={"request": id})["request"]
    if json:
        printing.as_json(found)
        return
    following.say(found, [], "the clock goes on")


def _say(hub: "Remote", document: str, request: str, asked: dict[str, Any], done: str, *, json: bool) -> None:
    from hub.cli import printing
    from hub.cli.approvals import following
    from hub.cli.approvals.naming import global_id
    from hub.cli.gate.inert import inert

    id = global_id(request, "ApprovalRequest", field="request", see=LISTS)
    made = hub.change(document, input={"request": id, **asked})
    if json:
        printing.as_json(made["comment"] | {"unknown": made["unknown"]})
        return
    following.say(made["comment"]["request"], [], done)
    if made["unknown"]:
        names = ", ".join(f"@{inert(handle)}" for handle in made["unknown"])
        typer.echo(f"{names}: nobody who sees this request; it stays text", err=True)
