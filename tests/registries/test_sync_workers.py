"""One worker at a time: two cannot sweep one registry at once, and one that dies is followed by another."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from shelf import Hall

from hub.clock import SetClock
from hub.errors import Code, Refused
from hub.people.tables import Role
from hub.registries import actions, jobs, store
from hub.registries.adapter import Page, RegistryModel
from hub.registries.rules import MOST_TRIES, STALE_AFTER
from hub.registries.sync import claimed
from hub.registries.tables import SyncStatus
from tests.make import Make


class Killed(BaseException):
    """Stands in for a worker that is gone from one moment to the next."""


def fill(hall: Hall, models: int = 6) -> None:
    for model in range(models):
        hall.shelf.version(f"m{model}")


async def test_a_second_request_gets_the_run_that_is_open(hall: Hall, make: Make) -> None:
    admin = await make.person("ada", Role.ADMIN)
    first = await hall.queued()
    assert await hall.queued() == first
    async with hall.db.write(actor=admin.person_id, operation="test") as tx:
        asked = await actions.request_sync(tx, admin, hall.registry.id)
    assert asked.id == first
    assert await make.count("sync_runs") == 1
    assert await make.count("pgqueuer", "entrypoint = 'bulk.sync'") == 1
    await hall.swept(first)
    assert await hall.queued() != first


async def test_many_requests_at_once_make_one_run(hall: Hall, make: Make) -> None:
    runs = await asyncio.gather(*(hall.queued() for _ in range(4)))
    assert len(set(runs)) == 1
    assert await make.count("sync_runs") == 1


async def test_who_may_not_sync_is_refused(hall: Hall, make: Make) -> None:
    eve = await make.person("eve", Role.DEVELOPER)
    with pytest.raises(Refused) as refused:
        async with hall.db.write(actor=eve.person_id, operation="test") as tx:
            await actions.request_sync(tx, eve, hall.registry.id)
    assert refused.value.code is Code.FORBIDDEN
    assert await make.count("sync_runs") == 0


async def test_a_registry_that_is_off_is_not_synced(hall: Hall, make: Make, clock: SetClock) -> None:
    async with hall.db.write(actor=None, operation="test") as tx:
        await (await tx.raw()).execute("UPDATE registries SET enabled = false, next_sync_at = $1", clock.now())
    with pytest.raises(Refused) as refused:
        await hall.queued()
    assert refused.value.code is Code.OFF
    assert await jobs.due(hall.db, clock.now()) == 0


async def test_of_two_workers_with_one_run_one_makes_it(hall: Hall) -> None:
    fill(hall)
    run = await hall.queued()
    ends = await asyncio.gather(hall.swept(run), hall.swept(run), hall.swept(run))
    assert [ended.status for ended in ends if ended is not None] == [SyncStatus.SUCCEEDED]
    assert (await hall.events()).count("version.registered") == 6
    assert (await hall.run(run)).tries == 1


async def test_a_run_that_has_ended_is_not_made_again(hall: Hall) -> None:
    fill(hall)
    run = await hall.queued()
    await hall.swept(run)
    assert await hall.swept(run) is None
    assert (await hall.run(run)).versions_seen == 6


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_a_worker_that_dies_is_followed_by_another(hall: Hall, make: Make, clock: SetClock, page: int) -> None:
    fill(hall)
    run = await hall.queued()
    hall.shelf.fails["versions", page] = Killed()
    with pytest.raises(Killed):
        await hall.swept(run)
    left = await hall.run(run)
    assert (left.status, left.versions_seen, left.created) == (SyncStatus.RUNNING, 2 * (page - 1), 2 * (page - 1))
    hall.shelf.fails.clear()
    # Until it has been quiet for long enough, it may be alive.
    assert await hall.swept(run) is None
    assert await jobs.due(hall.db, clock.now()) == 0
    clock.move(STALE_AFTER + timedelta(seconds=1))
    async with hall.db.write(actor=None, operation="test") as tx:
        await (await tx.raw()).execute("DELETE FROM pgqueuer")
    assert await jobs.due(hall.db, clock.now()) == 1
    assert await jobs.due(hall.db, clock.now()) == 0
    assert await make.count("pgqueuer", f"entrypoint = 'bulk.sync' AND dedupe_key = 'sync:{run}:1'") == 1
    ended = await hall.swept(run)
    assert ended is not None
    assert (ended.status, ended.tries, ended.models_seen, ended.versions_seen) == (SyncStatus.SUCCEEDED, 2, 6, 6)
    assert ended.created == 6
    assert (await hall.events()).count("version.registered") == 6


async def test_a_run_whose_workers_keep_dying_is_given_up(hall: Hall, clock: SetClock) -> None:
    fill(hall)
    run = await hall.queued()
    hall.shelf.fails["versions", 2] = Killed()
    for _ in range(MOST_TRIES):
        with pytest.raises(Killed):
            await hall.swept(run)
        clock.move(STALE_AFTER + timedelta(seconds=1))
    assert await jobs.due(hall.db, clock.now()) == 0
    ended = await hall.run(run)
    assert ended.status is SyncStatus.FAILED
    assert ended.why is not None and ended.why.startswith("3 workers took this sync up and none came to its end")
    assert (await hall.events())[-1] == "sync.failed"
    assert await hall.queued() != run


async def test_a_worker_that_was_taken_for_dead_writes_nothing_more(hall: Hall, clock: SetClock) -> None:
    fill(hall)
    run = await hall.queued()
    listed = hall.shelf.models

    async def slow() -> AsyncGenerator[Page[RegistryModel], None]:
        async for page in listed():
            yield page
            # Meanwhile another worker takes the run up.
            clock.move(STALE_AFTER + timedelta(seconds=1))
            async with hall.db.write(actor=None, operation="other") as tx:
                assert (await store.run(tx, run)) is not None
                claim = await claimed(tx, run)
            assert claim is not None and claim.tries == 2

    hall.shelf.models = slow  # type: ignore[method-assign]
    assert await hall.swept(run) is None
    found = await hall.run(run)
    assert (found.status, found.tries, found.models_seen) == (SyncStatus.RUNNING, 2, 0)
    assert await hall.rows("SELECT count(*) FROM models") == [(2,)]
    assert hall.said[-1] == "shelf: another worker has taken up sync 1"


async def test_registries_are_queued_when_they_are_due(hall: Hall, make: Make, clock: SetClock) -> None:
    fill(hall)
    assert await jobs.due(hall.db, clock.now()) == 0
    async with hall.db.write(actor=None, operation="test") as tx:
        await store.set_next_sync(tx, hall.registry.id, clock.now())
    assert await jobs.due(hall.db, clock.now()) == 1
    assert await jobs.due(hall.db, clock.now()) == 0
    (run,) = await hall.rows("SELECT id, trigger, status FROM sync_runs")
    assert run[1:] == ("SCHEDULE", "QUEUED")
    # After any time away what is overdue is queued once.
    clock.move(timedelta(days=3))
    assert await jobs.due(hall.db, clock.now()) == 1
    assert await make.count("sync_runs") == 1
    assert await make.count("pgqueuer", "entrypoint = 'bulk.sync'") == 1
    ended = await hall.swept(run[0])  # type: ignore[arg-type]
    assert ended is not None
    due_at = await hall.rows("SELECT next_sync_at FROM registries")
    assert due_at == [(clock.now() + timedelta(seconds=300),)]
    clock.move(timedelta(seconds=299))
    assert await jobs.due(hall.db, clock.now()) == 0
    clock.move(timedelta(seconds=1))
    assert await jobs.due(hall.db, clock.now()) == 1
    assert await make.count("sync_runs") == 2
