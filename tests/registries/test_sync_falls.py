"""An outage is not a deletion: what two complete sweeps do not show is marked, and a great fall waits for a person."""

import pytest
from shelf import Hall

from hub.errors import Code, Dead, Refused, Retry
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from hub.registries import actions, rules
from hub.registries.adapter import RegistryDeployment, Rejected
from hub.registries.rules import Count
from hub.registries.tables import SyncRun, SyncStatus
from tests.make import Make

MISSING = "SELECT name FROM {} WHERE missing_since IS NOT NULL ORDER BY name"


def fill(hall: Hall, models: int = 10, each: int = 1) -> None:
    for model in range(models):
        for number in range(1, each + 1):
            hall.shelf.version(f"m{model}", str(number))


async def missing(hall: Hall) -> tuple[list[str], int]:
    """The names of models marked missing, and how many versions are."""
    versions = await hall.rows("SELECT count(*) FROM model_versions WHERE missing_since IS NOT NULL")
    return [str(row[0]) for row in await hall.rows(MISSING.format("models"))], int(str(versions[0][0]))


async def released(hall: Hall, who: Principal, run: SyncRun) -> SyncRun:
    async with hall.db.write(actor=who.person_id, operation="test") as tx:
        return await actions.release_held(tx, who, run.id)


@pytest.mark.parametrize(
    ("before", "now", "fell"),
    [(0, 0, False), (5, 4, False), (10, 8, False), (100, 79, True), (1, 0, True), (3, 9, False)],
)
def test_a_fall_of_more_than_a_fifth_is_too_far(before: int, now: int, fell: bool) -> None:
    assert rules.fell_too_far(before, now) is fell
    assert (rules.held(Count(1, before), Count(1, now)) is not None) is fell


def test_a_held_sync_tells_the_numbers_and_the_way_out() -> None:
    assert rules.held(None, Count(0, 0)) is None
    assert rules.held(Count(400, 20_000), Count(400, 0)) == (
        "the registry lists 0 versions where the last complete sweep saw 20,000, a fall of over 20 %. Nothing is marked"
        " missing. If that is right, release this sync; if not, see to the registry, or to what its credentials may"
        " read, and sync again."
    )


def test_no_two_versions_share_a_key() -> None:
    assert rules.version_key("a", "b1") != rules.version_key("ab", "1")
    assert rules.version_key("1:a", "b") != rules.version_key("1", ":ab")


async def test_what_is_gone_is_marked_after_two_complete_sweeps(hall: Hall, make: Make) -> None:
    fill(hall)
    await hall.sync()
    count = len(await hall.events())
    hall.shelf.take_away("m3")
    first = await hall.sync()
    assert (first.status, first.missing, await missing(hall)) == (SyncStatus.SUCCEEDED, 0, ([], 0))
    second = await hall.sync()
    assert (second.status, second.missing, await missing(hall)) == (SyncStatus.SUCCEEDED, 2, (["m3"], 1))
    third = await hall.sync()
    assert (third.missing, await missing(hall)) == (0, (["m3"], 1))
    assert await hall.events(count) == ["model.missing", "version.missing"]
    fill(hall)
    back = await hall.sync()
    assert (back.created, back.changed, await missing(hall)) == (0, 1, ([], 0))
    assert await hall.events(count + 2) == ["model.returned", "version.returned"]


async def test_what_is_back_in_the_second_sweep_is_not_marked(hall: Hall) -> None:
    fill(hall)
    await hall.sync()
    hall.shelf.take_away("m3")
    await hall.sync()
    fill(hall)
    await hall.sync()
    hall.shelf.take_away("m3")
    await hall.sync()
    assert await missing(hall) == ([], 0)


async def test_sweeps_of_another_scope_are_not_compared(hall: Hall) -> None:
    fill(hall)
    await hall.sync()
    hall.shelf.take_away("m3")
    hall.shelf.scope = "another workspace"
    await hall.sync()
    hall.shelf.scope = "everything"
    assert (await hall.sync()).missing == 0
    assert await missing(hall) == ([], 0)
    assert (await hall.sync()).missing == 2


@pytest.mark.parametrize("left", [0, 7])
async def test_a_great_fall_is_held_and_marks_nothing(hall: Hall, make: Make, left: int) -> None:
    fill(hall)
    await hall.sync()
    count = len(await hall.events())
    for model in range(left, 10):
        hall.shelf.take_away(f"m{model}")
    for _ in range(3):
        held = await hall.sync()
        assert (held.status, held.missing, held.step) == (SyncStatus.HELD, 0, "waits for a person")
        assert held.why is not None
        assert held.why.startswith(
            f"the registry lists {left} models where the last complete sweep saw 10 and {left} versions where the last"
            " complete sweep saw 10, a fall of over 20 %."
        )
    assert await missing(hall) == ([], 0)
    assert await hall.events(count) == ["sync.held"] * 3
    fill(hall)
    assert (await hall.sync()).status is SyncStatus.SUCCEEDED
    assert await missing(hall) == ([], 0)


async def test_a_released_fall_is_marked_by_the_next_sweep_that_finds_it(hall: Hall, make: Make) -> None:
    admin = await make.person("ada", Role.ADMIN)
    fill(hall)
    await hall.sync()
    for model in range(5, 10):
        hall.shelf.take_away(f"m{model}")
    held = await hall.sync()
    run = await released(hall, admin, held)
    assert (run.status, run.step, await missing(hall)) == (SyncStatus.SUCCEEDED, "released by a person", ([], 0))
    assert (await hall.events())[-1] == "sync.released"
    ended = await hall.sync()
    assert (ended.status, ended.missing) == (SyncStatus.SUCCEEDED, 10)
    assert await missing(hall) == (["m5", "m6", "m7", "m8", "m9"], 5)


async def test_only_a_person_releases_and_only_the_newest_held_sync(hall: Hall, make: Make) -> None:
    admin = await make.person("ada", Role.ADMIN)
    robot = await make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE, scopes=list(admin.scopes))
    developer = await make.person("eve", Role.DEVELOPER)
    fill(hall)
    fine = await hall.sync()
    hall.shelf.listed.clear()
    hall.shelf.shown.clear()
    old, new = await hall.sync(), await hall.sync()
    before = await hall.events()
    for who, run, code, why in (
        (robot, new, Code.FORBIDDEN, "a held sync waits for a person's decision; a service account cannot give it"),
        (developer, new, Code.FORBIDDEN, "SYNC_REGISTRY is not among your roles' permissions"),
        (admin, old, Code.WRONG_STATE, "sync 3, which is HELD, came after sync 2; look at that one"),
        (admin, fine, Code.WRONG_STATE, "sync 1 is SUCCEEDED; only a HELD one can be released"),
    ):
        with pytest.raises(Refused) as refused:
            await released(hall, who, run)
        assert refused.value.code is code
        assert refused.value.why.startswith(why)
    assert await hall.events() == before
    assert await make.count("sync_runs", "status = 'HELD'") == 2


async def test_what_a_crash_of_the_database_forgot_is_not_compared(hall: Hall, make: Make) -> None:
    admin = await make.person("ada", Role.ADMIN)
    fill(hall)
    await hall.sync()
    async with hall.db.write(actor=None, operation="test") as tx:
        await (await tx.raw()).execute("DELETE FROM sync_seen")
    hall.shelf.take_away("m3")
    assert (await hall.sync()).missing == 0
    assert (await hall.sync()).missing == 2
    hall.shelf.listed.clear()
    hall.shelf.shown.clear()
    held = await hall.sync()
    async with hall.db.write(actor=None, operation="test") as tx:
        await (await tx.raw()).execute("DELETE FROM sync_seen")
    hall.shelf.version("m0")
    # An empty sweep saw nothing, so nothing of it can be lost.
    assert (await released(hall, admin, held)).status is SyncStatus.SUCCEEDED
    assert await missing(hall) == (["m3"], 1)


@pytest.mark.parametrize("fault", [Retry("the server answered 503"), Dead("the server answered 403")])
@pytest.mark.parametrize(("what", "page"), [("models", 1), ("models", 2), ("versions", 3), ("deployments", 1)])
async def test_a_sweep_that_breaks_off_fails_and_marks_nothing(
    hall: Hall, make: Make, fault: Retry | Dead, what: str, page: int
) -> None:
    fill(hall)
    hall.shelf.running = [RegistryDeployment("e1", "m0", "1", "eu", "prod", "ok", None, None)]
    await hall.sync()
    await hall.sync()
    count = len(await hall.events())
    hall.shelf.take_away("m9")
    hall.shelf.fails[what, page] = fault
    for _ in range(3):
        failed = await hall.sync()
        assert failed.status is SyncStatus.FAILED
        assert failed.why is not None and failed.why.startswith(str(fault))
        assert "Nothing is marked missing" in failed.why
        assert failed.ended_at == hall.db.clock.now()
    assert await missing(hall) == ([], 0)
    assert await hall.events(count) == ["sync.failed"] * 3
    assert await make.count("sync_runs", "status IN ('QUEUED', 'RUNNING')") == 0
    hall.shelf.fails.clear()
    assert (await hall.sync()).missing == 0
    assert (await hall.sync()).missing == 2


async def test_a_listing_without_a_last_page_saw_nothing_for_sure(hall: Hall) -> None:
    fill(hall)
    hall.shelf.never_last = True
    failed = await hall.sync()
    assert failed.status is SyncStatus.FAILED
    assert failed.why is not None and failed.why.startswith("the listing of models ended before its last page")


async def test_what_a_broken_sweep_brought_stays_and_the_next_one_goes_on(hall: Hall) -> None:
    fill(hall)
    hall.shelf.fails["versions", 3] = Retry("the server answered 503")
    failed = await hall.sync()
    assert (failed.created, failed.models_seen, failed.versions_seen) == (4, 10, 4)
    hall.shelf.fails.clear()
    ended = await hall.sync()
    assert (ended.status, ended.created, ended.versions_seen) == (SyncStatus.SUCCEEDED, 6, 10)
    assert (await hall.events()).count("version.registered") == 10


async def test_what_came_and_went_around_a_broken_sweep_is_seen_missing_twice_too(hall: Hall) -> None:
    fill(hall)
    await hall.sync()
    hall.shelf.version("brief")
    hall.shelf.fails["deployments", 1] = Retry("the server answered 503")
    hall.shelf.running = [RegistryDeployment("e1", "m0", "1", "eu", "prod", "ok", None, None)]
    assert (await hall.sync()).status is SyncStatus.FAILED
    hall.shelf.fails.clear()
    hall.shelf.take_away("brief")
    assert (await hall.sync()).missing == 0
    assert (await hall.sync()).missing == 2


async def test_a_record_that_cannot_be_read_any_more_is_not_missing(hall: Hall) -> None:
    fill(hall)
    await hall.sync()
    hall.shelf.take_away("m3")
    hall.shelf.take_away("m4", "1")
    hall.shelf.rejected = (Rejected("m3", "a model without a name"), Rejected("m4/1", "a version without a time"))
    await hall.sync()
    assert (await hall.sync()).status is SyncStatus.SUCCEEDED
    assert await missing(hall) == ([], 0)
