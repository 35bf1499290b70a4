"""How people answer approval requests over GraphQL."""

from typing import Annotated

import strawberry

from hub.approvals import actions
from hub.approvals.graph import SignOff
from hub.approvals.tables import SignOffDecision
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


SignApprovalPayload = Annotated[
    ApprovalSigned | Refusal, strawberry.union("SignApprovalPayload", description="The answer, or why not.")
]


@strawberry.input(description="One person's answer to an approval request.")
class SignApprovalInput:
    request: strawberry.ID = strawberry.field(description="The request.")
    decision: SignOffDecision = strawberry.field(description="The answer.")
    comment: str = strawberry.field(default="", description="Why; needed unless approving.")
    discipline: Discipline | None = strawberry.field(
        default=None, description="The field signed for, where the signer holds several."
    )
    digest_seen: str | None = strawberry.field(
        default=None, description="The request's subjectDigest that was looked at; refused as STALE when it is another."
    )


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
                uuid_of(input.request, "ApprovalRequest", "request"),
                decision=input.decision,
                comment=input.comment,
                digest_seen=input.digest_seen,
                discipline=input.discipline,
            )
            return Answer("sign_off", made.id)

        return await act(info, input, idempotency_key, showing(ApprovalSigned, "sign_off"), do)
