"""`hub exception bulk`: one action on many exceptions, shown first, then done as it was shown."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli.exception.given import ExpiresWithin, Mine, Model, Overdue, Owner, Policy, Statuses, Tiers
from hub.cli.options import AsJSON, Data, Registry, Token, Url

Items = Sequence[Mapping[str, Any]]


def _option(name: str, help: str, metavar: str) -> Any:
    return typer.Option(name, metavar=metavar, help=help, show_default=False)


def bulk(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="assign-owner, set-review, set-ticket or revoke.")],
    ids: Annotated[list[str] | None, _option("--ids", "Some exceptions, by commas; may be repeated.", "IDS")] = None,
    status: Statuses = None,
    model: Model = None,
    registry: Registry = None,
    policy: Policy = None,
    owner: Owner = None,
    mine: Mine = False,
    tier: Tiers = None,
    expires_within: ExpiresWithin = None,
    overdue: Overdue = False,
    view: Annotated[str | None, _option("--view", "Those of a kept view.", "NAME")] = None,
    to: Annotated[str | None, _option("--to", "For assign-owner: who answers for them.", "HANDLE")] = None,
    review: Annotated[
        str | None, _option("--review", "For set-review: a date, an instant, or a span from now.", "WHEN")
    ] = None,
    ticket: Annotated[str | None, _option("--ticket", "For set-ticket: its address; empty for none.", "URL")] = None,
    reason: Annotated[str | None, _option("--reason", "For revoke: why.", "WHY")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done and end.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Do one action on up to 200 exceptions. What it would do to each is shown first, and done once you agree.

    Exit code 1 when one of them is refused, or you do not agree.

    Example: hub exception bulk assign-owner --owner olaf --policy recall --to rita
    """
    from hub.cli import agreeing, printing, remote
    from hub.cli.exception import bulk_given, bulk_queries
    from hub.cli.exception.narrowing import Narrowing
    from hub.errors import Code, Refused

    doing = bulk_given.Doing(action, to, review, ticket, reason)
    doing.check()
    if not (yes or dry_run) and (json or not agreeing.at_a_terminal()):
        why = "nobody can be asked here; say --yes, or --dry-run to see what would be done alone"
        raise Refused(Code.BAD_INPUT, why)
    hub = remote.found(data=data, url=url, token=token)
    narrowing = Narrowing(status, model, registry, policy, owner, mine, tier, expires_within, overdue)
    asked = doing.input(hub)
    asked |= bulk_given.chosen(hub, ids or (), narrowing, view)
    shown = hub.change(bulk_queries.PREVIEW, input=asked)
    names = {} if json else bulk_queries.names(hub, [one["exception"] for one in shown["items"]])
    if dry_run:
        _end(shown["items"], names, "would be done", json=json)
        return
    if not yes:
        _print(shown["items"], names, "would be done")
        if not _some(shown["items"]) or not agreeing.agreed("Do it?"):
            printing.line("nothing was done")
            raise typer.Exit(1)
    made = hub.change(bulk_queries.ACT, input={**asked, "digest": shown["digest"]})
    _end(made["items"], names, "done", json=json)


def _end(items: Items, names: Mapping[str, Any], done: str, *, json: bool) -> None:
    from hub.cli import printing

    if json:
        printing.as_json(items)
    else:
        _print(items, names, done)
    if _some(items) < len(items):
        raise typer.Exit(1)


def _print(items: Items, names: Mapping[str, Any], done: str) -> None:
    from hub.cli import printing
    from hub.cli.approvals.naming import bare
    from hub.cli.exception.sheet import scope
    from hub.cli.gate.inert import inert

    rows = []
    for one in items:
        found = names.get(one["exception"])
        rows.append(
            (
                done if one["done"] else "refused",
                scope(found) if found else None,
                inert(found["policy"]["key"], 60) if found else None,
                bare(one["exception"]),
                inert(one["what"] if one["done"] else one["why"]),
            )
        )
    printing.table(("BECOMES", "SCOPE", "POLICY", "EXCEPTION", "WHAT, OR WHY NOT"), rows)
    count = f"{len(items)} exception{'' if len(items) == 1 else 's'}"
    printing.line(f"{count}: {_some(items)} {done}, {len(items) - _some(items)} refused")


def _some(items: Items) -> int:
    return sum(bool(one["done"]) for one in items)
