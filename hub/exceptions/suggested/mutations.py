"""Taking a suggestion up, or not, over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions.suggested import actions
from hub.exceptions.suggested.graph import PolicySuggestion
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="A suggestion as it is now.")
class PolicySuggestionSettled:
    suggestion: PolicySuggestion | None = strawberry.field(description="The suggestion; a draft hangs on it.")


PolicySuggestionPayload = Annotated[
    PolicySuggestionSettled | Refusal,
    strawberry.union("PolicySuggestionPayload", description="The suggestion, or why not."),
]


@strawberry.input(description="Which suggestion is taken up.")
class TakePolicySuggestionInput:
    suggestion: strawberry.ID = strawberry.field(description="The suggestion.")
    summary: str = strawberry.field(default="", description="What you are about to change; the facts are added.")


@strawberry.input(description="Which suggestion is not taken up, and why.")
class DismissPolicySuggestionInput:
    suggestion: strawberry.ID = strawberry.field(description="The suggestion.")
    reason: str = strawberry.field(description="Why the policy stays as it is.")


@extends(Mutation)
class PolicySuggestionMutations:
    @mutation(Permission.PROPOSE_POLICY, "Open a draft with a suggestion's facts, as the policy's owner or an ADMIN.")
    async def take_policy_suggestion(
        self, info: Asked, input: TakePolicySuggestionInput, idempotency_key: str | None = None
    ) -> PolicySuggestionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.suggestion, "PolicySuggestion", "suggestion")
            return Answer("policy_suggestion", (await actions.take(tx, who, id, summary=input.summary)).id)

        return await act(info, input, idempotency_key, showing(PolicySuggestionSettled, "suggestion"), do)

    @mutation(Permission.PROPOSE_POLICY, "Leave a policy as it is, with the reason, as its owner or an ADMIN.")
    async def dismiss_policy_suggestion(
        self, info: Asked, input: DismissPolicySuggestionInput, idempotency_key: str | None = None
    ) -> PolicySuggestionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.suggestion, "PolicySuggestion", "suggestion")
            return Answer("policy_suggestion", (await actions.dismiss(tx, who, id, reason=input.reason)).id)

        return await act(info, input, idempotency_key, showing(PolicySuggestionSettled, "suggestion"), do)
