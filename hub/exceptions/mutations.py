"""What can be done to exceptions over GraphQL."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions import actions
from hub.exceptions.graph import PolicyException
from hub.exceptions.rules import Control, Criterion, Deviation
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models.tables import Stage
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.policies.tables import Severity


@strawberry.type(description="An exception as it is now.")
class ExceptionChanged:
    exception: PolicyException | None = strawberry.field(description="The exception.")


ExceptionPayload = Annotated[
    ExceptionChanged | Refusal, strawberry.union("ExceptionPayload", description="The exception, or why not.")
]


@strawberry.input(description="What lowers the risk; tied to a policy, to somebody's word every so many days, or free.")
class ControlInput:
    description: str = strawberry.field(description="What is done.")
    policy: strawberry.ID | None = strawberry.field(default=None, description="The policy that must pass.")
    attest_every_days: int | None = strawberry.field(
        default=None, description="After how many days somebody confirms it anew."
    )
    attestor: strawberry.ID | None = strawberry.field(default=None, description="Who; without one the owner.")


@strawberry.input(description="What must be true for an exception to be closed.")
class CriterionInput:
    description: str = strawberry.field(description="What must be true.")
    policy: strawberry.ID | None = strawberry.field(
        default=None, description="The policy that must pass; none for one that a person confirms."
    )
    due_at: datetime | None = strawberry.field(default=None, description="By when.")


@strawberry.input(description="From which policy a model is to deviate, why, and until when.")
class RequestExceptionInput:
    policy: strawberry.ID = strawberry.field(description="The policy.")
    model: strawberry.ID = strawberry.field(description="The model.")
    version: strawberry.ID | None = strawberry.field(default=None, description="Only this version; none means all.")
    stage: Stage | None = strawberry.field(default=None, description="Only for this stage; none means all.")
    kind: ExceptionKind = strawberry.field(default=ExceptionKind.EXCEPTION, description="What sort of deviation it is.")
    recommended_treatment: RiskTreatment = strawberry.field(
        default=RiskTreatment.MITIGATE, description="What you recommend to do about the risk."
    )
    risk_before: Severity = strawberry.field(
        default=Severity.MEDIUM, description="How bad it would be without the controls."
    )
    risk_after: Severity = strawberry.field(default=Severity.MEDIUM, description="How bad it is with the controls.")
    justification: str = strawberry.field(description="Why the policy cannot be kept for now.")
    controls: list[ControlInput] = strawberry.field(description="What lowers the risk meanwhile.")
    criteria: list[CriterionInput] = strawberry.field(
        default_factory=list, description="What must be true for it to be closed."
    )
    owner: strawberry.ID = strawberry.field(description="Who answers for closing it.")
    starts_at: datetime | None = strawberry.field(default=None, description="From when; without it, from now.")
    expires_at: datetime = strawberry.field(description="Until when, at most as long as the policy allows.")
    review_at: datetime | None = strawberry.field(default=None, description="When it is to be looked at again.")
    review_every_days: int | None = strawberry.field(
        default=None, description="After how many days it is looked at again, as long as it lasts."
    )
    template: str = strawberry.field(default="", description="The template that it is written from.")
    ticket_url: str = strawberry.field(default="", description="The ticket elsewhere.")
    renewed_from: strawberry.ID | None = strawberry.field(default=None, description="The ended one that it follows.")


@strawberry.input(description="What is decided of an exception.")
class DecideExceptionInput:
    exception: strawberry.ID = strawberry.field(description="The exception.")
    approve: bool = strawberry.field(description="Whether it is granted.")
    note: str = strawberry.field(default="", description="What the requester should know; needed to reject.")


@extends(Mutation)
class ExceptionMutations:
    @mutation(Permission.REQUEST_EXCEPTION, "Ask that a model need not keep a policy for a while.")
    async def request_exception(
        self, info: Asked, input: RequestExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            asked = Deviation(
                policy_id=uuid_of(input.policy, "Policy", "policy"),
                model_id=uuid_of(input.model, "Model", "model"),
                version_id=uuid_of(input.version, "ModelVersion", "version") if input.version else None,
                stage=input.stage,
                kind=input.kind,
                recommended_treatment=input.recommended_treatment,
                risk_before=input.risk_before,
                risk_after=input.risk_after,
                justification=input.justification,
                controls=tuple(map(_control, input.controls)),
                criteria=tuple(map(_criterion, input.criteria)),
                owner_id=uuid_of(input.owner, "Person", "owner"),
                starts_at=input.starts_at,
                expires_at=input.expires_at,
                review_at=input.review_at,
                review_every_days=input.review_every_days,
                template=input.template,
                ticket_url=input.ticket_url,
                renewed_from_id=_id(input.renewed_from, "PolicyException", "renewedFrom"),
            )
            return Answer("exception", (await actions.request(tx, who, asked)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(Permission.DECIDE_EXCEPTION, "Grant or reject an exception that somebody else asked for.")
    async def decide_exception(
        self, info: Asked, input: DecideExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.exception, "PolicyException", "exception")
            return Answer("exception", (await actions.decide(tx, who, id, approve=input.approve, note=input.note)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)


def _control(asked: ControlInput) -> Control:
    return Control(
        asked.description,
        policy_id=_id(asked.policy, "Policy", "controls"),
        attest_every_days=asked.attest_every_days,
        attestor_id=_id(asked.attestor, "Person", "controls"),
    )


def _criterion(asked: CriterionInput) -> Criterion:
    return Criterion(asked.description, policy_id=_id(asked.policy, "Policy", "criteria"), due_at=asked.due_at)


def _id(given: strawberry.ID | None, node: str, field: str) -> UUID | None:
    return None if given is None else uuid_of(given, node, field)
