"""How a reviewer's looking is told over GraphQL."""

import strawberry

from hub.approvals.mutations import ApprovalChanged, ApprovalPayload
from hub.approvals.openings import actions
from hub.approvals.tables import Channel
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.input(description="What a reviewer opens.")
class OpenApprovalInput:
    request: strawberry.ID = strawberry.field(description="The request whose dossier is opened.")
    evidence: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The pieces of evidence in it that are opened; up to 100."
    )
    channel: Channel = strawberry.field(default=Channel.API, description="Through which door.")


@extends(Mutation)
class OpeningMutations:
    @mutation(Permission.SIGN_APPROVAL, "Say that you opened what is to be approved; the first time is kept.")
    async def open_approval(
        self, info: Asked, input: OpenApprovalInput, idempotency_key: str | None = None
    ) -> ApprovalPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            opened = await actions.look(
                tx,
                who,
                uuid_of(input.request, "ApprovalRequest", "request"),
                [uuid_of(one, "Evidence", "evidence") for one in input.evidence],
                channel=input.channel,
            )
            return Answer("approval_request", opened.id)

        return await act(info, input, idempotency_key, showing(ApprovalChanged, "request"), do)
