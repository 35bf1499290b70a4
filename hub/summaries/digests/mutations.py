"""Who gets digests, over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.people.tables import Role
from hub.summaries.digests import actions
from hub.summaries.digests.graph import DigestSubscription
from hub.summaries.digests.rules import Wish
from hub.summaries.digests.tables import Audience, Rhythm


@strawberry.type(description="A subscription as it is now.")
class DigestSubscriptionChanged:
    subscription: DigestSubscription | None = strawberry.field(description="The subscription.")


DigestSubscriptionPayload = Annotated[
    DigestSubscriptionChanged | Refusal,
    strawberry.union("DigestSubscriptionPayload", description="The subscription, or why not."),
]


@strawberry.input(description="Digests that are to be made.")
class SubscribeDigestInput:
    audience: Audience = strawberry.field(description="For whom; for a TEAM by its members, else by an ADMIN.")
    period: Rhythm = strawberry.field(description="How long the periods are.")
    zone: str = strawberry.field(description="The IANA time zone, such as Europe/Berlin.")
    team: strawberry.ID | None = strawberry.field(default=None, description="The team, with the audience TEAM.")
    on_day: int = strawberry.field(
        default=1, description="On which day after the period: 1 to 7 from Monday, or 1 to 28 of the month."
    )
    hour: int = strawberry.field(default=8, description="At what hour of that day, 0 to 23.")
    roles: list[Role] = strawberry.field(
        default_factory=list, description="Whom to tell by role; without any, and nobody named, those of the audience."
    )
    people: list[strawberry.ID] = strawberry.field(default_factory=list, description="Whom to tell besides.")


@strawberry.input(description="Digests that are to be made no more.")
class UnsubscribeDigestInput:
    subscription: strawberry.ID = strawberry.field(description="The subscription.")


@extends(Mutation)
class DigestMutations:
    @mutation(Permission.SUBSCRIBE_DIGEST, "Have digests made, from the period that goes on now.")
    async def subscribe_digest(
        self, info: Asked, input: SubscribeDigestInput, idempotency_key: str | None = None
    ) -> DigestSubscriptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            wish = Wish(
                audience=input.audience,
                period=input.period,
                zone=input.zone,
                team_id=uuid_of(input.team, "Team", "team") if input.team else None,
                on_day=input.on_day,
                hour=input.hour,
                roles=tuple(input.roles),
                people=tuple(uuid_of(one, "Person", "people") for one in input.people),
            )
            return Answer("digest_subscription", (await actions.subscribe(tx, who, wish)).id)

        return await act(info, input, idempotency_key, showing(DigestSubscriptionChanged, "subscription"), do)

    @mutation(Permission.SUBSCRIBE_DIGEST, "Have digests made no more; those that were made stay.")
    async def unsubscribe_digest(
        self, info: Asked, input: UnsubscribeDigestInput, idempotency_key: str | None = None
    ) -> DigestSubscriptionPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.subscription, "DigestSubscription", "subscription")
            return Answer("digest_subscription", (await actions.unsubscribe(tx, who, id)).id)

        return await act(info, input, idempotency_key, showing(DigestSubscriptionChanged, "subscription"), do)
