"""One embedded server: lay out its data, start it, watch it, stop it."""

import asyncio
import atexit
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, NoReturn, Self
from urllib.parse import quote

from hub.embedded import config, leftover, place, programs
from hub.embedded.account import Account, account_for
from hub.errors import Code, Refused

_log = logging.getLogger(__name__)
_LOG_BYTES = 10 * 2**20  # a longer log is set aside at the next start, one back


class Embedded:
    """PostgreSQL in a data folder, run by this process and by no other at the same time.

    `settings` go over the usual server settings, `say` hears what takes its time. Not bound to an event loop.
    """

    _programs: programs.Programs

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda _: None,
        start_s: float = 120.0,
    ) -> None:
        self.folder = folder.resolve()
        self._settings = settings or {}
        self._say = say
        self._start_s = start_s
        self._home = self.folder
        self._door = self.folder / "socket"
        self._account: Account | None = None
        self._lock: int | None = None
        self._pid = os.getpid()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Where PostgreSQL keeps its files; outside the folder only when root had to (see place.py)."""
        return self._home / "postgres"

    @property
    def socket_dir(self) -> Path:
        """The folder of the server's Unix socket."""
        return self._door

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.folder / "postgres.log"

    def dsn(self, database: str = "hub", *, user: str = "hub") -> str:
        """The address of one database, as asyncpg takes it; SQLAlchemy wants `postgresql+asyncpg:` in front."""
        return _dsn(self._door, database, user)

    @staticmethod
    def running(folder: Path) -> str | None:
        """The address of a server that another process runs in this folder now; None when there is none."""
        try:
            told = (folder / "postgres" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        ready = len(told) > 7 and told[7].strip() == "ready" and leftover.answers(Path(told[4]))
        return _dsn(Path(told[4]), "hub", "hub") if ready else None

    async def start(self) -> str:
        """Start the server, on new data when there is none, and give its address once it answers.

        What an earlier hub left running is stopped first; what it left unfinished is recovered. Refused when the folder
        is in use, is of a newer version, or cannot be used.
        """
        try:
            if self._lock is None:
                await self._open()
            if self._server is None or self._server.poll() is not None:
                await self._launch()
        except BaseException as failure:
            self._close()
            if isinstance(failure, OSError):
                raise Refused(
                    Code.SETTING,
                    f"{self.folder} cannot hold the database: {failure.strerror} ({failure.filename or 'no name'}); "
                    "give another folder with --data, or name a server in HUB_DATABASE_URL",
                ) from failure
            raise
        atexit.register(self._close)
        return self.dsn()

    async def stop(self) -> None:
        """Stop the server after a checkpoint and leave the folder to others; nothing happens when it is stopped."""
        await asyncio.shield(asyncio.to_thread(self._close))

    async def keep(self) -> NoReturn:
        """Start the server again whenever it has died, until cancelled."""
        while True:
            await asyncio.sleep(0.2)
            if self._server is None or self._server.poll() is None:
                continue
            _log.warning("PostgreSQL ended with code %s and is started again", self._server.returncode)
            try:
                await self._launch()
            except (Refused, OSError) as failure:
                _log.error("PostgreSQL could not be started again, next try in 2 s: %s", failure)
                await asyncio.sleep(2)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _open(self) -> None:
        place.prepare(self.folder)
        self._account = account_for(self.folder / "postgres")
        self._home = place.home_of(self.folder, self._account)
        self._lock = place.lock(self._home, self.folder)
        place.check_format(self.folder)
        written_by = place.major_of(self.data)
        self._programs = programs.choose(programs.carried(), self.data, written_by)
        if self._account is not None and not self._account.reaches(self._programs.postgres):
            place.ELSEWHERE.mkdir(parents=True, exist_ok=True)
            self._programs = programs.copied(self._programs, place.ELSEWHERE)
        if written_by is None:
            await self._lay_out()
        elif self._account is not None and self.data.stat().st_uid == 0:
            self._account.own(self.data)
        await asyncio.to_thread(leftover.end, self.data)
        self._door = place.socket_in(self._home, self._account)

    async def _lay_out(self) -> None:
        """Make the data under another name and rename it at the end, so that it is whole or not there."""
        self._say(f"laying out PostgreSQL {self._programs.major} in {self.data}")
        half = self._home / "postgres.half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        if self._account is not None:
            self._account.own(half)
        rules = ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        await self._run([self._programs.initdb, "-D", half, "-U", "hub", "-A", "trust", "-E", "UTF8", *rules])
        await self._run([self._programs.postgres, "--single", "-D", half, "template1"], "CREATE DATABASE hub;\n")
        half.rename(self.data)

    async def _run(self, command: Sequence[str | Path], text: str = "") -> None:
        with tempfile.TemporaryFile() as output:
            process = programs.spawn(command, self._account, output, text=text)
            try:
                while process.poll() is None:  # noqa: ASYNC110 - a process sets no event
                    await asyncio.sleep(0.01)
            finally:
                process.kill()
                process.wait()
            if process.returncode != 0:
                output.seek(0)
                raise _failed(f"{Path(command[0]).name} in {self._home}", output, "nothing was kept")

    async def _launch(self) -> None:
        await asyncio.to_thread(leftover.end, self.data)
        config.write(self.data, self._door, self._settings)
        with self._opened_log() as log:
            begin = log.seek(0, os.SEEK_END)
            self._server = programs.spawn([self._programs.postgres, "-D", self.data], self._account, log)
            said = until = time.monotonic()
            while not self._ready():
                now = time.monotonic()
                if self._server.poll() is not None or now > until + self._start_s:
                    log.seek(begin)
                    raise _failed(f"PostgreSQL in {self.data}", log, f"{self.log} says more")
                if now > said + 2:
                    said = now
                    self._say(f"PostgreSQL is recovering, {now - until:.0f} s so far")
                await asyncio.sleep(0.005)

    def _opened_log(self) -> IO[bytes]:
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        log = self.log.open("ab+")
        self.log.chmod(0o600)
        return log

    def _ready(self) -> bool:
        try:
            told = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # A pid file of an earlier server stays in place until the new one writes its own.
        ours = self._server is not None and told[:1] == [str(self._server.pid)]
        return ours and len(told) > 7 and told[7].strip() == "ready"

    def _close(self) -> None:
        if os.getpid() != self._pid:  # in a forked child, whose exit is not ours
            return
        server, self._server = self._server, None
        if server is not None:
            for sign, patience_s in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
                server.send_signal(sign)
                try:
                    server.wait(patience_s)
                except subprocess.TimeoutExpired:
                    _log.warning("PostgreSQL still runs %s s after %s", patience_s, sign.name)
                else:
                    break
        if self._lock is not None:
            place.leave_socket(self._home)
            os.close(self._lock)
            self._lock = None
        atexit.unregister(self._close)


def _dsn(door: Path, database: str, user: str) -> str:
    return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={quote(str(door))}&port={config.PORT}"


def _failed(what: str, output: IO[bytes], more: str) -> Refused:
    lines = [line for line in output.read(65536).decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line] or lines or ["no word"]
    return Refused(Code.UNAVAILABLE, f"{what} did not start: {telling[-1]}; {more}")
