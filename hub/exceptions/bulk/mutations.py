"""Many exceptions at once over GraphQL: shown first, then done."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.answers import Answer
from hub.events.canonical import plain
from hub.exceptions.backlog.asked import selected
from hub.exceptions.backlog.graph import PolicyExceptionFilter
from hub.exceptions.bulk import actions
from hub.exceptions.bulk.rules import MOST, Arguments, BulkAction, Outcome
from hub.graph.declare import extends
from hub.graph.types import CodeEnum, Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, answered, mutation, uuid_of

strawberry.enum(BulkAction, name="ExceptionBulkAction", description="What is done to each of many exceptions.")


@strawberry.type(description="What was, or would be, done to one exception; or why not.")
class ExceptionBulkItem:
    exception: strawberry.ID = strawberry.field(description="The exception's id.")
    done: bool = strawberry.field(description="Whether it was, or would be, done.")
    what: str = strawberry.field(description="What was, or would be, done; empty when it is refused.")
    code: CodeEnum | None = strawberry.field(description="Why not, for machines.")  # type: ignore[valid-type]
    why: str = strawberry.field(description="Why not, for people; empty when it is done.")


@strawberry.type(description="What an action would do to each; nothing was written.")
class ExceptionBulkPreview:
    digest: str = strawberry.field(description="Of the selection and of how each stands; give it to actOnExceptions.")
    items: list[ExceptionBulkItem] = strawberry.field(description="Each exception, in the selection's order.")


@strawberry.type(description="What an action did to each.")
class ExceptionBulkDone:
    items: list[ExceptionBulkItem] = strawberry.field(description="Each exception, in the selection's order.")


ExceptionBulkPreviewPayload = Annotated[
    ExceptionBulkPreview | Refusal,
    strawberry.union("ExceptionBulkPreviewPayload", description="What would be done, or why nothing."),
]
ExceptionBulkPayload = Annotated[
    ExceptionBulkDone | Refusal,
    strawberry.union("ExceptionBulkPayload", description="What was done, or why nothing."),
]


@strawberry.input(description="Which exceptions, by their ids or by a filter, and what is done to each.")
class ExceptionBulkInput:
    action: BulkAction = strawberry.field(description="What is done to each; decisions are made one by one.")
    exceptions: list[strawberry.ID] | None = strawberry.field(default=None, description=f"1 to {MOST} of them.")
    filter: PolicyExceptionFilter | None = strawberry.field(
        default=None, description=f"Or all that it finds, {MOST} at most."
    )
    owner: strawberry.ID | None = strawberry.field(default=None, description="For ASSIGN_OWNER: the new owner.")
    review_at: datetime | None = strawberry.field(default=None, description="For SET_REVIEW: the next look.")
    ticket_url: str | None = strawberry.field(default=None, description="For SET_TICKET: its address; empty for none.")
    reason: str | None = strawberry.field(default=None, description="For REVOKE: why.")


@strawberry.input(description="What was shown, to be done.")
class ActOnExceptionsInput(ExceptionBulkInput):
    digest: str = strawberry.field(description="The preview's digest.")


@extends(Mutation)
class ExceptionBulkMutations:
    @mutation(Permission.REQUEST_EXCEPTION, "Show what an action would do to each of many exceptions; writes nothing.")
    async def preview_exception_bulk(
        self, info: Asked, input: ExceptionBulkInput, idempotency_key: str | None = None
    ) -> ExceptionBulkPreviewPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            ids = await _ids(info, input)
            shown = await actions.preview(tx, who, ids, input.action, _arguments(input))
            return Answer("exception_bulk", new_id(), plain({"digest": shown.digest, "items": _told(shown.outcomes)}))

        found = await answered(info, input, idempotency_key, do)
        if isinstance(found, Refusal):
            return found
        told: Any = found.told
        return ExceptionBulkPreview(digest=told["digest"], items=_items(told["items"]))

    @mutation(
        Permission.REQUEST_EXCEPTION, "Do to many exceptions what was shown; STALE when they stand otherwise now."
    )
    async def act_on_exceptions(
        self, info: Asked, input: ActOnExceptionsInput, idempotency_key: str | None = None
    ) -> ExceptionBulkPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            ids = await _ids(info, input)
            made = await actions.act(tx, who, ids, input.action, _arguments(input), digest=input.digest)
            return Answer("exception_bulk", new_id(), plain({"items": _told(made)}))

        found = await answered(info, input, idempotency_key, do)
        if isinstance(found, Refusal):
            return found
        told: Any = found.told
        return ExceptionBulkDone(items=_items(told["items"]))


async def _ids(info: Asked, given: ExceptionBulkInput) -> list[UUID]:
    if (given.exceptions is None) == (given.filter is None):
        raise Refused(Code.BAD_INPUT, "give either exceptions or filter", field="exceptions")
    if given.filter is not None:
        return await selected(info.context, given.filter, MOST)
    return [uuid_of(id, "PolicyException", "exceptions") for id in given.exceptions or ()]


def _arguments(given: ExceptionBulkInput) -> Arguments:
    owner = uuid_of(given.owner, "Person", "owner") if given.owner else None
    return Arguments(owner, given.review_at, given.ticket_url, given.reason)


def _told(outcomes: Iterable[Outcome]) -> list[dict[str, object]]:
    return [
        {
            "exception": f"PolicyException:{one.id}",
            "what": one.what,
            "code": one.refused.code if one.refused else None,
            "why": one.refused.why if one.refused else "",
        }
        for one in outcomes
    ]


def _items(told: Iterable[dict[str, Any]]) -> list[ExceptionBulkItem]:
    return [
        ExceptionBulkItem(
            exception=strawberry.ID(one["exception"]),
            done=one["code"] is None,
            what=one["what"],
            code=Code(one["code"]) if one["code"] else None,
            why=one["why"],
        )
        for one in told
    ]
