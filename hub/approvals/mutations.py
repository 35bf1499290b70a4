"""How people answer approval requests over GraphQL."""

from typing import Annotated
from uuid import UUID

import strawberry

from hub.approvals import actions
from hub.approvals.graph import ApprovalRequest, SignOff
from hub.approvals.tables import Channel, SignOffDecision
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.people.tables import Discipline


@strawberry.type(description="An answer that is on record.")
class ApprovalSigned:
    sign_off: SignOff | None = strawberry.field(description="The answer; its request hangs on it.")


@strawberry.type(description="An approval request as it is now.")
class ApprovalChanged:
    request: ApprovalRequest | None = strawberry.field(description="The request.")


SignApprovalPayload = Annotated[
    ApprovalSigned | Refusal, strawberry.union("SignApprovalPayload", description="The answer, or why not.")
]
ApprovalPayload = Annotated[
    ApprovalChanged | Refusal, strawberry.union("ApprovalPayload", description="The request, or why not.")
]


@strawberry.input(description="One person's answer to an approval request.")
class SignApprovalInput:
    request: strawberry.ID = strawberry.field(description="The request.")
    decision: SignOffDecision = strawberry.field(description="The answer.")
    comment: str = strawberry.field(
        default="", description="Why; needed unless approving what is not of the tier HIGH."
    )
    discipline: Discipline | None = strawberry.field(
        default=None, description="The field signed for, where the signer holds several."
    )
    on_behalf_of: strawberry.ID | None = strawberry.field(
        default=None, description="Who gave the signer their say by a delegation, where it is not the signer's own."
    )
    digest_seen: str | None = strawberry.field(
        default=None, description="The request's subjectDigest that was looked at; refused as STALE when it is another."
    )
    channel: Channel = strawberry.field(default=Channel.API, description="Through which door the answer comes.")


@strawberry.input(description="Which answer is taken back, and why.")
class WithdrawSignOffInput:
    request: strawberry.ID = strawberry.field(description="The request that you answered.")
    comment: str = strawberry.field(description="Why.")
    channel: Channel = strawberry.field(default=Channel.API, description="Through which door it is taken back.")


@strawberry.input(description="Which question is taken back.")
class WithdrawApprovalInput:
    request: strawberry.ID = strawberry.field(description="The request that you made.")


@extends(Mutation)
class ApprovalMutations:
    @mutation(Permission.SIGN_APPROVAL, "Answer an approval request about somebody else's work.")
    async def sign_approval(
        self, info: Asked, input: SignApprovalInput, idempotency_key: str | None = None
    ) -> SignApprovalPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            made = await actions.sign(
                tx,
                who,
                _request(input.request),
                decision=input.decision,
                comment=input.comment,
                digest_seen=input.digest_seen,
                discipline=input.discipline,
                on_behalf_of=uuid_of(input.on_behalf_of, "Person", "onBehalfOf") if input.on_behalf_of else None,
                channel=input.channel,
            )
            return Answer("sign_off", made.id)

        return await act(info, input, idempotency_key, showing(ApprovalSigned, "sign_off"), do)

    @mutation(Permission.SIGN_APPROVAL, "Take your answer back while the request is open; both stay on record.")
    async def withdraw_sign_off(
        self, info: Asked, input: WithdrawSignOffInput, idempotency_key: str | None = None
    ) -> SignApprovalPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            made = await actions.withdraw_sign_off(
                tx, who, _request(input.request), comment=input.comment, channel=input.channel
            )
            return Answer("sign_off", made.id)

        return await act(info, input, idempotency_key, showing(ApprovalSigned, "sign_off"), do)

    @mutation(Permission.REQUEST_APPROVAL, "Take back a question that you put to people.")
    async def withdraw_approval(
        self, info: Asked, input: WithdrawApprovalInput, idempotency_key: str | None = None
    ) -> ApprovalPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("approval_request", (await actions.withdraw(tx, who, _request(input.request))).id)

        return await act(info, input, idempotency_key, showing(ApprovalChanged, "request"), do)


def _request(id: str) -> UUID:
    return uuid_of(id, "ApprovalRequest", "request")
