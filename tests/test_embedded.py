"""The embedded server against real data folders: what it keeps, what it recovers from, what it refuses."""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from hub.embedded import Embedded, account, leftover, place, programs
from hub.embedded.account import Account
from hub.errors import Code, Refused
from tests.postgres import ABOVE

# What a hub of its own process does in these tests; it says its address and waits to be killed or told to go on.
HUB = """
import asyncio, pathlib, sys
from hub.embedded import Embedded
async def up():
    print(await Embedded(pathlib.Path(sys.argv[1])).start(), flush=True)
asyncio.run(up())
sys.stdin.readline()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL another account")


@pytest.fixture(scope="module")
def above() -> Iterator[Path]:
    """A folder that other accounts may pass through, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="hub-embedded-", dir=ABOVE)).resolve()
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def kept(above: Path) -> Path:
    """A data folder laid out once, with one row in it."""

    async def lay_out() -> None:
        async with Embedded(above / "kept") as embedded:
            await tell(embedded.dsn(), "CREATE TABLE t (n int); INSERT INTO t VALUES (7)")

    asyncio.run(lay_out())
    return above / "kept"


@pytest.fixture
def folder(above: Path, kept: Path) -> Iterator[Path]:
    """A copy of the kept folder, stopped; its files belong to whoever runs the tests, as after any copying."""
    copied = above / "copy"
    yield Path(shutil.copytree(kept, copied, symlinks=True))
    shutil.rmtree(copied)


async def tell(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def ask(dsn: str, query: str = "SELECT sum(n) FROM t") -> object:
    connection = await asyncpg.connect(dsn)
    answer: object = await connection.fetchval(query)
    await connection.close()
    return answer


def first_pid(embedded: Embedded) -> int:
    return int((embedded.data / "postmaster.pid").read_text().splitlines()[0])


def environment(pid: int) -> set[str]:
    """Names of a process's variables; empty where the system does not tell."""
    told = Path(f"/proc/{pid}/environ")
    return {line.split("=")[0] for line in told.read_text().split("\0") if line} if told.exists() else set()


def command(pid: int) -> str:
    told = Path(f"/proc/{pid}/cmdline")
    if told.exists():
        return told.read_text()
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout


def other_hub(folder: Path) -> tuple[subprocess.Popen[str], str]:
    hub = subprocess.Popen(
        [sys.executable, "-c", HUB, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert hub.stdout is not None
    return hub, hub.stdout.readline().strip()


def end(hub: subprocess.Popen[str], sign: signal.Signals | None) -> None:
    if sign is not None:
        hub.send_signal(sign)
    hub.communicate("go on\n" if sign is None else None, timeout=20)


def seen(folder: Path) -> dict[str, float]:
    """Every file below a folder but the lock, with the time of its last change."""
    return {str(path): path.lstat().st_mtime for path in folder.rglob("*") if path.name != "hub.lock"}


async def test_new_folder_gets_a_utf8_database_behind_a_closed_socket(kept: Path) -> None:
    async with Embedded(kept) as embedded:
        assert await ask(embedded.dsn(), "SELECT current_user || '@' || current_database()") == "hub@hub"
        assert await ask(embedded.dsn(), "SHOW server_encoding") == "UTF8"
        assert await ask(embedded.dsn(), "SELECT lower('ÄÉ')") == "äé"
        assert await ask(embedded.dsn(), "SHOW listen_addresses") == ""
        assert await ask(embedded.dsn(), "SHOW fsync") == "on"
        assert embedded.socket_dir.stat().st_mode & 0o777 == 0o700
        assert embedded.data.stat().st_mode & 0o777 == 0o700


async def test_a_restart_keeps_the_data_and_a_stop_leaves_nothing_running(folder: Path) -> None:
    embedded = Embedded(folder)
    dsn = await embedded.start()
    assert await embedded.start() == dsn
    await tell(dsn, "INSERT INTO t VALUES (10)")
    assert Embedded.running(folder) == dsn
    await embedded.stop()
    await embedded.stop()
    assert Embedded.running(folder) is None
    assert leftover.processes(embedded.data) == []
    async with embedded:
        assert await ask(dsn) == 17


async def test_sqlalchemy_takes_the_same_address(folder: Path) -> None:
    async with Embedded(folder) as embedded:
        engine = create_async_engine(make_url(embedded.dsn()).set(drivername="postgresql+asyncpg"))
        async with engine.connect() as connection:
            assert (await connection.exec_driver_sql("SELECT n FROM t")).scalar_one() == 7
        await engine.dispose()


async def test_settings_of_the_caller_win_and_the_socket_stays_the_only_door(folder: Path) -> None:
    settings = {"work_mem": "9MB", "application_name": "it's \\ quoted", "listen_addresses": "*"}
    async with Embedded(folder, settings=settings) as embedded:
        assert await ask(embedded.dsn(), "SHOW work_mem") == "9MB"
        assert await ask(embedded.dsn(), "SELECT reset_val FROM pg_settings WHERE name = 'application_name'")
        assert await ask(embedded.dsn(), "SHOW listen_addresses") == ""


async def test_nothing_of_the_hub_s_environment_reaches_the_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_SECRET_KEY", "not for the server")
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    async with Embedded(folder) as embedded:
        if handed_on := environment(first_pid(embedded)):
            assert handed_on <= {"PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LC_ALL", "TZ"}
        monkeypatch.delenv("PGOPTIONS")
        assert await ask(embedded.dsn()) == 7


async def test_a_killed_server_is_started_again_with_every_acknowledged_row(folder: Path) -> None:
    async with Embedded(folder) as embedded:
        keeper = asyncio.create_task(embedded.keep())
        busy = await asyncpg.connect(embedded.dsn())
        await busy.execute("INSERT INTO t SELECT 1 FROM generate_series(1, 1000)")
        asleep = asyncio.create_task(busy.execute("SELECT pg_sleep(100)"))
        killed = first_pid(embedded)
        os.kill(killed, signal.SIGKILL)
        with pytest.raises((asyncpg.PostgresError, ConnectionError)):
            await asleep
        async with asyncio.timeout(10):
            while True:
                try:
                    assert await ask(embedded.dsn()) == 1007
                    break
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.01)
        assert first_pid(embedded) != killed
        keeper.cancel()


async def test_after_a_killed_hub_the_next_one_takes_over_data_and_locks(folder: Path) -> None:
    hub, dsn = other_hub(folder)
    await tell(dsn, "INSERT INTO t VALUES (5)")
    holder = await asyncpg.connect(dsn)
    await holder.execute("SELECT pg_advisory_lock(1)")
    end(hub, signal.SIGKILL)
    orphan = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    async with Embedded(folder) as embedded:
        assert first_pid(embedded) != orphan
        assert await ask(embedded.dsn()) == 12
        assert await ask(embedded.dsn(), "SELECT pg_try_advisory_lock(1)") is True
    holder.terminate()


async def test_server_ends_with_a_hub_that_forgot_to_stop_it(folder: Path) -> None:
    hub, dsn = other_hub(folder)
    assert Embedded.running(folder) == dsn
    end(hub, None)
    assert hub.returncode == 0
    assert leftover.processes(folder / "postgres") == []


async def test_second_hub_is_refused_with_the_pid_of_the_first(folder: Path) -> None:
    hub, dsn = other_hub(folder)
    before = seen(folder)
    with pytest.raises(Refused, match=rf"is in use by pid {hub.pid}; .* --data") as refused:
        await Embedded(folder).start()
    assert refused.value.code == Code.CONFLICT
    assert seen(folder) == before
    assert await ask(dsn) == 7
    end(hub, None)


@pytest.mark.parametrize("name", ["d" * 120, 'it\'s 100%, "quoted"', 'it\'s 100% "quoted" & spaced', "übergröße"])
async def test_any_folder_name_will_do(above: Path, kept: Path, name: str) -> None:
    folder = Path(shutil.copytree(kept, above / name))
    embedded = Embedded(folder)
    async with embedded:
        assert await ask(embedded.dsn()) == 7
        assert Embedded.running(folder) == embedded.dsn()
        assert len(os.fsencode(embedded.socket_dir)) < 90
        assert embedded.socket_dir.stat().st_mode & 0o777 == 0o700
        assert (folder / "socket").resolve() == embedded.socket_dir
    assert embedded.socket_dir.is_relative_to(folder) == embedded.socket_dir.exists()


async def test_a_long_named_folder_survives_a_killed_hub_without_leaving_sockets(above: Path, kept: Path) -> None:
    folder = Path(shutil.copytree(kept, above / ("k" * 130)))
    hub, _ = other_hub(folder)
    door = (folder / "socket").resolve()
    end(hub, signal.SIGKILL)
    async with Embedded(folder) as embedded:
        assert await ask(embedded.dsn()) == 7
        assert not door.exists()


async def test_data_of_a_newer_postgresql_is_refused_untouched(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").write_text("99\n")
    before = seen(folder)
    with pytest.raises(Refused, match=r"written by PostgreSQL 99, this hub brings .*18; .* --data") as refused:
        await Embedded(folder).start()
    assert refused.value.code == Code.NEWER_DATA
    assert seen(folder) == before


async def test_data_of_a_postgresql_no_longer_carried_is_refused(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(Refused, match="dump it with the hub that wrote it") as refused:
        await Embedded(folder).start()
    assert refused.value.code == Code.WRONG_STATE


async def test_folder_of_a_newer_format_is_refused_untouched(folder: Path) -> None:
    (folder / "format").write_text("2\n")
    before = seen(folder)
    with pytest.raises(Refused, match="has format 2, this hub knows 1") as refused:
        await Embedded(folder).start()
    assert refused.value.code == Code.NEWER_DATA
    assert seen(folder) == before
    (folder / "format").write_text("1\n")
    async with Embedded(folder) as embedded:  # the refused start gave the lock back
        assert await ask(embedded.dsn()) == 7


async def test_folder_that_is_not_a_hub_s_is_refused(above: Path) -> None:
    (above / "photos" / "postgres").mkdir(parents=True)
    (above / "photos" / "postgres" / "cat.jpg").write_text("meow")
    with pytest.raises(Refused, match="something else than PostgreSQL's data"):
        await Embedded(above / "photos").start()
    assert (above / "photos" / "postgres" / "cat.jpg").read_text() == "meow"


async def test_folder_that_cannot_be_made_is_refused_with_the_way_out(above: Path) -> None:
    (above / "file").write_text("")
    with pytest.raises(Refused, match=r"Not a directory .* another folder with --data") as refused:
        await Embedded(above / "file" / "below").start()
    assert refused.value.code == Code.SETTING


async def test_broken_data_is_refused_with_the_server_s_own_reason(folder: Path) -> None:
    (folder / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(Refused, match=r"did not start: .*pg_control.*; .*postgres\.log says more") as refused:
        await Embedded(folder).start()
    assert refused.value.code == Code.UNAVAILABLE
    assert leftover.processes(folder / "postgres") == []


async def test_pid_file_that_names_a_stranger_is_cleared(folder: Path) -> None:
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/postgres\n1\n5432\n{folder}\n\n\n")
    async with Embedded(folder) as embedded:
        assert await ask(embedded.dsn()) == 7


async def test_server_nobody_can_see_but_that_answers_is_left_alone(folder: Path, above: Path) -> None:
    pid_file = folder / "postgres" / "postmaster.pid"
    pid_file.write_text(f"999999999\n{folder}/postgres\n1\n5432\n{above}\n\n\n")
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(above / ".s.PGSQL.5432"))
        stranger.listen()
        with pytest.raises(Refused, match="cannot see") as refused:
            await Embedded(folder).start()
    assert refused.value.code == Code.CONFLICT
    assert pid_file.exists()


async def test_laying_out_that_was_cut_short_begins_anew(above: Path) -> None:
    (above / "cut" / "postgres.half" / "base").mkdir(parents=True)
    heard: list[str] = []
    starting = asyncio.create_task(Embedded(above / "cut", say=heard.append).start())
    while not heard:  # noqa: ASYNC110
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not (above / "cut" / "postgres").exists()
    async with Embedded(above / "cut", settings={"fsync": "off"}) as embedded:
        assert await ask(embedded.dsn(), "SELECT 1") == 1
    assert not (above / "cut" / "postgres.half").exists()


async def test_long_log_is_set_aside(folder: Path) -> None:
    (folder / "postgres.log").write_bytes(b"old\n" * (3 * 2**20))
    async with Embedded(folder) as embedded:
        assert 0 < embedded.log.stat().st_size < 100_000
    assert (folder / "postgres.log.1").stat().st_size == 12 * 2**20


@as_root
async def test_root_keeps_the_data_where_the_lent_account_can_reach_it(
    above: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = above / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(place, "ELSEWHERE", above / "elsewhere")
    for _ in range(2):
        async with Embedded(closed / "data") as embedded:
            await tell(embedded.dsn(), "CREATE TABLE IF NOT EXISTS t (n int); INSERT INTO t VALUES (1)")
            assert embedded.data.is_relative_to(above / "elsewhere")
            assert Embedded.running(closed / "data") == embedded.dsn()
            rows = await ask(embedded.dsn())
    assert rows == 2
    assert (closed / "data" / "postgres").readlink() == embedded.data
    assert closed.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(above / "elsewhere")
    with pytest.raises(Refused, match="which is gone") as refused:
        await Embedded(closed / "data").start()
    assert refused.value.code == Code.WRONG_STATE


@as_root
async def test_root_copies_programs_that_the_lent_account_cannot_reach(
    folder: Path, above: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "ELSEWHERE", above / "copies")
    reaches = Account.reaches
    monkeypatch.setattr(Account, "reaches", lambda self, path: "site-packages" not in str(path) and reaches(self, path))
    async with Embedded(folder) as embedded:
        assert await ask(embedded.dsn()) == 7
        assert str(above / "copies") in command(first_pid(embedded))


def test_data_of_another_account_is_refused(above: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: above.stat().st_uid + 4711)
    with pytest.raises(Refused, match="chown") as refused:
        account.account_for(above)
    assert refused.value.code == Code.FORBIDDEN


def test_account_without_a_name_is_refused(above: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 999_999_998)
    with pytest.raises(Refused, match=r"user id 999999998 has no name .* HUB_DATABASE_URL"):
        account.account_for(above / "not there yet")


def test_installation_without_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Refused, match="HUB_DATABASE_URL"):
        programs.carried()
