"""A client of the socket, and a real server for it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from hub.people.access import Principal

if TYPE_CHECKING:
    from tests.door.conftest import Door

PROTOCOL = "graphql-transport-ws"
EVENTS = "subscription($k: [String!], $m: ID) { events(kind: $k, model: $m) { kind model { name } subject { id } } }"


class Quiet(uvicorn.Server):
    """A server that leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Speaker:
    """One client's connection."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire

    async def say(self, **message: Any) -> None:
        await self.wire.send(orjson.dumps(message).decode())

    async def hear(self) -> Any:
        async with asyncio.timeout(20):
            return orjson.loads(await self.wire.recv())

    async def enter(self, **payload: Any) -> None:
        await self.say(type="connection_init", payload=payload)
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, id: str, query: str, **variables: Any) -> None:
        await self.say(type="subscribe", id=id, payload={"query": query, "variables": variables})

    async def ended(self) -> tuple[int, str]:
        """How the server closed."""
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await self.hear()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, closed.value.rcvd.reason


Dial = Callable[..., Any]


async def token(door: "Door", who: Principal) -> str:
    return f"Bearer {await door.token(who)}"


async def until(holds: Callable[[], bool]) -> None:
    """What another task brings about."""
    for _ in range(4_000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


async def watched(door: "Door", count: int = 1) -> None:
    """Until so many are told of events."""
    await until(lambda: door.hub.feed.watchers >= count)
