"""Running a validator in a process of its own: no secrets, bounded time, bounded output, and nothing left behind."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from hub.checks.validators.port import LONGEST_TIMEOUT_S, MOST_BYTES, Finding, Validator

KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
"""What a validator's process gets to see of the environment: it finds its modules, and knows no secret."""

CHUNK = 64 * 1024
LAST_WORDS = 600
PASSED_ON = {"verdict", "figures", "details", "title"}


class Failed(Exception):
    """A validator that found nothing: it took too long, broke, or said what cannot be understood."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class _Read:
    """What came over a pipe: the beginning, or only the end, and whether there was more than is wanted."""

    kept: bytearray = field(default_factory=bytearray)
    too_much: bool = False


async def run(name: str, validator: Validator, document: Mapping[str, Any]) -> Finding:
    """What the validator finds. Raises Failed; its process, and whatever that started, is gone in any case."""
    timeout_s = min(validator.timeout_s, LONGEST_TIMEOUT_S)
    with tempfile.TemporaryDirectory(prefix="hub-validator-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub.checks.validators.child", name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(folder),
            cwd=folder,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(timeout_s):
                answer, words = await _speak(process, orjson.dumps(document))
                code = await process.wait()
        except TimeoutError:
            raise Failed(f"it was not done after {timeout_s:g} s, and was ended") from None
        finally:
            await _end(process)
    if answer.too_much:
        raise Failed(f"its finding is longer than {MOST_BYTES} bytes; it was ended")
    if code != 0:
        raise Failed(f"it ended with {_ending(code)}: {_last(words)}")
    return finding(bytes(answer.kept))


def environment(folder: str) -> dict[str, str]:
    """The environment of a validator's process; its home and its scratch space are removed when it ends."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": folder, "TMPDIR": folder, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}


def finding(answer: bytes) -> Finding:
    """What an answer says; Failed when that is no finding. Whether its figures are fit is for evidence to say."""
    try:
        said = orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise Failed(f"its finding is no JSON: {answer[:80]!r}") from None
    if not isinstance(said, dict) or said.keys() != PASSED_ON:
        raise Failed(f"its finding has not the fields {', '.join(sorted(PASSED_ON))}")
    if said["verdict"] not in ("PASS", "FAIL", "NONE"):
        raise Failed(f"its verdict is {str(said['verdict'])[:40]!r}; PASS, FAIL or NONE is wanted")
    if not isinstance(said["figures"], dict) or not isinstance(said["details"], dict):
        raise Failed("its figures and details are no mappings")
    return Finding(said["verdict"], said["figures"], said["details"], str(said["title"]))


async def _speak(process: asyncio.subprocess.Process, document: bytes) -> tuple[_Read, _Read]:
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    answer, words = _Read(), _Read()
    await asyncio.gather(
        _write(process.stdin, document),
        _first(process.stdout, answer, process),
        _newest(process.stderr, words),
    )
    return answer, words


async def _write(pipe: asyncio.StreamWriter, document: bytes) -> None:
    # One that ends before it has read everything is told by its exit code.
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(document)
        await pipe.drain()
    pipe.close()


async def _first(pipe: asyncio.StreamReader, read: _Read, process: asyncio.subprocess.Process) -> None:
    """Keep all that comes; a process that says more than is wanted is ended."""
    while chunk := await pipe.read(CHUNK):
        if len(read.kept) + len(chunk) > MOST_BYTES:
            read.too_much = True
            _kill(process)
            return
        read.kept += chunk


async def _newest(pipe: asyncio.StreamReader, read: _Read) -> None:
    """Keep the end of what comes, however much it is."""
    while chunk := await pipe.read(CHUNK):
        read.kept = (read.kept + chunk)[-LAST_WORDS:]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Nothing of the process, or of what it started, goes on."""
    _kill(process)
    await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _last(words: _Read) -> str:
    """The last thing a process said, which for Python is the error's own line."""
    lines = words.kept.decode(errors="replace").strip().splitlines()
    return lines[-1].replace("\x00", "\ufffd") if lines else "it said nothing"
