"""`hub approvals delegate`, `undelegate` and `delegations`: who signs in whose place."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.approvals.given import From, Until
from hub.cli.options import AsJSON, Data, Registry, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote


def delegate(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="An approver or policy owner.")],
    until: Until,
    begins: From = None,
    discipline: Annotated[
        list[str] | None, typer.Option("--discipline", help="For this discipline only; may be repeated.")
    ] = None,
    stage: Annotated[list[str] | None, typer.Option("--stage", help="For this stage only; may be repeated.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="For this model only.", show_default=False)] = None,
    registry: Registry = None,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Give your say to another approver for a while. It counts once, whoever's hand gives it.

    Example: hub approvals delegate rita --until 2026-12-24 --discipline RISK --reason 'on leave'
    """
    from hub.cli import named, printing, remote
    from hub.cli.approvals import queries, when
    from hub.cli.approvals.naming import called, person, word
    from hub.models.tables import Stage
    from hub.people.tables import Discipline

    asked: dict[str, Any] = {**when.spanned(begins, until, datetime.now(UTC)), "reason": reason}
    asked["disciplines"] = [word(one, Discipline, option="--discipline") for one in discipline or ()]
    asked["stages"] = [word(one, Stage, option="--stage") for one in stage or ()]
    hub = remote.found(data=data, url=url, token=token)
    asked["to"] = person(hub, handle, field="handle")["id"]
    if model is not None:
        asked["model"] = named.found(hub, model=model, version=None, registry=registry).model
    before = hub.ask(queries.MINE, first=queries.PAGE)["viewer"]["given"]["nodes"]
    made = hub.change(queries.DELEGATE, input=asked)["delegation"]
    if json:
        printing.as_json(made)
        return
    if made["id"] in {one["id"] for one in before}:
        printing.line("nothing changed; the same was said before")
    span = f"from {when.said(when.of(made['startsAt']))} until {when.said(when.of(made['endsAt']))}"
    printing.line(f"{called(made['taker'])} signs in your place {span}, for {_scope(made)}")
    printing.line(f"end it before with: hub approvals undelegate {made['taker']['handle']}")


def undelegate(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Who stood in for you; or the delegation's id.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Take back the say that you gave somebody. What they signed by it counts no more where nothing is decided yet.

    Example: hub approvals undelegate rita
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import queries
    from hub.cli.approvals.naming import called

    hub = remote.found(data=data, url=url, token=token)
    ended = [
        hub.change(queries.REVOKE, input={"delegation": id})["delegation"]
        for id in _given(hub, handle.removeprefix("@"))
    ]
    if json:
        printing.as_json(ended)
        return
    for one in ended:
        printing.line(f"{called(one['taker'])} signs in {called(one['giver'])}'s place no more")


def delegations(
    every: Annotated[bool, typer.Option("--all", help="Of everybody, and those that ended.")] = False,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many, newest first.")] = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List the say that you gave and were given. It is what holds or is still to come.

    Example: hub approvals delegations
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import bare, called

    now = datetime.now(UTC)
    hub = remote.found(data=data, url=url, token=token)
    found = _every(hub, first) if every else _mine(hub, first, now)
    if json:
        printing.as_json(found)
        return
    if not found:
        more = "" if every else "; see those of everybody with: hub approvals delegations --all"
        printing.line(f"there are no delegations{more}")
        return
    rows = [
        (
            _state(one, now),
            called(one["giver"]),
            called(one["taker"]),
            when.said(when.of(one["startsAt"])),
            when.said(when.of(one["endsAt"])),
            _scope(one),
            bare(one["id"]),
        )
        for one in found
    ]
    printing.table(("STATE", "WHOSE SAY", "WHO SIGNS", "FROM", "UNTIL", "FOR", "DELEGATION"), rows)


def _given(hub: "Remote", handle: str) -> list[str]:
    """The ids of what the viewer gave this person and has not ended; or the one id that was named."""
    from hub.cli.approvals import queries, when
    from hub.cli.approvals.naming import global_id
    from hub.cli.gate.inert import inert
    from hub.errors import Code, Refused

    now = datetime.now(UTC)
    viewer = hub.ask(queries.MINE, first=queries.PAGE)["viewer"]
    gave = [
        one
        for one in (viewer["given"]["nodes"] if viewer else ())
        if one["revokedAt"] is None and when.of(one["endsAt"]) > now
    ]
    found = [one["id"] for one in gave if one["taker"] and one["taker"]["handle"] == handle.lower()]
    if found:
        return found
    try:
        return [global_id(handle, "Delegation", field="delegation", see="hub approvals delegations")]
    except Refused:
        names = ", ".join(sorted({inert(one["taker"]["handle"]) for one in gave})) or "nobody"
        raise Refused(
            Code.NOT_FOUND, f"{inert(handle, 100)} does not stand in for you; {names} does", field="handle"
        ) from None


def _mine(hub: "Remote", first: int, now: datetime) -> list[dict[str, Any]]:
    from hub.cli.approvals import queries

    viewer = hub.ask(queries.MINE, first=first)["viewer"]
    if viewer is None:
        return []
    both = [*viewer["given"]["nodes"], *viewer["taken"]["nodes"]]
    return [one for one in both if _state(one, now) in ("in force", "to come")]


def _every(hub: "Remote", first: int) -> list[dict[str, Any]]:
    from hub.cli.approvals import queries

    return list(hub.ask(queries.DELEGATIONS, first=first)["delegations"]["nodes"])


def _state(one: dict[str, Any], now: datetime) -> str:
    from hub.cli.approvals import when

    if one["revokedAt"] is not None:
        return "taken back"
    if when.of(one["endsAt"]) <= now:
        return "over"
    return "in force" if when.of(one["startsAt"]) <= now else "to come"


def _scope(one: dict[str, Any]) -> str:
    from hub.cli.gate.inert import inert

    model = [inert(one["model"]["name"])] if one["model"] else []
    return ", ".join([*map(inert, one["disciplines"]), *map(inert, one["stages"]), *model]) or "all"
