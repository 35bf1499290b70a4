"""The whole application over one database, asked by hand-made requests."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from io import StringIO
from typing import Any

import httpx2
import orjson
import pytest
import structlog
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hub import telemetry
from hub.app import Hub, application
from hub.clock import SetClock
from hub.db import Db
from hub.people import actions as people
from hub.people.access import Principal, Scope
from hub.people.tables import Role
from hub.sockets import Sockets
from tests.door.speaking import PROTOCOL, Dial, Quiet, Speaker, until
from tests.make import Make

JSON = {"Content-Type": "application/json"}


class Door:
    """One application and a client of it; whoever asks has a token."""

    def __init__(self, app: Starlette, db: Db) -> None:
        self.app = app
        self.db = db
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://hub.test")

    @property
    def hub(self) -> Hub:
        hub: Hub = self.app.state.hub
        return hub

    async def token(
        self, who: Principal, *, scopes: Iterable[Scope] = (Scope.GOVERN, Scope.ADMIN), term_days: int = 30
    ) -> str:
        async with self.db.write(actor=None, operation="door") as tx:
            _, secret = await people.create_token(
                tx, None, person_id=who.person_id, label="door", scopes=tuple(scopes), term_days=term_days
            )
        return secret

    async def headers(self, who: Principal) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token(who)}"}

    async def post(self, headers: dict[str, str], content: bytes, **more: str) -> httpx2.Response:
        return await self.client.post("/graphql", content=content, headers={**JSON, **headers, **more})

    async def ask(self, headers: dict[str, str], query: str, **variables: Any) -> httpx2.Response:
        return await self.post(headers, orjson.dumps({"query": query, "variables": variables}))


@pytest.fixture
async def door(db: Db, clock: SetClock) -> AsyncIterator[Door]:
    made = Door(application(db, clock, development=False), db)
    yield made
    await made.client.aclose()


@pytest.fixture
async def developer(make: Make) -> Principal:
    return await make.person("dora", Role.DEVELOPER)


@pytest.fixture
async def owner(make: Make) -> Principal:
    return await make.person("olaf", Role.MODEL_OWNER)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Log lines as they are written; each call gives those since the last."""
    written = StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        telemetry.start_logging(json=True, level="DEBUG")
    monkeypatch.setattr(telemetry, "log", structlog.get_logger("hub"))

    def since() -> list[str]:
        found = written.getvalue().splitlines()
        written.seek(0)
        written.truncate()
        return found

    yield since
    structlog.reset_defaults()


@pytest.fixture
async def address(door: Door) -> AsyncIterator[str]:
    config = uvicorn.Config(
        door.app, port=0, lifespan="off", log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    server = Quiet(config)
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/graphql"
    server.should_exit = True
    await running


@pytest.fixture
def sockets(door: Door) -> Sockets:
    door.hub.feed.pause_s = 0.01
    [found] = [app for route in door.app.routes if isinstance(app := getattr(route, "app", None), Sockets)]
    return found


@pytest.fixture
def dial(address: str, sockets: Sockets) -> Dial:
    @asynccontextmanager
    async def made(protocol: str = PROTOCOL, **more: Any) -> AsyncIterator[Speaker]:
        async with connect(address, subprotocols=[Subprotocol(protocol)], **more) as wire:
            yield Speaker(wire)

    return made
