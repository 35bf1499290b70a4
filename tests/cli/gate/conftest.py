"""A played hub, the command asked in this process, and time that passes when it is told to."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner, Result

from hub.cli.gate import waiting
from hub.cli.main import app
from tests.cli.gate.live import live, sealing_keys
from tests.cli.gate.played import TOKEN, Played

__all__ = ["live", "sealing_keys"]

Run = Callable[..., Result]


@pytest.fixture
def played() -> Iterator[Played]:
    """A hub that listens on loopback."""
    hub = Played()
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def run(played: Played, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command; `gate` asks the played hub about fraud-detection 7."""
    for name in [name for name in os.environ if name.startswith(("HUB_", "GITHUB_"))] + ["COLUMNS", "NO_COLOR"]:
        monkeypatch.delenv(name, raising=False)

    def asked(*words: str, url: str | None = None, token: str = TOKEN, **env: str) -> Result:
        if words[0] == "gate" and "--model" not in words:
            words = (*words, "--model", "fraud-detection")
        if words[0] == "gate" and "--version" not in words:
            words = (*words, "--version", "7")
        if words[0] == "gate" and "--to" not in words:
            words = (*words, "--to", "production")
        there = ("--url", url or played.url, "--token", token)
        return CliRunner().invoke(app, [*words, *there], env=env, prog_name="hub")

    return asked


@dataclass
class Time:
    """Passes when somebody sleeps; `then` are what happens at each sleep, one after another."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)
    then: list[Callable[[], None]] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds
        self.slept.append(seconds)
        if self.then:
            self.then.pop(0)()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Time for --wait."""
    made, real = Time(), waiting.Patience
    monkeypatch.setattr(waiting, "Patience", lambda term_s: real(term_s, now=made.now, sleep=made.sleep))
    return made
