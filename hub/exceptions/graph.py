"""Exceptions in the graph."""

from datetime import datetime

import strawberry

from hub.exceptions import tables
from hub.exceptions.backlog.graph import ORDERS, STATUS, PolicyExceptionFilter
from hub.exceptions.tables import ExceptionKind, ExceptionStatus, RiskTreatment
from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.tables import RiskTier, Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.policies.graph import Policy
from hub.policies.tables import Severity

strawberry.enum(RiskTreatment, description="What is done about the risk.")

THROUGH_EXCEPTION = through_model("(SELECT ve.model_id FROM policy_exceptions ve WHERE ve.id = {t}.exception_id)")
"""Seen by whoever sees the model of the exception."""

LOST = """(SELECT attestor_lost(le.model_id, coalesce({t}.attestor_id, le.owner_id)) FROM policy_exceptions le
 WHERE le.id = {t}.exception_id AND {t}.attest_every_days IS NOT NULL
 AND le.state = 'APPROVED' AND le.expires_at > {now})"""
HOLDS = "coalesce(least({t}.red_since, {t}.attestation_due_at) > {now}, true)"


@planned(
    tables.PolicyException,
    visible=through_model(),
    orders=ORDERS,
    default="-REQUESTED_AT",
    filter=PolicyExceptionFilter,
)
class PolicyException(Node):
    """A time-limited, approved deviation from a policy."""

    kind: ExceptionKind = column("What sort of deviation it is.")
    status: ExceptionStatus = column("Where it stands now.", sql=STATUS)
    template: str = column("The template that it was written from; empty without one.")
    risk_before: Severity = column("How bad it would be without its controls.")
    risk_after: Severity = column("How bad it is with its controls.")
    recommended_treatment: RiskTreatment = column("What the requester recommends to do about the risk.")
    decided_treatment: RiskTreatment | None = column("What was decided to do about the risk.")
    ticket_url: str = column("The ticket elsewhere; empty without one.")
    tier: RiskTier = column("The model's risk tier.")
    stage: Stage | None = column("The stage it covers; none means every stage.")
    justification: str = column("Why the policy cannot be kept for now.")
    requested_at: datetime = column("When it was asked for.")
    starts_at: datetime = column("From when it covers.")
    expires_at: datetime = column("Until when it covers, at most.")
    review_at: datetime | None = column("When it is to be looked at again.")
    review_every_days: int | None = column("After how many days it is looked at again; none for a single look.")
    reviewed_at: datetime | None = column("When it was looked at last.")
    extensions_allowed: int = column("How often it may be extended.")
    extensions_used: int = column("How often it was extended.")
    suspended_from: datetime | None = column("From when one of its controls does not hold; none while all hold.")
    resolution_suggested_at: datetime | None = column(
        "Since when what it waives passes again, so that it could be closed."
    )
    batch: str | None = column("What was asked for together names the same batch.", sql="{t}.batch_id")
    ended_at: datetime | None = column("When it was taken back, withdrawn or closed.")
    end_note: str = column("Why it was taken back, withdrawn or closed.")
    weighted_age_days: int = column(
        "Whole days since it was asked for, with a head start for its risk: the order of the backlog.",
        sql="floor(extract(epoch FROM {now} - {t}.weighted_since) / 86400)::int",
    )
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
    ended_by: Person | None = one("Who took it back, withdrew or closed it.", by="ended_by", implied=True)
    renewed_from: "PolicyException | None" = one("The one that it follows.", by="renewed_from_id", implied=True)
    controls: "Connection[CompensatingControl]" = many(
        "What lowers the risk meanwhile.", by="exception_id", implied=True
    )
    criteria: "Connection[AcceptanceCriterion]" = many(
        "What must be true for it to be closed.", by="exception_id", implied=True
    )


@strawberry.input(description="Which compensating controls.")
class CompensatingControlFilter:
    text: str | None = where("strpos(lower({t}.description), lower({v})) > 0", "Part of the description.")


@planned(
    tables.CompensatingControl,
    visible=THROUGH_EXCEPTION,
    orders={"ID": "id"},
    default="ID",
    filter=CompensatingControlFilter,
)
class CompensatingControl(Node):
    """What lowers the risk while an exception is active; one that does not hold suspends it."""

    description: str = column("What is done.")
    holds: bool = column("Whether it holds now.", sql=HOLDS)
    red_since: datetime | None = column("Since when the policy that it is tied to does not pass.")
    red_why: str | None = column("What the policy says that it is tied to, while that does not pass.")
    attest_every_days: int | None = column("After how many days somebody confirms it anew.")
    attested_at: datetime | None = column("When somebody confirmed it last.")
    attestation_due_at: datetime | None = column("By when it is to be confirmed anew.")
    attestation_note: str = column("What was said when it was confirmed last.")
    attestation_evidence_url: str | None = column("Where the evidence of that is.")
    policy: Policy | None = one("The policy that must pass for it to hold.", by="policy_id", implied=True)
    attestor: Person | None = one("Who is to confirm it; without one the owner.", by="attestor_id", implied=True)
    attested_by: Person | None = one("Who confirmed it last.", by="attested_by", implied=True)
    orphaned_why: str | None = column(
        "Why whoever is to confirm it cannot any more, while the exception lasts; it is to be handed on.", sql=LOST
    )


@strawberry.input(description="Which acceptance criteria.")
class AcceptanceCriterionFilter:
    met: bool | None = where("({t}.met_at IS NOT NULL) = {v}", "Whether they are met.", cast="bool")
    due: InstantRange | None = about("{t}.due_at", "By when they are to be met.")


@planned(
    tables.AcceptanceCriterion,
    visible=THROUGH_EXCEPTION,
    orders={"ID": "id"},
    default="ID",
    filter=AcceptanceCriterionFilter,
)
class AcceptanceCriterion(Node):
    """What must be true for an exception to be closed: that a policy passes, or what a person confirms."""

    description: str = column("What must be true.")
    due_at: datetime | None = column("By when.")
    met_at: datetime | None = column("Since when it is true.")
    met_note: str = column("What was said when it was confirmed.")
    evidence_url: str = column("Where the evidence is; empty without one.")
    policy: Policy | None = one(
        "The policy that must pass; none for one that a person confirms.", by="policy_id", implied=True
    )
    met_by: Person | None = one("Who confirmed it.", by="met_by", implied=True)


@extends(Model)
class ModelExceptions:
    exceptions: Connection[PolicyException] = many("Exceptions granted or asked for.", by="model_id", implied=True)


@extends(Policy)
class PolicyExceptions:
    exceptions: Connection[PolicyException] = many("Exceptions from it.", by="policy_id")


@extends(Query)
class ExceptionsQuery:
    exceptions: Connection[PolicyException] = many("Every exception.")
