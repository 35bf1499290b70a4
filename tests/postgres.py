"""A real PostgreSQL for the suite: one for each run, shared by its workers, fast because nothing in it must last.

The first worker to ask starts it and ends it when the others have left. A run that was killed leaves its folder behind;
the next run finds that nobody holds it, and clears it away.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from hub.embedded import Embedded

RECKLESS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "max_connections": "300",
    # In which order transactions were committed, for tests that look at histories.
    "track_commit_timestamp": "on",
}
_RUN = (os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"alone{os.getpid()}")[:12]
_PREFIX = f"hub-tests-{os.geteuid()}-"
_PATIENCE_S = 120
_OTHERS_WORK_S = 3_600
"""How long the worker that owns the server waits for the others to be done with it."""
_ROOM_BYTES = 2 * 2**30


def _above() -> Path:
    """Where runs keep their folders: in memory when there is room.

    ext4 passes over inodes freed in the last seconds one by one when it makes a file, so making and dropping databases
    of 500 files in turn costs 400 ms each there, and 20 ms in memory.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_BYTES
    return memory if roomy else Path(tempfile.gettempdir())


ABOVE = _above()


@dataclass(frozen=True, slots=True)
class Server:
    """The run's server; database names are shared by all workers of the run."""

    folder: Path
    address: str

    def dsn(self, database: str) -> str:
        """The address of one of its databases, as asyncpg takes it."""
        return self.address.replace("@/hub?", f"@/{database}?")

    async def create(self, name: str, template: str | None = None) -> str:
        """Make a database, empty or as a copy of another, and give its address; the other must have no connections."""
        copied = "template0" if template is None else template
        await self._say(f'CREATE DATABASE "{name}" TEMPLATE "{copied}" STRATEGY file_copy')
        return self.dsn(name)

    async def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected; one that is not there is no matter."""
        await self._say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def once(self, name: str, build: Callable[[str], Awaitable[object]]) -> str:
        """Make a database the first time any worker asks for it, filled by `build(address)`; gives its name.

        For templates: nobody can connect to it afterwards, so it can always be copied.
        """
        async with _locked(self.folder / f"{name}.lock"):
            if not await self._ask("SELECT count(*) FROM pg_database WHERE datname = $1", name):
                half = f"{name}_half"
                await self.drop(half)
                await build(await self.create(half))
                await self._say(f'ALTER DATABASE "{half}" ALLOW_CONNECTIONS false')
                await self._ask(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1", half
                )
                await self._say(f'ALTER DATABASE "{half}" RENAME TO "{name}"')
        return name

    async def _say(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _ask(self, query: str, value: str) -> int:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            return int(await connection.fetchval(query, value))
        finally:
            await connection.close()


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    """The run's server, started when this is the run's first worker to ask for it."""
    folder = ABOVE / f"{_PREFIX}{_RUN}"
    while True:
        _make(folder)
        owner = _take(folder / "owner", fcntl.LOCK_EX)
        if owner is not None:
            break
        guest = await _waited(folder / "guests", fcntl.LOCK_SH)
        try:
            address = await _address(folder)
            if address is not None:
                yield Server(folder, address)
                return
        finally:
            os.close(guest)
    try:
        await _clear_forgotten()
        async with Embedded(folder, settings=RECKLESS) as embedded:
            yield Server(folder, embedded.dsn())
            async with _locked(folder / "guests", within_s=_OTHERS_WORK_S):
                await embedded.stop()
                shutil.rmtree(folder)
    finally:
        os.close(owner)


async def _address(folder: Path) -> str | None:
    """Where the owner's server answers, once it does; None when there is no owner any more."""
    for _ in range(_PATIENCE_S * 100):
        address = Embedded.running(folder)
        if not _owned(folder):
            return None
        if address is not None:
            return address
        await asyncio.sleep(0.01)
    raise TimeoutError(f"no server in {folder} after {_PATIENCE_S} s")


def _owned(folder: Path) -> bool:
    if not folder.exists():
        return False
    owner = _take(folder / "owner", fcntl.LOCK_EX)
    if owner is not None:
        os.close(owner)
    return owner is None


async def _clear_forgotten() -> None:
    """Remove folders of earlier runs that no process holds any more, with the servers left in them."""
    for folder in ABOVE.glob(f"{_PREFIX}*"):
        made = folder.lstat()
        if made.st_uid != os.geteuid() or folder.is_symlink() or made.st_mtime > time.time() - 60:
            continue
        owner, guests = _take(folder / "owner", fcntl.LOCK_EX), _take(folder / "guests", fcntl.LOCK_EX)
        try:
            if owner is not None and guests is not None:
                if Embedded.running(folder) is not None:
                    async with Embedded(folder, settings=RECKLESS):
                        pass  # a start ends what was left running
                shutil.rmtree(folder)
        finally:
            for held in (owner, guests):
                if held is not None:
                    os.close(held)


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.geteuid() or folder.is_symlink():
        raise PermissionError(f"{folder} is not ours; remove it")
    # Root's server runs under another account, which must be able to pass.
    folder.chmod(0o711)


def _take(path: Path, kind: int) -> int | None:
    """The descriptor of a lock, or None when another process holds it."""
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


async def _waited(path: Path, kind: int, within_s: int = _PATIENCE_S) -> int:
    for _ in range(within_s * 100):
        held = _take(path, kind)
        if held is not None:
            return held
        await asyncio.sleep(0.01)
    raise TimeoutError(f"{path} was held by others for {within_s} s")


@asynccontextmanager
async def _locked(path: Path, within_s: int = _PATIENCE_S) -> AsyncIterator[None]:
    held = await _waited(path, fcntl.LOCK_EX, within_s)
    try:
        yield
    finally:
        os.close(held)
