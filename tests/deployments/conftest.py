"""A gate to ask, with keys of its own."""

from base64 import b64encode
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from hub.app import application
from hub.clock import SetClock
from hub.db import Db
from hub.settings import settings
from tests.deployments.bypasses import Bypass
from tests.deployments.gates import Gate
from tests.deployments.releases import Release
from tests.make import Make

SECRET = b64encode(b"s" * 32).decode()


@pytest.fixture(autouse=True)
def own_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keys that are not those of this machine's hub, and an address for links."""
    monkeypatch.setenv("HUB_SECRET_KEYS", f"tests:{SECRET}")
    monkeypatch.setenv("HUB_PUBLIC_URL", "https://hub.test")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def gate(db: Db, make: Make) -> Gate:
    return Gate(db, make)


@pytest.fixture
async def bypass(gate: Gate, make: Make) -> Bypass:
    return await Bypass(gate, make).waiting()


@pytest.fixture
async def release(gate: Gate, make: Make) -> Release:
    return await Release(gate, make).begin()


@pytest.fixture
async def door(db: Db, clock: SetClock) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a token."""
    transport = httpx2.ASGITransport(app=application(db, clock, development=False))
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        yield client
