"""Asking policies about a version, and people on the strength of it, over GraphQL."""

from typing import Annotated

import strawberry

from hub.approvals.graph import ApprovalRequest
from hub.checks import actions, cards
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models import actions as models
from hub.models.graph import ModelVersion
from hub.models.tables import Stage
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.policies.tables import DecisionPoint


@strawberry.type(description="A version that policies were asked about.")
class VersionEvaluated:
    version: ModelVersion | None = strawberry.field(description="The version; its check results hang on it.")


@strawberry.type(description="A question that was put to people.")
class ApprovalRequested:
    request: ApprovalRequest | None = strawberry.field(description="The request.")


EvaluateVersionPayload = Annotated[
    VersionEvaluated | Refusal, strawberry.union("EvaluateVersionPayload", description="The version, or why not.")
]
RequestApprovalPayload = Annotated[
    ApprovalRequested | Refusal, strawberry.union("RequestApprovalPayload", description="The request, or why not.")
]


@strawberry.input(description="Which version policies are to be asked about.")
class EvaluateVersionInput:
    version: strawberry.ID = strawberry.field(description="The version.")
    stage: Stage = strawberry.field(description="The stage it would go to.")
    decision_point: DecisionPoint = strawberry.field(
        default=DecisionPoint.PROMOTE, description="Which policies: those asked at this point."
    )


@strawberry.input(description="Which version is to go to which stage, and why.")
class RequestApprovalInput:
    version: strawberry.ID = strawberry.field(description="The version.")
    stage: Stage = strawberry.field(description="The stage it is to go to.")
    reason: str = strawberry.field(description="Why; approvers will read it.")


@strawberry.input(description="Which version's card is to be read by somebody else, and why.")
class RequestCardApprovalInput:
    version: strawberry.ID = strawberry.field(description="The version.")
    reason: str = strawberry.field(description="Why; approvers will read it.")


@extends(Mutation)
class CheckMutations:
    @mutation(Permission.EVALUATE_POLICIES, "Ask every policy that applies about a version, now.")
    async def evaluate_version(
        self, info: Asked, input: EvaluateVersionInput, idempotency_key: str | None = None
    ) -> EvaluateVersionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.version, "ModelVersion", "version")
            await models.visible_version(tx, who, id)
            await actions.evaluate(tx, [id], input.decision_point, input.stage)
            return Answer("version", id)

        return await act(info, input, idempotency_key, showing(VersionEvaluated, "version"), do)

    @mutation(Permission.REQUEST_APPROVAL, "Ask people whether a version may go to a stage; policies are asked first.")
    async def request_approval(
        self, info: Asked, input: RequestApprovalInput, idempotency_key: str | None = None
    ) -> RequestApprovalPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.version, "ModelVersion", "version")
            made = await actions.ask_approval(tx, who, id, stage=input.stage, reason=input.reason)
            return Answer("approval_request", made.id)

        return await act(info, input, idempotency_key, showing(ApprovalRequested, "request"), do)

    @mutation(Permission.REQUEST_APPROVAL, "Ask people whether a version's card says what is to be said.")
    async def request_card_approval(
        self, info: Asked, input: RequestCardApprovalInput, idempotency_key: str | None = None
    ) -> RequestApprovalPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.version, "ModelVersion", "version")
            return Answer("approval_request", (await cards.ask_approval(tx, who, id, reason=input.reason)).id)

        return await act(info, input, idempotency_key, showing(ApprovalRequested, "request"), do)
