"""`hub policy suggestions`, `suggestion-take` and `suggestion-dismiss`: policies that are excepted again and again."""

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote

Row = Mapping[str, Any]

SHOWN = """fragment Shown on PolicySuggestion {
  id status facts openedAt settledAt reason policy { key title } team { key }
  settledBy { id name handle } change { id status summary }
}"""

LIST = f"""query($filter: PolicySuggestionFilter) {{ policySuggestions(first: 100, filter: $filter) {{
  totalCount nodes {{ ...Shown }}
}} }} {SHOWN}"""


def _settling(field: str, kind: str) -> str:
    return f"""mutation($input: {kind}!) {{ {field}(input: $input) {{
  __typename ... on Refusal {{ code why field }}
  ... on PolicySuggestionSettled {{ suggestion {{ ...Shown }} }}
}} }} {SHOWN}"""


TAKE = _settling("takePolicySuggestion", "TakePolicySuggestionInput")
DISMISS = _settling("dismissPolicySuggestion", "DismissPolicySuggestionInput")

Suggestion = Annotated[
    str, typer.Argument(metavar="SUGGESTION", help="The suggestion's id, as hub policy suggestions shows it.")
]


def suggestions(
    every: Annotated[bool, typer.Option("--all", help="Also those that were taken up or dismissed.")] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List policies that are excepted again and again. They had better be changed: with the facts, the newest first.

    Example: hub policy suggestions
    """
    from hub.cli import printing, remote
    from hub.cli.gate.inert import uncommanding
    from hub.cli.gate.text import width_of

    hub = remote.found(data=data, url=url, token=token)
    found = hub.ask(LIST, filter=None if every else {"status": ["OPEN"]})["policySuggestions"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        printing.line("no change of a policy is suggested that this token may see")
        return
    for place, one in enumerate(found["nodes"]):
        if place:
            printing.line()
        for line in _lines(one, width_of(sys.stdout)):
            printing.line(uncommanding(line))
    if found["totalCount"] > len(found["nodes"]):
        printing.line(f"{len(found['nodes'])} of {found['totalCount']}, the newest")


def take(
    suggestion: Suggestion,
    summary: Annotated[
        str, typer.Option("--summary", help="What you are about to change; the facts are added.", show_default=False)
    ] = "",
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Open a draft of the policy with a suggestion's facts. It is for the policy's owner or an ADMIN.

    Example: hub policy suggestion-take 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --summary 'ask for less of small models'
    """
    from hub.cli import printing, remote
    from hub.cli.gate.inert import inert

    hub = remote.found(data=data, url=url, token=token)
    made = _settled(hub, TAKE, suggestion, summary=summary)
    if json:
        printing.as_json(made)
        return
    change = made["change"]
    printing.line(f"{inert(made['policy']['key'])}: {inert(change['status'])} as {inert(change['id'])}, with the facts")
    printing.line(f"replay it over what rules saw with: hub policy backtest {inert(change['id'])}")


def dismiss(
    suggestion: Suggestion,
    reason: Annotated[str, typer.Option("--reason", help="Why the policy stays as it is.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Leave a policy as it is. It is for its owner or an ADMIN; for 90 days nothing is suggested about it.

    Example: hub policy suggestion-dismiss 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --reason 'new data arrives in May'
    """
    from hub.cli import printing, remote
    from hub.cli.gate.inert import inert

    made = _settled(remote.found(data=data, url=url, token=token), DISMISS, suggestion, reason=reason)
    if json:
        printing.as_json(made)
        return
    printing.line(f"{inert(made['policy']['key'])} stays as it is: {inert(made['reason'])}")


def _settled(hub: "Remote", document: str, suggestion: str, **said: str) -> dict[str, Any]:
    from hub.cli.approvals.naming import global_id

    id = global_id(suggestion, "PolicySuggestion", field="suggestion", see="hub policy suggestions")
    return dict(hub.change(document, input={"suggestion": id, **said})["suggestion"])


def _lines(one: Row, width: int) -> Iterator[str]:
    from hub.cli.approvals.naming import bare
    from hub.cli.gate.inert import hanging, inert
    from hub.exceptions.suggested.rules import told

    whose = f" for team {inert(one['team']['key'])}" if one["team"] else ""
    yield from hanging("", f"{inert(one['policy']['key'])}{whose}: {_standing(one)}", width)
    yield from hanging("  ", inert(told(one["facts"])), width)
    if one["status"] != "OPEN":
        return
    # Not wrapped: they are to be pasted.
    yield f"    hub policy suggestion-take {bare(one['id'])}"
    yield f"    hub policy suggestion-dismiss {bare(one['id'])} --reason 'WHY'"


def _standing(one: Row) -> str:
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import called
    from hub.cli.gate.inert import inert

    status = inert(one["status"])
    if one["settledAt"] is None:
        return f"{status} since {when.said(when.of(one['openedAt']))}"
    became = f", as {inert(one['change']['id'])}" if one["change"] else f": {inert(one['reason'])}"
    return f"{status} on {when.said(when.of(one['settledAt']))} by {called(one['settledBy'])}{became}"
