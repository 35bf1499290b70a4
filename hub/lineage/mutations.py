"""What can be said of data sets over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.lineage import actions
from hub.lineage.graph import DatasetDescription
from hub.lineage.rules import Description
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing


@strawberry.type(description="What is said of a data set now.")
class DatasetDescribed:
    description: DatasetDescription | None = strawberry.field(description="What is said of it.")


DescribeDatasetPayload = Annotated[
    DatasetDescribed | Refusal, strawberry.union("DescribeDatasetPayload", description="What is said, or why not.")
]


@strawberry.input(description="What a data set holds, where it comes from, and on what grounds it may be used.")
class DescribeDatasetInput:
    namespace: str = strawberry.field(description="The data set's namespace; it need not be known to the hub yet.")
    name: str = strawberry.field(description="The data set's name; what is said holds for all of its digests.")
    categories: list[str] = strawberry.field(
        default_factory=list, description="What it holds: PERSONAL, SPECIAL, CHILDREN, PUBLIC, or words of your own."
    )
    source_name: str = strawberry.field(default="", description="Where it comes from.")
    legal_basis: str = strawberry.field(default="", description="On what legal basis it is used.")
    consent: str = strawberry.field(default="", description="What those whom it is about agreed to.")
    licence: str = strawberry.field(default="", description="Under what licence it is used.")
    prohibited: bool = strawberry.field(default=False, description="Whether it must not be used.")
    note: str = strawberry.field(default="", description="What else is to be known of it.")


@extends(Mutation)
class DatasetMutations:
    @mutation(Permission.DESCRIBE_DATASET, "Say what a data set holds and whether it may be used.")
    async def describe_dataset(
        self, info: Asked, input: DescribeDatasetInput, idempotency_key: str | None = None
    ) -> DescribeDatasetPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            said = Description(
                categories=tuple(input.categories),
                source_name=input.source_name,
                legal_basis=input.legal_basis,
                consent=input.consent,
                licence=input.licence,
                prohibited=input.prohibited,
                note=input.note,
            )
            found = await actions.describe(tx, who, input.namespace, input.name, said)
            return Answer("dataset_description", found.id)

        return await act(info, input, idempotency_key, showing(DatasetDescribed, "description"), do)
