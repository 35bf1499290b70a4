"""Break-glasses in the graph."""

from datetime import datetime

import strawberry

from hub.approvals import tables
from hub.approvals.graph import ApprovalRequest
from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model
from hub.models.visible import through_model
from hub.people.graph import Person

OVERDUE = "({t}.reviewed_at IS NULL AND {t}.review_due_at < {now})"
IN_FORCE = "({t}.expires_at > {now} AND {t}.justified IS NOT FALSE)"


@strawberry.input(description="Which break-glasses.")
class BreakGlassFilter:
    reviewed: bool | None = where("({t}.reviewed_at IS NOT NULL) = {v}", "Whether they were reviewed.", cast="bool")
    overdue: bool | None = where(f"{OVERDUE} = {{v}}", "Whether their review is past its term.", cast="bool")
    justified: bool | None = where("{t}.justified = {v}", "What reviewers found.", cast="bool")
    in_force: bool | None = where(f"{IN_FORCE} = {{v}}", "Whether they let something through now.", cast="bool")
    model: strawberry.ID | None = where("{t}.scope_id = {v}", "Of this model.", cast="uuid", node="Model")
    person: strawberry.ID | None = where("{t}.person_id = {v}", "By this person.", cast="uuid", node="Person")
    at: InstantRange | None = about("{t}.at", "When it happened.")


@planned(
    tables.BreakGlass,
    visible=through_model("{t}.scope_id", or_none=True),
    orders={"AT": "at", "REVIEW_DUE_AT": "review_due_at"},
    default="-AT",
    filter=BreakGlassFilter,
)
class BreakGlass(Node):
    """That somebody went ahead without the approval that was asked for, for a few hours."""

    reason: str = column("Why it could not wait.")
    at: datetime = column("When.")
    expires_at: datetime = column("Until when it lets the version through.")
    in_force: bool = column("Whether it does so now.", sql=IN_FORCE)
    review_due_at: datetime = column("When it is to be reviewed; past that, nobody breaks any glass.")
    overdue: bool = column("Whether its review is past its term.", sql=OVERDUE)
    reviewed_at: datetime | None = column("When two uninvolved people had reviewed it.")
    justified: bool | None = column("What they found; null until then.")
    person: Person | None = one("Who.", by="person_id", implied=True)
    model: Model | None = one("The model.", by="scope_id", implied=True)
    request: ApprovalRequest | None = one("The question that was not waited for.", by="request_id", implied=True)
    review: ApprovalRequest | None = one("The question whether it was justified.", by="review_id", implied=True)


@extends(ApprovalRequest)
class RequestBreakGlass:
    break_glass: BreakGlass | None = one(
        "How it was gone past, where it was.", on="{t}.request_id = {p}.id", implied=True
    )


@extends(Model)
class ModelBreakGlasses:
    break_glasses: Connection[BreakGlass] = many("When approvals of it were gone past.", by="scope_id", implied=True)


@extends(Query)
class BreakGlassesQuery:
    break_glasses: Connection[BreakGlass] = many("Every break-glass.")
