"""A whole hub on loopback whose time is this machine's, as that of commands is."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator

import pytest

from hub.app import application
from hub.cli import web
from hub.clock import SystemClock
from hub.db import Db
from hub.settings import settings
from tests.asking import Ask
from tests.make import Make

Live = tuple[Make, Ask, str]


@pytest.fixture
def sealing_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key to seal signing keys with."""
    monkeypatch.setenv("HUB_SECRET_KEYS", f"tests:{b64encode(b's' * 32).decode()}")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
async def live(database: str, sealing_keys: None) -> AsyncIterator[Live]:
    """A factory, a way to ask in this process, and the address."""
    clock = SystemClock()
    db = Db(database, clock=clock, readers=4, writers=4)
    await db.open()
    app = application(db, clock, development=False)
    listening = web.listen("127.0.0.1", 0)
    server = web.Server(app)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await server.ready.wait()
    ask = Ask(app, db)
    yield Make(db), ask, web.address_of(listening, "127.0.0.1")
    await ask.close()
    server.should_exit = True
    await serving
    await db.close()
