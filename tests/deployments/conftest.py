"""A gate to ask, with keys of its own."""

from base64 import b64encode
from collections.abc import Iterator

import pytest

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
