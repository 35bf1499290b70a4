"""Connections of the read pool, kept in hand while reads follow each other closely.

Taking one from asyncpg's pool and giving it back costs as much as a small statement. So a connection goes from one
read to the next directly, and back to the pool when there is a pause, or when anything went wrong with it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from hub.db import ReadPool

    Line = PoolConnectionProxy[asyncpg.Record]

PAUSE_S = 0.05
"""A connection that no read needed for so long goes back to the pool, which others use too, and which may close."""
LEFT = 2
"""Connections of the pool that are never kept, for whoever else reads."""
SMALLEST = 8
"""Of a smaller pool none is kept."""


class Lender:
    """Runs statements on connections of one pool."""

    def __init__(self, pool: "Callable[[], ReadPool]", wait_s: float) -> None:
        self._pool = pool
        self._wait_s = wait_s
        self._idle: list[Line] = []
        self._waiting: deque[asyncio.Future[Line | None]] = deque()
        self._held = 0
        self._spare = 0
        self._timer: asyncio.TimerHandle | None = None
        self._returning: set[asyncio.Task[None]] = set()

    async def fetchval(self, sql: str, values: Sequence[Any]) -> Any:
        """The first value of the first row. Raises TimeoutError when every connection stays busy."""
        line = self._idle.pop() if self._idle else await self._take()
        while not alive(line):
            await self._give_back(line)
            line = self._idle.pop() if self._idle else await self._take()
        if len(self._idle) < self._spare:
            self._spare = len(self._idle)
        try:
            found = await line.fetchval(sql, *values)
        except BaseException:
            await self._give_back(line)
            raise
        if self._most() > 0:
            self._keep(line)
        else:
            await self._give_back(line)
        return found

    def _most(self) -> int:
        """How many connections may be kept."""
        size = self._pool().get_max_size()
        return size - LEFT if size >= SMALLEST else 0

    async def _take(self) -> "Line":
        pool = self._pool()
        async with asyncio.timeout(self._wait_s):
            if 0 < self._most() <= self._held:
                handed = await self._handed()
                if handed is not None:
                    return handed
            self._held += 1
            try:
                return await pool.acquire()
            except BaseException:
                self._held -= 1
                self._next(None)
                raise

    async def _handed(self) -> "Line | None":
        """A connection that another read is done with; None when one went back to the pool instead."""
        turn: asyncio.Future[Line | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                line = turn.result()
                if line is None:
                    self._next(None)
                else:
                    self._keep(line)
            raise

    def _next(self, line: "Line | None") -> bool:
        """Hand this to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(line)
                return True
        return False

    def _keep(self, line: "Line") -> None:
        if self._waiting and self._next(line):
            return
        self._idle.append(line)
        if self._timer is None:
            self._spare = 0
            self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._sweep)

    def _sweep(self) -> None:
        """Give back what nobody needed since the last sweep."""
        self._timer = None
        spare, self._idle = self._idle[: self._spare], self._idle[self._spare :]
        for line in spare:
            task = asyncio.get_running_loop().create_task(self._give_back(line))
            self._returning.add(task)
            task.add_done_callback(self._returning.discard)
        self._spare = len(self._idle)
        if self._idle:
            self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._sweep)

    async def _give_back(self, line: "Line") -> None:
        try:
            await self._pool().release(line)
        finally:
            self._held -= 1
            self._next(None)


def alive(line: "Line") -> bool:
    """Whether a connection can still be used: the pool takes it back by itself when its backend dies."""
    try:
        return not line.is_closed()
    except asyncpg.InterfaceError:
        return False
