"""Asking for many exceptions at once over GraphQL, as an import does."""

from collections.abc import Iterable
from typing import Annotated, Any

import strawberry

from hub.db import Tx, new_id
from hub.errors import Code
from hub.events.answers import Answer
from hub.events.canonical import plain as canonical
from hub.exceptions.asking.inputs import RequestExceptionInput, deviation
from hub.exceptions.exchange import actions
from hub.exceptions.exchange.actions import MOST, ImportOutcome, Outcome, Wish
from hub.graph.declare import extends
from hub.graph.types import CodeEnum, Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, answered, mutation, plain

strawberry.enum(ImportOutcome, name="ExceptionImportOutcome", description="What became of one of many requests.")


@strawberry.type(description="What became of one of them, or would.")
class ImportedException:
    became: ImportOutcome = strawberry.field(description="Whether it is asked for.")
    exception: strawberry.ID | None = strawberry.field(
        description="The request that there is; null when it is refused, or a dry run made it."
    )
    code: CodeEnum | None = strawberry.field(description="Why not, for machines.")  # type: ignore[valid-type]
    why: str = strawberry.field(description="Why not, for people; empty when it is asked for.")
    field: str | None = strawberry.field(description="The input field that this is about.")


@strawberry.type(description="What became of each.")
class ExceptionsImported:
    items: list[ImportedException] = strawberry.field(description="Each, in the order in which they were given.")


ExceptionsImportedPayload = Annotated[
    ExceptionsImported | Refusal,
    strawberry.union("ExceptionsImportedPayload", description="What became of each, or why nothing was asked."),
]


@strawberry.input(description="Which exceptions are asked for.")
class ImportExceptionsInput:
    exceptions: list[RequestExceptionInput] = strawberry.field(description=f"1 to {MOST} of them.")
    dry_run: bool = strawberry.field(default=False, description="Do the very same, and undo all of it.")


@extends(Mutation)
class ExceptionExchangeMutations:
    @mutation(
        Permission.REQUEST_EXCEPTION,
        "Ask for many exceptions, each by itself: what is refused leaves the others, what was imported before is not"
        " asked anew.",
    )
    async def import_exceptions(
        self, info: Asked, input: ImportExceptionsInput, idempotency_key: str | None = None
    ) -> ExceptionsImportedPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            wishes = [_wish(one) for one in input.exceptions]
            made = await actions.ask_each(tx, who, wishes, dry_run=input.dry_run)
            return Answer("exception_import", new_id(), canonical({"items": _told(made)}))

        # A dry run leaves nothing behind, and so no answer under a key either.
        found = await answered(info, input, None if input.dry_run else idempotency_key, do)
        if isinstance(found, Refusal):
            return found
        told: Any = found.told
        return ExceptionsImported(items=[_item(one) for one in told["items"]])


def _wish(given: RequestExceptionInput) -> Wish:
    return Wish(plain(given), lambda: deviation(given))


def _told(outcomes: Iterable[Outcome]) -> list[dict[str, object]]:
    return [
        {
            "became": one.became,
            "exception": f"PolicyException:{one.exception_id}" if one.exception_id else None,
            "code": one.refused.code if one.refused else None,
            "why": one.refused.why if one.refused else "",
            "field": one.refused.field if one.refused else None,
        }
        for one in outcomes
    ]


def _item(told: dict[str, Any]) -> ImportedException:
    return ImportedException(
        became=ImportOutcome(told["became"]),
        exception=strawberry.ID(told["exception"]) if told["exception"] else None,
        code=Code(told["code"]) if told["code"] else None,
        why=told["why"],
        field=told["field"],
    )
