"""How people give their say to others, and say that they are away, over GraphQL."""

from datetime import datetime
from typing import Annotated

import strawberry

from hub.approvals.standins import actions
from hub.approvals.standins.graph import Absence, Delegation
from hub.approvals.standins.rules import Lent
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models.tables import Stage
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.people.tables import Discipline


@strawberry.type(description="A delegation as it is now.")
class DelegationChanged:
    delegation: Delegation | None = strawberry.field(description="The delegation.")


@strawberry.type(description="An absence as it is now.")
class AbsenceChanged:
    absence: Absence | None = strawberry.field(description="The absence.")


DelegationPayload = Annotated[
    DelegationChanged | Refusal, strawberry.union("DelegationPayload", description="The delegation, or why not.")
]
AbsencePayload = Annotated[
    AbsenceChanged | Refusal, strawberry.union("AbsencePayload", description="The absence, or why not.")
]


@strawberry.input(description="To whom somebody gives their say, for what, and until when.")
class DelegateInput:
    to: strawberry.ID = strawberry.field(description="An approver or policy owner.")
    ends_at: datetime = strawberry.field(description="Until when; 90 days at most.")
    starts_at: datetime | None = strawberry.field(default=None, description="From when; without it, from now.")
    disciplines: list[Discipline] = strawberry.field(
        default_factory=list, description="For these disciplines only; without any, for all that you sign for."
    )
    stages: list[Stage] = strawberry.field(
        default_factory=list, description="For these stages only; without any, for all."
    )
    model: strawberry.ID | None = strawberry.field(default=None, description="For this model only.")
    reason: str = strawberry.field(default="", description="Why.")


@strawberry.input(description="Which delegation is to end now.")
class RevokeDelegationInput:
    delegation: strawberry.ID = strawberry.field(description="The delegation.")


@strawberry.input(description="When somebody is away.")
class SayAwayInput:
    ends_at: datetime = strawberry.field(description="Until when; 90 days at most.")
    starts_at: datetime | None = strawberry.field(default=None, description="From when; without it, from now.")


@strawberry.input(description="Which absence is over.")
class SayBackInput:
    absence: strawberry.ID = strawberry.field(description="The absence.")


@extends(Mutation)
class StandinMutations:
    @mutation(Permission.DELEGATE, "Give your say to another approver for a while.")
    async def delegate(
        self, info: Asked, input: DelegateInput, idempotency_key: str | None = None
    ) -> DelegationPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            asked = Lent(
                to_id=uuid_of(input.to, "Person", "to"),
                ends_at=input.ends_at,
                starts_at=input.starts_at,
                disciplines=tuple(input.disciplines),
                stages=tuple(input.stages),
                model_id=uuid_of(input.model, "Model", "model") if input.model else None,
                reason=input.reason,
            )
            return Answer("delegation", (await actions.delegate(tx, who, asked)).id)

        return await act(info, input, idempotency_key, showing(DelegationChanged, "delegation"), do)

    @mutation(Permission.READ, "End a delegation that you gave; an ADMIN ends any.")
    async def revoke_delegation(
        self, info: Asked, input: RevokeDelegationInput, idempotency_key: str | None = None
    ) -> DelegationPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.delegation, "Delegation", "delegation")
            return Answer("delegation", (await actions.revoke(tx, who, id)).id)

        return await act(info, input, idempotency_key, showing(DelegationChanged, "delegation"), do)

    @mutation(Permission.DELEGATE, "Say that you are away: what is asked of you goes to whoever stands in.")
    async def say_away(self, info: Asked, input: SayAwayInput, idempotency_key: str | None = None) -> AbsencePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            made = await actions.be_away(tx, who, starts_at=input.starts_at, ends_at=input.ends_at)
            return Answer("absence", made.id)

        return await act(info, input, idempotency_key, showing(AbsenceChanged, "absence"), do)

    @mutation(Permission.DELEGATE, "Say that you are back before your absence ends.")
    async def say_back(self, info: Asked, input: SayBackInput, idempotency_key: str | None = None) -> AbsencePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            found = await actions.be_back(tx, who, uuid_of(input.absence, "Absence", "absence"))
            return Answer("absence", found.id)

        return await act(info, input, idempotency_key, showing(AbsenceChanged, "absence"), do)
