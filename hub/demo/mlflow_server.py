"""MLflow's own server as a child of the hub: it comes up with the demo and does not outlive it."""

import asyncio
import fcntl
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import httpx2
import orjson

from hub.demo.processes import end_group, group_members, last_words, spawn
from hub.errors import Code, Refused

Say = Callable[[str], None]

START_WITHIN_S = 120.0


class MLflowServer:
    """One MLflow server on loopback; its database, artifacts, log and state live in `folder`.

    `python` is the interpreter of MLflow's own environment. A port not given is remembered in `folder/mlflow.json` and
    taken again when free. POSIX only.
    """

    def __init__(self, python: Path, folder: Path, port: int | None = None) -> None:
        self.python = python
        self.folder = folder.absolute()
        self.port = port
        self._wanted_port = port
        self._process: asyncio.subprocess.Process | None = None
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """Where the server answers; known from `launch` on."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "mlflow.log"

    async def start(self, say: Say) -> None:
        """Launch the server and return when it answers; raises Refused with the log's end when it does not."""
        await self.launch(say)
        await self.ready(say)

    async def launch(self, say: Say) -> None:
        """Start the process and return at once, so that other work goes on while the server comes up."""
        if not self.python.exists():
            raise Refused(
                Code.UNAVAILABLE,
                f"The demo needs MLflow's own environment and finds no interpreter at {self.python}; "
                "make it with `make setup`, or name one with HUB_MLFLOW_PYTHON.",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_folder()
        try:
            state = self._remembered()
            await self._end_leftover(state, say)
            self.port = self._choose_port(state.get("port"))
            say(f"MLflow: starting on {self.url}")
            with self.log.open("wb") as log:
                self._process = await spawn(
                    self.python, self._arguments(), self.folder, stdout=log, stderr=asyncio.subprocess.STDOUT
                )
            self._remember({"pid": self._process.pid, "port": self.port})
        except BaseException:
            await self.stop()
            raise

    async def ready(self, say: Say) -> None:
        """Wait until the server answers; when it does not, nothing of it is left running."""
        began, told_s = time.monotonic(), 0
        try:
            # With trust_env a proxy named in the environment would be asked for a loopback address.
            async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as client:
                while not await self._answers(client):
                    waited_s = time.monotonic() - began
                    if self._process is None or self._process.returncode is not None:
                        raise self._did_not_come_up("its process ended")
                    if waited_s > START_WITHIN_S:
                        raise self._did_not_come_up(f"no answer within {START_WITHIN_S:.0f} s")
                    if waited_s >= told_s + 5:
                        told_s = int(waited_s)
                        say(f"MLflow: still starting after {told_s} s")
                    await asyncio.sleep(0.1)
        except BaseException:
            await self.stop()
            raise
        say(f"MLflow: ready at {self.url} after {time.monotonic() - began:.1f} s")

    async def stop(self) -> None:
        """End the server and all it started; safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            await end_group(process.pid)
            await process.wait()
            self._remember({"port": self.port})
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def _arguments(self) -> list[str]:
        # Paths are relative to the folder it runs in: no character of the folder's name can disturb the database's URI.
        return [
            "-m", "mlflow", "server",
            "--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "artifacts",
            "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
            "--uvicorn-opts", "--no-access-log",
        ]  # fmt: skip

    def _take_folder(self) -> IO[str]:
        """Hold the folder while the server runs, so that a second hub does not take this server for a leftover."""
        lock = (self.folder / "mlflow.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise Refused(
                Code.CONFLICT, f"Another hub runs MLflow in {self.folder}; stop it, or choose another data folder."
            ) from None
        return lock

    def _remembered(self) -> dict[str, object]:
        try:
            state = orjson.loads((self.folder / "mlflow.json").read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return {}
        return state if isinstance(state, dict) else {}

    def _remember(self, state: dict[str, object]) -> None:
        fresh = self.folder / "mlflow.json.new"
        fresh.write_bytes(orjson.dumps(state))
        fresh.replace(self.folder / "mlflow.json")

    async def _end_leftover(self, state: dict[str, object], say: Say) -> None:
        """End the server of a hub that was killed, once its command lines prove that it is that server."""
        pid, port = state.get("pid"), state.get("port")
        if not isinstance(pid, int) or pid <= 1:
            return
        if any("mlflow" in words and f"--port {port} " in words for words in group_members(pid)):
            say(f"MLflow: ending the server that an earlier hub left behind (pid {pid})")
            await end_group(pid)

    def _choose_port(self, remembered: object) -> int:
        if self._wanted_port is not None:
            if not _is_free(self._wanted_port):
                raise Refused(
                    Code.SETTING,
                    f"Port {self._wanted_port} for MLflow is in use; free it, or leave it out to have one chosen.",
                )
            return self._wanted_port
        if isinstance(remembered, int) and 0 < remembered < 65536 and _is_free(remembered):
            return remembered
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    async def _answers(self, client: httpx2.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/health")).status_code == 200
        except httpx2.TransportError:
            return False

    def _did_not_come_up(self, why: str) -> Refused:
        return Refused(
            Code.UNAVAILABLE,
            f"MLflow's server did not come up: {why}. The whole log is {self.log}; it ends with:\n"
            f"{last_words(self.log.read_bytes())}",
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
