"""Data folders for real hubs; the first one is laid out and migrated once, the others are copies of it."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.cli.hubs import Hub, started


def _folder() -> Path:
    # Not pytest's own: as root, PostgreSQL runs under another account, which must be able to pass.
    made = Path(tempfile.mkdtemp(prefix="hub-cli-", dir="/tmp"))
    made.chmod(0o711)
    return made


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty place for a data folder."""
    made = _folder()
    yield made / "data"
    shutil.rmtree(made)


@pytest.fixture(scope="session")
async def hub() -> AsyncIterator[tuple[Hub, Path]]:
    """A hub that runs for all tests that leave it as it is, and its data folder."""
    made = _folder()
    async with started("up", "--data", str(made / "data"), "--port", "0") as running:
        yield running, made / "data"
    shutil.rmtree(made)
