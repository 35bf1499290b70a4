"""What the clock reads to find exceptions that ended while something counts as waived by them."""

from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from hub.checks.compliance import store
from hub.checks.jobs import REASK, due
from hub.clock import SetClock
from hub.db import Db
from hub.statements import Sql
from tests.checks.test_check_jobs import queued, work
from tests.make import Make

WAIVED, ENDED = 20_000, 2_000
HANDFUL = 10

# One exception lets all of it pass; the others ended long ago, and nothing counts as waived by them.
FILL = f"""
SET session_replication_role = replica;
INSERT INTO compliance SELECT r.*
FROM compliance c CROSS JOIN generate_series(1, {WAIVED}) n
CROSS JOIN LATERAL jsonb_populate_record(c, jsonb_build_object(
    'id', gen_random_uuid(), 'version_id', gen_random_uuid(), 'due_at', c.since + n * interval '1 s')) r
WHERE c.exception_id IS NOT NULL;
INSERT INTO policy_exceptions SELECT r.*
FROM policy_exceptions e CROSS JOIN generate_series(1, {ENDED}) n
CROSS JOIN LATERAL jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(),
    'expires_at', e.starts_at - n * interval '1 day', 'cleared_end', e.starts_at - n * interval '1 day')) r;
ANALYZE compliance; ANALYZE policy_exceptions;
"""


async def read(db: Db, statement: Sql, **values: Any) -> int:
    """How many pages a statement reads."""
    connection = await asyncpg.connect(db.url)
    try:
        asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.text}"
        said = await connection.fetchval(asked, *(values[name] for name in statement.names))
    finally:
        await connection.close()
    plan = orjson.loads(said)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.fixture
async def waived(db: Db, make: Make) -> None:
    """A version that passes by an exception of thirty days."""
    policy, model = await make.policy(), await make.model()
    await make.version(model, metrics={"recall": 0.5})
    await make.exception(policy, model)
    await work(db)
    assert await make.count("compliance", "outcome = 'WAIVED'") == 1


@pytest.mark.usefixtures("waived")
async def test_a_tick_with_nothing_due_reads_a_handful_of_pages_however_much_is_waived(db: Db, make: Make) -> None:
    connection = await asyncpg.connect(db.url)
    await connection.execute(FILL)
    await connection.close()
    assert await make.count("compliance", "exception_id IS NOT NULL") == WAIVED + 1
    assert await read(db, store._ENDED, at=make.now, most=200) <= HANDFUL
    assert await read(db, store._CLEAR, before=make.now, most=2_000) <= HANDFUL


@pytest.mark.usefixtures("waived")
async def test_an_end_is_looked_at_until_nothing_counts_by_it_and_an_hour_is_over(
    db: Db, make: Make, clock: SetClock
) -> None:
    async def cleared() -> bool:
        return bool(await make.count("policy_exceptions", "cleared_end = expires_at"))

    clock.move(timedelta(days=30, hours=2))
    await due(db, clock.now())
    assert (await queued(db), await cleared()) == ([REASK.entrypoint], False)
    await work(db)
    await due(db, clock.now())
    assert (await queued(db), await cleared()) == ([], True)


@pytest.mark.usefixtures("waived")
async def test_what_was_asked_before_an_end_and_committed_after_it_is_found_still(
    db: Db, make: Make, clock: SetClock
) -> None:
    count = "UPDATE compliance SET exception_id = {}, outcome = '{}' RETURNING 1"
    connection = await asyncpg.connect(db.url)
    await connection.execute(count.format("NULL", "FAIL"))
    clock.move(timedelta(days=30))
    await due(db, clock.now())
    assert await queued(db) == []
    await connection.execute(count.format("(SELECT id FROM policy_exceptions)", "WAIVED"))
    await connection.close()
    clock.move(timedelta(minutes=1))
    await due(db, clock.now())
    assert await queued(db) == [REASK.entrypoint]


@pytest.mark.usefixtures("waived")
async def test_an_exception_that_holds_again_and_ends_again_is_found_again(db: Db, make: Make, clock: SetClock) -> None:
    connection = await asyncpg.connect(db.url)
    try:
        await connection.execute("UPDATE compliance SET exception_id = NULL, outcome = 'FAIL'")
        await connection.execute("UPDATE policy_exceptions SET suspended_from = $1", clock.now())
        clock.move(timedelta(hours=2))
        await due(db, clock.now())
        assert await make.count("policy_exceptions", "cleared_end = suspended_from") == 1
        # It holds again, waives again, and is suspended by another date.
        await connection.execute("UPDATE policy_exceptions SET suspended_from = $1", clock.now() + timedelta(days=1))
        await connection.execute(
            "UPDATE compliance SET exception_id = (SELECT id FROM policy_exceptions), outcome = 'WAIVED'"
        )
    finally:
        await connection.close()
    await due(db, clock.now())
    assert await queued(db) == []
    clock.move(timedelta(days=1))
    await due(db, clock.now())
    assert await queued(db) == [REASK.entrypoint]
