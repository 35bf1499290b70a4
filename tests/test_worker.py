"""Queued work is done, once, by lanes that do not wait for each other, through restarts of the database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from hub.db import Db
from hub.errors import Dead, Retry
from hub.events import jobs
from hub.events.jobs import Handler, Job, Lane, Order, enqueue, enqueue_all
from hub.telemetry import OPERATION
from hub.worker import ROOM, TRIES, Worker, wait_before_next

URGENT = Job("told", Lane.URGENT)
BULK = Job("counted", Lane.BULK)


Only = Callable[[dict[Job, Handler]], None]


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Only:
    """Have these handlers and no others."""

    def register(wanted: dict[Job, Handler]) -> None:
        monkeypatch.setattr("hub.worker.handlers", wanted)

    return register


@asynccontextmanager
async def working(db: Db, within_s: float = 5.0) -> AsyncIterator[Worker]:
    worker = Worker(db)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop(within_s)
        async with asyncio.timeout(10):
            await running


async def waiting(db: Db) -> int:
    return int(await db.reads.fetchval("SELECT count(*) FROM pgqueuer"))


async def empty(db: Db) -> None:
    """Wait until nothing is left in the queue."""
    async with asyncio.timeout(15):
        while await waiting(db):  # noqa: ASYNC110 - rows set no event
            await asyncio.sleep(0.02)


async def order(db: Db, job: Job, count: int = 1, operation: str = "operation-7") -> None:
    async with db.write(actor=None, operation=operation) as tx:
        await enqueue_all(tx, job, [{"number": number} for number in range(count)])


async def test_each_job_is_done_once_with_its_payload_and_operation(db: Db, only: Only) -> None:
    done: list[tuple[object, str, str]] = []

    async def tell(_db: Db, wanted: Order) -> None:
        done.append((wanted.payload["number"], wanted.operation, OPERATION.get()))

    only({URGENT: tell})
    await order(db, URGENT, 20)
    async with working(db):
        await empty(db)
    assert sorted(done) == [(number, "operation-7", "operation-7") for number in range(20)]


async def test_a_job_enqueued_while_the_worker_waits_is_done_at_once(db: Db, only: Only) -> None:
    heard = asyncio.Event()

    async def tell(_db: Db, _wanted: Order) -> None:
        heard.set()

    only({URGENT: tell})
    async with working(db) as worker:
        await worker.listening.wait()
        await order(db, URGENT)
        await asyncio.wait_for(heard.wait(), 5)


async def test_urgent_work_does_not_wait_behind_bulk(db: Db, only: Only) -> None:
    release, told = asyncio.Event(), asyncio.Event()
    running = 0

    async def count(_db: Db, _wanted: Order) -> None:
        nonlocal running
        running += 1
        await release.wait()
        running -= 1

    async def tell(_db: Db, _wanted: Order) -> None:
        assert running == ROOM[Lane.BULK].most
        told.set()

    only({BULK: count, URGENT: tell})
    await order(db, BULK, 10)
    async with working(db):
        async with asyncio.timeout(10):
            while running < ROOM[Lane.BULK].most:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await order(db, URGENT)
        await asyncio.wait_for(told.wait(), 5)
        release.set()
        await empty(db)


async def test_a_lost_database_connection_is_made_again(db: Db, database: str, only: Only) -> None:
    done: list[object] = []

    async def tell(_db: Db, wanted: Order) -> None:
        done.append(wanted.payload["number"])

    only({URGENT: tell})
    async with working(db) as worker:
        await order(db, URGENT)
        await empty(db)
        killer = await asyncpg.connect(database)
        ended = await killer.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name IN ('hub-work', 'hub-listen')"
        )
        await killer.close()
        assert ended >= 2
        assert worker.listening.is_set()
        await order(db, URGENT)
        await empty(db)
    assert done == [0, 0]


async def test_a_job_that_may_succeed_later_is_tried_again(db: Db, only: Only) -> None:
    tries = 0

    async def tell(_db: Db, _wanted: Order) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Retry("the receiver was busy", after_s=0.01)

    only({URGENT: tell})
    await order(db, URGENT)
    async with working(db):
        await empty(db)
    assert tries == 3


async def test_a_job_beyond_help_is_kept_as_failed(db: Db, only: Only) -> None:
    async def tell(_db: Db, _wanted: Order) -> None:
        raise Dead("the receiver is gone")

    only({URGENT: tell})
    await order(db, URGENT)
    async with working(db):
        async with asyncio.timeout(10):
            while await db.reads.fetchval("SELECT status::text FROM pgqueuer") != "failed":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert await waiting(db) == 1


async def test_a_stop_waits_for_work_that_has_begun(db: Db, only: Only) -> None:
    begun, release, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def tell(_db: Db, _wanted: Order) -> None:
        begun.set()
        await release.wait()
        ended.set()

    only({URGENT: tell})
    await order(db, URGENT)
    async with working(db):
        await asyncio.wait_for(begun.wait(), 5)
        asyncio.get_running_loop().call_later(0.1, release.set)
    assert ended.is_set()
    assert await waiting(db) == 0


async def test_a_stop_puts_back_what_takes_too_long(db: Db, only: Only) -> None:
    begun = asyncio.Event()

    async def tell(_db: Db, _wanted: Order) -> None:
        begun.set()
        await asyncio.Event().wait()

    only({URGENT: tell})
    await order(db, URGENT)
    async with working(db, within_s=0.05):
        await asyncio.wait_for(begun.wait(), 5)
    assert await db.reads.fetchval("SELECT status::text FROM pgqueuer") == "queued"


async def test_a_key_is_free_again_when_its_job_is_done(db: Db, only: Only) -> None:
    async def tell(_db: Db, _wanted: Order) -> None:
        return

    only({URGENT: tell})
    async with working(db):
        for _ in range(2):
            async with db.write(actor=None, operation="operation-8") as tx:
                assert await enqueue(tx, URGENT, {}, dedupe_key="tick 1")
            await empty(db)


def test_an_unexpected_error_is_tried_a_few_times_with_longer_waits() -> None:
    waits = [wait_before_next(ValueError("odd"), tries) for tries in range(TRIES)]
    assert waits == [1.0, 4.0, 16.0, 64.0, None]
    assert wait_before_next(Retry("busy", after_s=7), 100) == 7
    assert wait_before_next(asyncpg.AdminShutdownError("bye"), 100) == 2.0
    assert wait_before_next(Dead("gone"), 0) is None


def test_every_handler_is_of_a_lane_with_room() -> None:
    assert set(ROOM) == set(Lane)
    assert all(job.lane in ROOM for job in jobs.handlers)


async def test_a_worker_without_a_database_can_be_stopped(db: Db, only: Only) -> None:
    async def tell(_db: Db, _wanted: Order) -> None:
        return

    only({URGENT: tell})
    away = Db("postgresql://hub@127.0.0.1:1/hub", clock=db.clock)
    async with working(away) as worker:
        await asyncio.sleep(0)
        assert not worker.listening.is_set()
