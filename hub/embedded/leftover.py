"""Server processes that outlived their hub: found by the data they stand on, and ended before a new start."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from hub.embedded.place import SOCKET_FILE
from hub.errors import Code, Refused


def end(data: Path) -> None:
    """End whatever server still runs on this data and clear its pid file; Refused when one answers but is not ours.

    To be called with the data folder's lock held. Clients that a dead hub left behind go away with their server, and
    with them the locks they held.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    told = pid_file.read_text().splitlines()
    chief = int(told[0]) if told and told[0].strip().isdecimal() else 0
    # A server shuts down cleanly on SIGINT to its first process. Without that one, the others are only told to go:
    # what they had written is in the log that recovery reads.
    for sign, patience_s in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        left = processes(data)
        if not left:
            break
        aim = [chief] if sign == signal.SIGINT and chief in left else [] if sign == signal.SIGINT else left
        for pid in aim:
            _tell(pid, sign)
        until = time.monotonic() + (patience_s if aim else 0)
        while time.monotonic() < until and processes(data):
            time.sleep(0.01)
    if len(told) > 4 and answers(Path(told[4])):
        raise Refused(
            Code.CONFLICT,
            f"a PostgreSQL that this hub cannot see uses {data}, perhaps from another container; stop it, or give "
            "another folder with --data",
        )
    pid_file.unlink(missing_ok=True)


def processes(data: Path) -> list[int]:
    """Pids of PostgreSQL processes that stand on this data; without /proc only the first one is found."""
    if not Path("/proc/self").exists():
        listed = subprocess.run(["/bin/ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True)
        rows = (line.split(None, 1) for line in listed.stdout.splitlines())
        return [int(pid) for pid, command in rows if "postgres" in command and command.endswith(f"-D {data}")]
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            if (entry / "cwd").readlink() == data and (entry / "comm").read_text() == "postgres\n":
                found.append(int(entry.name))
        except OSError:  # gone in the meantime, or another user's
            continue
    return found


def answers(door: Path) -> bool:
    """Whether a server listens at the socket in this folder."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(door / SOCKET_FILE))
        except OSError:
            return False
        return True


def _tell(pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)
