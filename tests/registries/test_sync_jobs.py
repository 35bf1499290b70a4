"""The jobs of syncs: opening a registry by its plugin, and the details that follow."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from shelf import Hall, Installed, handled, queued_details

from hub.clock import SetClock
from hub.errors import Code, Dead, Refused
from hub.people.tables import Role
from hub.registries import actions, jobs, store
from hub.registries.adapter import (
    Adapter,
    AdapterConfig,
    Bearer,
)
from hub.registries.credentials import KEY_FILE, keys
from hub.registries.tables import SyncStatus
from hub.settings import Settings
from tests.make import Make

SECRET = "s3cr3t-t0ken"


async def test_a_job_sweeps_and_queues_the_details(hall: Hall, installed: Installed, clock: SetClock) -> None:
    hall.shelf.version("scans", "1")
    run = await hall.run(await hall.queued())
    await handled(hall, actions.SYNC, run)
    ended = await hall.run(run.id)
    assert (ended.status, ended.details_pending) == (SyncStatus.SUCCEEDED, 1)
    assert [(config.key, config.base_url, config.credentials) for config in installed.configs] == [
        ("shelf", "http://localhost", None)
    ]
    assert [row[0] for row in await queued_details(hall)] == [f"details:{run.id}:1:0"]
    await handled(hall, actions.SYNC, run)
    assert len(installed.configs) == 2
    assert (await hall.run(run.id)).tries == 1


async def test_credentials_reach_the_adapter_and_nothing_else(
    hall: Hall, installed: Installed, make: Make, tmp_path: Path
) -> None:
    async with hall.db.write(actor=None, operation="test") as tx:
        added = await actions.add_registry(
            tx,
            None,
            keys(jobs.settings()),
            key="safe",
            kind="shelf",
            name="Safe",
            base_url="http://localhost/",
            credentials=Bearer(SECRET),
        )
        run = await actions.request_sync(tx, None, added.id)
    await handled(hall, actions.SYNC, run)
    assert installed.configs[-1].credentials == Bearer(SECRET)
    assert SECRET not in repr(installed.configs[-1])
    for table in ("sync_runs", "events", "pgqueuer"):
        rows = await hall.rows(f"SELECT x::text FROM {table} x")
        assert SECRET not in str(rows)
    async with hall.db.write(actor=None, operation="test") as tx:
        held = await (await tx.raw()).fetchrow("SELECT credentials, base_url FROM registries WHERE key = 'safe'")
    assert held is not None
    assert SECRET.encode() not in held["credentials"]
    assert held["base_url"] == "http://localhost"


async def test_a_key_that_does_not_fit_fails_the_sync_with_the_way_out(
    hall: Hall, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hall.db.write(actor=None, operation="test") as tx:
        added = await actions.add_registry(
            tx,
            None,
            keys(jobs.settings()),
            key="safe",
            kind="x",
            name="Safe",
            base_url="http://h",
            credentials=Bearer("t"),
        )
        run = await actions.request_sync(tx, None, added.id)
    (jobs.settings().data / KEY_FILE).unlink()
    await handled(hall, actions.SYNC, run)
    ended = await hall.run(run.id)
    assert ended.status is SyncStatus.FAILED
    assert ended.why is not None and ended.why.startswith("the credentials are encrypted with key 'file-")
    assert (await hall.events())[-1] == "sync.failed"


async def test_a_plugin_that_is_off_fails_the_sync(hall: Hall) -> None:
    run = await hall.run(await hall.queued())
    await handled(hall, actions.SYNC, run)
    ended = await hall.run(run.id)
    assert (ended.status, ended.why) == (
        SyncStatus.FAILED,
        "no plugin 'shelf' is installed for hub.registries; there are: mlflow",
    )


async def test_a_fault_of_the_hub_fails_the_sync_and_is_raised(hall: Hall, installed: Installed) -> None:
    hall.shelf.version("scans", "1")
    hall.shelf.fails["versions", 1] = ZeroDivisionError("secret detail")
    run = await hall.run(await hall.queued())
    with pytest.raises(ZeroDivisionError):
        await handled(hall, actions.SYNC, run)
    ended = await hall.run(run.id)
    assert (ended.status, ended.why) == (
        SyncStatus.FAILED,
        "the hub came upon a fault of its own (ZeroDivisionError); its log tells more under test",
    )
    assert await hall.queued() != run.id


async def test_an_address_that_is_none_fails_the_sync(hall: Hall, installed: Installed) -> None:
    def opened(config: AdapterConfig) -> Adapter:
        raise Dead("registry shelf: its address must be http:// or https:// with a host")

    installed.load = lambda: opened  # type: ignore[method-assign]
    run = await hall.run(await hall.queued())
    await handled(hall, actions.SYNC, run)
    ended = await hall.run(run.id)
    assert (ended.status, ended.why) == (
        SyncStatus.FAILED,
        "registry shelf: its address must be http:// or https:// with a host",
    )


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        ({"key": "Has Spaces"}, "key", Code.BAD_INPUT),
        ({"key": "shelf"}, "key", Code.CONFLICT),
        ({"kind": "sagemaker"}, "kind", Code.BAD_INPUT),
        ({"name": "  "}, "name", Code.BAD_INPUT),
        ({"base_url": "file:///etc/passwd"}, "baseUrl", Code.BAD_INPUT),
        ({"base_url": "http://user:pass@host"}, "baseUrl", Code.BAD_INPUT),
        ({"every_s": 5}, "everyS", Code.BAD_INPUT),
    ],
)
async def test_a_registry_that_cannot_be_is_refused(
    hall: Hall, make: Make, tmp_path: Path, asked: dict[str, object], field: str, code: Code
) -> None:
    admin = await make.person("ada", Role.ADMIN)
    values: dict[str, object] = {"key": "new", "kind": "mlflow", "name": "New", "base_url": "http://host", **asked}
    before = await hall.events()
    with pytest.raises(Refused) as refused:
        async with hall.db.write(actor=admin.person_id, operation="test") as tx:
            await actions.add_registry(tx, admin, keys(Settings(data=tmp_path)), **values)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await make.count("registries") == 1
    assert await hall.events() == before


async def test_an_added_registry_is_due_at_once(hall: Hall, make: Make, tmp_path: Path, clock: SetClock) -> None:
    admin = await make.person("ada", Role.ADMIN)
    async with hall.db.write(actor=admin.person_id, operation="test") as tx:
        await actions.add_registry(
            tx,
            admin,
            keys(Settings(data=tmp_path, secret_keys=SecretStr("k:" + "A" * 43 + "="))),
            key="new",
            kind="mlflow",
            name="New",
            base_url="http://host",
            every_s=60,
            credentials=Bearer("t"),
        )
    assert (await hall.events())[-1] == "registry.added"
    assert await jobs.due(hall.db, clock.now()) == 1
    clock.move(timedelta(seconds=1))
    async with hall.db.write(actor=None, operation="test") as tx:
        added = await store.registry_by_key(tx, "new")
    assert added is not None
    assert (added.credentials_key_id, added.next_sync_at) == ("k", clock.now() + timedelta(seconds=59))
