"""What can be done to exceptions over GraphQL."""

from datetime import datetime
from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions import actions
from hub.exceptions.graph import PolicyException
from hub.exceptions.rules import Deviation
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models.tables import Stage
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="An exception as it is now.")
class ExceptionChanged:
    exception: PolicyException | None = strawberry.field(description="The exception.")


ExceptionPayload = Annotated[
    ExceptionChanged | Refusal, strawberry.union("ExceptionPayload", description="The exception, or why not.")
]


@strawberry.input(description="From which policy a model is to deviate, why, and until when.")
class RequestExceptionInput:
    policy: strawberry.ID = strawberry.field(description="The policy.")
    model: strawberry.ID = strawberry.field(description="The model.")
    version: strawberry.ID | None = strawberry.field(default=None, description="Only this version; none means all.")
    stage: Stage | None = strawberry.field(default=None, description="Only for this stage; none means all.")
    kind: ExceptionKind = strawberry.field(default=ExceptionKind.EXCEPTION, description="What sort of deviation it is.")
    treatment: RiskTreatment = strawberry.field(
        default=RiskTreatment.MITIGATE, description="What is done about the risk."
    )
    justification: str = strawberry.field(description="Why the policy cannot be kept for now.")
    controls: list[str] = strawberry.field(description="What lowers the risk meanwhile.")
    acceptance_criteria: str = strawberry.field(default="", description="What must be true for it to be closed.")
    owner: strawberry.ID = strawberry.field(description="Who answers for closing it.")
    starts_at: datetime | None = strawberry.field(default=None, description="From when; without it, from now.")
    expires_at: datetime = strawberry.field(description="Until when, at most as long as the policy allows.")
    review_at: datetime | None = strawberry.field(default=None, description="When it is to be looked at again.")


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
                treatment=input.treatment,
                justification=input.justification,
                controls=tuple(input.controls),
                acceptance_criteria=input.acceptance_criteria,
                owner_id=uuid_of(input.owner, "Person", "owner"),
                starts_at=input.starts_at,
                expires_at=input.expires_at,
                review_at=input.review_at,
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
