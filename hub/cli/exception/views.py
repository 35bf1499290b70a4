"""`hub exception views`, `view-save` and `view-delete`: filters of the backlog that are kept under a name."""

from typing import Annotated

import typer

from hub.cli.exception.given import ExpiresWithin, Mine, Model, Overdue, Owner, Policy, Statuses, Tiers
from hub.cli.options import AsJSON, Data, Registry, Token, Url

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the view is called.")]


def views(url: Url = None, token: Token = None, data: Data = None, json: AsJSON = False) -> None:
    """List the views that you keep, and those your teams share.

    Example: hub exception views
    """
    from hub.cli import printing, remote
    from hub.cli.approvals.naming import called
    from hub.cli.exception import view_queries
    from hub.cli.gate.inert import inert, json_text

    found = remote.found(data=data, url=url, token=token).ask(view_queries.VIEWS)["savedViews"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        printing.line("no view is kept that you see; keep one with: hub exception view-save NAME")
        return
    rows = [
        (
            inert(one["name"], 100),
            "you" if one["mine"] else called(one["person"]),
            inert(one["sharedWith"]["key"]) if one["sharedWith"] else None,
            inert(json_text(one["filter"])),
        )
        for one in found["nodes"]
    ]
    printing.table(("NAME", "OF", "TEAM", "FINDS"), rows)
    if found["totalCount"] > len(rows):
        printing.line(f"{len(rows)} of {found['totalCount']}; the graph's savedViews has all")
    printing.line("use one with: hub exception list --view NAME")


def view_save(
    name: Name,
    status: Statuses = None,
    model: Model = None,
    registry: Registry = None,
    policy: Policy = None,
    owner: Owner = None,
    mine: Mine = False,
    tier: Tiers = None,
    expires_within: ExpiresWithin = None,
    overdue: Overdue = False,
    team: Annotated[
        str | None,
        typer.Option("--team", metavar="KEY", help="A team of yours that sees it too.", show_default=False),
    ] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Keep what a list shows under a name. The options are those of a list; one of yours of this name is replaced.

    Example: hub exception view-save 'heavy and mine' --tier high --mine
    """
    from hub.cli import printing, remote
    from hub.cli.exception import view_queries, viewing
    from hub.cli.exception.narrowing import Narrowing
    from hub.cli.gate.inert import inert

    hub = remote.found(data=data, url=url, token=token)
    given = Narrowing(status, model, registry, policy, owner, mine, tier, expires_within, overdue)
    asked = {"name": name, "filter": given.filter(hub)}
    if team is not None:
        asked["team"] = viewing.team_id(hub, team)
    made = hub.change(view_queries.SAVE, input=asked)["view"]
    if json:
        printing.as_json(made)
        return
    shared = f" and shared with {inert(made['sharedWith']['key'])}" if made["sharedWith"] else ""
    printing.line(f"kept{shared}: hub exception list --view {_quoted(made['name'])}")


def view_delete(name: Name, url: Url = None, token: Token = None, data: Data = None, json: AsJSON = False) -> None:
    """Drop a view of your own. It ends for the team that it is shared with too.

    Example: hub exception view-delete 'heavy and mine'
    """
    from hub.cli import printing, remote
    from hub.cli.exception import view_queries, viewing
    from hub.cli.gate.inert import inert

    hub = remote.found(data=data, url=url, token=token)
    made = hub.change(view_queries.DELETE, input={"view": viewing.own(hub, name)})
    if json:
        printing.as_json({"view": made["view"]})
        return
    printing.line(f"{inert(name, 100)} is kept no more")


def _quoted(name: str) -> str:
    from shlex import quote

    from hub.cli.gate.inert import inert

    return quote(inert(name, 100))
