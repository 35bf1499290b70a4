"""How people discuss a request over GraphQL."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from hub.approvals.mutations import ApprovalChanged, ApprovalPayload
from hub.approvals.talk import actions
from hub.approvals.talk.actions import Said
from hub.approvals.talk.graph import ApprovalComment
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.splice import Ref
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Act, Asked, act, answered, mutation, showing, uuid_of


@strawberry.type(description="What was said, and whom it does not reach.")
class ApprovalCommented:
    comment: ApprovalComment | None = strawberry.field(description="The comment; its request hangs on it.")
    unknown: list[str] = strawberry.field(
        description="Handles in it that mean nobody who is active and sees what the request is about: they stay text."
    )


CommentPayload = Annotated[
    ApprovalCommented | Refusal, strawberry.union("CommentPayload", description="The comment, or why not.")
]


@strawberry.input(description="What somebody says of a request.")
class CommentApprovalInput:
    request: strawberry.ID = strawberry.field(description="The request.")
    body: str = strawberry.field(description="Up to 8,000 characters; @handle calls somebody.")
    internal: bool = strawberry.field(default=False, description="For those who review only.")


@strawberry.input(description="What a reviewer asks.")
class AskForInformationInput:
    request: strawberry.ID = strawberry.field(description="The pending request.")
    body: str = strawberry.field(description="Up to 8,000 characters; @handle calls somebody.")


@strawberry.input(description="What is answered to a reviewer's question.")
class AnswerQuestionInput:
    request: strawberry.ID = strawberry.field(description="The request in which it was asked.")
    body: str = strawberry.field(description="Up to 8,000 characters; @handle calls somebody.")


@strawberry.input(description="Whose clock is to go on.")
class ResumeApprovalInput:
    request: strawberry.ID = strawberry.field(description="The request whose clock stands still.")


@extends(Mutation)
class TalkMutations:
    @mutation(Permission.DISCUSS_APPROVAL, "Say something in the discussion of a request.")
    async def comment_approval(
        self, info: Asked, input: CommentApprovalInput, idempotency_key: str | None = None
    ) -> CommentPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = _request(input.request)
            return _answer(await actions.comment(tx, who, id, input.body, internal=input.internal))

        return await _commented(info, input, idempotency_key, do)

    @mutation(
        Permission.SIGN_APPROVAL, "Ask whoever wants the approval something: the clock stands still until they answer."
    )
    async def ask_for_information(
        self, info: Asked, input: AskForInformationInput, idempotency_key: str | None = None
    ) -> CommentPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return _answer(await actions.ask(tx, who, _request(input.request), input.body))

        return await _commented(info, input, idempotency_key, do)

    @mutation(Permission.DISCUSS_APPROVAL, "Answer a question about what you want approved: the clock goes on.")
    async def answer_question(
        self, info: Asked, input: AnswerQuestionInput, idempotency_key: str | None = None
    ) -> CommentPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return _answer(await actions.answer(tx, who, _request(input.request), input.body))

        return await _commented(info, input, idempotency_key, do)

    @mutation(Permission.SIGN_APPROVAL, "Let the clock of a request go on without an answer, as a reviewer.")
    async def resume_approval(
        self, info: Asked, input: ResumeApprovalInput, idempotency_key: str | None = None
    ) -> ApprovalPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("approval_request", (await actions.resume(tx, who, _request(input.request))).id)

        return await act(info, input, idempotency_key, showing(ApprovalChanged, "request"), do)


async def _commented(info: Asked, given: object, key: str | None, do: Act) -> ApprovalCommented | Refusal:
    answer = await answered(info, given, key, do)
    if isinstance(answer, Refusal):
        return answer
    shown: Any = Ref(answer.id)
    return ApprovalCommented(comment=shown, unknown=[str(handle) for handle in _list(answer)])


def _answer(said: Said) -> Answer:
    return Answer("approval_comment", said.comment.id, told=list(said.unknown))


def _list(answer: Answer) -> list[Any]:
    return answer.told if isinstance(answer.told, list) else []


def _request(id: str) -> UUID:
    return uuid_of(id, "ApprovalRequest", "request")
