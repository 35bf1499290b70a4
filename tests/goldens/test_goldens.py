"""What is asked, what is answered, and by which statement: held as files, so that a change of any is seen in review.

Write them anew with HUB_GOLDENS=write.
"""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from bench.seed import seed
from hub.clock import SetClock
from hub.db import Db
from hub.graph.execute import Engine
from hub.graph.values import Reader
from hub.migrate import migrate
from hub.people.access import Sight
from hub.schema import graphql_schema
from tests import postgres
from tests.conftest import NOON

HERE = Path(__file__).parent
GOLDENS = sorted(HERE.glob("*.graphql"))
WRITE = os.environ.get("HUB_GOLDENS") == "write"


async def _fill(address: str) -> None:
    await migrate(address)
    connection = await asyncpg.connect(address)
    await seed(connection, 0.01)
    await connection.close()


@pytest.fixture(scope="module")
async def db(server: postgres.Server) -> AsyncIterator[Db]:
    template = await server.once("hub_goldens", _fill)
    db = Db(await server.create(f"goldens_{os.getpid()}", template), clock=SetClock(NOON), readers=1)
    await db.open()
    yield db
    await db.close()


@pytest.fixture(scope="module")
def engine(db: Db) -> Engine:
    return Engine(graphql_schema(), lambda: db.reads, db.clock)


@pytest.fixture(scope="module")
async def reader(db: Db) -> Reader:
    person = await db.reads.fetchval("SELECT id FROM people WHERE handle = 'person-2'")
    return Reader(Sight.MEMBER, {"person": person, "teams": [UUID(int=0)]}, frozenset())


def variables(text: str) -> dict[str, Any]:
    first = text.partition("\n")[0]
    return dict(json.loads(first.partition(":")[2])) if first.startswith("# variables:") else {}


def shaped(sql: str) -> str:
    """A statement over several lines, broken where it nests."""
    for word in (" FROM ", " WHERE ", " ORDER BY ", " LIMIT "):
        sql = sql.replace(word, f"\n{word.lstrip()}")
    return sql + "\n"


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
async def test_golden(path: Path, engine: Engine, reader: Reader) -> None:
    text = path.read_text()
    document = engine.document(text)
    assert document.errors == []
    operation = engine.operation(document, None)
    coerced = engine.variables(operation, variables(text))
    sql = shaped(engine.plan(operation, coerced, reader).sql)
    answer = (
        json.dumps(orjson.loads(await engine.read(operation, coerced, reader)), indent=2, ensure_ascii=False) + "\n"
    )
    if WRITE:
        path.with_suffix(".json").write_text(answer)
        path.with_suffix(".sql").write_text(sql)
    assert answer == path.with_suffix(".json").read_text()
    assert sql == path.with_suffix(".sql").read_text()


def test_goldens_are_there() -> None:
    assert len(GOLDENS) >= 7
