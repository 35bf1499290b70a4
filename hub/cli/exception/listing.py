"""`hub exception list`: the backlog, the longest in need first."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Registry, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote


def list_(
    status: Annotated[
        list[str] | None,
        typer.Option("--status", help="Those that stand so, such as ACTIVE; may be repeated.", show_default=False),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Those of this model.", show_default=False)] = None,
    registry: Registry = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="KEY", help="Those from this policy.", show_default=False)
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="HANDLE", help="Those somebody owns.", show_default=False)
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Those that you own.")] = False,
    tier: Annotated[
        list[str] | None, typer.Option("--tier", help="Those of models in this risk tier; may be repeated.")
    ] = None,
    expires_within: Annotated[
        str | None,
        typer.Option(
            "--expires-within",
            metavar="SPAN",
            help="Those that are granted and end within 30d, say.",
            show_default=False,
        ),
    ] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Those that were to be looked at again before now.")
    ] = False,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many.")] = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List exceptions by age weighted by risk, the oldest first; without --status, those that have not ended.

    Example: hub exception list --tier high --expires-within 30d
    """
    from hub.cli import named, printing, remote
    from hub.cli.approvals.naming import person, word
    from hub.cli.exception import queries
    from hub.exceptions.tables import ExceptionStatus
    from hub.models.tables import RiskTier

    hub = remote.found(data=data, url=url, token=token)
    filter: dict[str, Any] = {"status": [word(one, ExceptionStatus, option="--status") for one in status or ()]}
    if expires_within is not None:
        filter |= _ending(expires_within, filter["status"])
    if not filter["status"]:
        filter["status"] = _live()
    if model is not None:
        filter["model"] = named.found(hub, model=model, version=None, registry=registry).model
    if policy is not None:
        filter["policy"] = _policy(hub, policy)
    if owner is not None:
        filter["owner"] = person(hub, owner, field="owner")["id"]
    if mine:
        filter["owner"] = _me(hub)
    if tier:
        filter["tier"] = [word(one, RiskTier, option="--tier") for one in tier]
    if overdue:
        filter["reviewOverdue"] = True
    found = hub.ask(queries.LIST, first=first, filter=filter)["exceptions"]
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


def _live() -> list[str]:
    from hub.exceptions.moves import ENDED
    from hub.exceptions.tables import ExceptionStatus

    return [one for one in ExceptionStatus if one not in ENDED]


def _ending(text: str, asked: list[str]) -> dict[str, Any]:
    """Those that end from now on within a span; a request that nobody has granted ends by no date."""
    from hub.cli.approvals import when
    from hub.exceptions.moves import GRANTED
    from hub.exceptions.tables import ExceptionStatus

    now = datetime.now(UTC)
    until = when.instant(text, option="--expires-within", since=now, ends=True)
    granted = [one for one in ExceptionStatus if one in GRANTED and (not asked or one in asked)]
    return {"status": granted or asked, "expires": {"since": now.isoformat(), "before": until.isoformat()}}


def _policy(hub: "Remote", key: str) -> str:
    from hub.cli.exception import queries
    from hub.cli.gate.inert import inert
    from hub.errors import Code, Refused

    found = hub.ask(queries.POLICY, key=key)["policy"]
    if found is None:
        raise Refused(Code.NOT_FOUND, f"there is no policy {inert(key, 100)}; see hub policy list", field="policy")
    return str(found["id"])


def _me(hub: "Remote") -> str:
    from hub.cli.exception import queries
    from hub.errors import Code, Refused

    viewer = hub.ask(queries.VIEWER)["viewer"]
    if viewer is None:
        raise Refused(Code.UNAUTHENTICATED, "nobody is known by this token; give one with --token")
    return str(viewer["id"])
