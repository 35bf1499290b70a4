"""One poller for a whole process: reads what was added to the trail once and hands it to everybody who watches."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from hub.errors import Code, Refused
from hub.watching import store
from hub.watching.rules import Gap, gaps_between, may_fill, without
from hub.watching.store import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.db import ReadPool

PAUSE_S = 0.25
PATIENCE_S = 2.0
"""Seconds to wait after a failure: the database may be away for a moment, and nothing is lost meanwhile."""
MOST_WAITING = 1_000
"""Lines that may wait for one watcher; who is slower is sent away rather than kept in memory."""

T = TypeVar("T")
Waiting = asyncio.Queue[T | None]


class Feed:
    """What happens, as it happens. Reads only while somebody watches."""

    def __init__(self, reads: "Callable[[], ReadPool]", failed: Callable[[BaseException], object]) -> None:
        self.pause_s = PAUSE_S
        self._reads = reads
        self._failed = failed
        self._events: set[Waiting[Line]] = set()
        self._runs: dict[Waiting[bool], tuple[UUID, str]] = {}
        self._last: int | None = None
        self._gaps: list[Gap] = []
        self._poller: asyncio.Task[None] | None = None

    async def events(self) -> AsyncGenerator[Line, None]:
        """Every line that is committed from now on, once, whatever its number."""
        waiting: Waiting[Line] = asyncio.Queue(MOST_WAITING)
        self._events.add(waiting)
        with self._watched(lambda: self._events.discard(waiting)):
            while (line := await waiting.get()) is not None:
                yield line
        raise Refused(
            Code.UNAVAILABLE, f"more than {MOST_WAITING:,} events wait to be sent; read `events` and subscribe again"
        )

    async def run(self, id: UUID) -> AsyncGenerator[bool, None]:
        """At once and after each change of a sync run: whether it has ended. Refuses one that is not there."""
        found = (await store.runs(self._reads(), [id])).get(id)
        if found is None:
            raise Refused(Code.NOT_FOUND, "there is no such sync run", field="id")
        waiting: Waiting[bool] = asyncio.Queue(MOST_WAITING)
        state, ended = found
        waiting.put_nowait(ended)
        self._runs[waiting] = (id, state)
        with self._watched(lambda: self._runs.pop(waiting, None)):
            while (now_ended := await waiting.get()) is not None:
                yield now_ended
                if now_ended:
                    return

    @property
    def watchers(self) -> int:
        """How many are told of events from now on; none while the poller has not found its place."""
        return len(self._events) if self._last is not None else 0

    @contextmanager
    def _watched(self, leave: Callable[[], object]) -> "Iterator[None]":
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            leave()
            if not self._events and not self._runs and self._poller is not None:
                self._poller.cancel()
                self._poller = None
            if not self._events:
                self._last = None

    async def _poll(self) -> None:
        while True:
            more = False
            try:
                if self._events:
                    more = await self._look()
                if self._runs:
                    await self._look_at_runs()
            except Exception as error:
                self._failed(error)
                await asyncio.sleep(PATIENCE_S)
            if not more:
                await asyncio.sleep(self.pause_s)

    async def _look(self) -> bool:
        """Tell what is new; whether there is more."""
        if self._last is None:
            top = await store.top(self._reads())
            if not self._events:
                return False
            now = monotonic()
            self._gaps = [Gap(seq, seq, top.until, now) for seq in top.missing]
            self._last = top.seq
            return True
        found = await store.since(self._reads(), self._last, self._gaps)
        if self._last is None:  # Everybody left meanwhile; who comes now begins anew.
            return False
        now = monotonic()
        late = [line.seq for line in found.late]
        whole = len(late) < store.MOST
        kept = [gap for old in self._gaps for gap in without(old, late)]
        self._gaps = [gap for gap in kept if not whole or may_fill(gap, found.oldest, now)]
        self._gaps += gaps_between(self._last, [line.seq for line in found.new], found.until, now)
        if found.new:
            self._last = found.new[-1].seq
        for line in (*found.late, *found.new):
            for waiting in self._events:
                hand_over(waiting, line)
        return len(found.new) == store.MOST or not whole

    async def _look_at_runs(self) -> None:
        found = await store.runs(self._reads(), {id for id, _ in self._runs.values()})
        for waiting, (id, known) in list(self._runs.items()):
            if id in found and found[id][0] != known:
                self._runs[waiting] = (id, found[id][0])
                hand_over(waiting, found[id][1])


def hand_over(waiting: Waiting[T], value: T) -> None:
    """Hand over; whoever is too far behind loses what waits and learns that it was too much."""
    if not waiting.full():
        waiting.put_nowait(value)
        return
    while not waiting.empty():
        waiting.get_nowait()
    waiting.put_nowait(None)
