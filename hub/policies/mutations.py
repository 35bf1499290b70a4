"""What can be done to policies over GraphQL beside changing what they say."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.policies import actions
from hub.policies.graph import Policy


@strawberry.type(description="A policy with whoever answers for it now.")
class PolicyOwnerSet:
    policy: Policy | None = strawberry.field(description="The policy.")


PolicyOwnerPayload = Annotated[
    PolicyOwnerSet | Refusal, strawberry.union("PolicyOwnerPayload", description="The policy, or why not.")
]


@strawberry.input(description="Who answers for a policy.")
class SetPolicyOwnerInput:
    policy: strawberry.ID = strawberry.field(description="The policy; a bundle's too, since Git names no owners.")
    owner: strawberry.ID = strawberry.field(description="An active person, no service account.")


@extends(Mutation)
class PolicyOwnerMutations:
    @mutation(Permission.PROPOSE_POLICY, "Say who answers for a policy, as its owner or as an ADMIN.")
    async def set_policy_owner(
        self, info: Asked, input: SetPolicyOwnerInput, idempotency_key: str | None = None
    ) -> PolicyOwnerPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id, owner = uuid_of(input.policy, "Policy", "policy"), uuid_of(input.owner, "Person", "owner")
            return Answer("policy", (await actions.set_owner(tx, who, id, owner_id=owner)).id)

        return await act(info, input, idempotency_key, showing(PolicyOwnerSet, "policy"), do)
