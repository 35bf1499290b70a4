"""Whole syncs of MLflow's own server, and of one that answers what no server should."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from asking import MADE, MODELS, VERSIONS
from asking import model as hostile_model
from asking import models as hostile_models
from asking import version as hostile_version
from asking import versions as hostile_versions
from hostile import Hostile, broken_off, html, says
from lab import Lab
from test_mlflow_adapter import trained

from hub.db import Db
from hub.registries import actions, jobs
from hub.registries.adapter import AdapterConfig
from hub.registries.credentials import keys
from hub.registries.sync import sweep
from hub.registries.tables import SyncRun, SyncStatus
from hub.settings import Settings
from integrations.mlflow import adapter
from tests.make import Make


class Server:
    """A hub's registry row for one MLflow server, synced through the installed plugin."""

    def __init__(self, db: Db, registry_id: UUID) -> None:
        self.db = db
        self.registry_id = registry_id

    async def sync(self) -> SyncRun:
        async with self.db.write(actor=None, operation="test") as tx:
            run = await actions.request_sync(tx, None, self.registry_id)
        ended = await jobs.sync(self.db, run.id, lambda _: None, operation="test")
        assert ended is not None
        return ended

    async def rows(self, select: str, *values: object) -> Sequence[tuple[object, ...]]:
        return [tuple(row) for row in await self.db.reads.fetch(select, *values)]


async def server_at(db: Db, address: str, tmp_path: Path) -> Server:
    async with db.write(actor=None, operation="test") as tx:
        added = await actions.add_registry(
            tx, None, keys(Settings(data=tmp_path)), key="lab", kind="mlflow", name="Lab", base_url=address
        )
    return Server(db, added.id)


@pytest.fixture
async def real(db: Db, make: Make, mlflow: str, tmp_path: Path) -> Server:
    return await server_at(db, mlflow, tmp_path)


@pytest.fixture
async def false(db: Db, make: Make, hostile: Hostile, tmp_path: Path) -> Server:
    return await server_at(db, hostile.url, tmp_path)


async def test_a_real_version_comes_with_all_that_made_it(real: Server, lab: Lab) -> None:
    run, _, info = await trained(lab, "synced")
    await lab.tag("synced", "1", "card.intended_use", "Second reader.")
    await lab.alias("synced", "champion", "1")
    ended = await real.sync()
    assert ended.status is SyncStatus.SUCCEEDED
    # Signatures are read for a few versions at a time, as there are when a registry is in use.
    assert await jobs.details(real.db, ended.id, "test", most=40) == min(40, ended.details_pending)
    assert await real.rows(
        "SELECT v.name, v.author, v.artifact_uri, v.params->>'C', v.signature IS NOT NULL, c.intended_use, a.name,"
        " r.external_id, r.code_commit, v.details_at IS NOT NULL"
        " FROM model_versions v JOIN models m ON m.id = v.model_id JOIN runs r ON r.id = v.run_id"
        " JOIN model_cards c ON c.version_id = v.id JOIN version_aliases a ON a.version_id = v.id"
        " WHERE m.name = 'synced'"
    ) == [("1", "ada", info["artifact_uri"], "0.5", True, "Second reader.", "champion", run, "abc123", True)]
    assert await real.rows(
        "SELECT x.name, x.segment, x.value, x.value_text, d.name FROM version_metrics x"
        " JOIN model_versions v ON v.id = x.version_id JOIN models m ON m.id = v.model_id"
        " LEFT JOIN datasets d ON d.id = x.dataset_id WHERE m.name = 'synced' ORDER BY 1, 2"
    ) == [
        ("endless", "", None, "Infinity", None),
        ("odd", "", None, "NaN", None),
        ("only_on_run", "", 3.0, None, None),
        ("precision", "age.over_60", 0.7, None, "breast-test"),
        ("recall", "", 0.91, None, "breast-test"),
        ("recall", "mean_radius.large", 0.84, None, "breast-test"),
        ("val/loss", "", 0.2, None, "breast-test"),
    ]
    assert await real.rows(
        "SELECT d.name, e.role, e.to_kind FROM lineage_edges e JOIN datasets d ON d.id = e.from_id"
        " WHERE d.name LIKE 'breast%' AND e.to_kind = 'DATASET'"
        " OR e.to_id = (SELECT id FROM runs WHERE external_id = $1) ORDER BY 1",
        run,
    ) == [
        ("breast", "DERIVED", "DATASET"),
        ("breast-test", "EVALUATION", "RUN"),
        ("breast-train", "TRAINING", "RUN"),
    ]


async def test_what_mlflow_keeps_no_time_of_is_seen(real: Server, lab: Lab) -> None:
    await lab.model("quiet")
    await lab.version("quiet")
    await lab.version("quiet")
    await lab.alias("quiet", "champion", "1")
    await real.sync()
    unchanged = await real.sync()
    assert (unchanged.created, unchanged.changed, unchanged.missing) == (0, 0, 0)
    await lab.tag("quiet", "1", "approved", "yes")
    await lab.alias("quiet", "champion", "2")
    changed = await real.sync()
    assert (changed.created, changed.changed) == (0, 2)
    assert await real.rows(
        "SELECT v.name, (SELECT string_agg(a.name, ',') FROM version_aliases a WHERE a.version_id = v.id),"
        " (SELECT string_agg(t.key, ',') FROM version_tags t WHERE t.version_id = v.id)"
        " FROM model_versions v JOIN models m ON m.id = v.model_id WHERE m.name = 'quiet' ORDER BY 1"
    ) == [("1", None, "approved"), ("2", "champion", None)]


async def test_a_model_deleted_and_made_again_has_another_version(real: Server, lab: Lab) -> None:
    await lab.model("reborn")
    await lab.version("reborn")
    for other in range(6):
        await lab.model(f"other{other}")
        await lab.version(f"other{other}")
    await real.sync()
    await lab.call("registered-models/delete", method="DELETE", name="reborn")
    await lab.model("reborn")
    await lab.version("reborn")
    found = (
        "SELECT v.name, v.missing_since IS NOT NULL FROM model_versions v JOIN models m ON m.id = v.model_id"
        " WHERE m.name = 'reborn' ORDER BY v.created_at"
    )
    await real.sync()
    assert await real.rows(found) == [("1", False), ("1", False)]
    await real.sync()
    assert await real.rows(found) == [("1", True), ("1", False)]
    assert await real.rows("SELECT count(*) FROM models WHERE name = 'reborn' AND missing_since IS NULL") == [(1,)]


HOSTILE = "../../etc/passwd\u202e<script>alert(1)</script>'; DROP TABLE models; --"


async def test_hostile_values_are_kept_as_text(false: Server, hostile: Hostile) -> None:
    ten_megabytes = "x" * 10 * 1024 * 1024
    tags = [
        {"key": HOSTILE, "value": HOSTILE},
        {"key": "large", "value": ten_megabytes},
        {"key": "nul", "value": "a\x00b"},
    ]
    hostile.on(
        MODELS,
        says(
            hostile_models(
                hostile_model(HOSTILE, description=HOSTILE, tags=tags), hostile_model(""), hostile_model("y" * 9999)
            )
        ),
    )
    hostile.on(VERSIONS, says(hostile_versions(hostile_version(HOSTILE, tags=tags, source=HOSTILE, run_id=HOSTILE))))
    ended = await false.sync()
    assert (ended.status, ended.models_seen, ended.versions_seen, ended.rejected) == (SyncStatus.SUCCEEDED, 1, 1, 2)
    assert ended.why is not None and "a model without a name" in ended.why
    assert await false.rows("SELECT name, description FROM models") == [(HOSTILE, HOSTILE)]
    assert await false.rows("SELECT source_uri, raw->>'run_id' FROM model_versions") == [(HOSTILE, HOSTILE)]
    assert await false.rows("SELECT key, left(value, 80), length(value) FROM version_tags ORDER BY key") == [
        (HOSTILE, HOSTILE, len(HOSTILE)),
        ("large", "x" * 80, 100_000),
        ("nul", "ab", 2),
    ]
    assert (await false.sync()).changed == 0


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (says({}, 401), "answered 401"),
        (says({}, 403), "answered 403"),
        (html(), "answered HTML"),
        (broken_off(hostile_models(hostile_model("fine"))), "broke off its answer"),
        (says(b'{"registered_models": [{"na'), "answered half a page"),
    ],
)
async def test_a_server_that_fails_later_deletes_nothing(
    db: Db, false: Server, hostile: Hostile, answer: object, why: str
) -> None:
    async def no_pause(seconds: float) -> None:
        """Stands in for sleeping."""

    async def swept() -> SyncRun:
        async with db.write(actor=None, operation="test") as tx:
            run = await actions.request_sync(tx, None, false.registry_id)
        async with adapter(AdapterConfig(key="lab", base_url=hostile.url, sleep=no_pause)) as opened:
            ended = await sweep(db, run.id, opened, lambda _: None, operation="test")
        assert ended is not None
        return ended

    hostile.on(MODELS, says(hostile_models(hostile_model("fine"))))
    hostile.on(VERSIONS, says(hostile_versions(hostile_version("fine"))))
    assert (await swept()).status is SyncStatus.SUCCEEDED
    for path in (MODELS, VERSIONS, MODELS):
        hostile.on(path, answer)  # type: ignore[arg-type]
        failed = await swept()
        assert failed.status is SyncStatus.FAILED
        assert failed.why is not None and why in failed.why
        hostile.on(path, says(hostile_models(hostile_model("fine")) | hostile_versions(hostile_version("fine"))))
    hostile.on(MODELS, says({}))
    hostile.on(VERSIONS, says({}))
    assert [(await swept()).status for _ in range(3)] == [SyncStatus.HELD] * 3
    assert await false.rows("SELECT count(*) FROM models WHERE missing_since IS NOT NULL") == [(0,)]
    assert await false.rows("SELECT external_id FROM model_versions WHERE missing_since IS NULL") == [(f"1@{MADE}",)]


async def test_a_registry_that_is_down_says_so(db: Db, make: Make, tmp_path: Path) -> None:
    off = await server_at(db, "http://127.0.0.1:1", tmp_path)
    async with db.write(actor=None, operation="test") as tx:
        run = await actions.request_sync(tx, None, off.registry_id)

    async def no_pause(seconds: float) -> None:
        """Stands in for sleeping."""

    async with adapter(AdapterConfig(key="lab", base_url="http://127.0.0.1:1", sleep=no_pause)) as opened:
        ended = await sweep(db, run.id, opened, lambda _: None, operation="test")
    assert ended is not None and ended.status is SyncStatus.FAILED
    assert ended.why is not None and ended.why.startswith("http://127.0.0.1:1 cannot be reached")
    assert ended.why.endswith(
        "Nothing is marked missing; what was seen is kept. The next sync tries again from the start."
    )
