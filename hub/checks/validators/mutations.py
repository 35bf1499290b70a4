"""Having validators tried anew over GraphQL."""

from typing import Annotated

import strawberry

from hub.checks.validators import actions
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models.graph import ModelVersion
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="A version whose failed validators are tried anew.")
class ValidatorsRetried:
    version: ModelVersion | None = strawberry.field(description="The version; its runs hang on it.")


RetryValidatorsPayload = Annotated[
    ValidatorsRetried | Refusal, strawberry.union("RetryValidatorsPayload", description="The version, or why not.")
]


@strawberry.input(description="Which version's validators are to be tried anew.")
class RetryValidatorsInput:
    version: strawberry.ID = strawberry.field(description="The version.")


@extends(Mutation)
class ValidatorMutations:
    @mutation(Permission.EVALUATE_POLICIES, "Try the validators that found nothing about a version anew.")
    async def retry_validators(
        self, info: Asked, input: RetryValidatorsInput, idempotency_key: str | None = None
    ) -> RetryValidatorsPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            version = uuid_of(input.version, "ModelVersion", "version")
            await actions.retry(tx, who, version)
            return Answer("version", version)

        return await act(info, input, idempotency_key, showing(ValidatorsRetried, "version"), do)
