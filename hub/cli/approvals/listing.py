"""`hub approvals list`: what waits for whoever asks, or every request."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Registry, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote


def list_(
    every: Annotated[bool, typer.Option("--all", help="Every request, also those that are decided.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Those that you made.")] = False,
    status: Annotated[
        str | None, typer.Option("--status", help="Those that stand so, such as PENDING.", show_default=False)
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Those about this model.", show_default=False)] = None,
    registry: Registry = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Those about versions, cards, exceptions, ….", show_default=False)
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Those that are past their term.")] = False,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many.")] = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List what waits for your answer, soonest due first. With any option that narrows, every request it fits.

    Example: hub approvals list
    """
    from hub.cli import remote

    hub = remote.found(data=data, url=url, token=token)
    if every or mine or status or model or kind or overdue:
        filter = _filter(hub, mine=mine, status=status, model=model, registry=registry, kind=kind, overdue=overdue)
        _requests(hub, filter, first, json=json)
    else:
        _inbox(hub, first, json=json)


def _inbox(hub: "Remote", first: int, *, json: bool) -> None:
    from hub.cli import printing
    from hub.cli.approvals import queries, stepping, when
    from hub.cli.approvals.naming import bare, called
    from hub.cli.gate.inert import inert

    found = hub.ask(queries.INBOX, first=first)
    asks = found["inbox"]["nodes"]
    if json:
        printing.as_json(asks)
        return
    if not asks:
        who = f" for {called(found['viewer'])}" if found["viewer"] else ""
        printing.line(f"nothing waits{who}; see every request with: hub approvals list --all")
        return
    now = datetime.now(UTC)
    rows = [
        (
            "stopped" if one["request"]["pausedAt"] else when.due(when.of(one["dueAt"]), now),
            inert(one["request"]["title"], 100),
            stepping.name(one["request"]),
            inert(one["discipline"] or "any"),
            called(one["request"]["requestedBy"]),
            called(one["via"]) if one["via"] else None,
            bare(one["request"]["id"]),
        )
        for one in asks
    ]
    printing.table(("DUE", "TITLE", "STEP", "WANTED", "ASKED BY", "IN PLACE OF", "REQUEST"), rows)
    _rest(len(asks), found["inbox"]["totalCount"], "--first shows more")
    printing.line("read one with: hub approvals show REQUEST")


def _requests(hub: "Remote", filter: dict[str, Any], first: int, *, json: bool) -> None:
    from hub.cli import printing
    from hub.cli.approvals import queries, stepping, when
    from hub.cli.approvals.naming import bare, called
    from hub.cli.gate.inert import inert

    found = hub.ask(queries.REQUESTS, first=first, filter=filter)["approvalRequests"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        printing.line("there is no such request that this token may see")
        return
    now = datetime.now(UTC)
    rows = []
    for one in found["nodes"]:
        is_open = one["status"] == "PENDING"
        due = "stopped" if one["pausedAt"] else when.due(when.of(one["dueAt"]), now)
        rows.append(
            (
                inert(one["status"]),
                due if is_open else None,
                inert(one["title"], 100),
                stepping.name(one) if is_open else None,
                stepping.wanted(one) if is_open else None,
                called(one["requestedBy"]),
                bare(one["id"]),
            )
        )
    printing.table(("STATUS", "DUE", "TITLE", "STEP", "WANTED", "ASKED BY", "REQUEST"), rows)
    _rest(len(rows), found["totalCount"], "--first shows more, --status, --model and --kind fewer")


def _filter(
    hub: "Remote",
    *,
    mine: bool,
    status: str | None,
    model: str | None,
    registry: str | None,
    kind: str | None,
    overdue: bool,
) -> dict[str, Any]:
    from hub.approvals.tables import ApprovalStatus, SubjectKind
    from hub.cli import named
    from hub.cli.approvals import queries
    from hub.cli.approvals.naming import word
    from hub.errors import Code, Refused

    found: dict[str, Any] = {}
    if mine:
        viewer = hub.ask(queries.VIEWER)["viewer"]
        if viewer is None:
            raise Refused(Code.UNAUTHENTICATED, "nobody is known by this token; give one with --token")
        found["requestedBy"] = viewer["id"]
    if status is not None:
        found["status"] = [word(status, ApprovalStatus, option="--status")]
    if model is not None:
        found["model"] = named.found(hub, model=model, version=None, registry=registry).model
    if kind is not None:
        found["kind"] = [word(kind, SubjectKind, option="--kind").value]
    if overdue:
        found["overdue"] = True
    return found


def _rest(shown: int, of: int, how: str) -> None:
    from hub.cli import printing

    if of > shown:
        printing.line(f"{shown} of {of}; {how}")
