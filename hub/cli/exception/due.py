"""`hub exception due`: what is due soon or overdue, of exceptions and of versions in production."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Registry, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote

DUE = """query($first: Int!, $within: Int!, $filter: DeadlineFilter!) {
  upcomingDeadlines(first: $first, withinDays: $within, filter: $filter) { totalCount nodes {
    kind dueAt overdue daysLeft owner { id name handle } model { name } version { name }
    exception { id status policy { key } } control { description } criterion { description }
  } }
}"""

WITHIN = re.compile(r"(\d{1,5})d?")


def due(
    within: Annotated[str, typer.Option("--within", metavar="DAYS", help="How far ahead, such as 30d.")] = "30d",
    mine: Annotated[bool, typer.Option("--mine", help="What is for you to see to.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is past its date.")] = False,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Of this kind, such as expiry or review.", show_default=False)
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Of this model.", show_default=False)] = None,
    registry: Registry = None,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many.")] = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List what is due soon or overdue, soonest first. That is ends, reviews, attestations, criteria, validations.

    Example: hub exception due --within 30d --mine
    """
    from hub.cli import printing, remote

    days = _days(within)
    hub = remote.found(data=data, url=url, token=token)
    filter = _filter(hub, mine=mine, overdue=overdue, kind=kind, model=model, registry=registry)
    found = hub.ask(DUE, first=first, within=days, filter=filter)["upcomingDeadlines"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        printing.line(f"nothing that this token may see is due within {days} days")
        return
    printing.table(("DUE", "WHAT", "MODEL", "POLICY", "FOR", "EXCEPTION"), [_row(one) for one in found["nodes"]])
    if found["totalCount"] > len(found["nodes"]):
        printing.line(f"{len(found['nodes'])} of {found['totalCount']}; --first shows more, --kind and --model fewer")


def _row(one: dict[str, Any]) -> tuple[str | None, ...]:
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import bare, called
    from hub.cli.gate.inert import inert

    exception = one["exception"]
    model = one["model"]["name"] + (f" {one['version']['name']}" if one["version"] else "")
    said = one["control"] or one["criterion"]
    what = one["kind"].lower() + (f": {said['description']}" if said else "")
    return (
        when.due(when.of(one["dueAt"]), datetime.now(UTC)),
        inert(what, 60),
        inert(model, 60),
        inert(exception["policy"]["key"]) if exception and exception["policy"] else None,
        called(one["owner"]) if one["owner"] else None,
        bare(exception["id"]) if exception else None,
    )


def _days(text: str) -> int:
    from hub.cli.gate.inert import inert
    from hub.errors import Code, Refused

    found = WITHIN.fullmatch(text.strip().lower())
    if found is None:
        raise Refused(Code.BAD_INPUT, f"--within {inert(text, 50)}: write so many days, such as 30d", field="within")
    return int(found[1])


def _filter(
    hub: "Remote", *, mine: bool, overdue: bool, kind: str | None, model: str | None, registry: str | None
) -> dict[str, Any]:
    from hub.cli import named
    from hub.cli.approvals.naming import word
    from hub.deadlines.tables import DeadlineKind

    found: dict[str, Any] = {}
    if mine:
        found["mine"] = True
    if overdue:
        found["overdue"] = True
    if kind is not None:
        found["kind"] = [word(kind, DeadlineKind, option="--kind").value]
    if model is not None:
        found["model"] = named.found(hub, model=model, version=None, registry=registry).model
    return found
