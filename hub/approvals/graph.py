"""Approval requests and sign-offs in the graph."""

from datetime import datetime

import strawberry

from hub.approvals import tables
from hub.approvals.tables import ApprovalStatus, SignOffDecision
from hub.graph.declare import about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.models.graph import Model
from hub.models.tables import RiskTier, Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.people.tables import Discipline

strawberry.enum(ApprovalStatus, description="What became of a request.")
strawberry.enum(SignOffDecision, description="One person's answer to a request.")


@strawberry.input(description="Which rows of the approval matrix.")
class ApprovalRuleFilter:
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "For one of these risk tiers.", cast="text[]")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these target stages.", cast="text[]")


@planned(
    tables.ApprovalRule, orders={"TIER": "tier", "STAGE": "stage"}, default="TIER,STAGE", filter=ApprovalRuleFilter
)
class ApprovalRule(Node):
    """A row of the approval matrix."""

    tier: RiskTier = column("For models of this risk tier.")
    stage: Stage = column("For this target stage.")
    quorum: int = column("How many must sign.")
    disciplines: JSON = column("The fields that must be among them.")
    term_days: int = column("Days in which to decide.")


@strawberry.input(description="Which approval requests.")
class ApprovalRequestFilter:
    status: list[ApprovalStatus] | None = where("{t}.status = ANY({v})", "That stand so.", cast="text[]")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these stages.", cast="text[]")
    model: strawberry.ID | None = where("{t}.scope_id = {v}", "About this model.", cast="uuid", node="Model")
    tier: list[RiskTier] | None = where(
        "EXISTS (SELECT 1 FROM models tm WHERE tm.id = {t}.scope_id AND tm.tier = ANY({v}))",
        "Whose model is in one of these risk tiers.",
        cast="text[]",
    )
    requested_by: strawberry.ID | None = where(
        "{t}.requested_by = {v}", "Asked by this person.", cast="uuid", node="Person"
    )
    overdue: bool | None = where(
        "({t}.status = 'PENDING' AND {t}.due_at < {now}) = {v}", "Whether a pending one is past its term.", cast="bool"
    )
    due: InstantRange | None = about("{t}.due_at", "When they are due.")
    requested: InstantRange | None = about("{t}.requested_at", "When they were asked.")
    any: "list[ApprovalRequestFilter] | None" = either("At least one of these holds.")
    not_: "ApprovalRequestFilter | None" = neither("This does not hold.")


@planned(
    tables.ApprovalRequest,
    visible=through_model("{t}.scope_id"),
    orders={"REQUESTED_AT": "requested_at", "DUE_AT": "due_at"},
    default="-REQUESTED_AT",
    filter=ApprovalRequestFilter,
)
class ApprovalRequest(Node):
    """The question put to people whether a subject may take a step."""

    subject_kind: str = column("What sort of thing it is about.")
    subject_digest: str = column("SHA-256 of exactly what is to be looked at.")
    stage: Stage = column("The stage it asks for.")
    status: ApprovalStatus = column("What became of it.")
    rule: JSON = column("The approval rule as it was when asked.")
    reason: str = column("Why it is asked.")
    requested_at: datetime = column("When it was asked.")
    due_at: datetime = column("When it is to be decided.")
    decided_at: datetime | None = column("When it was decided.")
    requested_by: Person | None = one("Who asked.", by="requested_by", implied=True)
    model: Model | None = one("The model it is about.", by="scope_id", implied=True)
    sign_offs: "Connection[SignOff]" = many("The answers so far.", by="request_id", implied=True)


@strawberry.input(description="Which sign-offs.")
class SignOffFilter:
    decision: list[SignOffDecision] | None = where("{t}.decision = ANY({v})", "That said so.", cast="text[]")
    person: strawberry.ID | None = where("{t}.person_id = {v}", "Of this person.", cast="uuid", node="Person")
    signed: InstantRange | None = about("{t}.signed_at", "When they were given.")


@planned(
    tables.SignOff,
    visible=through_model("(SELECT ar.scope_id FROM approval_requests ar WHERE ar.id = {t}.request_id)"),
    orders={"SIGNED_AT": "signed_at"},
    default="-SIGNED_AT",
    filter=SignOffFilter,
)
class SignOff(Node):
    """One person's recorded answer."""

    decision: SignOffDecision = column("What they said.")
    discipline: Discipline | None = column("The field they signed for.")
    comment: str = column("What they wrote.")
    subject_digest: str = column("SHA-256 of what they looked at.")
    signed_at: datetime = column("When.")
    person: Person | None = one("Who.", by="person_id", implied=True)
    request: ApprovalRequest | None = one("The question.", by="request_id", implied=True)


@extends(Model)
class ModelApprovals:
    approvals: Connection[ApprovalRequest] = many("Approval requests about it.", by="scope_id", implied=True)


@extends(Person)
class PersonSignOffs:
    sign_offs: Connection[SignOff] = many("What they signed.", by="person_id")


@extends(Query)
class ApprovalsQuery:
    approval_rules: Connection[ApprovalRule] = many("The approval matrix.")
    approval_requests: Connection[ApprovalRequest] = many("Every approval request.")
