"""`hub exception list`: the backlog, the longest in need first."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hub.cli.exception.given import ExpiresWithin, Mine, Model, Overdue, Owner, Policy, Statuses, Tiers
from hub.cli.options import AsJSON, Data, Registry, Token, Url


def list_(
    status: Statuses = None,
    model: Model = None,
    registry: Registry = None,
    policy: Policy = None,
    owner: Owner = None,
    mine: Mine = False,
    tier: Tiers = None,
    expires_within: ExpiresWithin = None,
    overdue: Overdue = False,
    orphaned: Annotated[
        bool, typer.Option("--orphaned", help="With a control that whoever is to confirm it cannot confirm any more.")
    ] = False,
    view: Annotated[
        str | None,
        typer.Option("--view", metavar="NAME", help="Those of a kept view, in its order; alone.", show_default=False),
    ] = None,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many.")] = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List exceptions by age weighted by risk, the oldest first. Without --status, those that have not ended.

    Example: hub exception list --tier high --expires-within 30d
    """
    from hub.cli import printing, remote
    from hub.cli.exception import queries, viewing
    from hub.cli.exception.narrowing import Narrowing
    from hub.errors import Code, Refused

    given = Narrowing(status, model, registry, policy, owner, mine, tier, expires_within, overdue, orphaned)
    hub = remote.found(data=data, url=url, token=token)
    if view is None:
        asked = {"filter": given.filter(hub), "orderBy": queries.HEAVIEST}
    elif given.says_something:
        raise Refused(Code.BAD_INPUT, "a view says which exceptions; leave the other options out", field="view")
    else:
        asked = viewing.kept(hub, view)
    found = hub.ask(queries.LIST, first=first, **asked)["exceptions"]
    if json:
        printing.as_json(found["nodes"])
        return
    _print(found, datetime.now(UTC))


def _print(found: dict[str, Any], now: datetime) -> None:
    from hub.cli import printing
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import bare, called
    from hub.cli.exception.sheet import scope
    from hub.cli.gate.inert import inert

    if not found["nodes"]:
        printing.line("there is no such exception that this token may see; --status names those that have ended")
        return
    rows = [
        (
            inert(one["status"]),
            f"{one['weightedAgeDays']} d",
            inert(one["policy"]["key"], 60),
            scope(one),
            inert(one["tier"]),
            inert(one["riskAfter"]),
            called(one["owner"]),
            when.due(when.of(one["expiresAt"]), now) if one["daysLeft"] >= 0 else f"{-one['daysLeft']} days ago",
            bare(one["id"]),
        )
        for one in found["nodes"]
    ]
    printing.table(("STATUS", "AGE", "POLICY", "SCOPE", "TIER", "RISK", "OWNER", "ENDS", "EXCEPTION"), rows)
    if found["totalCount"] > len(rows):
        printing.line(f"{len(rows)} of {found['totalCount']}; --first shows more, --model, --policy and --tier fewer")
    printing.line("read one with: hub exception show EXCEPTION")
