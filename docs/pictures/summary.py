"""Draws docs/pictures/summary.png: the summary of a running hub, as a browser shows its first screen.

Needs Debian's Chromium. `make picture` against a demo that runs; ARGS are those of `hub summary`.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).with_name("summary.png")
WIDE, HIGH = 920, 1150
MOST_BYTES = 300_000


def page(words: list[str], at: Path) -> None:
    """Have a running hub hand out the page."""
    command = [sys.executable, "-m", "hub.cli", "summary", *words, "--format", "html", "--out", str(at)]
    if subprocess.run(command).returncode:
        sys.exit("no page, so no picture; start the demo with: make run")


def drawn(page: Path, to: Path) -> None:
    """Have a browser draw it."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no Chromium is installed: apt install chromium")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb"]
    command = [browser, *options, f"--window-size={WIDE},{HIGH}", f"--screenshot={to}", page.resolve().as_uri()]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if to.stat().st_size > MOST_BYTES:
        sys.exit(f"{to} has {to.stat().st_size:,} bytes, more than {MOST_BYTES:,}; make WIDE or HIGH smaller")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "summary.html"
        page(sys.argv[1:], html)
        drawn(html, PICTURE)
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")
