"""What can be done to registries over GraphQL."""

from dataclasses import replace
from typing import Annotated

import strawberry

from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.registries import actions
from hub.registries.adapter import Basic, Bearer
from hub.registries.credentials import Credentials, keys
from hub.registries.graph import Registry, SyncRun
from hub.settings import settings


@strawberry.type(description="A registry as it is now.")
class RegistryAdded:
    registry: Registry | None = strawberry.field(description="The registry.")


@strawberry.type(description="A sync as it stands now.")
class SyncChanged:
    sync_run: SyncRun | None = strawberry.field(description="The sync.")


AddRegistryPayload = Annotated[
    RegistryAdded | Refusal, strawberry.union("AddRegistryPayload", description="The registry, or why not.")
]
SyncPayload = Annotated[SyncChanged | Refusal, strawberry.union("SyncPayload", description="The sync, or why not.")]


@strawberry.input(description="How the hub shows who it is: a token alone, or user and password. Kept encrypted.")
class CredentialsInput:
    token: str | None = strawberry.field(default=None, description="Sent as a bearer token.")
    user: str | None = strawberry.field(default=None, description="The user, with a password.")
    password: str | None = strawberry.field(default=None, description="The user's password.")

    def __repr__(self) -> str:
        return "CredentialsInput(…)"


@strawberry.input(description="A registry to sync with.")
class AddRegistryInput:
    key: str = strawberry.field(description="A short lasting name of a-z, 0-9, dot, hyphen and underscore.")
    kind: str = strawberry.field(description="Which adapter speaks with it, such as mlflow.")
    name: str = strawberry.field(description="The full name.")
    base_url: str = strawberry.field(description="Where it is, such as https://mlflow.example.com.")
    every_s: int = strawberry.field(default=300, description="Seconds between scheduled syncs, 30 to 604,800.")
    credentials: CredentialsInput | None = strawberry.field(default=None, description="None for an open registry.")


@strawberry.input(description="Which registry to sync.")
class SyncRegistryInput:
    registry: strawberry.ID = strawberry.field(description="The registry.")


@strawberry.input(description="Which held sync is right after all.")
class ReleaseSyncInput:
    sync_run: strawberry.ID = strawberry.field(description="The sync, which is HELD.")


@extends(Mutation)
class RegistryMutations:
    @mutation(Permission.SYNC_REGISTRY, "Sync a registry soon; one that is queued or running already is answered.")
    async def sync_registry(
        self, info: Asked, input: SyncRegistryInput, idempotency_key: str | None = None
    ) -> SyncPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            run = await actions.request_sync(tx, who, uuid_of(input.registry, "Registry", "registry"))
            return Answer("sync_run", run.id)

        return await act(info, input, idempotency_key, showing(SyncChanged, "sync_run"), do)

    @mutation(Permission.ADD_REGISTRY, "Have the hub sync with a registry from now on.")
    async def add_registry(
        self, info: Asked, input: AddRegistryInput, idempotency_key: str | None = None
    ) -> AddRegistryPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            added = await actions.add_registry(
                tx,
                who,
                keys(settings()),
                key=input.key,
                kind=input.kind,
                name=input.name,
                base_url=input.base_url,
                every_s=input.every_s,
                credentials=_credentials(input.credentials),
            )
            return Answer("registry", added.id)

        # A repeated request is known by all but its secrets, of which not even a digest is kept in the clear.
        return await act(
            info, replace(input, credentials=None), idempotency_key, showing(RegistryAdded, "registry"), do
        )

    @mutation(Permission.SYNC_REGISTRY, "Let a held sync stand: so much is really gone. A person's decision.")
    async def release_sync(
        self, info: Asked, input: ReleaseSyncInput, idempotency_key: str | None = None
    ) -> SyncPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            run = await actions.release_held(tx, who, uuid_of(input.sync_run, "SyncRun", "syncRun"))
            return Answer("sync_run", run.id)

        return await act(info, input, idempotency_key, showing(SyncChanged, "sync_run"), do)


def _credentials(given: CredentialsInput | None) -> Credentials | None:
    if given is None:
        return None
    match given.token, given.user, given.password:
        case str(token), None, None if token:
            return Bearer(token)
        case None, str(user), str(password) if user:
            return Basic(user, password)
    raise Refused(Code.BAD_INPUT, "give a token alone, or a user with a password", field="credentials")
