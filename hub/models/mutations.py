"""What can be done to models over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models import actions
from hub.models.graph import Model
from hub.models.tables import RiskTier
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="A model as it is now.")
class ModelChanged:
    model: Model | None = strawberry.field(description="The model.")


ModelPayload = Annotated[ModelChanged | Refusal, strawberry.union("ModelPayload", description="The model, or why not.")]


@strawberry.input(description="Into which risk tier a model belongs, and why.")
class ClassifyModelInput:
    model: strawberry.ID = strawberry.field(description="The model.")
    tier: RiskTier = strawberry.field(description="How much harm it could do.")
    why: str = strawberry.field(description="What makes it so; people will read it.")


@strawberry.input(description="Who answers for a model.")
class SetModelOwnerInput:
    model: strawberry.ID = strawberry.field(description="The model.")
    owner: strawberry.ID = strawberry.field(description="An active person, no service account.")
    team: strawberry.ID | None = strawberry.field(default=None, description="Their team; without it, the team stays.")


@extends(Mutation)
class ModelMutations:
    @mutation(Permission.CLASSIFY_MODEL, "Put a model into a risk tier; the policies that bind it follow.")
    async def classify_model(
        self, info: Asked, input: ClassifyModelInput, idempotency_key: str | None = None
    ) -> ModelPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.model, "Model", "model")
            found = await actions.classify(tx, who, id, tier=input.tier, why=input.why)
            return Answer("model", found.id)

        return await act(info, input, idempotency_key, showing(ModelChanged, "model"), do)

    @mutation(Permission.SET_OWNER, "Say who answers for a model, and with which team.")
    async def set_model_owner(
        self, info: Asked, input: SetModelOwnerInput, idempotency_key: str | None = None
    ) -> ModelPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.model, "Model", "model")
            owner = uuid_of(input.owner, "Person", "owner")
            team = uuid_of(input.team, "Team", "team") if input.team else None
            found = await actions.set_owner(tx, who, id, owner_id=owner, team_id=team)
            return Answer("model", found.id)

        return await act(info, input, idempotency_key, showing(ModelChanged, "model"), do)
