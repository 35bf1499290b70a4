"""What follows from an event within its own transaction: reactions, registered by kind.

A reaction is given all events of one kind that were recorded together, so that a sync of thousands costs a few
statements. It lives in the upper concept: a granted approval does not know what it sets free.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from hub.db import Tx
from hub.events.canonical import Plain


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about; `digest` is that of its content at the time."""

    kind: str
    id: UUID
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as its reactions see it; `scope_id` is the model within which it happened."""

    id: UUID
    kind: str
    subject: Subject
    data: Mapping[str, Plain]
    scope_id: UUID | None


Reaction = Callable[[Tx, tuple[Happened, ...]], Awaitable[None]]

# The house, from below: what a lower concept does is done before an upper one looks.
HOUSE = (
    "events",
    "people",
    "calendars",
    "deadlines",
    "models",
    "lineage",
    "approvals",
    "policies",
    "exceptions",
    "checks",
    "deployments",
    "registries",
    "alerts",
    "summaries",
)

_registered: defaultdict[str, list[Reaction]] = defaultdict(list)
_sealed = False


def on(*kinds: str) -> Callable[[Reaction], Reaction]:
    """Have a function called whenever events of these kinds are recorded."""

    def register(reaction: Reaction) -> Reaction:
        for kind in kinds:
            _registered[kind].append(reaction)
            _registered[kind].sort(key=_place)
        return reaction

    return register


def seal() -> None:
    """Declare that every concept's reactions are registered; hub.wiring calls it."""
    global _sealed
    _sealed = True


async def react(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Run what is registered for these events, all of one kind: by the house's order, then by name."""
    # A process that forgot some reactions would write rows without what must follow from them.
    assert _sealed, "reactions are not registered; import hub.wiring before anything is recorded"
    for reaction in tuple(_registered[happened[0].kind]):
        await reaction(tx, happened)


def _place(reaction: Reaction) -> tuple[int, str, str]:
    module = reaction.__module__
    concept = module.split(".")[1] if module.startswith("hub.") else ""
    return (HOUSE.index(concept) if concept in HOUSE else len(HOUSE), module, reaction.__qualname__)
