"""What can be done about deployments over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.deployments import actions
from hub.deployments.graph import DeploymentIntent, Permit, SigningKey
from hub.deployments.permits import keys
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models.tables import Stage
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="A wish to deploy, with the gate's decision.")
class DeploymentRequested:
    intent: DeploymentIntent | None = strawberry.field(description="The wish; it was made, or asked again.")


@strawberry.type(description="A wish to deploy as it is now.")
class DeploymentChanged:
    intent: DeploymentIntent | None = strawberry.field(description="The wish.")


@strawberry.type(description="A release that was rolled back.")
class DeploymentRolledBack:
    intent: DeploymentIntent | None = strawberry.field(
        description="The wish for the version that was gone back to, with its permit."
    )


@strawberry.type(description="A permit as it is now.")
class PermitChanged:
    permit: Permit | None = strawberry.field(description="The permit.")


@strawberry.type(description="The key that signs from now on.")
class SigningKeyRotated:
    key: SigningKey | None = strawberry.field(description="The new key; those before it sign no more.")


RequestDeploymentPayload = Annotated[
    DeploymentRequested | Refusal,
    strawberry.union("RequestDeploymentPayload", description="The wish to deploy, or why not."),
]
DeploymentPayload = Annotated[
    DeploymentChanged | Refusal, strawberry.union("DeploymentPayload", description="The wish to deploy, or why not.")
]
RollBackDeploymentPayload = Annotated[
    DeploymentRolledBack | Refusal,
    strawberry.union("RollBackDeploymentPayload", description="What was gone back to, or why not."),
]
PermitPayload = Annotated[
    PermitChanged | Refusal, strawberry.union("PermitPayload", description="The permit, or why not.")
]
SigningKeyPayload = Annotated[
    SigningKeyRotated | Refusal, strawberry.union("SigningKeyPayload", description="The new key, or why not.")
]


@strawberry.input(description="Which version is to be deployed to which stage, and why.")
class RequestDeploymentInput:
    version: strawberry.ID = strawberry.field(description="The version.")
    stage: Stage = strawberry.field(description="The stage: DEVELOPMENT, STAGING or PRODUCTION.")
    reason: str = strawberry.field(description="Why; approvers will read it.")
    rollback_version: strawberry.ID | None = strawberry.field(
        default=None, description="The version to go back to; without it, the one that is at the stage now."
    )


@strawberry.input(description="Which wish to deploy is taken back.")
class WithdrawDeploymentInput:
    intent: strawberry.ID = strawberry.field(description="The wish.")


@strawberry.input(description="Which release is stopped, and why.")
class HaltDeploymentInput:
    intent: strawberry.ID = strawberry.field(description="The wish that was granted.")
    why: str = strawberry.field(description="Why; people will read it.")


@strawberry.input(description="Which release makes room for the one before it, and why.")
class RollBackDeploymentInput:
    intent: strawberry.ID = strawberry.field(description="The wish that was granted, halted or not.")
    reason: str = strawberry.field(description="Why; people will read it.")


@strawberry.input(description="Which permit is revoked, and why.")
class RevokePermitInput:
    permit: strawberry.ID = strawberry.field(description="The permit; the release that rests on it is halted.")
    why: str = strawberry.field(description="Why; people will read it.")


@strawberry.input(description="That permits are to be signed with a new key.")
class RotateSigningKeyInput:
    current: str | None = strawberry.field(
        default=None, description="The key that signs now; given, nothing happens when it is another by then."
    )


@extends(Mutation)
class DeploymentMutations:
    @mutation(
        Permission.REQUEST_DEPLOYMENT,
        "Ask whether a version may be deployed: policies are asked, then people; asked again, it is decided anew.",
    )
    async def request_deployment(
        self, info: Asked, input: RequestDeploymentInput, idempotency_key: str | None = None
    ) -> RequestDeploymentPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            rollback = input.rollback_version
            made = await actions.request(
                tx,
                who,
                uuid_of(input.version, "ModelVersion", "version"),
                input.stage,
                reason=input.reason,
                rollback_version_id=uuid_of(rollback, "ModelVersion", "rollbackVersion") if rollback else None,
            )
            return Answer("deployment_intent", made.id)

        return await act(info, input, idempotency_key, showing(DeploymentRequested, "intent"), do)

    @mutation(Permission.REQUEST_DEPLOYMENT, "Take back a wish to deploy; its permit is revoked.")
    async def withdraw_deployment(
        self, info: Asked, input: WithdrawDeploymentInput, idempotency_key: str | None = None
    ) -> DeploymentPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.intent, "DeploymentIntent", "intent")
            return Answer("deployment_intent", (await actions.withdraw(tx, who, id)).id)

        return await act(info, input, idempotency_key, showing(DeploymentChanged, "intent"), do)

    @mutation(Permission.HALT_DEPLOYMENT, "Stop a release: its permits are revoked, and it needs a new approval.")
    async def halt_deployment(
        self, info: Asked, input: HaltDeploymentInput, idempotency_key: str | None = None
    ) -> DeploymentPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.intent, "DeploymentIntent", "intent")
            return Answer("deployment_intent", (await actions.halt(tx, who, id, input.why)).id)

        return await act(info, input, idempotency_key, showing(DeploymentChanged, "intent"), do)

    @mutation(
        Permission.HALT_DEPLOYMENT,
        "Go back to the version that a release names for that: it gets a permit at once, if it keeps its own rules.",
    )
    async def roll_back_deployment(
        self, info: Asked, input: RollBackDeploymentInput, idempotency_key: str | None = None
    ) -> RollBackDeploymentPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.intent, "DeploymentIntent", "intent")
            return Answer("deployment_intent", (await actions.roll_back(tx, who, id, input.reason)).id)

        return await act(info, input, idempotency_key, showing(DeploymentRolledBack, "intent"), do)

    @mutation(Permission.HALT_DEPLOYMENT, "Revoke a permit; the release that rests on it is halted.")
    async def revoke_permit(
        self, info: Asked, input: RevokePermitInput, idempotency_key: str | None = None
    ) -> PermitPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.permit, "Permit", "permit")
            return Answer("permit", (await actions.revoke(tx, who, id, input.why)).id)

        return await act(info, input, idempotency_key, showing(PermitChanged, "permit"), do)

    @mutation(Permission.MANAGE_PEOPLE, "Sign permits with a new key; what the old ones signed still verifies.")
    async def rotate_signing_key(
        self, info: Asked, input: RotateSigningKeyInput, idempotency_key: str | None = None
    ) -> SigningKeyPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("signing_key", (await keys.rotate(tx, who, current=input.current)).id)

        return await act(info, input, idempotency_key, showing(SigningKeyRotated, "key"), do)
