"""One process drives the clock, another takes over, and what was missed is found by the first tick."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from os import getpid

import asyncpg
from prometheus_client import REGISTRY

import hub.wiring  # noqa: F401
from hub.clock import SetClock
from hub.db import Db
from hub.events.jobs import Job, Lane, enqueue
from hub.queue_line import as_app
from hub.ticking import Ticker, store

SEND = Job("remind", Lane.URGENT)


@asynccontextmanager
async def ticking(ticker: Ticker) -> AsyncIterator[Ticker]:
    running = asyncio.create_task(ticker.run())
    try:
        yield ticker
    finally:
        ticker.stop()
        async with asyncio.timeout(10):
            await running


def quick(db: Db, clock: SetClock, **asks: object) -> Ticker:
    return Ticker(db, clock, tick_s=0.05, asks=asks)  # type: ignore[arg-type]


async def led(ticker: Ticker) -> None:
    await asyncio.wait_for(ticker.leads.wait(), 10)


async def test_each_tick_asks_everybody_at_the_clocks_instant(db: Db, clock: SetClock) -> None:
    heard: asyncio.Queue[datetime] = asyncio.Queue()

    async def due(_db: Db, at: datetime) -> None:
        heard.put_nowait(at)

    async def broken(_db: Db, _at: datetime) -> None:
        raise RuntimeError("odd row")

    async with ticking(quick(db, clock, broken=broken, due=due)):
        assert await asyncio.wait_for(heard.get(), 10) == clock.now()
        clock.move(timedelta(hours=1))
        async with asyncio.timeout(10):
            while await heard.get() != clock.now():
                pass


async def test_one_of_two_leads_and_the_other_takes_over_when_it_stops(db: Db, clock: SetClock) -> None:
    async with ticking(quick(db, clock)) as second:
        await led(second)
        async with ticking(quick(db, clock)) as third:
            assert not third.leads.is_set()
            second.stop()
            await led(third)
            # Who leads is told with the first tick.
            async with asyncio.timeout(10):
                while (told := await store.leader(db.reads)) is None or not told.process:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert told.process.endswith(f":{getpid()}")


async def test_a_leader_whose_connection_is_ended_gives_way_and_may_lead_again(
    db: Db, clock: SetClock, database: str
) -> None:
    ticks: asyncio.Queue[int] = asyncio.Queue()

    async def due(_db: Db, _at: datetime) -> None:
        ticks.put_nowait(1)

    killer = await asyncpg.connect(database)
    async with ticking(quick(db, clock, due=due)) as ticker:
        await led(ticker)
        await asyncio.wait_for(ticks.get(), 10)
        before = await store.leader(db.reads)
        assert before is not None
        ended = await killer.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE $1"
            " AND datname = current_database()",
            f"{store.CLOCK}%",
        )
        assert ended == 1
        async with asyncio.timeout(10):
            while (now := await store.leader(db.reads)) is None or now.connection == before.connection:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        while not ticks.empty():
            ticks.get_nowait()
        await asyncio.wait_for(ticks.get(), 10)
    await killer.close()


async def test_the_lock_is_held_by_the_connection_alone(db: Db, database: str) -> None:
    first, second = await asyncpg.connect(**as_app(database, "a")), await asyncpg.connect(**as_app(database, "b"))
    assert await store.try_to_lead(first)
    assert not await store.try_to_lead(second)
    await first.close()
    async with asyncio.timeout(10):
        while not await store.try_to_lead(second):  # noqa: ASYNC110 - the server ends a session on its own time
            await asyncio.sleep(0.01)
    await second.close()


async def test_what_came_due_during_downtime_is_enqueued_once(db: Db, clock: SetClock) -> None:
    reminders = [clock.now() + timedelta(days=day) for day in (1, 2, 3)]

    async def due(at_db: Db, at: datetime) -> None:
        async with at_db.write(actor=None, operation="tick") as tx:
            for number, when in enumerate(reminders):
                if when <= at:
                    await enqueue(tx, SEND, {"late": at - when > timedelta(hours=1)}, dedupe_key=f"{number} {when}")

    ticker = quick(db, clock, due=due)
    await ticker.tick()
    assert await store.depth(db.reads) == {}
    clock.move(timedelta(days=2, hours=12))
    await ticker.tick()
    await asyncio.gather(ticker.tick(), quick(db, clock, due=due).tick())
    assert await store.depth(db.reads) == {"urgent": 2}
    assert REGISTRY.get_sample_value("hub_queue_depth", {"lane": "urgent"}) == 2
    assert REGISTRY.get_sample_value("hub_queue_depth", {"lane": "bulk"}) == 0
