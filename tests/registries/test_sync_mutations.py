"""Registries and syncs over GraphQL, each person with a token of their own."""

from pathlib import Path

import pytest
from shelf import Hall

from hub.people.access import Principal, Scope
from hub.people.tables import Role
from hub.registries import mutations
from hub.settings import Settings
from tests.asking import Ask
from tests.make import Make

SYNC = """
mutation Sync($registry: ID!, $key: String) {
  syncRegistry(input: {registry: $registry}, idempotencyKey: $key) {
    ... on SyncChanged { syncRun { id number status trigger detailsPending requestedBy { handle } registry { key } } }
    ... on Refusal { code why field }
  }
}
"""
ADD = """
mutation Add($input: AddRegistryInput!, $key: String) {
  addRegistry(input: $input, idempotencyKey: $key) {
    ... on RegistryAdded { registry { id key kind name everyS enabled } }
    ... on Refusal { code why field }
  }
}
"""
RELEASE = """
mutation Release($run: ID!) {
  releaseSync(input: {syncRun: $run}) {
    ... on SyncChanged { syncRun { status step why } }
    ... on Refusal { code why field }
  }
}
"""
SECRET = "s3cr3t-t0ken"


@pytest.fixture
async def admin(make: Make, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Principal:
    made = Settings(data=tmp_path)
    monkeypatch.setattr(mutations, "settings", lambda: made)
    admin = await make.person("ada", Role.ADMIN)
    await ask.token(admin, (Scope.ADMIN,))
    return admin


async def test_a_registry_is_synced_on_request_once(hall: Hall, ask: Ask, admin: Principal, make: Make) -> None:
    registry = f"Registry:{hall.registry.id}"
    first = await ask(admin, SYNC, registry=registry, key="k1")
    run = first["syncRegistry"]["syncRun"]
    assert run == {
        "id": run["id"],
        "number": 1,
        "status": "QUEUED",
        "trigger": "PERSON",
        "detailsPending": 0,
        "requestedBy": {"handle": "ada"},
        "registry": {"key": "shelf"},
    }
    assert await ask(admin, SYNC, registry=registry, key="k1") == first
    assert await ask(admin, SYNC, registry=registry) == first
    assert await make.count("sync_runs") == 1
    assert (await hall.events()).count("sync.requested") == 1


async def test_a_developer_neither_adds_nor_syncs(hall: Hall, ask: Ask, make: Make) -> None:
    eve = await make.person("eve", Role.DEVELOPER)
    before = await hall.events()
    asked = await ask(eve, SYNC, registry=f"Registry:{hall.registry.id}")
    assert asked["syncRegistry"]["code"] == "FORBIDDEN"
    new = {"key": "new", "kind": "mlflow", "name": "New", "baseUrl": "http://host"}
    assert (await ask(eve, ADD, input=new))["addRegistry"]["code"] == "FORBIDDEN"
    assert (await make.count("sync_runs"), await make.count("registries")) == (0, 1)
    assert [kind for kind in await hall.events() if kind not in before and kind != "token.created"] == []


async def test_a_registry_is_added_with_its_secrets_kept(hall: Hall, ask: Ask, admin: Principal, make: Make) -> None:
    new = {
        "key": "eu",
        "kind": "mlflow",
        "name": "Europe",
        "baseUrl": "http://mlflow.example",
        "everyS": 60,
        "credentials": {"token": SECRET},
    }
    added = await ask(admin, ADD, input=new, key="k1")
    registry = added["addRegistry"]["registry"]
    assert {**registry, "id": ""} == {
        "id": "",
        "key": "eu",
        "kind": "mlflow",
        "name": "Europe",
        "everyS": 60,
        "enabled": True,
    }
    assert await ask(admin, ADD, input=new, key="k1") == added
    assert await make.count("registries") == 2
    again = await ask(admin, ADD, input=new)
    assert again["addRegistry"] == {
        "code": "CONFLICT",
        "why": "there is a registry eu already; choose another key",
        "field": "key",
    }
    for table in ("events", "answered"):
        assert SECRET not in str(await hall.rows(f"SELECT x::text FROM {table} x"))


@pytest.mark.parametrize(
    "credentials", [{}, {"user": "ada"}, {"password": "p"}, {"token": ""}, {"token": "t", "user": "u", "password": "p"}]
)
async def test_half_credentials_are_refused(
    hall: Hall, ask: Ask, admin: Principal, make: Make, credentials: dict[str, str]
) -> None:
    new = {"key": "eu", "kind": "mlflow", "name": "Europe", "baseUrl": "http://host", "credentials": credentials}
    assert (await ask(admin, ADD, input=new))["addRegistry"] == {
        "code": "BAD_INPUT",
        "why": "give a token alone, or a user with a password",
        "field": "credentials",
    }
    assert await make.count("registries") == 1


def test_credentials_are_not_shown_by_their_input() -> None:
    given = mutations.CredentialsInput(token=SECRET)
    assert SECRET not in repr(given)


async def test_a_held_sync_is_released(hall: Hall, ask: Ask, admin: Principal) -> None:
    for model in range(4):
        hall.shelf.version(f"m{model}")
    fine = await hall.sync()
    hall.shelf.take_away("m0")
    held = await hall.sync()
    refused = await ask(admin, RELEASE, run=f"SyncRun:{fine.id}")
    assert refused["releaseSync"]["code"] == "WRONG_STATE"
    answer = await ask(admin, RELEASE, run=f"SyncRun:{held.id}")
    run = answer["releaseSync"]["syncRun"]
    assert (run["status"], run["step"]) == ("SUCCEEDED", "released by a person")
    assert (await hall.sync()).missing == 2
