"""What every test may ask for: a migrated database of its own, a clock that stands still."""

import os
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from os import getpid

import asyncpg
import pytest

import hub.wiring  # noqa: F401
from hub.app import application
from hub.clock import SetClock
from hub.db import Db
from hub.migrate import migrate
from tests import postgres
from tests.asking import Ask
from tests.make import Make

os.environ.setdefault("HUB_SECRET_KEYS", "tests:" + b64encode(bytes(range(32))).decode())
"""Permits are signed with a key that is sealed under this one; no key file is left where the tests are run."""

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_numbers = count()


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[postgres.Server]:
    async with postgres.server() as running:
        yield running


@pytest.fixture(scope="session")
async def template(server: postgres.Server) -> str:
    """The name of a migrated database that every other is copied from."""
    return await server.once("hub_migrated", migrated)


async def migrated(address: str) -> None:
    """A migrated database whose approval matrix for versions each test writes itself."""
    await migrate(address)
    connection = await asyncpg.connect(address)
    await connection.execute("DELETE FROM approval_rules WHERE subject_kind = 'version'")
    await connection.close()


@pytest.fixture
async def database(server: postgres.Server, template: str) -> AsyncIterator[str]:
    """The address of a fresh migrated database."""
    name = f"test_{getpid()}_{next(_numbers)}"
    yield await server.create(name, template)
    await server.drop(name)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
async def db(database: str, clock: SetClock) -> AsyncIterator[Db]:
    made = Db(database, clock=clock, readers=4, writers=4)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def make(db: Db) -> Make:
    return Make(db)


@pytest.fixture
async def ask(db: Db, clock: SetClock) -> AsyncIterator[Ask]:
    made = Ask(application(db, clock, development=False), db)
    yield made
    await made.close()
