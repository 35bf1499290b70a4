"""Delegations and absences in the graph."""

from datetime import datetime

import strawberry

from hub.approvals import tables
from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.models.graph import Model
from hub.models.visible import through_model
from hub.people.graph import Person


@strawberry.input(description="Which delegations.")
class DelegationFilter:
    giver: strawberry.ID | None = where("{t}.from_id = {v}", "Given by this person.", cast="uuid", node="Person")
    taker: strawberry.ID | None = where("{t}.to_id = {v}", "Given to this person.", cast="uuid", node="Person")
    in_force: bool | None = where(
        "({t}.revoked_at IS NULL AND {t}.starts_at <= {now} AND {t}.ends_at > {now}) = {v}",
        "Whether they hold now.",
        cast="bool",
    )
    ends: InstantRange | None = about("{t}.ends_at", "When they end.")


@planned(
    tables.Delegation,
    visible=through_model("{t}.scope_id", or_none=True),
    orders={"CREATED_AT": "created_at", "ENDS_AT": "ends_at"},
    default="-CREATED_AT",
    filter=DelegationFilter,
)
class Delegation(Node):
    """That somebody gave their say to another for a while."""

    disciplines: JSON = column("For these disciplines; empty means all that they sign for.")
    stages: JSON = column("For these stages; empty means all.")
    reason: str = column("Why.")
    starts_at: datetime = column("From when.")
    ends_at: datetime = column("Until when.")
    created_at: datetime = column("When it was given.")
    revoked_at: datetime | None = column("When it was taken back.")
    giver: Person | None = one("Who gave it.", by="from_id", implied=True)
    taker: Person | None = one("Who signs in their place.", by="to_id", implied=True)
    model: Model | None = one("The only model it is for; null means all.", by="scope_id", implied=True)


@strawberry.input(description="Which absences.")
class AbsenceFilter:
    person: strawberry.ID | None = where("{t}.person_id = {v}", "Of this person.", cast="uuid", node="Person")
    now: bool | None = where(
        "({t}.cancelled_at IS NULL AND {t}.starts_at <= {now} AND {t}.ends_at > {now}) = {v}",
        "Whether they are away now.",
        cast="bool",
    )


@planned(tables.Absence, orders={"ENDS_AT": "ends_at"}, default="-ENDS_AT", filter=AbsenceFilter)
class Absence(Node):
    """That somebody is away for a while."""

    starts_at: datetime = column("From when.")
    ends_at: datetime = column("Until when.")
    created_at: datetime = column("When they said so.")
    cancelled_at: datetime | None = column("When they said that they are back.")
    person: Person | None = one("Who.", by="person_id", implied=True)


@extends(Person)
class PersonStandins:
    delegations_given: Connection[Delegation] = many("To whom they gave their say.", by="from_id")
    delegations_taken: Connection[Delegation] = many("Who gave them their say.", by="to_id")
    absences: Connection[Absence] = many("When they are away.", by="person_id")


@extends(Query)
class StandinsQuery:
    delegations: Connection[Delegation] = many("Every delegation.")
    absences: Connection[Absence] = many("Every absence.")
