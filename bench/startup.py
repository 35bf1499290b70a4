"""How long `hub up` takes until it is ready, on a data folder that is there, beside what cannot be saved.

What cannot be saved: PostgreSQL's own start, and a bare `import strawberry`. Interleaved runs, medians.
"""

import argparse
import asyncio
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HUB = [sys.executable, "-m", "hub.cli"]
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    # Without its bytecode kept, a start is mostly Python's compiler, which no installed hub runs.
    if not name.startswith("HUB_") and name != "PYTHONDONTWRITEBYTECODE"
}
WITHIN_S = 60.0
ALLOWED = 3.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hub_up(folder: Path) -> float:
    """Seconds from starting the process until /readyz says yes."""
    port = free_port()
    begin = time.perf_counter()
    hub = subprocess.Popen(
        [*HUB, "up", "--data", str(folder), "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT,
    )  # fmt: skip
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - begin
            except OSError:
                pass
            if hub.poll() is not None or time.perf_counter() - begin > WITHIN_S:
                assert hub.stderr is not None
                raise SystemExit(f"hub up did not come up: {hub.stderr.read().decode()[-2000:]}")
            time.sleep(0.005)
    finally:
        hub.send_signal(signal.SIGINT)
        hub.communicate(timeout=30)


def postgres(folder: Path) -> float:
    """Seconds that PostgreSQL alone takes to start on the same data."""
    from hub.embedded import Embedded

    async def start() -> float:
        begin = time.perf_counter()
        async with Embedded(folder):
            return time.perf_counter() - begin

    return asyncio.run(start())


def bare_import() -> float:
    """Seconds of a Python that imports Strawberry and does nothing."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import strawberry"], check=True, env=ENVIRONMENT)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print; exit code 1 when it takes longer than allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    folder = Path(tempfile.mkdtemp(prefix="hub-startup-"))
    folder.chmod(0o711)
    try:
        first = hub_up(folder)
        found = [(hub_up(folder), postgres(folder), bare_import()) for _ in range(runs)]
        hub, server, imported = (statistics.median(column) for column in zip(*found, strict=True))
        ratio = statistics.median(up / (pg + bare) for up, pg, bare in found)
        print(f"first start on a new folder   {first:6.2f} s")
        print(f"hub up, ready                 {hub:6.2f} s  (median of {runs})")
        print(f"PostgreSQL's own start        {server:6.2f} s")
        print(f"import strawberry             {imported:6.2f} s")
        print(f"ratio                         {ratio:6.2f}    (allowed: {ALLOWED})")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(ratio > ALLOWED)


if __name__ == "__main__":
    main()
