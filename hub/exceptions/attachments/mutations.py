"""What can be done to attachments over GraphQL; their bytes are sent beside it, by POST to /exceptions/uploads."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from hub.approvals.graph import ApprovalRequest
from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions.attachments import actions
from hub.exceptions.graph import PolicyException
from hub.exceptions.mutations import ExceptionChanged, ExceptionPayload
from hub.graph.declare import extends
from hub.graph.splice import Ref
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, answered, mutation, showing, uuid_of


@strawberry.type(description="An exception with the files that were put with it.")
class FilesAttached:
    exception: PolicyException | None = strawberry.field(description="The exception.")
    asked_anew: ApprovalRequest | None = strawberry.field(
        description="The question that people are asked in place of the one before; null where there is none."
    )


FilesPayload = Annotated[
    FilesAttached | Refusal, strawberry.union("FilesPayload", description="The exception, or why not.")
]


@strawberry.input(description="Which files are put with which exception.")
class AttachFilesInput:
    exception: strawberry.ID = strawberry.field(description="The exception.")
    attachments: list[strawberry.ID] = strawberry.field(
        description="The files, by the ids that POST /exceptions/uploads gave you: all of them are taken, or none."
    )


@strawberry.input(description="Which attachment is taken away.")
class RemoveAttachmentInput:
    attachment: strawberry.ID = strawberry.field(description="The attachment.")


@extends(Mutation)
class AttachmentMutations:
    @mutation(
        Permission.REQUEST_EXCEPTION,
        "Put files that were sent before with an exception, as one change: whoever is asked is asked anew once.",
    )
    async def attach_files(
        self, info: Asked, input: AttachFilesInput, idempotency_key: str | None = None
    ) -> FilesPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.exception, "PolicyException", "exception")
            files = [uuid_of(one, "ExceptionUpload", "attachments") for one in input.attachments]
            asked = await actions.attach_waiting(tx, who, id, files)
            return Answer("exception", id, told=None if asked is None else str(asked))

        answer = await answered(info, input, idempotency_key, do)
        if isinstance(answer, Refusal):
            return answer
        exception: Any = Ref(answer.id)
        asked: Any = None if answer.told is None else Ref(UUID(str(answer.told)))
        return FilesAttached(exception=exception, asked_anew=asked)

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
