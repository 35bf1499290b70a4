"""What can be done to drafts over GraphQL."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.answers import Answer
from hub.exceptions.asking.inputs import (
    ATTACHMENTS,
    AnswerInput,
    ControlInput,
    CriterionInput,
    ExceptionOfModelSaid,
    RequestExceptionInput,
    deviation,
)
from hub.exceptions.drafts import actions
from hub.exceptions.drafts.graph import ExceptionDraft
from hub.exceptions.mutations import ExceptionChanged, ExceptionPayload
from hub.exceptions.rules import Deviation
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models.tables import Stage
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, plain, showing, uuid_of
from hub.policies.tables import Severity


@strawberry.type(description="A draft as it is now.")
class ExceptionDraftChanged:
    draft: ExceptionDraft | None = strawberry.field(description="The draft.")


ExceptionDraftPayload = Annotated[
    ExceptionDraftChanged | Refusal,
    strawberry.union("ExceptionDraftPayload", description="The draft, or why not."),
]


@strawberry.input(description="What is written so far of a request; only the policy and the model are needed.")
class DraftExceptionInput(ExceptionOfModelSaid):
    controls: list[ControlInput] = strawberry.field(default_factory=list, description="What lowers the risk meanwhile.")
    owner: strawberry.ID | None = strawberry.field(default=None, description="Who answers for closing it.")
    expires_at: datetime | None = strawberry.field(default=None, description="Until when.")


@strawberry.input(description="What a draft is to say now.")
class ChangeExceptionDraftInput:
    draft: strawberry.ID = strawberry.field(description="The draft, one of your own.")
    says: DraftExceptionInput = strawberry.field(description="All that it is to say, in place of what it said.")


@strawberry.input(description="Which draft is given up.")
class ExceptionDraftInput:
    draft: strawberry.ID = strawberry.field(description="The draft, one of your own.")


@strawberry.input(description="Which draft is asked for.")
class SubmitExceptionInput:
    draft: strawberry.ID = strawberry.field(description="The draft, one of your own.")
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description=ATTACHMENTS)


@extends(Mutation)
class ExceptionDraftMutations:
    @mutation(Permission.REQUEST_EXCEPTION, "Keep what you have written of a request; nobody is asked.")
    async def draft_exception(
        self, info: Asked, input: DraftExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionDraftPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            made = await actions.draft(tx, who, *_scope(input), _written(input))
            return Answer("exception_draft", made.id)

        return await act(info, input, idempotency_key, showing(ExceptionDraftChanged, "draft"), do)

    @mutation(Permission.REQUEST_EXCEPTION, "Write a draft anew.")
    async def change_exception_draft(
        self, info: Asked, input: ChangeExceptionDraftInput, idempotency_key: str | None = None
    ) -> ExceptionDraftPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            draft = uuid_of(input.draft, "ExceptionDraft", "draft")
            changed = await actions.change(tx, who, draft, *_scope(input.says), _written(input.says))
            return Answer("exception_draft", changed)

        return await act(info, input, idempotency_key, showing(ExceptionDraftChanged, "draft"), do)

    @mutation(Permission.REQUEST_EXCEPTION, "Ask for what a draft says, as requestException does.")
    async def submit_exception(
        self, info: Asked, input: SubmitExceptionInput, idempotency_key: str | None = None
    ) -> ExceptionPayload:
        def read(says: Mapping[str, Any]) -> Deviation:
            return _read(says, input.attachments)

        async def do(tx: Tx, who: Principal) -> Answer:
            draft = uuid_of(input.draft, "ExceptionDraft", "draft")
            return Answer("exception", (await actions.submit(tx, who, draft, read)).id)

        return await act(info, input, idempotency_key, showing(ExceptionChanged, "exception"), do)

    @mutation(Permission.REQUEST_EXCEPTION, "Give a draft up.")
    async def discard_exception_draft(
        self, info: Asked, input: ExceptionDraftInput, idempotency_key: str | None = None
    ) -> ExceptionDraftPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            draft = uuid_of(input.draft, "ExceptionDraft", "draft")
            return Answer("exception_draft", await actions.discard(tx, who, draft))

        return await act(info, input, idempotency_key, showing(ExceptionDraftChanged, "draft"), do)


def _scope(given: DraftExceptionInput) -> tuple[UUID, UUID]:
    return uuid_of(given.policy, "Policy", "policy"), uuid_of(given.model, "Model", "model")


def _written(given: DraftExceptionInput) -> dict[str, Any]:
    """A draft as it is kept: what was said, without what was left out."""
    return {name: value for name, value in plain(given).items() if value not in (None, "", [])}


def _read(says: Mapping[str, Any], attachments: list[strawberry.ID]) -> Deviation:
    """What a draft asks for; refused, with the names, while something that every request says is not there."""
    wanted = {"owner": "owner", "expires_at": "expiresAt"}
    if lacking := [called for name, called in wanted.items() if name not in says]:
        why = f"the draft does not say {' and '.join(lacking)} yet; write it with changeExceptionDraft"
        raise Refused(Code.BAD_INPUT, why, field=lacking[0])
    read: dict[str, Any] = {name: READ[name](value) if name in READ else value for name, value in says.items()}
    return deviation(RequestExceptionInput(**{"controls": [], **read, "attachments": attachments}))


def _criterion(kept: dict[str, Any]) -> CriterionInput:
    due_at = datetime.fromisoformat(kept["due_at"]) if kept["due_at"] else None
    return CriterionInput(**{**kept, "due_at": due_at})


READ: Mapping[str, Callable[[Any], Any]] = {
    "stage": Stage,
    "kind": ExceptionKind,
    "recommended_treatment": RiskTreatment,
    "risk_before": Severity,
    "risk_after": Severity,
    "starts_at": datetime.fromisoformat,
    "expires_at": datetime.fromisoformat,
    "review_at": datetime.fromisoformat,
    "answers": lambda kept: [AnswerInput(**one) for one in kept],
    "controls": lambda kept: [ControlInput(**one) for one in kept],
    "criteria": lambda kept: list(map(_criterion, kept)),
}
"""How what is no text comes out of a kept draft."""
