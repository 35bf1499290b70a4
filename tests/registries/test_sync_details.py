"""The details that follow a sync: read in the background, newest first, each once."""

import asyncio

from shelf import MADE, Hall, Installed, handled, later, queued_details

from hub.errors import Dead, Retry
from hub.registries import actions, jobs
from hub.registries.adapter import (
    DatasetRef,
    DatasetUse,
    Metric,
    RegistryDataset,
    RegistryRun,
    RegistryVersion,
    VersionDetails,
)
from hub.registries.tables import SyncStatus
from tests.make import Make

PENDING = "SELECT v.name FROM model_versions v WHERE v.details_at IS NULL ORDER BY v.created_at DESC"


def trained(version: RegistryVersion) -> VersionDetails:
    """Everything that can be told of a version."""
    raw = RegistryDataset("shelf", "scans", "d0", "s3", "s3://lake/scans")
    train = RegistryDataset("shelf", "train", "d1", "s3", "s3://lake/train", {"columns": ["age"]}, {"rows": 569})
    test = DatasetRef("test", "d2")
    run = RegistryRun(
        "r1",
        "lucky-shrew",
        "FINISHED",
        "ada",
        "abc123",
        MADE,
        later(1),
        {"seed": "7"},
        (DatasetUse(raw, "SOURCE"), DatasetUse(train, "TRAINING", "training", raw.ref)),
    )
    metrics = (
        Metric("recall", 0.91, dataset=test),
        Metric("recall", 0.84, "age.over_60", dataset=test),
        Metric("odd", None, text="NaN"),
    )
    return VersionDetails(
        version, run, "s3://models/1", {"seed": "7"}, metrics, {"inputs": []}, "ada", "abc123", ("one is left out",)
    )


async def test_details_are_stored_with_their_lineage(hall: Hall, installed: Installed, make: Make) -> None:
    for number in ("1", "2"):
        hall.shelf.told["scans", number] = trained(hall.shelf.version("scans", number, run_id="r1"))
    run = await hall.sync()
    count = len(await hall.events())
    await handled(hall, actions.DETAILS, run)
    ended = await hall.run(run.id)
    assert (ended.details_pending, ended.step, ended.status) == (0, "complete", SyncStatus.SUCCEEDED)
    assert await hall.rows("SELECT external_id, name, status, author, code_commit, params->>'seed' FROM runs") == [
        ("r1", "lucky-shrew", "FINISHED", "ada", "abc123", "7")
    ]
    assert await hall.rows(
        "SELECT name, artifact_uri, author, params->>'seed', signature->>'inputs', raw->'notes'->>0, raw->>'run_id',"
        " details_at IS NOT NULL, run_id IS NOT NULL FROM model_versions ORDER BY name"
    ) == [(n, "s3://models/1", "ada", "7", "[]", "one is left out", "r1", True, True) for n in ("1", "2")]
    assert await hall.rows(
        "SELECT namespace, name, digest, source, profile->>'rows' FROM datasets ORDER BY digest"
    ) == [
        ("shelf", "scans", "d0", "s3://lake/scans", None),
        ("shelf", "train", "d1", "s3://lake/train", "569"),
        ("shelf", "test", "d2", None, None),
    ]
    edges = """
    WITH ends AS (SELECT id, name FROM datasets UNION ALL SELECT id, external_id FROM runs
                  UNION ALL SELECT id, name FROM model_versions)
    SELECT e.from_kind, f.name, e.role, e.to_kind, t.name FROM lineage_edges e
    JOIN ends f ON f.id = e.from_id JOIN ends t ON t.id = e.to_id ORDER BY 3, 2, 5
    """
    lineage = [
        ("DATASET", "scans", "DERIVED", "DATASET", "train"),
        ("DATASET", "test", "EVALUATION", "RUN", "r1"),
        ("RUN", "r1", "PRODUCED", "VERSION", "1"),
        ("RUN", "r1", "PRODUCED", "VERSION", "2"),
        ("DATASET", "train", "TRAINING", "RUN", "r1"),
    ]
    assert await hall.rows(edges) == lineage
    metrics = (
        "SELECT v.name, m.name, m.segment, m.value, m.value_text, d.name FROM version_metrics m"
        " JOIN model_versions v ON v.id = m.version_id LEFT JOIN datasets d ON d.id = m.dataset_id ORDER BY 1, 2, 3"
    )
    measured = [
        (n, *row)
        for n in ("1", "2")
        for row in (
            ("odd", "", None, "NaN", None),
            ("recall", "", 0.91, None, "test"),
            ("recall", "age.over_60", 0.84, None, "test"),
        )
    ]
    assert await hall.rows(metrics) == measured
    made = ["dataset.registered"] * 3 + ["version.changed"] * 2 + ["evidence.added"] * 4
    assert await hall.events(count) == made
    # Once more, as after a worker that died before it could say that it was done.
    async with hall.db.write(actor=None, operation="test") as tx:
        await (await tx.raw()).execute("UPDATE model_versions SET details_at = NULL")
    await handled(hall, actions.DETAILS, run)
    assert await hall.rows(edges) == lineage
    assert await hall.rows(metrics) == measured
    assert await make.count("datasets") == 3
    assert await make.count("runs") == 1
    # A later sweep leaves what details told.
    hall.shelf.version("scans", "1", run_id="r1", tags={"new": "tag"})
    await hall.sync()
    assert await hall.rows("SELECT author, raw->'notes'->>0 FROM model_versions WHERE name = '1'") == [
        ("ada", "one is left out")
    ]


async def test_data_without_a_run_leads_to_the_version(hall: Hall, installed: Installed) -> None:
    version = hall.shelf.version("scans", "1")
    hall.shelf.told["scans", "1"] = VersionDetails(
        version, metrics=(Metric("recall", 0.9, dataset=DatasetRef("t", "1")),)
    )
    await handled(hall, actions.DETAILS, await hall.sync())
    assert await hall.rows("SELECT from_kind, role, to_kind FROM lineage_edges") == [
        ("DATASET", "EVALUATION", "VERSION")
    ]


async def test_details_are_read_newest_first_and_some_at_a_time(hall: Hall, installed: Installed) -> None:
    for day in range(5):
        hall.shelf.version("scans", str(day), made=later(day))
    run = await hall.sync()
    assert run.details_pending == 5
    await jobs.details(hall.db, run.id, "test", most=2)
    assert hall.shelf.asked == [["scans/4", "scans/3"]]
    assert [row[0] for row in await hall.rows(PENDING)] == ["2", "1", "0"]
    assert (await hall.run(run.id)).details_pending == 3
    keys_of = [row[0] for row in await queued_details(hall)]
    assert keys_of == [f"details:{run.id}:5:0", f"details:{run.id}:3:0"]
    await jobs.details(hall.db, run.id, "test", most=2)
    await jobs.details(hall.db, run.id, "test", most=2)
    assert hall.shelf.asked[1:] == [["scans/2", "scans/1"], ["scans/0"]]
    assert await hall.rows(PENDING) == []
    assert len(await queued_details(hall)) == 3
    # Nothing is asked for again, and an unchanged sync queues nothing.
    again = await hall.sync()
    assert again.details_pending == 0
    assert len(await queued_details(hall)) == 3


async def test_details_wait_for_a_registry_that_is_down(hall: Hall, installed: Installed) -> None:
    for day in range(4):
        hall.shelf.version("scans", str(day), made=later(day))
    run = await hall.sync()
    hall.shelf.fails["details", 2] = Retry("the server answered 503", after_s=90)
    await handled(hall, actions.DETAILS, run)
    # What came before the fault is stored.
    assert [row[0] for row in await hall.rows(PENDING)] == ["1", "0"]
    found = await hall.run(run.id)
    assert (found.step, found.details_pending) == ("details wait: the server answered 503", 2)
    assert (await queued_details(hall))[1:] == [(f"details:{run.id}:2:0", 90)]
    hall.shelf.fails = {("details", 1): Retry("the server answered 503", after_s=1)}
    for tries in range(1, 5):
        await handled(hall, actions.DETAILS, run)
        assert (await queued_details(hall))[-1] == (f"details:{run.id}:2:{tries}", 30 * 2**tries)
    count = len(await queued_details(hall))
    await handled(hall, actions.DETAILS, run)
    assert (await hall.run(run.id)).step == "details stopped until the next sync: the server answered 503"
    await handled(hall, actions.DETAILS, run)
    assert len(await queued_details(hall)) == count
    hall.shelf.fails.clear()
    await handled(hall, actions.DETAILS, await hall.sync())
    assert await hall.rows(PENDING) == []


async def test_details_that_will_not_come_stop_until_the_next_sync(hall: Hall, installed: Installed) -> None:
    hall.shelf.version("scans", "1")
    run = await hall.sync()
    hall.shelf.fails["details", 1] = Dead("the server answered 403")
    await handled(hall, actions.DETAILS, run)
    found = await hall.run(run.id)
    assert (found.step, found.details_pending) == ("details stopped until the next sync: the server answered 403", 1)
    assert len(await queued_details(hall)) == 1


async def test_a_later_sync_goes_on_with_the_details(hall: Hall, installed: Installed) -> None:
    hall.shelf.version("scans", "1")
    old = await hall.sync()
    new = await hall.sync()
    await handled(hall, actions.DETAILS, old)
    assert hall.shelf.asked == []
    await handled(hall, actions.DETAILS, new)
    assert hall.shelf.asked == [["scans/1"]]


async def test_two_detail_jobs_at_once_store_the_same_once(hall: Hall, installed: Installed, make: Make) -> None:
    for number in ("1", "2", "3"):
        hall.shelf.told["scans", number] = trained(hall.shelf.version("scans", number, run_id="r1"))
    run = await hall.sync()
    await asyncio.gather(*(jobs.details(hall.db, run.id, "test") for _ in range(3)))
    assert await make.count("version_metrics") == 9
    assert await make.count("lineage_edges") == 6
    assert (await hall.run(run.id)).details_pending == 0
