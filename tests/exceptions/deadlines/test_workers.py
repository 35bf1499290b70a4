"""Several workers, one of them frozen and thawed; and thousands due at once after downtime."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.clock import SetClock
from hub.db import Db, Tx
from hub.deadlines import actions, jobs, kinds, store
from hub.deadlines.jobs import BATCH, MOST_TOLD
from hub.deadlines.kinds import Due, Known
from hub.deadlines.tables import DeadlineKind
from hub.events.jobs import Order
from hub.people.access import Principal
from hub.people.tables import Role
from tests.exceptions.deadlines.desk import tick, told
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXPIRY = DeadlineKind.EXPIRY
ORDER = Order({}, "job")


async def owners(db: Db, make: Make, people: int, each: int = 1) -> list[Principal]:
    """So many people, each the owner of so many exceptions that end within minutes of each other, in 60 days."""
    policy, model = await make.policy(longest_exception_days=90), await make.model()
    made = await make.exception(policy, model, expires_at=NOON + timedelta(days=60))
    found = [await make.person(f"owner{n}", Role.DEVELOPER) for n in range(people)]
    async with db.write(actor=None, operation="make") as tx:
        raw = await tx.raw()
        columns = ", ".join(
            row["column_name"]
            for row in await raw.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'policy_exceptions'"
                " AND column_name NOT IN ('id', 'owner_id', 'expires_at')"
            )
        )
        await raw.execute(
            f"INSERT INTO policy_exceptions (id, owner_id, expires_at, {columns})"
            f" SELECT gen_random_uuid(), o.id, expires_at + n * interval '1 second', {columns}"
            " FROM policy_exceptions, unnest($1::uuid[]) WITH ORDINALITY o (id, n), generate_series(1, $2::int)"
            " WHERE policy_exceptions.id = $3",
            [one.person_id for one in found],
            each,
            made.id,
        )
        ids = await raw.fetch("SELECT id FROM policy_exceptions WHERE id <> $1", made.id)
        await actions.see(tx, [row["id"] for row in ids])
        # The one that the others were copied from is in nobody's way.
        await raw.execute("UPDATE policy_exceptions SET state = 'REVOKED' WHERE id = $1", made.id)
    return found


async def heard(db: Db) -> dict[UUID, int]:
    """Who was told of how many ends; nobody is told twice."""
    rows = await told(db, "exception.expiring")
    assert len({whom for _, whom, _ in rows}) == len(rows)
    return {whom: len(data["exceptions"]) for _, whom, data in rows}


async def test_three_workers_at_once_tell_each_owner_once(db: Db, make: Make, clock: SetClock) -> None:
    people = await owners(db, make, 12, each=3)
    clock.move(timedelta(days=31))
    await asyncio.gather(*(jobs.run_tell(db, ORDER) for _ in range(3)))
    await tick(db)
    assert await heard(db) == {one.person_id: 3 for one in people}
    assert await tick(db) is False


async def test_a_worker_that_is_frozen_in_the_middle_holds_up_nobody_elses_news(
    db: Db, make: Make, clock: SetClock
) -> None:
    people = await owners(db, make, 4)
    clock.move(timedelta(days=31))
    frozen, thaw = asyncio.Event(), asyncio.Event()

    async def worker() -> None:
        async with db.write(actor=None, operation="frozen") as tx:
            assert await actions.tell(tx, EXPIRY, people[0].person_id, BATCH) == 1
            frozen.set()
            await thaw.wait()

    task = asyncio.create_task(worker())
    await frozen.wait()
    await jobs.run_tell(db, ORDER)
    assert await heard(db) == {one.person_id: 1 for one in people[1:]}
    thaw.set()
    await task
    assert await heard(db) == {one.person_id: 1 for one in people}
    assert await tick(db) is False


async def test_a_frozen_worker_that_dies_leaves_its_work_to_the_others(db: Db, make: Make, clock: SetClock) -> None:
    (ada,) = await owners(db, make, 1)
    clock.move(timedelta(days=31))
    with pytest.raises(ConnectionError):
        async with db.write(actor=None, operation="frozen") as tx:
            await actions.tell(tx, EXPIRY, ada.person_id, BATCH)
            raise ConnectionError
    assert await heard(db) == {}
    await tick(db)
    assert await heard(db) == {ada.person_id: 1}


async def test_what_a_thawed_worker_had_found_before_is_found_done(
    db: Db, make: Make, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await owners(db, make, 3)
    clock.move(timedelta(days=31))
    chosen, thaw = asyncio.Event(), asyncio.Event()
    first_due = store.first_due

    async def slow(tx: Tx, kind: DeadlineKind, at: datetime, passed: set[UUID]) -> UUID | None:
        found = await first_due(tx, kind, at, passed)
        if found is not None and tx.operation == "frozen" and not chosen.is_set():
            chosen.set()
            await thaw.wait()
        return found

    monkeypatch.setattr(store, "first_due", slow)
    task = asyncio.create_task(jobs.run_tell(db, Order({}, "frozen")))
    await chosen.wait()
    await jobs.run_tell(db, ORDER)
    before = await make.events()
    thaw.set()
    await task
    assert await make.events() == before
    assert await heard(db) == {one.person_id: 1 for one in people}


async def test_a_change_and_its_news_wait_for_each_other(db: Db, make: Make, clock: SetClock) -> None:
    await owners(db, make, 1, each=2)
    clock.move(timedelta(days=31))
    kept, gone = [row["id"] for row in await db.reads.fetch(
        "SELECT id FROM policy_exceptions WHERE state = 'APPROVED' ORDER BY id"
    )]  # fmt: skip
    async with db.write(actor=None, operation="op") as tx:
        await (await tx.raw()).execute("UPDATE policy_exceptions SET state = 'REVOKED' WHERE id = $1", gone)
        task = asyncio.create_task(jobs.run_tell(db, ORDER))
        assert await make.waits(task)
    await task
    ((_, _, data),) = await told(db, "exception.expiring")
    assert [one["exception"] for one in data["exceptions"]] == [str(kept)]


async def test_news_that_cannot_be_told_is_no_reason_for_the_others_to_wait(
    db: Db, make: Make, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await owners(db, make, 3)
    clock.move(timedelta(days=31))
    told_before = kinds.known[EXPIRY]

    async def failing(tx: Tx, event: str, person: UUID | None, due: list[Due]) -> None:
        assert person != people[0].person_id
        await told_before.tell(tx, event, person, due)

    with monkeypatch.context() as patched:
        patched.setitem(kinds.known, EXPIRY, Known(told_before.ladder, failing))
        await tick(db)
    assert await heard(db) == {one.person_id: 1 for one in people[1:]}
    await tick(db)
    assert await heard(db) == {one.person_id: 1 for one in people}


async def test_after_downtime_a_tick_tells_so_many_and_leaves_the_rest_to_the_next_oldest_first(
    db: Db, make: Make, clock: SetClock
) -> None:
    people = await owners(db, make, 2 * MOST_TOLD + 1, each=2)
    clock.move(timedelta(days=33))
    counts = []
    while await tick(db):
        counts.append(len(await heard(db)))
    assert counts == [MOST_TOLD, 2 * MOST_TOLD, 2 * MOST_TOLD + 1]
    rows = await told(db, "exception.expiring")
    assert [whom for _, whom, _ in rows] == [one.person_id for one in people]
    assert {data["late"] for _, _, data in rows} == {True}


async def test_more_than_fits_one_transaction_is_told_in_several(db: Db, make: Make, clock: SetClock) -> None:
    (ada,) = await owners(db, make, 1, each=BATCH + 50)
    clock.move(timedelta(days=65))
    await tick(db)
    assert await tick(db) is False
    rows = await told(db, "exception.expired")
    assert len(rows) == len({subject for _, subject, _ in rows}) == BATCH + 50
    assert await told(db, "exception.expiring") == []
    sizes = await db.reads.fetch(
        "SELECT count(*) AS n FROM events WHERE kind = 'exception.expired' GROUP BY xmin::text"
    )
    assert sorted(row["n"] for row in sizes) == [50, BATCH]
    assert {data["owner"] for _, _, data in rows} == {str(ada.person_id)}
