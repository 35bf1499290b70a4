"""`hub exception withdraw`, `extend`, `revoke`, `resolve` and `assign`: one move each."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.exception.given import LISTS, Exception_
from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote


def withdraw(
    exception: Exception_,
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Take back a request that nobody has decided yet. It is for whoever asked or would own it.

    Example: hub exception withdraw 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --note 'the new scans came'
    """
    from hub.cli import remote
    from hub.cli.exception import queries

    hub = remote.found(data=data, url=url, token=token)
    _move(hub, queries.WITHDRAW, exception, {"note": note}, "taken back", json=json)


def extend(
    exception: Exception_,
    until: Annotated[
        str,
        typer.Option("--until", metavar="WHEN", help="The new end: a date, an instant, or a span from its end now."),
    ],
    justification: Annotated[str, typer.Option("--justification", help="Why the policy cannot be kept by its end.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Ask that a granted exception last longer. Its end moves once people approve it.

    Example: hub exception extend 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --until 30d --justification 'the scans are late'
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import bare, called, global_id, node
    from hub.cli.exception import following, queries

    id = global_id(exception, "PolicyException", field="exception", see=LISTS)
    hub = remote.found(data=data, url=url, token=token)
    ends = when.of(node(hub, queries.ENDS, id, field="exception", see=LISTS)["node"]["expiresAt"])
    asked = {
        "exception": id,
        "until": when.instant(until, option="--until", since=ends, ends=True).isoformat(),
        "justification": justification,
    }
    made = hub.change(queries.EXTEND, input=asked)["extension"]
    if json:
        printing.as_json(made)
        return
    following.say(made["exception"], f"asked to last until {when.said(when.of(made['until']))}")
    for question in made["approvals"]["nodes"]:
        names = (
            ", ".join(sorted({called(one["person"]) for one in question["asked"]["nodes"]})) or "nobody who may sign"
        )
        due = when.due(when.of(question["dueAt"]), datetime.now(UTC))
        printing.line(f"in request {bare(question['id'])}, due {due}; asked are {names}")


def revoke(
    exception: Exception_,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Take a granted exception back at once. It is for its owner, or for one who decides such.

    Example: hub exception revoke 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --reason 'the second reader is gone'
    """
    from hub.cli import remote
    from hub.cli.exception import queries

    hub = remote.found(data=data, url=url, token=token)
    done = "revoked; what it covered is asked again"
    _move(hub, queries.REVOKE, exception, {"reason": reason}, done, json=json)


def resolve(
    exception: Exception_,
    note: Annotated[str, typer.Option("--note", help="How it came; needed while checks do not suggest it.")] = "",
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Confirm that an exception is needed no more; it ends at once.

    Example: hub exception resolve 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --note 'version 4 keeps the policy'
    """
    from hub.cli import remote
    from hub.cli.exception import queries

    hub = remote.found(data=data, url=url, token=token)
    done = "resolved; what it covered is asked again"
    _move(hub, queries.RESOLVE, exception, {"note": note}, done, json=json)


def assign(
    exception: Exception_,
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Who answers for it from now on.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Have somebody else answer for a granted exception.

    Example: hub exception assign 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 rita
    """
    from hub.cli import remote
    from hub.cli.approvals.naming import person
    from hub.cli.exception import queries

    hub = remote.found(data=data, url=url, token=token)
    owner = person(hub, handle, field="handle")["id"]
    _move(hub, queries.ASSIGN, exception, {"owner": owner}, "handed on", json=json)


def _move(hub: "Remote", document: str, exception: str, asked: dict[str, Any], done: str, *, json: bool) -> None:
    from hub.cli import printing
    from hub.cli.approvals.naming import global_id
    from hub.cli.exception import following

    id = global_id(exception, "PolicyException", field="exception", see=LISTS)
    made = hub.change(document, input={"exception": id, **asked})["exception"]
    if json:
        printing.as_json(made)
        return
    following.say(made, done)
