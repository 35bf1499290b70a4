"""Tells what a start is doing and how long each step took: a moving line on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WIDTH = 46


class Steps:
    """Progress of one command, on standard output."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._console: Any = None
        if sys.stdout.isatty():
            from rich.console import Console

            self._console = Console(highlight=False)

    @contextmanager
    def step(self, name: str, done: str | None = None) -> Iterator[None]:
        """Show a step while it runs, then a line with its seconds; nothing more when it fails."""
        begin = time.monotonic()
        if self._console is None:
            yield
        else:
            with self._console.status(f"{name} …"):
                yield
        self.line(f"  {(done or name) + ' ':.<{WIDTH}} {time.monotonic() - begin:6.2f} s")

    def say(self, text: str) -> None:
        """One thing that happened within a step, with the seconds since the start."""
        self.line(f"    {time.monotonic() - self.began:6.1f} s  {text}")

    def line(self, text: str = "") -> None:
        """One line, above the one that moves."""
        if self._console is None:
            print(text, flush=True)  # noqa: T201
        else:
            self._console.print(text, markup=False, soft_wrap=True)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began
