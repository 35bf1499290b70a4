"""What can be done to policies over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models.tables import RiskTier, Stage
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing
from hub.policies import actions
from hub.policies.graph import PolicyVersion
from hub.policies.rules import Wording
from hub.policies.tables import DecisionPoint, Enforcement, Severity


@strawberry.type(description="A policy's wording that is in force now.")
class PolicyPublished:
    policy_version: PolicyVersion | None = strawberry.field(description="The wording; its policy hangs on it.")


PublishPolicyPayload = Annotated[
    PolicyPublished | Refusal, strawberry.union("PublishPolicyPayload", description="The wording, or why not.")
]


@strawberry.input(description="What a policy says.")
class PublishPolicyInput:
    key: str = strawberry.field(description="Its lasting short name; a new one makes a new policy.")
    title: str = strawberry.field(description="What it asks, in a few words.")
    rule: str = strawberry.field(
        description="The rule in CEL, true when it is kept, such as metrics.recall >= 0.9 && model.owner != ''."
    )
    rationale: str = strawberry.field(description="Why it is there.")
    remediation: str = strawberry.field(description="What to do when it is not kept.")
    severity: Severity = strawberry.field(description="How bad it is when it is not kept.")
    enforcement: Enforcement = strawberry.field(description="What a failed check does.")
    decision_points: list[DecisionPoint] = strawberry.field(description="When it is asked.")
    tiers: list[RiskTier] = strawberry.field(default_factory=list, description="The tiers it binds; none means all.")
    stages: list[Stage] = strawberry.field(default_factory=list, description="The stages; none means all.")
    service_level_days: int = strawberry.field(default=30, description="Days in which a failure is to be mended.")
    longest_exception_days: int = strawberry.field(
        default=90, description="Days that an exception may last at most; 0 allows none."
    )


@extends(Mutation)
class PolicyMutations:
    @mutation(Permission.PUBLISH_POLICY, "Publish a policy, or its next wording; the models of its tiers are bound.")
    async def publish_policy(
        self, info: Asked, input: PublishPolicyInput, idempotency_key: str | None = None
    ) -> PublishPolicyPayload:
        wording = Wording(
            key=input.key,
            title=input.title,
            rule=input.rule,
            rationale=input.rationale,
            remediation=input.remediation,
            severity=input.severity,
            enforcement=input.enforcement,
            decision_points=tuple(input.decision_points),
            tiers=tuple(input.tiers),
            stages=tuple(input.stages),
            service_level_days=input.service_level_days,
            longest_exception_days=input.longest_exception_days,
        )

        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("policy_version", (await actions.publish(tx, who, wording)).id)

        return await act(info, input, idempotency_key, showing(PolicyPublished, "policy_version"), do)
