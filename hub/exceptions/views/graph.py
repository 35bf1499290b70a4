"""Kept views in the graph: one's own, and those that are shared with a team one is in."""

from datetime import datetime

import strawberry

from hub.exceptions import tables
from hub.graph.declare import Visible, column, extends, flag, many, one, planned, where
from hub.graph.types import JSON, Connection, Node, Query
from hub.people.access import Sight
from hub.people.graph import Person, Team

_OWN = "{t}.person_id = {person}"
_SEEN = f"({_OWN} OR {{t}}.shared_with_team_id = ANY({{teams}}))"


@strawberry.input(description="Which views.")
class SavedViewFilter:
    name: str | None = where("{t}.name = {v}", "Of exactly this name.")
    mine: bool | None = flag(_OWN, f"NOT {_OWN}", "Whether they are your own.")


@planned(
    tables.SavedView,
    visible=Visible(dict.fromkeys(Sight, _SEEN)),
    orders={"NAME": "name"},
    default="NAME",
    filter=SavedViewFilter,
)
class SavedView(Node):
    """A filter and an order of exceptions that somebody keeps under a name."""

    name: str = column("What it is called.")
    filter: JSON = column("The filter, as `exceptions` takes it.")
    order_by: JSON = column("The orderings, as `exceptions` takes them; empty for the usual one.")
    mine: bool = column("Whether it is your own.", sql=_OWN)
    changed_at: datetime = column("When it was saved last.")
    person: Person | None = one("Whose it is.", by="person_id", implied=True)
    shared_with: Team | None = one("The team that sees it too.", by="shared_with_team_id", implied=True)


@extends(Query)
class SavedViewsQuery:
    saved_views: Connection[SavedView] = many("Your views of exceptions, and those shared with your teams.")
