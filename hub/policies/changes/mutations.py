"""What can be done to policies over GraphQL: propose, and decide what somebody else proposed."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import strawberry

from hub.db import Tx, new_id
from hub.events.answers import Answer
from hub.events.canonical import Plain
from hub.graph.declare import extends
from hub.graph.splice import Ref
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, answered, mutation, showing, uuid_of
from hub.policies.changes import actions
from hub.policies.changes.applying import PlanAction, Planned, apply
from hub.policies.changes.graph import PolicyChange
from hub.policies.changes.inputs import PolicyInput, wording_in

strawberry.enum(PlanAction, name="PolicyPlanAction", description="What applying a bundle does about one policy.")


@strawberry.type(description="A policy change as it is now.")
class PolicyChanged:
    change: PolicyChange | None = strawberry.field(description="The change; its policy hangs on it.")


@strawberry.type(description="What applying a bundle does about one policy.")
class PolicyPlanEntry:
    key: str = strawberry.field(description="The policy's lasting short name.")
    action: PlanAction = strawberry.field(description="What is done.")
    changed: list[str] = strawberry.field(description="The names of the fields that differ.")
    change: PolicyChange | None = strawberry.field(
        description="The change that asks for it; null when there is nothing to ask, or nothing was opened."
    )


@strawberry.type(description="What applying a bundle did, or would do.")
class PoliciesApplied:
    plan: list[PolicyPlanEntry] = strawberry.field(description="Policy by policy, by key.")
    dry_run: bool = strawberry.field(description="Whether nothing was written.")


PolicyChangePayload = Annotated[
    PolicyChanged | Refusal, strawberry.union("PolicyChangePayload", description="The change, or why not.")
]
ApplyPoliciesPayload = Annotated[
    PoliciesApplied | Refusal, strawberry.union("ApplyPoliciesPayload", description="The plan, or why not.")
]


@strawberry.input(description="What a policy is to say, and why.")
class ProposePolicyInput:
    policy: PolicyInput = strawberry.field(description="All that it is to say.")
    summary: str = strawberry.field(description="What is to change and why, for whoever decides.")


@strawberry.input(description="What else a draft is to say.")
class RevisePolicyChangeInput:
    change: strawberry.ID = strawberry.field(description="The change, one of your own.")
    policy: PolicyInput = strawberry.field(description="All that the policy is to say.")
    summary: str = strawberry.field(description="What is to change and why, for whoever decides.")


@strawberry.input(description="Which draft is ready.")
class SubmitPolicyChangeInput:
    change: strawberry.ID = strawberry.field(description="The change, one of your own.")


@strawberry.input(description="What is decided of a policy change.")
class DecidePolicyChangeInput:
    change: strawberry.ID = strawberry.field(description="The change, somebody else's.")
    approve: bool = strawberry.field(description="Whether it is carried out.")
    digest_seen: str = strawberry.field(description="The digest of the change as you read it.")
    note: str = strawberry.field(default="", description="What the author should know; needed to reject.")


@strawberry.input(description="Which change is taken back.")
class WithdrawPolicyChangeInput:
    change: strawberry.ID = strawberry.field(description="The change, one of your own.")


@strawberry.input(description="Which older wording is to be in force again, and why.")
class RestorePolicyVersionInput:
    version: strawberry.ID = strawberry.field(description="The wording.")
    summary: str = strawberry.field(description="Why, for whoever decides.")


@strawberry.input(description="Which policy is to be replaced, and why.")
class DeprecatePolicyInput:
    policy: strawberry.ID = strawberry.field(description="The policy.")
    summary: str = strawberry.field(description="Why, for whoever decides.")


@strawberry.input(description="Which policy is to apply no longer, and why.")
class RetirePolicyInput:
    policy: strawberry.ID = strawberry.field(description="The policy.")
    summary: str = strawberry.field(description="Why, for whoever decides.")


@strawberry.input(description="Which draft is to run beside the wording in force, or no longer.")
class SetPolicyShadowInput:
    change: strawberry.ID = strawberry.field(description="The change.")
    on: bool = strawberry.field(description="Whether it runs.")


@strawberry.input(description="A bundle of policies, as Git has it.")
class ApplyPoliciesInput:
    bundle: str = strawberry.field(description="The bundle's name.")
    policies: list[PolicyInput] = strawberry.field(description="All of its policies; what it no longer has, ends.")
    summary: str = strawberry.field(description="What is to change and why, for whoever decides.")
    dry_run: bool = strawberry.field(default=False, description="Only to show the plan.")
    take_over: bool = strawberry.field(
        default=False, description="Whether policies kept by hand, or by another bundle, become this bundle's."
    )


@extends(Mutation)
class PolicyMutations:
    @mutation(Permission.PROPOSE_POLICY, "Draft another wording of a policy, or the first one under a new key.")
    async def propose_policy(
        self, info: Asked, input: ProposePolicyInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return _answer(await actions.propose(tx, who, wording_in(input.policy), summary=input.summary))

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.PROPOSE_POLICY, "Put another text into your change; one in review is a draft again.")
    async def revise_policy_change(
        self, info: Asked, input: RevisePolicyChangeInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            wording = wording_in(input.policy)
            return _answer(await actions.revise(tx, who, _change(input.change), wording, summary=input.summary))

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.PROPOSE_POLICY, "Put your draft to review.")
    async def submit_policy_change(
        self, info: Asked, input: SubmitPolicyChangeInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return _answer(await actions.submit(tx, who, _change(input.change)))

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.DECIDE_POLICY, "Approve or reject a change that somebody else submitted.")
    async def decide_policy_change(
        self, info: Asked, input: DecidePolicyChangeInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            decided = await actions.decide(
                tx,
                who,
                _change(input.change),
                approve=input.approve,
                note=input.note,
                digest_seen=input.digest_seen,
            )
            return _answer(decided)

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.PROPOSE_POLICY, "Take your change back.")
    async def withdraw_policy_change(
        self, info: Asked, input: WithdrawPolicyChangeInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return _answer(await actions.withdraw(tx, who, _change(input.change)))

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.PROPOSE_POLICY, "Draft that an older wording be in force again.")
    async def restore_policy_version(
        self, info: Asked, input: RestorePolicyVersionInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            version = uuid_of(input.version, "PolicyVersion", "version")
            return _answer(await actions.restore(tx, who, version, summary=input.summary))

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.PROPOSE_POLICY, "Draft that a policy be marked as one to be replaced; it applies on.")
    async def deprecate_policy(
        self, info: Asked, input: DeprecatePolicyInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            policy = uuid_of(input.policy, "Policy", "policy")
            return _answer(await actions.deprecate(tx, who, policy, summary=input.summary))

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.PROPOSE_POLICY, "Draft that a policy apply to nothing any more.")
    async def retire_policy(
        self, info: Asked, input: RetirePolicyInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            policy = uuid_of(input.policy, "Policy", "policy")
            return _answer(await actions.retire(tx, who, policy, summary=input.summary))

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.PROPOSE_POLICY, "Have a draft asked beside the wording in force, or no longer.")
    async def set_policy_shadow(
        self, info: Asked, input: SetPolicyShadowInput, idempotency_key: str | None = None
    ) -> PolicyChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return _answer(await actions.shadow(tx, who, _change(input.change), on=input.on))

        return await act(info, input, idempotency_key, SHOWN, do)

    @mutation(Permission.PROPOSE_POLICY, "Open the changes that make the catalog say what a bundle says.")
    async def apply_policies(
        self, info: Asked, input: ApplyPoliciesInput, idempotency_key: str | None = None
    ) -> ApplyPoliciesPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            plan = await apply(
                tx,
                who,
                input.bundle,
                [wording_in(policy) for policy in input.policies],
                summary=input.summary,
                dry_run=input.dry_run,
                take_over=input.take_over,
            )
            return Answer("policy_plan", new_id(), _told(plan))

        # A plan alone does nothing that would have to be done once.
        key = None if input.dry_run else idempotency_key
        answer = await answered(info, input, key, do)
        if isinstance(answer, Refusal):
            return answer
        return PoliciesApplied(plan=[_entry(one) for one in _list(answer.told)], dry_run=input.dry_run)


SHOWN = showing(PolicyChanged, "change")


def _answer(change: Any) -> Answer:
    return Answer("policy_change", change.id)


def _change(id: str) -> UUID:
    return uuid_of(id, "PolicyChange", "change")


def _told(plan: Sequence[Planned]) -> Plain:
    return [
        {
            "key": one.key,
            "action": one.action.value,
            "changed": list(one.changed),
            "change": str(one.change_id) if one.change_id is not None else None,
        }
        for one in plan
    ]


def _list(told: Plain) -> list[Any]:
    return told if isinstance(told, list) else []


def _entry(one: Any) -> PolicyPlanEntry:
    ref: Any = Ref(UUID(one["change"])) if one["change"] is not None else None
    return PolicyPlanEntry(key=one["key"], action=PlanAction(one["action"]), changed=one["changed"], change=ref)
