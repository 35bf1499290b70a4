"""`hub summary`: what became of exceptions in a month, a week or any days, to read here, to print and to keep."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.options import Data, Token, Url
from hub.cli.summaries import FORMATS


def summary(
    month: Annotated[
        str | None,
        typer.Option("--month", metavar="YYYY-MM", help="A month. Default: the last that is over.", show_default=False),
    ] = None,
    week: Annotated[
        str | None, typer.Option("--week", metavar="YYYY-Www", help="A week, such as 2026-W43.", show_default=False)
    ] = None,
    begins: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="The first day; with --to.", show_default=False)
    ] = None,
    ends: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="The last day; with --from.", show_default=False)
    ] = None,
    team: Annotated[
        str | None, typer.Option("--team", help="One team, by its key; without it everybody.", show_default=False)
    ] = None,
    zone: Annotated[
        str, typer.Option("--zone", help="The time zone by which days begin, such as Europe/Berlin.")
    ] = "UTC",
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="WHEN", help="What was known then; an instant with its zone.", show_default=False
        ),
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="ID", help="A digest that was made, as it was.", show_default=False),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="With --digest: compute it again, and say whether it is equal.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help=f"{', '.join(FORMATS)}. Default: by the name of --out, else text.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there.", show_default=False)
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in a browser; html without --format.")] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """Show what became of exceptions in a period. It is set against the one before, in sentences, charts and figures.

    Exit code 1 when --verify finds a difference.

    Example: hub summary --month 2026-10 --format pdf --out october.pdf
    """
    from hub.cli import remote
    from hub.cli.summaries import handing, wanting

    given = {"month": month, "week": week, "from": begins, "to": ends, "team": team, "as_of": as_of}
    said: dict[str, Any] = {name: value for name, value in given.items() if value}
    asked = wanting.asked(said | {"zone": zone}, digest=digest, verify=verify)
    kind = wanting.kind(form, out, open_it=open_it)
    hub = remote.found(data=data, url=url, token=token)
    if verify:
        raise typer.Exit(handing.verified(hub.read(asked.path("json"))))
    body = hub.read(asked.path("json" if kind == "text" else kind))
    handing.hand(handing.text(body) if kind == "text" else body, kind, out, open_it=open_it)
