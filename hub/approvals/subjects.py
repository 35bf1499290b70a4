"""What the concepts above say of what they put to people: what it is now, and what is locked before it is decided."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from hub.approvals.rules import Content
from hub.db import Tx
from hub.models.tables import Stage

Now = Callable[[Tx, UUID, Stage | None], Awaitable[Content | None]]
"""Gives a subject as it is now, by its id and the stage that is asked for; none when it is gone."""

Found = TypeVar("Found", bound=Now)
Hold = Callable[[Tx, UUID], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a kind of subject."""

    now: Now
    hold: Hold | None


_known: dict[str, Known] = {}


def subject(kind: str, *, hold: Hold | None = None) -> Callable[[Found], Found]:
    """Let a concept say what its subjects are now: it is asked once more at every signature.

    `hold` takes the locks that its concept takes before approval requests, so that nobody waits in a ring.
    """

    def register(now: Found) -> Found:
        assert kind not in _known, f"{kind} is known already"
        _known[kind] = Known(now, hold)
        return now

    return register


def held_first() -> list[str]:
    """The kinds of subject whose concept locks something before requests about them are."""
    return sorted(kind for kind, known in _known.items() if known.hold is not None)


async def now(tx: Tx, kind: str, subject_id: UUID, stage: Stage | None) -> Content | None:
    """A subject as it is now; none for one that is gone."""
    return await _known[kind].now(tx, subject_id, stage)


async def hold(tx: Tx, kind: str, subject_id: UUID) -> None:
    """Lock what is to be locked before requests about such a subject are."""
    known = _known[kind]
    if known.hold is not None:
        await known.hold(tx, subject_id)
