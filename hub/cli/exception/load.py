"""`hub exception load` and `repeats`: who has how much to see to, and what is waived again and again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Token, Url

Row = Mapping[str, Any]

LONGEST = 60

OPEN = ("OPEN", "IN FORCE", "SUSPENDED", "OVERDUE", "ENDING", "UNDECIDED", "OLDEST")
ASKED = ("APPROVER", "ASKED", "OLDEST", "ANSWERED", "HOURS")
AGAIN = ("POLICY", "FOR", "TIMES", "OPEN", "RENEWED", "CHAIN", "DAYS WAIVED", "FIRST", "LAST")


class By(StrEnum):
    """Whose load is told."""

    OWNER = "OWNER"
    TEAM = "TEAM"
    POLICY = "POLICY"
    APPROVER = "APPROVER"


First = Annotated[int, typer.Option("--first", min=1, max=100, help="How many.")]


def load(
    by: Annotated[str, typer.Option("--by", metavar="WHOM", help="Whose: owner, team, policy or approver.")] = "owner",
    first: First = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Sum up what is open for each owner, team or policy. The most come first; or what each approver is asked now.

    Example: hub exception load --by team
    """
    from hub.cli import printing, remote
    from hub.cli.approvals.naming import word
    from hub.cli.exception import load_queries as queries

    whose = word(by, By, option="--by")
    hub = remote.found(data=data, url=url, token=token)
    if whose is By.APPROVER:
        found = hub.ask(queries.APPROVERS, first=first)["exceptionApproverLoad"]
    else:
        found = hub.ask(queries.LOAD, first=first, by=whose)["exceptionLoad"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        asked = "nobody is asked about an exception" if whose is By.APPROVER else "no exception is open"
        printing.line(f"{asked} that this token may see")
        return
    if whose is By.APPROVER:
        printing.table(ASKED, [_asked(one) for one in found["nodes"]])
    else:
        printing.table((whose, *OPEN), [_open(one, whose) for one in found["nodes"]])
    if found["totalCount"] > len(found["nodes"]):
        printing.line(f"{len(found['nodes'])} of {found['totalCount']}; --first shows more")


def repeats(
    days: Annotated[int, typer.Option("--days", min=1, max=36500, help="Granted within so many days.")] = 365,
    at_least: Annotated[int, typer.Option("--at-least", min=1, help="At least so often.")] = 3,
    first: First = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List where one policy was waived again and again. It is for the same model or team; the most often come first.

    Example: hub exception repeats --days 180 --at-least 5
    """
    from hub.cli import printing, remote
    from hub.cli.exception import load_queries as queries

    hub = remote.found(data=data, url=url, token=token)
    found = hub.ask(queries.REPEATS, first=first, days=days, atLeast=at_least)["repeatExceptions"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        printing.line(f"no policy was waived {at_least} times or more within {days} days for one model or team")
        return
    printing.table(AGAIN, [_again(one) for one in found["nodes"]])
    if found["totalCount"] > len(found["nodes"]):
        printing.line(f"{len(found['nodes'])} of {found['totalCount']}; --at-least shows fewer, --first more")


def _open(one: Row, whose: By) -> tuple[object, ...]:
    return (
        _whose(one, whose),
        one["open"],
        one["inForce"],
        one["suspended"],
        one["overdueReviews"],
        one["endingSoon"],
        one["undecided"],
        _ago(one["undecidedSince"]),
    )


def _whose(one: Row, whose: By) -> str:
    from hub.cli.approvals.naming import called
    from hub.cli.gate.inert import inert

    if whose is By.OWNER:
        return called(one["owner"])
    if whose is By.TEAM:
        return inert(one["team"]["key"], LONGEST) if one["team"] else "no team"
    return inert(one["policy"]["key"], LONGEST) if one["policy"] else "?"


def _asked(one: Row) -> tuple[object, ...]:
    from hub.cli.approvals.naming import called

    return called(one["person"]), one["questions"], _ago(one["oldestAt"]), one["answered"], one["medianHours"]


def _again(one: Row) -> tuple[object, ...]:
    from hub.cli.gate.inert import inert

    whose = f"model {inert(one['model']['name'], LONGEST)}" if one["model"] else None
    if one["team"]:
        whose = f"team {inert(one['team']['key'], LONGEST)}"
    return (
        inert(one["policy"]["key"], LONGEST),
        whose,
        one["count"],
        one["open"],
        one["renewed"],
        one["longestChain"],
        f"{one['waivedDays']:g}",
        one["firstAt"][:10],
        one["lastAt"][:10],
    )


def _ago(at: str | None) -> str | None:
    from hub.cli.approvals import when

    return f"{when.span(datetime.now(UTC) - when.of(at))} ago" if at else None
