"""Asking by tags over GraphQL."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.events.canonical import Plain
from hub.exceptions.asking.inputs import RequestExceptionsInput, deviation_of
from hub.exceptions.rules import Deviation
from hub.exceptions.selected import actions
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, answered, mutation, uuid_of


@strawberry.type(description="A model that carries the tags, and what was asked for it.")
class ChosenModel:
    model: strawberry.ID = strawberry.field(description="The model.")
    name: str = strawberry.field(description="Its name in its registry.")
    exception: strawberry.ID | None = strawberry.field(
        description="The exception that was asked for; null in a dry run."
    )


@strawberry.type(description="What was asked for together.")
class ExceptionsAsked:
    batch: str | None = strawberry.field(description="What `exceptions` takes as a filter; null in a dry run.")
    chosen: list[ChosenModel] = strawberry.field(description="Each model, by name.")


ExceptionsPayload = Annotated[
    ExceptionsAsked | Refusal, strawberry.union("ExceptionsPayload", description="What was asked, or why nothing was.")
]


@extends(Mutation)
class SelectedExceptionMutations:
    @mutation(
        Permission.REQUEST_EXCEPTION,
        "Ask for one exception for each model, of at most 100, that carries some tags now; each is decided by itself.",
    )
    async def request_exceptions(
        self, info: Asked, input: RequestExceptionsInput, idempotency_key: str | None = None
    ) -> ExceptionsPayload:
        def read(model_id: UUID, batch_id: UUID) -> Deviation:
            return deviation_of(input, model_id=model_id, batch_id=batch_id)

        async def do(tx: Tx, who: Principal) -> Answer:
            policy_id = uuid_of(input.policy, "Policy", "policy")
            tags = [(one.key, one.value) for one in input.tags]
            batch, made = await actions.request_all(tx, who, policy_id, tags, read, dry_run=input.dry_run)
            told: list[Plain] = [[str(one.id), one.name, str(id) if id else None] for one, id in made]
            return Answer("exception_batch", batch, told)

        answer = await answered(info, input, idempotency_key, do)
        return answer if isinstance(answer, Refusal) else _asked(answer, dry_run=input.dry_run)


def _asked(answer: Answer, *, dry_run: bool) -> ExceptionsAsked:
    told: Any = answer.told
    chosen = [
        ChosenModel(
            model=strawberry.ID(f"Model:{model}"),
            name=name,
            exception=strawberry.ID(f"PolicyException:{exception}") if exception else None,
        )
        for model, name, exception in told
    ]
    return ExceptionsAsked(batch=None if dry_run else str(answer.id), chosen=chosen)
