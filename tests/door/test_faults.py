"""The door while the database is away or busy: a quick 503, and health that tells the two apart."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import pytest
from sqlalchemy import text

from hub.app import application
from hub.clock import SetClock
from hub.db import Db
from hub.graph.front import may_pass
from hub.graph.lend import Lender
from hub.people.access import Principal
from hub.people.tables import Role
from tests.door.conftest import Door
from tests.door.test_http import CLASSIFY, MODELS, code_of
from tests.make import Make

NEVER_S = 20
"""An answer that takes this long would never have come."""

pytestmark = pytest.mark.usefixtures("lines")


@dataclass
class Cable:
    """What leads to the database; it can be pulled."""

    link: Path
    socket: Path
    address: str

    async def pull(self) -> None:
        self.link.unlink()
        await self.end_all()

    async def plug(self) -> None:
        self.link.symlink_to(self.socket)

    async def end_all(self) -> None:
        connection = await asyncpg.connect(self.address)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await connection.close()


@pytest.fixture
def cable(database: str, tmp_path: Path) -> Cable:
    socket = Path(parse_qs(urlsplit(database).query)["host"][0])
    made = Cable(tmp_path / "db", socket, database)
    made.link.symlink_to(socket)
    return made


@pytest.fixture
async def db(cable: Cable, clock: SetClock) -> AsyncIterator[Db]:
    address = cable.address.replace(quote(str(cable.socket), safe=""), str(cable.link))
    made = Db(address.replace(str(cable.socket), str(cable.link)), clock=clock, readers=4, writers=2)
    await made.open()
    yield made
    await made.close()


async def test_a_database_that_is_away_is_a_quick_503(door: Door, cable: Cable, make: Make) -> None:
    olaf = await make.person("olaf", Role.MODEL_OWNER)
    model = await make.model()
    known, fresh = await door.headers(olaf), await door.headers(olaf)
    assert (await door.ask(known, MODELS)).status_code == 200
    await cable.pull()
    for headers, query, variables in (
        (known, MODELS, {}),
        (known, "{ __schema { queryType { name } } models(first: 1) { nodes { id } } }", {}),
        (fresh, MODELS, {}),
        (known, CLASSIFY, {"model": f"Model:{model.id}"}),
    ):
        async with asyncio.timeout(NEVER_S):
            reply = await door.ask(headers, query, **variables)
        assert (reply.status_code, code_of(reply)) == (503, "UNAVAILABLE"), query
        assert reply.headers["retry-after"] == "1"
        assert "data" not in reply.json() and "errorId" in reply.json()["errors"][0]["extensions"]
        assert str(cable.link) not in reply.text
    assert (await door.client.get("/healthz")).status_code == 200
    ready = await door.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
    await cable.plug()
    assert (await door.client.get("/readyz")).status_code == 200
    assert (await door.ask(fresh, MODELS)).status_code == 200
    changed = (await door.ask(known, CLASSIFY, model=f"Model:{model.id}")).json()["data"]["classifyModel"]
    assert changed["model"]["tier"] == "LIMITED"
    assert await make.count("events", "kind = 'model.classified'") == 1


async def test_whatever_a_dying_connection_raises_may_pass(cable: Cable, db: Db) -> None:
    lender, seen, stop = Lender(lambda: db.reads, 2.0), Counter[str](), asyncio.Event()

    async def note(work: Awaitable[object]) -> None:
        try:
            await work
        except Exception as error:
            seen[type(error).__name__] += 1
            assert may_pass(error), repr(error)

    async def read() -> None:
        while not stop.is_set():
            await note(lender.fetchval("SELECT $1::int", [1]))

    async def write() -> None:
        async with db.write(actor=None, operation="storm") as tx:
            await tx.session.execute(text("SELECT 1"))

    async def keep_writing() -> None:
        while not stop.is_set():
            await note(write())

    async with asyncio.timeout(NEVER_S), asyncio.TaskGroup() as group:
        for work in (read, read, read, read, keep_writing, keep_writing):
            group.create_task(work())
        for _ in range(60):
            await cable.end_all()
            await asyncio.sleep(0.005)
        stop.set()
    assert "InternalClientError" in seen or "ConnectionDoesNotExistError" in seen
    assert await lender.fetchval("SELECT $1::int", [7]) == 7


async def test_a_full_pool_is_a_quick_503(
    door: Door, db: Db, developer: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, fresh = await door.headers(developer), await door.headers(developer)
    assert (await door.ask(known, MODELS)).status_code == 200
    monkeypatch.setattr("hub.app.ACQUIRE_S", 0.02)
    monkeypatch.setattr(door.hub.engine._lender, "_wait_s", 0.02)
    held = [await db.reads.acquire() for _ in range(4)]
    async with asyncio.timeout(NEVER_S):
        for headers in (known, fresh):
            reply = await door.ask(headers, MODELS)
            assert (reply.status_code, code_of(reply)) == (503, "UNAVAILABLE")
        assert (await door.client.get("/healthz")).status_code == 200
        assert (await door.client.get("/readyz")).status_code == 503
    for connection in held:
        await db.reads.release(connection)
    monkeypatch.undo()
    assert (await door.ask(known, MODELS)).status_code == 200


async def test_a_reader_that_gives_up_waiting_loses_no_connection(
    door: Door, db: Db, developer: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await door.headers(developer)
    assert (await door.ask(headers, MODELS)).status_code == 200
    monkeypatch.setattr(door.hub.engine._lender, "_wait_s", 0.0)
    for _ in range(3):
        await asyncio.gather(*(door.ask(headers, MODELS) for _ in range(20)))
    monkeypatch.setattr(door.hub.engine._lender, "_wait_s", 10.0)
    replies = await asyncio.gather(*(door.ask(headers, MODELS) for _ in range(20)))
    assert {reply.status_code for reply in replies} == {200}
    async with asyncio.timeout(10):
        for connection in [await db.reads.acquire() for _ in range(4)]:
            await db.reads.release(connection)


async def test_killed_before_the_commit_nothing_is_there_and_after_it_the_retry_gets_the_answer(
    door: Door, make: Make, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = await make.model()
    headers = await door.headers(owner)
    events = await make.count("events")
    asked = {"model": f"Model:{model.id}", "key": "k"}

    async def gone(*_: object, **__: object) -> None:
        raise ConnectionResetError("postgresql://x:y@z went away")

    with monkeypatch.context() as patch:
        patch.setattr("hub.events.store.keep_answer", gone)
        reply = await door.ask(headers, CLASSIFY, **asked)
        assert (reply.status_code, code_of(reply)) == (503, "UNAVAILABLE")
    assert await make.count("events") == events
    assert await make.count("answered") == 0
    with monkeypatch.context() as patch:
        patch.setattr("hub.graph.execute.Engine.read_node", gone)
        assert (await door.ask(headers, CLASSIFY, **asked)).status_code in (200, 503)
    written = await make.count("events")
    assert written > events
    again = (await door.ask(headers, CLASSIFY, **asked)).json()["data"]["classifyModel"]
    assert again == {"model": {"id": f"Model:{model.id}", "tier": "LIMITED"}}
    assert await make.count("events") == written


async def test_health_needs_no_database_at_all(clock: SetClock) -> None:
    lonely = Db("postgresql://nobody@127.0.0.1:1/nothing", clock=clock)
    door = Door(application(lonely, clock, development=False), lonely)
    assert (await door.client.get("/healthz")).json() == {"status": "ok"}
    assert (await door.client.get("/readyz")).status_code == 503
