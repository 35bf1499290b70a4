"""Children that must not outlive the hub: each leads a process group of its own, which ends as a whole."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

END_WITHIN_S = 10.0

# Run by the child's own interpreter as `python -c _WITH_PARENT <pid of the hub> <arguments>`: it asks Linux for a
# SIGTERM when the thread that started it ends (prctl 1 is PR_SET_PDEATHSIG) and becomes the real command. A preexec_fn
# would do the same inside the forked hub, where another thread may hold a lock.
_WITH_PARENT = """
import os, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 15)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the hub ended first")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


async def spawn(
    python: Path, arguments: list[str], folder: Path, stdout: IO[bytes] | int, stderr: int
) -> asyncio.subprocess.Process:
    """Start `python` with these arguments inside a folder; call it from the main thread, see above."""
    return await asyncio.create_subprocess_exec(
        str(python), "-c", _WITH_PARENT, str(os.getpid()), *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=stderr,
        cwd=folder, env=_environment(), start_new_session=True,
    )  # fmt: skip


async def end_group(group: int) -> None:
    """Ask a process group to end, insist after END_WITHIN_S, and return when nothing of it is alive."""
    signal_group(group, signal.SIGTERM)
    until = time.monotonic() + END_WITHIN_S
    while group_members(group):
        if time.monotonic() > until:
            signal_group(group, signal.SIGKILL)
        await asyncio.sleep(0.05)


def group_members(group: int) -> list[str]:
    """Command lines of the live processes in a process group; zombies are left out."""
    return _from_proc(group) if sys.platform == "linux" else _from_ps(group)


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def last_words(output: bytes, lines: int = 6, most: int = 1_500) -> str:
    """The end of what a process wrote, without the frames of a stack."""
    frames = (" ", "Traceback (most", "During handling of", "The above exception")
    said = [line for line in output.decode(errors="replace").splitlines() if line and not line.startswith(frames)]
    return "\n".join(said[-lines:])[-most:]


def _environment() -> dict[str, str]:
    """The hub's environment without what would lead another Python or another MLflow away from its own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "_MLFLOW_", "PYTHON"))}
    return kept | {
        # With job execution on, the server is ten processes and 2.3 GB.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }


def _from_proc(group: int) -> list[str]:
    # Slim container images have no `ps`.
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name in parentheses may itself hold spaces and parentheses; what follows the last one is fixed.
            state, _parent, its_group = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                found.append((folder / "cmdline").read_text(errors="replace").replace("\0", " ").strip())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _from_ps(group: int) -> list[str]:
    listing = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,command="], capture_output=True, text=True, check=True)
    rows = (line.split(None, 2) for line in listing.stdout.splitlines())
    return [row[2] for row in rows if len(row) == 3 and row[0] == str(group) and not row[1].startswith("Z")]
