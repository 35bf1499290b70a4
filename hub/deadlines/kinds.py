"""What the concepts above say of their deadlines: the ladder of each kind, and how what is due is told."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.db import Tx
from hub.deadlines.rules import Rung
from hub.deadlines.tables import DeadlineKind


@dataclass(frozen=True, slots=True)
class Due:
    """One deadline of which something is told now."""

    about_id: UUID
    model_id: UUID
    exception_id: UUID | None
    ends_at: datetime | None
    in_copy: bool
    late: bool


Tell = Callable[[Tx, str, UUID | None, Sequence[Due]], Awaitable[None]]
"""Records, as this kind of event, what is due of one person; of nobody where nobody answers for it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a kind of deadline; its ladder is in the order of time."""

    ladder: tuple[Rung, ...]
    tell: Tell


known: dict[DeadlineKind, Known] = {}


def tells(kind: DeadlineKind, *ladder: Rung) -> Callable[[Tell], Tell]:
    """Have a function tell of deadlines of this kind, at each rung of their ladder."""

    def register(tell: Tell) -> Tell:
        assert kind not in known, f"{kind} is told already"
        assert list(ladder) == sorted(ladder, key=lambda rung: rung.after)
        known[kind] = Known(ladder, tell)
        return tell

    return register
