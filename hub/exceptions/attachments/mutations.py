"""What can be done to attachments over GraphQL; they are added by POST to /exceptions/{id}/attachments."""

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions.attachments import actions
from hub.exceptions.mutations import ExceptionChanged, ExceptionPayload
from hub.graph.declare import extends
from hub.graph.types import Mutation
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.input(description="Which attachment is taken away.")
class RemoveAttachmentInput:
    attachment: strawberry.ID = strawberry.field(description="The attachment.")


@extends(Mutation)
class AttachmentMutations:
    @mutation(
        Permission.REQUEST_EXCEPTION,
        "Take a file away from an exception that is not decided, as whoever added it; whoever is asked is asked anew.",
    )
    async def remove_attachment(
        self, info: Asked, input: RemoveAttachmentInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.attachment, "ExceptionAttachment", "attachment")
            return Answer("exception", (await actions.remove(tx, who, id)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)
