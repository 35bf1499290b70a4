"""Jobs that follow from a transaction: enqueued on its own connection, so they exist if and only if it commits.

A handler is idempotent: after a crash it is run again. How often something was tried stands in the domain row.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.db import Db, Tx
from hub.events.canonical import canonical


class Lane(StrEnum):
    """How urgent work is; workers may serve some lanes only, so that urgent work never waits behind bulk."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


PRIORITY = {Lane.URGENT: 100, Lane.NORMAL: 50, Lane.BULK: 0}


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of work; in the queue it is `lane.name`, so that the depth of a lane can be counted."""

    name: str
    lane: Lane

    @property
    def entrypoint(self) -> str:
        return f"{self.lane}.{self.name}"


@dataclass(frozen=True, slots=True)
class Order:
    """One piece of work as its handler gets it: what to do, and the operation it belongs to."""

    payload: Mapping[str, object]
    operation: str


Handler = Callable[[Db, Order], Coroutine[None, None, None]]
handlers: dict[Job, Handler] = {}
"""Who does what; a worker registers these with the queue."""


def handles(job: Job) -> Callable[[Handler], Handler]:
    """Have a function do this kind of work."""

    def register(handler: Handler) -> Handler:
        assert job not in handlers, f"{job.name} has a handler already"
        handlers[job] = handler
        return handler

    return register


async def enqueue(
    tx: Tx,
    job: Job,
    payload: Mapping[str, object],
    *,
    dedupe_key: str | None = None,
    execute_after: datetime | None = None,
) -> bool:
    """Have this done after the transaction; false when work with the same key is already queued or running.

    Running counts too, and it may have read its rows before this transaction's: a key must name the content or the
    tick that is wanted, never only the thing.
    """
    made = await _put(tx, job, [payload], [dedupe_key], execute_after)
    return made == 1


async def enqueue_all(tx: Tx, job: Job, payloads: Sequence[Mapping[str, object]]) -> None:
    """Have all of these done, each by itself, queued in one statement."""
    if payloads:
        await _put(tx, job, payloads, [None] * len(payloads), None)


async def _put(
    tx: Tx,
    job: Job,
    payloads: Sequence[Mapping[str, object]],
    keys: Sequence[str | None],
    execute_after: datetime | None,
) -> int:
    # Here, because a start that enqueues nothing would wait for it too.
    from pgqueuer import Queries

    wait = max(execute_after - tx.at, timedelta()) if execute_after is not None else timedelta()
    count = len(payloads)
    queued = await Queries.from_asyncpg_connection(await tx.raw()).enqueue(
        [job.entrypoint] * count,
        [canonical(payload) for payload in payloads],
        [PRIORITY[job.lane]] * count,
        [wait] * count,
        [None if key is None else f"{job.name}:{key}" for key in keys],
        [{"operation": tx.operation} for _ in payloads],
        on_conflict="skip",
    )
    return sum(made is not None for made in queued)
