"""Jobs exist if and only if their transaction commits."""

import asyncio
from datetime import timedelta

import orjson
import pytest

from hub.db import Db
from hub.events.jobs import Job, Lane, enqueue, enqueue_all
from tests.make import Make

SEND = Job("send", Lane.URGENT)
COUNT = Job("count", Lane.BULK)


async def test_a_job_waits_in_its_lane_with_its_operation(db: Db, make: Make) -> None:
    async with db.write(actor=None, operation="op-7") as tx:
        assert await enqueue(tx, SEND, {"to": "x", "at": tx.at})
    (row,) = await db.reads.fetch("SELECT entrypoint, priority, payload, headers, status::text FROM pgqueuer")
    assert (row["entrypoint"], row["priority"], row["status"]) == ("urgent.send", 100, "queued")
    assert orjson.loads(row["payload"]) == {"to": "x", "at": "2026-11-21T12:00:00.000000Z"}
    assert orjson.loads(row["headers"]) == {"operation": "op-7"}


async def test_a_job_of_a_transaction_that_fails_never_was(db: Db, make: Make) -> None:
    with pytest.raises(RuntimeError, match="too late"):
        async with db.write(actor=None, operation="op") as tx:
            await enqueue(tx, SEND, {})
            raise RuntimeError("too late")
    assert await make.count("pgqueuer") == 0


async def test_a_second_job_with_the_same_key_is_left_out_and_the_transaction_goes_on(db: Db, make: Make) -> None:
    async with db.write(actor=None, operation="op") as tx:
        assert await enqueue(tx, SEND, {}, dedupe_key="tick 1")
        assert not await enqueue(tx, SEND, {}, dedupe_key="tick 1")
        assert await enqueue(tx, SEND, {}, dedupe_key="tick 2")
        assert await enqueue(tx, COUNT, {}, dedupe_key="tick 1")
    assert await make.count("pgqueuer") == 3


async def test_two_clocks_at_once_enqueue_one_job(db: Db, make: Make) -> None:
    async def tick() -> bool:
        async with db.write(actor=None, operation="op") as tx:
            return await enqueue(tx, SEND, {}, dedupe_key="tick 1")

    assert sorted(await asyncio.gather(tick(), tick(), tick())) == [False, False, True]
    assert await make.count("pgqueuer") == 1


async def test_a_job_may_wait_until_an_instant(db: Db, make: Make) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await enqueue(tx, SEND, {}, execute_after=tx.at + timedelta(hours=2))
        await enqueue(tx, SEND, {}, execute_after=tx.at - timedelta(hours=2))
    rows = await db.reads.fetch("SELECT execute_after - created AS wait FROM pgqueuer ORDER BY id")
    assert [row["wait"] for row in rows] == [timedelta(hours=2), timedelta()]


async def test_many_jobs_are_queued_in_their_order(db: Db, make: Make) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await enqueue_all(tx, COUNT, [{"number": number} for number in range(20)])
        await enqueue_all(tx, COUNT, [])
    rows = await db.reads.fetch("SELECT payload FROM pgqueuer ORDER BY id")
    assert [orjson.loads(row["payload"])["number"] for row in rows] == list(range(20))
