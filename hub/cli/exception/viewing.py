"""Kept views by their names: one's own, or else one that a team of one's shares."""

from typing import Any

from hub.cli.approvals.naming import called
from hub.cli.exception import queries
from hub.cli.exception import view_queries as views
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused


def kept(hub: Remote, name: str) -> dict[str, Any]:
    """The filter and order of a view as `exceptions` takes them; one's own goes before a team's."""
    found = hub.ask(views.NAMED, name=name)
    own, teams = found["own"]["nodes"], found["teams"]["nodes"]
    if len(teams) > 1 and not own:
        whose = " and ".join(called(one["person"]) for one in teams)
        why = f"{whose} each share a view {inert(name, 100)}; ask one of them to call theirs otherwise"
        raise Refused(Code.CONFLICT, why, field="view")
    for one in (*own, *teams):
        return {"filter": one["filter"], "orderBy": one["orderBy"] or queries.HEAVIEST}
    raise _none(hub, name, own=False)


def own(hub: Remote, name: str) -> str:
    """The global id of a view of one's own."""
    for one in hub.ask(views.NAMED, name=name)["own"]["nodes"]:
        return str(one["id"])
    raise _none(hub, name, own=True)


def team_id(hub: Remote, key: str) -> str:
    """The global id of a team that whoever asks is in."""
    viewer = hub.ask(views.TEAMS)["viewer"]
    there = {one["key"]: one["id"] for one in viewer["teams"]["nodes"]} if viewer else {}
    if key not in there:
        which = f"; you are in {', '.join(map(inert, sorted(there)))}" if there else "; you are in none"
        raise Refused(Code.NOT_FOUND, f"you are in no team {inert(key, 100)}{which}", field="team")
    return str(there[key])


def _none(hub: Remote, name: str, *, own: bool) -> Refused:
    nodes = hub.ask(views.VIEWS)["savedViews"]["nodes"]
    there = dict.fromkeys(inert(one["name"], 100) for one in nodes if one["mine"] or not own)
    whose = "of your own" if own else "that you see"
    which = f"there are {', '.join(there)}" if there else "keep one with: hub exception view-save NAME"
    return Refused(Code.NOT_FOUND, f"there is no view {inert(name, 100)} {whose}; {which}", field="view")
