"""A real MLflow server and a hostile one, both for the whole test session."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from hostile import Hostile, hostile_server
from lab import Lab
from shelf import Hall, Installed, Shelf

from hub.db import Db
from hub.demo.mlflow_server import MLflowServer
from hub.registries import actions, jobs
from hub.registries.tables import Registry
from hub.settings import Settings
from tests.make import Make

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def mlflow_python() -> Path:
    python = Path(os.environ.get("HUB_MLFLOW_PYTHON", ROOT / ".mlflow/bin/python"))
    if not python.exists():
        pytest.fail(f"no MLflow environment at {python}: run `make setup`, or set HUB_MLFLOW_PYTHON")
    return python


@pytest.fixture(scope="session")
async def mlflow(mlflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a fresh MLflow server."""
    server = MLflowServer(mlflow_python, tmp_path_factory.mktemp("mlflow"))
    await server.start(print)
    try:
        yield server.url
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def lab(mlflow: str) -> AsyncIterator[Lab]:
    async with httpx2.AsyncClient(base_url=mlflow, trust_env=False, timeout=30) as client:
        yield Lab(client)


@pytest.fixture(scope="session")
async def only_hostile_server() -> AsyncIterator[Hostile]:
    async with hostile_server() as server:
        yield server


@pytest.fixture
def hostile(only_hostile_server: Hostile) -> Hostile:
    only_hostile_server.forget()
    return only_hostile_server


@pytest.fixture
async def hall(db: Db, make: Make) -> Hall:
    """A registry in memory, and a database that knows of it."""
    registry = await make.add(
        Registry(key="shelf", kind="shelf", name="Shelf", base_url="http://localhost", created_at=make.now)
    )
    return Hall(db, registry, Shelf())


@pytest.fixture
def installed(hall: Hall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installed:
    plugin = Installed(hall.shelf)
    made = Settings(data=tmp_path, secret_keys=None)
    for module in (jobs, actions):
        monkeypatch.setattr(module, "one", lambda group, name, field=None: plugin)
    monkeypatch.setattr(jobs, "settings", lambda: made)
    return plugin
