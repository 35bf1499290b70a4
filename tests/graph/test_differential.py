"""The compiled answer equals the walked one, byte for byte, for whatever may be asked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.seed import seed
from hub.clock import SetClock
from hub.db import READ_ROLE, Db
from hub.graph.execute import Engine
from hub.graph.limit import Limits
from hub.graph.values import Reader
from hub.migrate import migrate
from hub.people.access import Permission, Sight
from hub.schema import graphql_schema
from tests import postgres
from tests.conftest import NOON
from tests.graph.asks import Pools, asks
from tests.graph.walk import Row, Walker, cursor

WIDE = Limits(tokens=20_000, depth=40, aliases=2_000, cost=10**12, repeats=10_000, selections=50_000, root_fields=100)

ODDITIES = Path(__file__).with_name("oddities.sql").read_text()


PAGING = [
    ("first", "after", "hasNextPage", "endCursor"),
    ("last", "before", "hasPreviousPage", "startCursor"),
]


@dataclass(repr=False)
class Estate:
    """A small estate, read in both ways by the same reader.

    Whole it is too much to be shown: hypothesis warns of that in place of what it found.
    """

    engine: Engine
    walker: Walker
    pools: Pools
    reader: Reader


async def _fill(address: str) -> None:
    await migrate(address)
    connection = await asyncpg.connect(address)
    await seed(connection, 0.012)
    await connection.execute(ODDITIES)
    await connection.close()


@pytest.fixture(scope="module")
async def address(server: postgres.Server) -> str:
    template = await server.once("hub_estate", _fill)
    return await server.create(f"estate_{id(server)}", template)


@pytest.fixture(scope="module", params=[Sight.MEMBER, Sight.ALL])
async def estate(request: Any, address: str) -> AsyncIterator[Estate]:
    clock = SetClock(NOON)
    db = Db(address, clock=clock, readers=1)
    await db.open()
    connection = await asyncpg.connect(address, server_settings={"role": READ_ROLE, "timezone": "UTC"})
    person = await connection.fetchval("SELECT owner_id FROM models WHERE restricted AND owner_id IS NOT NULL LIMIT 1")
    teams = await connection.fetch("SELECT team_id FROM team_members WHERE person_id = $1", person)
    reader = Reader(request.param, {"person": person, "teams": [t[0] for t in teams]}, frozenset(Permission))
    engine = Engine(graphql_schema(), lambda: db.reads, clock, limits=WIDE)
    walker = Walker(engine.catalog, connection, reader, NOON)
    yield Estate(engine, walker, await _pools(walker), reader)
    await connection.close()
    await db.close()


async def _pools(walker: Walker) -> Pools:
    ids: dict[str, list[str]] = {"Model": ["Model:00000000-0000-0000-0000-000000000000"]}
    cursors: dict[tuple[str, str], list[str]] = {}
    for name, kind in walker.catalog.types.items():
        if not kind.source.sql or "lineage_walk" in kind.source.sql:
            continue
        rows: list[Row] = (await walker._rows(kind, kind.source, "", "", {}))[:8]
        if "id" in kind.fields:
            ids[name] = [f"{name}:{row.key}" for row in rows] or [f"{name}:00000000-0000-0000-0000-000000000000"]
        for first in kind.source.orders:
            for second in [None, *kind.source.orders]:
                for falls in (False, True):
                    for then in (False, True) if second else (False,):
                        listed = [(first, falls)] + ([(second, then)] if second and second != first else [])
                        signature = ",".join(("-" if f else "") + n for n, f in listed)
                        cursors[name, signature] = [cursor(row, listed) for row in rows]
    texts = [
        "model-000001",
        "a",
        "É",
        "champion",
        '"',
        "%",
        "_",
        "'; DROP TABLE models; --",
        "1",
        "review",
        "é",
        "auc",
        "",
    ]
    instants = ["2026-03-01T00:00:00Z", "2026-06-01T00:00:00.5+02:00", "2027-01-01T00:00:00Z"]
    return Pools(ids, texts, instants, cursors)


async def _compiled(estate: Estate, document: str, variables: dict[str, Any]) -> bytes:
    found = estate.engine.document(document)
    assert not found.errors, (document, found.errors)
    operation = estate.engine.operation(found, None)
    assert operation.compiles
    return await estate.engine.read(operation, estate.engine.variables(operation, variables), estate.reader)


def _whole(value: Any) -> Any:
    """The value with whole floats as integers: JSON's 50 and 50.0 are one number."""
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


async def _answer_alike(estate: Estate, document: str, variables: dict[str, Any]) -> Any:
    """Hold one way against the other; gives what both answer."""
    walked = await estate.walker.answer(document, variables)
    assert walked.errors is None, (document, variables, walked.errors)
    compiled = await _compiled(estate, document, variables)
    told = orjson.dumps(_whole(walked.data))
    if orjson.dumps(_whole(orjson.loads(compiled))) != told:
        pytest.fail(f"{document}\n{variables}\ncompiled {compiled.decode()}\nwalked {told.decode()}")
    return walked.data


@settings(
    max_examples=200,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_compiled_equals_walked(estate: Estate, data: st.DataObject) -> None:
    document, variables = data.draw(asks(estate.engine.catalog, estate.pools))
    await _answer_alike(estate, document, variables)


@pytest.mark.parametrize("by", ["OWNER", "POLICY"])
async def test_what_hangs_on_rows_that_a_list_reads_itself(estate: Estate, by: str) -> None:
    policy, model = estate.pools.ids["Policy"][0], estate.pools.ids["Model"][0]
    found = await _answer_alike(
        estate,
        "query L($by: ExceptionLoadBy!, $policy: ID!, $model: ID!) {"
        " exceptionLoad(by: $by, first: 100) { nodes { owner { handle } team { key } policy { key } } }"
        " exceptionSuggestion(policy: $policy, model: $model, kind: FALSE_POSITIVE)"
        " { similar(first: 7) { nodes { exception { id } } } } }",
        {"by": by, "policy": policy, "model": model},
    )
    loads = found["exceptionLoad"]["nodes"]
    assert loads
    assert all(one[name] is None for one in loads for name in {"owner", "team", "policy"} - {by.lower()})
    assert any(one[by.lower()] is not None for one in loads)


@pytest.mark.parametrize("size", [1, 7, 20, 60, 100])
@pytest.mark.parametrize(("word", "bound", "more", "end"), PAGING)
async def test_pages_meet_without_gap_or_overlap(
    estate: Estate, size: int, word: str, bound: str, more: str, end: str
) -> None:
    """Sixty policies in pages of a size that does and that does not divide them, from either end."""
    document = (
        f"query P($n: Int, $c: String) {{ policies({word}: $n, {bound}: $c, orderBy:"
        f" [{{by: SEVERITY, direction: DESC}}, {{by: KEY}}]) {{ pageInfo {{ {more} {end} }} nodes {{ key }} }} }}"
    )
    every = orjson.loads(await _compiled(estate, document, {"n": 100}))["policies"]["nodes"]
    assert len(every) == 60
    found: list[dict[str, str]] = []
    cursor_at, pages = None, 0
    while True:
        page = orjson.loads(await _compiled(estate, document, {"n": size, "c": cursor_at}))["policies"]
        found = [*found, *page["nodes"]] if word == "first" else [*page["nodes"], *found]
        pages += 1
        assert page["pageInfo"][more] is (pages * size < 60)
        if not page["pageInfo"][more]:
            break
        cursor_at = page["pageInfo"][end]
    assert found == every
    assert pages == -(-60 // size)
