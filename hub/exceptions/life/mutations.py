"""What can be done over GraphQL to an exception that was asked for."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions.life import actions, extending
from hub.exceptions.life.graph import ExceptionExtension, ExceptionReview
from hub.exceptions.mutations import ExceptionChanged, ExceptionPayload
from hub.exceptions.tables import ReviewVerdict
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="A longer term that is asked for.")
class ExtensionAsked:
    extension: ExceptionExtension | None = strawberry.field(description="What is asked; its exception hangs on it.")


@strawberry.type(description="A look at an exception that is on record.")
class ExceptionReviewed:
    review: ExceptionReview | None = strawberry.field(description="The look; its exception hangs on it.")


ExtensionPayload = Annotated[
    ExtensionAsked | Refusal, strawberry.union("ExtensionPayload", description="The extension, or why not.")
]
ExceptionReviewPayload = Annotated[
    ExceptionReviewed | Refusal, strawberry.union("ExceptionReviewPayload", description="The look, or why not.")
]


@strawberry.input(description="Which request for an exception is taken back.")
class WithdrawExceptionInput:
    exception: strawberry.ID = strawberry.field(description="The exception.")
    note: str = strawberry.field(default="", description="Why.")


@strawberry.input(description="Until when an exception is to last, and why.")
class ExtendExceptionInput:
    exception: strawberry.ID = strawberry.field(description="The exception.")
    until: datetime = strawberry.field(
        description="The new end: after the present one, and from now on at most as long as the policy allows."
    )
    justification: str = strawberry.field(description="Why the policy cannot be kept by its end.")


@strawberry.input(description="Which exception is taken back, and why.")
class RevokeExceptionInput:
    exception: strawberry.ID = strawberry.field(description="The exception.")
    reason: str = strawberry.field(description="Why.")


@strawberry.input(description="What a recurring look at an exception came to.")
class ReviewExceptionInput:
    exception: strawberry.ID = strawberry.field(description="The exception.")
    verdict: ReviewVerdict = strawberry.field(description="Whether it goes on.")
    note: str = strawberry.field(description="What was found.")
    next_review_at: datetime | None = strawberry.field(
        default=None, description="When it is looked at next; without it, by its rhythm. Never after its end."
    )


@strawberry.input(description="Which exception is needed no more.")
class ResolveExceptionInput:
    exception: strawberry.ID = strawberry.field(description="The exception.")
    note: str = strawberry.field(default="", description="How it came; needed while checks do not suggest it.")


@strawberry.input(description="Who answers for an exception from now on.")
class AssignExceptionInput:
    exception: strawberry.ID = strawberry.field(description="The exception.")
    owner: strawberry.ID = strawberry.field(description="The person; active, and no service account.")


@extends(Mutation)
class LifeMutations:
    @mutation(Permission.REQUEST_EXCEPTION, "Take back a request for an exception that nobody has decided yet.")
    async def withdraw_exception(
        self, info: Asked, input: WithdrawExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("exception", (await actions.withdraw(tx, who, _id(input.exception), note=input.note)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(Permission.REQUEST_EXCEPTION, "Ask that a granted exception last longer; its end moves once approved.")
    async def extend_exception(
        self, info: Asked, input: ExtendExceptionInput, idempotency_key: str | None = None
    ) -> ExtensionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            made = await extending.extend(
                tx, who, _id(input.exception), until=input.until, justification=input.justification
            )
            return Answer("extension", made.id)

        return await act(info, input, idempotency_key, showing(ExtensionAsked, "extension"), do)

    @mutation(Permission.REQUEST_EXCEPTION, "Take a granted exception back at once, as its owner or who decides such.")
    async def revoke_exception(
        self, info: Asked, input: RevokeExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("exception", (await actions.revoke(tx, who, _id(input.exception), reason=input.reason)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(Permission.DECIDE_EXCEPTION, "Look at a granted exception again, as somebody who has no hand in it.")
    async def review_exception(
        self, info: Asked, input: ReviewExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionReviewPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            made = await actions.review(
                tx,
                who,
                _id(input.exception),
                verdict=input.verdict,
                note=input.note,
                next_review_at=input.next_review_at,
            )
            return Answer("exception_review", made.id)

        return await act(info, input, idempotency_key, showing(ExceptionReviewed, "review"), do)

    @mutation(Permission.REQUEST_EXCEPTION, "Confirm that an exception is needed no more; it ends at once.")
    async def resolve_exception(
        self, info: Asked, input: ResolveExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("exception", (await actions.resolve(tx, who, _id(input.exception), note=input.note)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(Permission.REQUEST_EXCEPTION, "Have somebody else answer for a granted exception.")
    async def assign_exception(
        self, info: Asked, input: AssignExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            owner = uuid_of(input.owner, "Person", "owner")
            return Answer("exception", (await actions.assign(tx, who, _id(input.exception), owner_id=owner)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)


def _id(given: str) -> UUID:
    return uuid_of(given, "PolicyException", "exception")
