"""How the glass is broken over GraphQL."""

from typing import Annotated

import strawberry

from hub.approvals.bypass import actions, rules
from hub.approvals.bypass.graph import BreakGlass
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="A break-glass that happened.")
class GlassBroken:
    break_glass: BreakGlass | None = strawberry.field(description="The break-glass; its review hangs on it.")


BreakGlassPayload = Annotated[
    GlassBroken | Refusal, strawberry.union("BreakGlassPayload", description="The break-glass, or why not.")
]


@strawberry.input(description="Which approval is not waited for, why, and for how long.")
class BreakGlassInput:
    request: strawberry.ID = strawberry.field(description="The pending approval request of a version.")
    reason: str = strawberry.field(description="Why it cannot wait; at least 20 characters, which reviewers will read.")
    hours: int = strawberry.field(default=rules.USUAL_HOURS, description="For how many hours: 1 to 24.")
    digest_seen: str | None = strawberry.field(
        default=None, description="The request's subjectDigest that was looked at; refused as STALE when it is another."
    )


@extends(Mutation)
class BypassMutations:
    @mutation(
        Permission.BREAK_GLASS,
        "Go ahead without an approval for a few hours, in an emergency. It is told loudly, policies that block go on"
        " blocking, and two uninvolved people review it.",
    )
    async def break_glass(
        self, info: Asked, input: BreakGlassInput, idempotency_key: str | None = None
    ) -> BreakGlassPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            made = await actions.break_glass(
                tx,
                who,
                uuid_of(input.request, "ApprovalRequest", "request"),
                reason=input.reason,
                hours=input.hours,
                digest_seen=input.digest_seen,
            )
            return Answer("break_glass", made.id)

        return await act(info, input, idempotency_key, showing(GlassBroken, "break_glass"), do)
