"""Real hub processes for tests: started, watched by their standard output, ended by signals."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub.embedded import leftover

HUB = (sys.executable, "-m", "hub.cli")
READY_WITHIN_S = 40.0
END_WITHIN_S = 20.0


@dataclass
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error."""
        (line,) = self.err.strip().splitlines()
        return line


@dataclass
class Hub:
    """A hub that runs."""

    process: asyncio.subprocess.Process
    out: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.out)

    @property
    def address(self) -> str:
        return self._found(r"(http://127\.0\.0\.1:\d+)/graphql")

    @property
    def token(self) -> str:
        return self._found(r"token +(hub_\w+)")

    async def until(self, words: str, within_s: float = READY_WITHIN_S) -> None:
        """Wait until it has said this."""
        assert self.process.stdout is not None
        async with asyncio.timeout(within_s):
            while words not in self.text:
                line = (await self.process.stdout.readline()).decode()
                assert line, f"the hub ended before it said {words!r}:\n{self.text}"
                self.out.append(line)

    async def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal and wait; gives the exit code."""
        self.process.send_signal(number)
        async with asyncio.timeout(END_WITHIN_S):
            await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self.text)
        assert found is not None, self.text
        return found[1]


def environment(**more: str) -> dict[str, str]:
    """What a command sees: nothing of the hub's that happens to be set here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return kept | {"PYTHONUNBUFFERED": "1"} | more


async def command(*words: str, given: str = "", **more: str) -> Said:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        *HUB, *words, env=environment(**more),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(READY_WITHIN_S):
        out, err = await process.communicate(given.encode())
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def started(*words: str, ready: str = "Ctrl-C ends", **more: str) -> AsyncIterator[Hub]:
    """A command that goes on; killed at the end when it still runs."""
    process = await asyncio.create_subprocess_exec(
        *HUB, *words, env=environment(**more),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    hub = Hub(process)
    try:
        await hub.until(ready)
        yield hub
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.communicate(), END_WITHIN_S)
            except TimeoutError:
                process.kill()
                await process.communicate()


def postgres_in(folder: Path) -> list[int]:
    """Server processes that stand on a data folder."""
    return leftover.processes((folder / "postgres").resolve())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
