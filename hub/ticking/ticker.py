"""The clock of a hub: in whichever process holds the lock, each tick asks the domain what is due by now.

It keeps nothing in memory that would be missed: after downtime the domain's rows still say what is due, and the first
tick finds all of it. Two ticks at once do no harm, since what is due is enqueued under a key.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from hub.clock import Clock
from hub.db import Db
from hub.events.jobs import Lane
from hub.queue_line import AWAY, as_app
from hub.telemetry import FAILURES, QUEUE, log, new_operation
from hub.ticking import store

if TYPE_CHECKING:
    from hub.db import Raw

Ask = Callable[[Db, datetime], Awaitable[object]]
asked: dict[str, Ask] = {}
"""Who is asked at each tick, by name."""

LONGEST_TRY_S = 5.0
"""Seconds, at most, until another process takes over."""
SILENCE_S = 30.0
"""A leader that is silent for this much longer than three ticks has been frozen; the server ends its connection."""

END_TICK_WITHIN_S = 5.0


def ask(name: str, due: Ask) -> None:
    """Have a function asked at each tick what is due; it enqueues that under a dedupe key."""
    assert name not in asked, f"{name} is asked already"
    asked[name] = due


class Ticker:
    """One process's part in the clock: tries to lead, ticks while it does."""

    def __init__(self, db: Db, clock: Clock, *, tick_s: float, asks: Mapping[str, Ask] | None = None) -> None:
        self._db = db
        self._clock = clock
        self._tick_s = tick_s
        self._asks = asked if asks is None else asks
        self._stop = asyncio.Event()
        self.leads = asyncio.Event()

    async def run(self) -> None:
        """Lead whenever nobody else does, until `stop`."""
        while not self._stop.is_set():
            try:
                await self._connected()
            except AWAY as away:
                log.warning("the clock has no database", why=type(away).__name__)
            except Exception as error:
                FAILURES.labels(type(error).__name__).inc()
                log.error("the clock stopped and begins again", error_id=uuid4().hex[:12], exc_info=error)
            await self._pause(min(self._tick_s, LONGEST_TRY_S))

    def stop(self) -> None:
        """Leave the clock to another process."""
        self._stop.set()

    async def tick(self) -> None:
        """Ask everybody once; what one of them raises is logged and hinders none of the others."""
        for name, due in self._asks.items():
            new_operation()
            try:
                await due(self._db, self._clock.now())
            except Exception as error:
                FAILURES.labels(type(error).__name__).inc()
                log.error("asking what is due failed", asked=name, error_id=uuid4().hex[:12], exc_info=error)
        await measure_queue(self._db)

    async def _connected(self) -> None:
        connection = await asyncpg.connect(**as_app(self._db.url, store.CLOCK))
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            # A process that is frozen would hold the lock for ever; its session ends when nothing comes from it.
            silence_ms = int((3 * self._tick_s + SILENCE_S) * 1000)
            await connection.execute(f"SET idle_session_timeout = {silence_ms}")
            while not self._stop.is_set() and not lost.is_set():
                if await store.try_to_lead(connection):
                    return await self._lead(connection, lost)
                await self._pause(min(self._tick_s, LONGEST_TRY_S))
        finally:
            self.leads.clear()
            connection.terminate()

    async def _lead(self, connection: "Raw", lost: asyncio.Event) -> None:
        process = f"{socket.gethostname()}:{os.getpid()}"
        ticking: set[asyncio.Task[None]] = set()

        async def tick() -> None:
            try:
                await store.note_tick(connection, process, datetime.now(UTC), max(self._tick_s, 1.0))
            except AWAY:
                lost.set()
            else:
                await self.tick()

        async def begin() -> None:
            # A task of our own: the scheduler's would be cut off in the middle when it stops.
            if not ticking:
                task = asyncio.create_task(tick(), name="tick")
                ticking.add(task)
                task.add_done_callback(ticking.discard)

        log.info("this process drives the clock")
        scheduler = AsyncIOScheduler(timezone=UTC)
        scheduler.add_job(begin, "interval", seconds=self._tick_s, next_run_time=datetime.now(UTC), coalesce=True)
        scheduler.start()
        self.leads.set()
        try:
            await _first(lost, self._stop)
        finally:
            scheduler.shutdown(wait=False)
            if ticking:
                await asyncio.wait(ticking, timeout=END_TICK_WITHIN_S)
            for task in ticking:
                task.cancel()
        if lost.is_set():
            log.warning("this process no longer drives the clock")

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)


async def measure_queue(db: Db) -> None:
    """Tell Prometheus how many jobs wait in each lane; an absent database leaves the last figures."""
    try:
        found = await store.depth(db.reads)
    except AWAY:
        return
    for lane in Lane:
        QUEUE.labels(lane).set(found.get(lane, 0))


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
