"""Does the work that waits in the queue, lane by lane: urgent work never waits behind bulk."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import orjson
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job as Queued
from pgqueuer.queries import Queries
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hub.db import Db
from hub.errors import Dead, Refused, Retry
from hub.events.jobs import Handler, Job, Lane, Order, handlers
from hub.queue_line import AWAY, GONE, LOST, QueueLine
from hub.telemetry import FAILURES, JOBS, OPERATION, log


@dataclass(frozen=True, slots=True)
class Room:
    """How much of one lane a worker takes on: jobs at once, of which it fetches `batch` at a time."""

    batch: int
    most: int


ROOM = {Lane.URGENT: Room(2, 6), Lane.NORMAL: Room(2, 4), Lane.BULK: Room(1, 2)}
"""Each lane has room of its own; together they fit the usual number of write connections, with some to spare."""

LOOK_EVERY_S = 10.0
"""Seconds between two looks at the queue when no event comes."""
STALE_AFTER_S = 30.0
"""A job whose worker gives no sign for this long is taken up by another."""
TRIES = 5
FIRST_WAIT_S = 1.0
AWAY_WAIT_S = 2.0
PUT_BACK_S = 0.1
STOP_WITHIN_S = 10.0
"""How long a stop waits for work that has begun; what is not done by then is put back into the queue."""


class Worker:
    """Runs every registered handler of these lanes until it is stopped."""

    def __init__(self, db: Db, lanes: Sequence[Lane] = tuple(Lane)) -> None:
        self._db = db
        self._lanes = [lane for lane in lanes if any(job.lane is lane for job in handlers)]
        self._line = QueueLine(db.url, most=2 * max(len(self._lanes), 1))
        self._managers: list[QueueManager] = []
        self._begun: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`; a database that goes away is waited for."""
        try:
            await self._line.open()
            self.listening.set()
            await asyncio.gather(*(self._serve(lane) for lane in self._lanes))
        except AWAY:
            if not self._stopping:
                raise
        finally:
            await self._line.close()

    async def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Take nothing new, wait for what has begun, put back what takes too long."""
        self._stopping = True
        for manager in self._managers:
            manager.shutdown.set()
        if self._begun:
            await asyncio.wait(self._begun, timeout=within_s)
        for task in self._begun:
            task.cancel()
        # From here on a database that is away is no longer waited for.
        self._line.shutdown.set()

    async def _serve(self, lane: Lane) -> None:
        while not self._stopping:
            manager = self._manager(lane)
            try:
                await manager.run(
                    dequeue_timeout=timedelta(seconds=LOOK_EVERY_S),
                    batch_size=ROOM[lane].batch,
                    max_concurrent_tasks=ROOM[lane].most,
                    heartbeat_timeout=timedelta(seconds=STALE_AFTER_S),
                    log_aggregation_interval=timedelta(),
                )
            except AWAY:
                if not self._stopping:
                    raise
            except Exception as error:
                # Nothing a job does comes here: its errors are dealt with below.
                log.error("a lane stopped and begins again", lane=lane, error_id=_counted(error), exc_info=error)
                await asyncio.sleep(FIRST_WAIT_S)
            finally:
                self._managers.remove(manager)

    def _manager(self, lane: Lane) -> QueueManager:
        manager = QueueManager(Queries(self._line))
        for job, handler in handlers.items():
            if job.lane is lane:
                # A failed job stays in the queue, where it is seen and can be queued again.
                manager.entrypoint(job.entrypoint, on_failure="hold")(self._entrypoint(job, handler))
        self._managers.append(manager)
        return manager

    def _entrypoint(self, job: Job, handler: Handler) -> Callable[[Queued], Awaitable[None]]:
        async def work(queued: Queued) -> None:
            task = asyncio.create_task(self._do(job, handler, queued))
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                # The queue takes a cancelled job for one that nobody wants any more.
                if task.cancelled() and self._stopping:
                    JOBS.labels(job.lane, "put back").inc()
                    raise RetryRequested(reason="the worker was stopped") from None
                task.cancel()
                raise

        return work

    async def _do(self, job: Job, handler: Handler, queued: Queued) -> None:
        operation = str((queued.headers or {}).get("operation") or uuid4().hex)
        OPERATION.set(operation)
        try:
            await handler(self._db, Order(orjson.loads(queued.payload or b"{}"), operation))
        except Exception as error:
            again_s = wait_before_next(error, queued.attempts)
            kind, tries = type(error).__name__, queued.attempts + 1
            told = {"job": job.entrypoint, "number": queued.id, "tries": tries, "kind": kind}
            if again_s is not None:
                JOBS.labels(job.lane, "again").inc()
                log.warning("a job is tried again", **told, again_in_s=again_s, why=str(error))
                # Putting a job back sends no event, so the lane would not know when to look.
                asyncio.get_running_loop().call_later(PUT_BACK_S, self._line.wake)
                raise RetryRequested(timedelta(seconds=again_s), kind) from None
            JOBS.labels(job.lane, "failed").inc()
            log.error("a job failed", **told, error_id=_counted(error), exc_info=error)
            raise
        JOBS.labels(job.lane, "done").inc()


def wait_before_next(error: Exception, tries_before: int) -> float | None:
    """Seconds until a failed job is tried again; None when it will not be."""
    if isinstance(error, Retry):
        return error.after_s
    if isinstance(error, Dead | Refused):
        return None
    cut = isinstance(error, DBAPIError) and error.connection_invalidated
    if cut or isinstance(error, (*GONE, *LOST, PoolTimeout)):
        return AWAY_WAIT_S
    return FIRST_WAIT_S * 4**tries_before if tries_before + 1 < TRIES else None


def _counted(error: Exception) -> str:
    FAILURES.labels(type(error).__name__).inc()
    return uuid4().hex[:12]
