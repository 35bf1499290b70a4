"""The worker's line to the queue: a pool that outlives its server, and a listener that comes back."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

import asyncpg
import orjson
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import NotifyCallback

from hub.db import APP_ROLE
from hub.telemetry import log

if TYPE_CHECKING:
    from hub.db import Raw, ReadPool

GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)
"""What a server says, or what is found, when it restarts or has ended our connection."""

LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg calls a closed connection, and one that ends in the middle of a reset."""

AWAY = (*GONE, *LOST, OSError)
"""What a statement raises while there is no server."""

LONGEST_WAIT_S = 2.0
CONNECT_WITHIN_S = 5.0

# A channel's word for "look again": sent to oneself when events may have been missed.
_WAKE = orjson.dumps(
    {
        "channel": "",
        "sent_at": "2000-01-01T00:00:00Z",
        "type": "table_changed_event",
        "operation": "insert",
        "table": "",
    }
).decode()

Result = TypeVar("Result")


def as_app(url: str, name: str) -> dict[str, Any]:
    """How asyncpg connects as the acting role, under a name that people see in pg_stat_activity."""
    told = {"role": APP_ROLE, "timezone": "UTC", "jit": "off", "application_name": name}
    return {"dsn": url, "timeout": CONNECT_WITHIN_S, "server_settings": told}


class QueueLine:
    """pgqueuer's driver port: a statement waits while the server is away, until the line is closed."""

    def __init__(self, url: str, *, most: int) -> None:
        self._url = url
        self._most = most
        self._pool: ReadPool | None = None
        self._callbacks: defaultdict[str, list[NotifyCallback]] = defaultdict(list)
        self._closing = asyncio.Event()
        self._listening = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None
        self._tasks = TaskManager()

    async def open(self) -> None:
        """Connect and listen, however long the server takes to come up."""
        self._pool = await self._patiently(
            lambda: asyncpg.create_pool(**as_app(self._url, "hub-work"), min_size=1, max_size=self._most)
        )
        self._listener = asyncio.create_task(self._listen(), name="queue listener")

    async def close(self) -> None:
        """End the listener and the pool; what still waits for the server fails."""
        self._closing.set()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), CONNECT_WITHIN_S)
            except (TimeoutError, *AWAY):
                self._pool.terminate()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        assert self._pool is not None
        pool = self._pool
        return [dict(row) for row in await self._patiently(lambda: pool.fetch(query, *args))]

    async def execute(self, query: str, *args: object) -> str:
        assert self._pool is not None
        pool = self._pool
        return await self._patiently(lambda: pool.execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._callbacks[channel].append(callback)
        if len(self._callbacks[channel]) == 1:
            self._listening.set()  # the listener takes up the new channel

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        with suppress(ValueError):
            self._callbacks[channel].remove(callback)

    @property
    def shutdown(self) -> asyncio.Event:
        return self._closing

    @property
    def tm(self) -> TaskManager:
        return self._tasks

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Several queue managers share the line; its owner closes it."""

    async def _patiently(self, act: Callable[[], Awaitable[Result]]) -> Result:
        wait_s = 0.05
        while True:
            try:
                return await act()
            except AWAY as away:
                if self._closing.is_set():
                    raise
                log.warning("the queue's database is away", why=type(away).__name__, again_in_s=wait_s)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _listen(self) -> None:
        while True:
            connection = await self._patiently(lambda: asyncpg.connect(**as_app(self._url, "hub-listen")))
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _, lost=lost: lost.set())
            try:
                await self._hear(connection, lost)
            except AWAY as away:
                log.warning("the queue's listener lost its connection", why=type(away).__name__)
            finally:
                connection.terminate()

    async def _hear(self, connection: "Raw", lost: asyncio.Event) -> None:
        heard: set[str] = set()
        while not lost.is_set():
            self._listening.clear()
            for channel in set(self._callbacks) - heard:
                await connection.add_listener(channel, self._pass_on)
                heard.add(channel)
                # Events sent while nobody listened are not repeated.
                self._pass_on(connection, 0, channel, _WAKE)
            waits = [asyncio.ensure_future(lost.wait()), asyncio.ensure_future(self._listening.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    def wake(self) -> None:
        """Have every lane look at the queue now."""
        for channel in tuple(self._callbacks):
            self._pass_on(None, 0, channel, _WAKE)

    def _pass_on(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        if isinstance(payload, str):
            for callback in tuple(self._callbacks[channel]):
                callback(payload)
