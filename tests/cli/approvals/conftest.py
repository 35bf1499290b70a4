"""Commands asked of a whole hub on loopback, by several people, at a terminal where wanted."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import orjson
import pytest
import structlog.testing
from sqlalchemy import text
from typer.testing import CliRunner

from hub.cli import agreeing
from hub.cli.main import app
from hub.models.tables import ModelVersion
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.asking import Ask
from tests.cli.gate.live import Live, live, sealing_keys
from tests.make import Make

Result = TypeVar("Result")

__all__ = ["live", "sealing_keys"]


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What was printed, with one space where a table has many."""
        return [" ".join(line.split()) for line in self.out.splitlines()]


class Desk:
    """Who sits there, the model they decide about, and the commands they run."""

    def __init__(self, live: Live, patch: pytest.MonkeyPatch) -> None:
        self.make: Make = live[0]
        self.ask: Ask = live[1]
        self.url = live[2]
        self._patch = patch

    async def begin(self) -> "Desk":
        make = self.make
        self.dev = await make.person("dev", Role.DEVELOPER)
        self.rita = await make.person("rita", disciplines=[Discipline.RISK])
        self.cora = await make.person("cora", disciplines=[Discipline.COMPLIANCE])
        self.pat = await make.person("pat", Role.POLICY_OWNER)
        self.olaf = await make.person("olaf", Role.MODEL_OWNER)
        await make.rule(Discipline.RISK, Discipline.COMPLIANCE, quorum=2)
        await make.policy("recall", by=self.pat, title="Enough cases are found")
        self.model = await make.model("scans", owner=self.olaf)
        self.version: ModelVersion = await make.version(
            self.model, "3", metrics={"recall": 0.95}, card={"intended_use": "Second reading."}
        )
        return self

    async def __call__(self, who: Principal, *words: str, typed: str | None = None) -> Ended:
        """Run one of the commands of approvals; with something typed, at a terminal."""
        return await self.run(who, "approvals", *words, typed=typed)

    async def run(self, who: Principal, *words: str, typed: str | None = None) -> Ended:
        """Run any command; with something typed, at a terminal."""
        self._patch.setattr(agreeing, "at_a_terminal", lambda: typed is not None)
        env = {"HUB_URL": self.url, "HUB_TOKEN": await self.ask.token(who), "COLUMNS": "100", "TZ": "UTC"}
        # The hub logs to the same standard output here; one of its own does not.
        with structlog.testing.capture_logs():
            said = await asyncio.to_thread(CliRunner().invoke, app, [*words], input=typed, env=env)
        return Ended(said.exit_code, said.stdout, said.stderr)

    async def json(self, who: Principal, *words: str) -> Any:
        """What a command tells scripts."""
        said = await self(who, *words, "--json")
        assert said.code == 0, said.err
        return orjson.loads(said.out)

    async def asked(self, reason: str = "It finds more.") -> str:
        """Dev asks for version 3 to go to production; the request's id, as lists show it."""
        said = await self(self.dev, "request", "scans", "3", "--to", "production", "--reason", reason)
        assert said.code == 0, said.err
        found = re.search(r"asked, in request (\S+)", said.out)
        assert found is not None, said.out
        return found[1]

    async def pretend(self, statement: str) -> None:
        """Have the database say what only time, or somebody else's mistake, would bring about."""
        async with self.make.db.write(actor=None, operation="pretend") as tx:
            await tx.session.execute(text(statement))

    async def days(self, request: str) -> str:
        """In how many days of the calendar it is due."""
        due = await self.make.db.reads.fetchval("SELECT due_at FROM approval_requests WHERE id = $1", UUID(request))
        return str((due.date() - self.make.now.date()).days)

    async def in_a_thread(self, do: Callable[[], Result]) -> Result:
        """Do what waits for a process while the hub goes on answering."""
        with structlog.testing.capture_logs():
            return await asyncio.to_thread(do)

    async def digest(self, request: str) -> str:
        """The digest that the request is about."""
        return str((await self.json(self.rita, "show", request))["subjectDigest"])


@pytest.fixture
async def desk(live: Live, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    return await Desk(live, monkeypatch).begin()
