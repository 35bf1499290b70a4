"""What can be done to exceptions over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions import actions
from hub.exceptions.asking.inputs import RequestExceptionInput, deviation
from hub.exceptions.graph import PolicyException
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="An exception as it is now.")
class ExceptionChanged:
    exception: PolicyException | None = strawberry.field(description="The exception.")


ExceptionPayload = Annotated[
    ExceptionChanged | Refusal, strawberry.union("ExceptionPayload", description="The exception, or why not.")
]


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
            return Answer("exception", (await actions.request(tx, who, deviation(input))).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(Permission.DECIDE_EXCEPTION, "Grant or reject an exception that somebody else asked for.")
    async def decide_exception(
        self, info: Asked, input: DecideExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.exception, "PolicyException", "exception")
            return Answer("exception", (await actions.decide(tx, who, id, approve=input.approve, note=input.note)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)
