"""Exceptions in the graph."""

from datetime import datetime

import strawberry

from hub.exceptions import tables
from hub.exceptions.tables import ExceptionKind, ExceptionStatus, RiskTreatment
from hub.graph.declare import about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.tables import RiskTier, Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.policies.graph import Policy

strawberry.enum(ExceptionKind, description="What sort of deviation it is.")
strawberry.enum(
    ExceptionStatus,
    description="Where an exception stands; APPROVED, ACTIVE and EXPIRED follow from its dates at the time of asking.",
)
strawberry.enum(RiskTreatment, description="What is done about the risk.")

STATUS = "exception_status({t}.state, {t}.starts_at, {t}.expires_at, {now})"


@strawberry.input(description="Which exceptions.")
class PolicyExceptionFilter:
    status: list[ExceptionStatus] | None = where(f"{STATUS} = ANY({{v}})", "That stand so today.", cast="text[]")
    kind: list[ExceptionKind] | None = where("{t}.kind = ANY({v})", "Of one of these kinds.", cast="text[]")
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "From this policy.", cast="uuid", node="Policy")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    tier: list[RiskTier] | None = where(
        "EXISTS (SELECT 1 FROM models tm WHERE tm.id = {t}.model_id AND tm.tier = ANY({v}))",
        "Whose model is in one of these risk tiers.",
        cast="text[]",
    )
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these stages.", cast="text[]")
    owner: strawberry.ID | None = where("{t}.owner_id = {v}", "Owned by this person.", cast="uuid", node="Person")
    text: str | None = where("strpos(lower({t}.justification), lower({v})) > 0", "Part of the justification.")
    expires: InstantRange | None = about("{t}.expires_at", "When they end.")
    requested: InstantRange | None = about("{t}.requested_at", "When they were asked for.")
    any: "list[PolicyExceptionFilter] | None" = either("At least one of these holds.")
    not_: "PolicyExceptionFilter | None" = neither("This does not hold.")


@planned(
    tables.PolicyException,
    visible=through_model(),
    orders={"REQUESTED_AT": "requested_at", "EXPIRES_AT": "expires_at"},
    default="-REQUESTED_AT",
    filter=PolicyExceptionFilter,
)
class PolicyException(Node):
    """A time-limited, approved deviation from a policy."""

    kind: ExceptionKind = column("What sort of deviation it is.")
    status: ExceptionStatus = column("Where it stands now.", sql=STATUS)
    treatment: RiskTreatment = column("What is done about the risk.")
    stage: Stage | None = column("The stage it covers; none means every stage.")
    justification: str = column("Why the policy cannot be kept for now.")
    acceptance_criteria: str = column("What must be true for it to be closed.")
    requested_at: datetime = column("When it was asked for.")
    starts_at: datetime = column("From when it covers.")
    expires_at: datetime = column("Until when it covers, at most.")
    review_at: datetime | None = column("When it is to be looked at again.")
    decided_at: datetime | None = column("When it was decided.")
    decision_note: str = column("What the one who decided wrote.")
    days_left: int = column(
        "Whole days until it ends; 0 on its last day, negative after.",
        sql="({t}.expires_at AT TIME ZONE 'UTC')::date - ({now} AT TIME ZONE 'UTC')::date",
    )
    policy: Policy | None = one("The policy it deviates from.", by="policy_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)
    version: ModelVersion | None = one(
        "The version it covers; none means every version.", by="version_id", implied=True
    )
    owner: Person | None = one("Who answers for closing it.", by="owner_id", implied=True)
    requested_by: Person | None = one("Who asked for it.", by="requested_by", implied=True)
    decided_by: Person | None = one("Who decided it.", by="decided_by", implied=True)
    controls: "Connection[CompensatingControl]" = many(
        "What lowers the risk meanwhile.", by="exception_id", implied=True
    )


@strawberry.input(description="Which compensating controls.")
class CompensatingControlFilter:
    text: str | None = where("strpos(lower({t}.description), lower({v})) > 0", "Part of the description.")


@planned(tables.CompensatingControl, orders={"ID": "id"}, default="ID", filter=CompensatingControlFilter)
class CompensatingControl:
    """What lowers the risk while an exception is active."""

    description: str = column("What is done.")


@extends(Model)
class ModelExceptions:
    exceptions: Connection[PolicyException] = many("Exceptions granted or asked for.", by="model_id", implied=True)


@extends(Policy)
class PolicyExceptions:
    exceptions: Connection[PolicyException] = many("Exceptions from it.", by="policy_id")


@extends(Query)
class ExceptionsQuery:
    exceptions: Connection[PolicyException] = many("Every exception.")
