"""What exceptions take over from elsewhere: how far their approval is, and the tier and team of their model."""

from collections.abc import Collection
from uuid import UUID

from hub.db import Tx
from hub.exceptions import moves
from hub.exceptions.life import store as life
from hub.exceptions.life.moving import again
from hub.exceptions.tables import ExceptionStatus
from hub.exceptions.telling import tell

LIVE = frozenset(ExceptionStatus) - moves.ENDED


async def become(
    tx: Tx,
    requests: Collection[UUID],
    state: ExceptionStatus,
    *,
    since: Collection[ExceptionStatus],
    asked: UUID | None = None,
) -> None:
    """Have the exceptions that these approval requests are about stand so, where they stood otherwise since.

    With `asked`, only those about which this person is asked.
    """
    for id in await life.become(tx, requests, state, since, asked):
        await tell(tx, f"exception.{state.lower()}", await again(tx, id))


async def follow(tx: Tx, models: Collection[UUID]) -> None:
    """Write the tier and team of models to their exceptions that have not ended, and what their order rests on."""
    for moved in await life.follow(tx, models, LIVE):
        now = await again(tx, moved.id)
        await tell(tx, "exception.moved", now, was_tier=moved.was_tier, was_team=moved.was_team, was_owner=now.owner_id)
