"""What people say of controls and criteria over GraphQL."""

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions.controls import actions, handing
from hub.exceptions.mutations import ExceptionChanged, ExceptionPayload
from hub.graph.declare import extends
from hub.graph.types import Mutation
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.input(description="That a control holds.")
class AttestControlInput:
    control: strawberry.ID = strawberry.field(description="The control.")
    note: str = strawberry.field(description="What you looked at.")
    evidence_url: str = strawberry.field(default="", description="Where that can be seen.")


@strawberry.input(description="Who confirms a control from now on.")
class HandControlInput:
    control: strawberry.ID = strawberry.field(description="The control.")
    attestor: strawberry.ID = strawberry.field(description="The person; active, sees the model, no service account.")


@strawberry.input(description="That a criterion is met.")
class ConfirmCriterionInput:
    criterion: strawberry.ID = strawberry.field(description="The criterion.")
    note: str = strawberry.field(description="How it is met.")
    evidence_url: str = strawberry.field(default="", description="Where that can be seen.")


@strawberry.input(description="That a criterion is not met after all.")
class ReopenCriterionInput:
    criterion: strawberry.ID = strawberry.field(description="The criterion.")
    note: str = strawberry.field(description="Why it is not met.")


@extends(Mutation)
class ControlMutations:
    @mutation(
        Permission.ATTEST,
        "Say that a compensating control holds, as its attestor, or as the exception's owner where none is named.",
    )
    async def attest_control(
        self, info: Asked, input: AttestControlInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.control, "CompensatingControl", "control")
            found = await actions.attest(tx, who, id, note=input.note, evidence_url=input.evidence_url)
            return Answer("exception", found.id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(
        Permission.REQUEST_EXCEPTION,
        "Have somebody else confirm a control: as who decides exceptions, or as the owner once its attestor has left.",
    )
    async def hand_control(
        self, info: Asked, input: HandControlInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.control, "CompensatingControl", "control")
            attestor = uuid_of(input.attestor, "Person", "attestor")
            return Answer("exception", (await handing.hand(tx, who, id, attestor_id=attestor)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(Permission.ATTEST, "Say that a criterion which no policy tells is met, as the owner.")
    async def confirm_criterion(
        self, info: Asked, input: ConfirmCriterionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.criterion, "AcceptanceCriterion", "criterion")
            found = await actions.confirm(tx, who, id, note=input.note, evidence_url=input.evidence_url)
            return Answer("exception", found.id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(Permission.ATTEST, "Say that a criterion is not met after all, as the owner or a decider.")
    async def reopen_criterion(
        self, info: Asked, input: ReopenCriterionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.criterion, "AcceptanceCriterion", "criterion")
            return Answer("exception", (await actions.reopen(tx, who, id, note=input.note)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)
