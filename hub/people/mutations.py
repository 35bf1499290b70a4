"""What can be done to tokens over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.splice import Ref
from hub.graph.types import Mutation, Refusal
from hub.people import access, actions
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.people.graph import Token
from hub.people.rules import USUAL_TERM_DAYS

strawberry.enum(access.Scope, name="TokenScope", description="What a token may be used for, at most.")


@strawberry.type(description="A token that was made.")
class TokenCreated:
    secret: str | None = strawberry.field(description="Send it as `Authorization: Bearer …`. Shown this once only.")
    token: Token | None = strawberry.field(description="What is kept of it.")


@strawberry.type(description="A token as it is now.")
class TokenChanged:
    token: Token | None = strawberry.field(description="The token.")


CreateTokenPayload = Annotated[
    TokenCreated | Refusal, strawberry.union("CreateTokenPayload", description="The token, or why not.")
]
TokenPayload = Annotated[TokenChanged | Refusal, strawberry.union("TokenPayload", description="The token, or why not.")]


@strawberry.input(description="What a token is for.")
class CreateTokenInput:
    label: str = strawberry.field(description="What it is for, in a few words.")
    scopes: list[access.Scope] = strawberry.field(description="What it may be used for, at most.")
    person: strawberry.ID | None = strawberry.field(
        default=None, description="Whose it is; without it, yours. Only an ADMIN makes them for others."
    )
    term_days: int = strawberry.field(default=USUAL_TERM_DAYS, description="Days until it lapses.")


@strawberry.input(description="Which token is to open nothing any more.")
class RevokeTokenInput:
    token: strawberry.ID = strawberry.field(description="The token.")


@extends(Mutation)
class TokenMutations:
    @mutation(Permission.CREATE_TOKEN, "Make a bearer token.")
    async def create_token(
        self, info: Asked, input: CreateTokenInput, idempotency_key: str | None = None
    ) -> CreateTokenPayload:
        secrets: list[str] = []

        async def do(tx: Tx, who: Principal) -> Answer:
            person = who.person_id if input.person is None else uuid_of(input.person, "Person", "person")
            made, secret = await actions.create_token(
                tx, who, person_id=person, label=input.label, scopes=input.scopes, term_days=input.term_days
            )
            secrets.append(secret)
            return Answer("token", made.id)

        def shown(ref: Ref) -> TokenCreated:
            # Asked again under the same key, the token is the same; its secret is known to nobody but its bearer.
            return TokenCreated(secret=secrets[0] if secrets else None, token=ref)  # type: ignore[arg-type]

        return await act(info, input, idempotency_key, shown, do)

    @mutation(Permission.CREATE_TOKEN, "End a token now.")
    async def revoke_token(
        self, info: Asked, input: RevokeTokenInput, idempotency_key: str | None = None
    ) -> TokenPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            found = await actions.revoke_token(tx, who, uuid_of(input.token, "Token", "token"))
            return Answer("token", found.id)

        return await act(info, input, idempotency_key, showing(TokenChanged, "token"), do)
