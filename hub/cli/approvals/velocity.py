"""`hub approvals velocity`: how long releases take, and where the time goes."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Token, Url

STATES = {
    "building": "BUILDING",
    "checking": "CHECKING",
    "waitingForPeople": "PEOPLE",
    "pausedForInformation": "QUESTIONS",
    "releasing": "RELEASING",
    "total": "TOTAL",
}
"""What the graph counts, and what the table calls it."""

VELOCITY = f"""query($first: Int!, $after: String, $since: DateTime, $until: DateTime) {{
  approvalVelocity(first: $first, after: $after, since: $since, until: $until) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ month tier stage releases bottleneck {" ".join(f"{one}MedianS {one}P90S" for one in STATES)} }}
  }}
}}"""


def velocity(
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="WHEN",
            help="Releases from then on; 90d: the last 90 days.",
            show_default=False,
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="WHEN", help="Releases before then.", show_default=False),
    ] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Show how long releases took, and the bottleneck. By month, tier and stage, from registration to running.

    Times are medians, with what nine in ten stay under behind the total.

    Example: hub approvals velocity --since 2026-06-01
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import when
    from hub.cli.approvals.queries import PAGE

    now = datetime.now(UTC)
    span = {
        "since": when.instant(since, option="--since", since=now, ends=False, back=True).isoformat() if since else None,
        "until": when.instant(until, option="--until", since=now, ends=True, back=True).isoformat() if until else None,
    }
    hub = remote.found(data=data, url=url, token=token)
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = hub.ask(VELOCITY, first=PAGE, after=after, **span)["approvalVelocity"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    if json:
        printing.as_json(found)
        return
    if not found:
        printing.line("no release was seen to run in that time; --since and --until choose another")
        return
    rows = [
        (
            one["month"],
            one["tier"],
            one["stage"],
            one["releases"],
            *(_span(one[f"{state}MedianS"]) for state in STATES),
            _span(one["totalP90S"]),
            one["bottleneck"].replace("_", " ").lower(),
        )
        for one in found
    ]
    printing.table(("MONTH", "TIER", "STAGE", "RELEASES", *STATES.values(), "9 IN 10", "BOTTLENECK"), rows)


def _span(seconds: int) -> str:
    from hub.cli.approvals import when

    return when.span(timedelta(seconds=seconds))
