"""Commands about exceptions, asked of a whole hub on loopback by several people."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import orjson
import pytest
import structlog.testing
from sqlalchemy import text
from typer.testing import CliRunner

from hub.cli.main import app
from hub.exceptions import actions
from hub.exceptions.tables import PolicyException
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.asking import Ask
from tests.cli.approvals.conftest import Ended
from tests.cli.gate.live import Live, live, sealing_keys
from tests.make import Make

__all__ = ["live", "sealing_keys"]


class Counter:
    """Dev asked, Olaf owns, Rita and Pat may decide; the model's name and the policy's key are known to all."""

    def __init__(self, live: Live) -> None:
        self.make: Make = live[0]
        self.ask: Ask = live[1]
        self.url = live[2]

    async def begin(self) -> "Counter":
        self.dev = await self.make.person("dev", Role.DEVELOPER)
        self.rita = await self.make.person("rita", disciplines=[Discipline.RISK])
        self.pat = await self.make.person("pat", Role.POLICY_OWNER)
        self.olaf = await self.make.person("olaf", Role.MODEL_OWNER)
        self.policy = await self.make.policy(
            "recall", by=self.pat, title="Enough cases are found", longest_exception_days=90
        )
        self.model = await self.make.model("scans", owner=self.olaf)
        return self

    async def __call__(self, who: Principal, *words: str, of: str = "exception") -> Ended:
        """Run a command."""
        env = {"HUB_URL": self.url, "HUB_TOKEN": await self.ask.token(who), "COLUMNS": "100", "TZ": "UTC"}
        # The hub logs to the same standard output here; one of its own does not.
        with structlog.testing.capture_logs():
            said = await asyncio.to_thread(CliRunner().invoke, app, [of, *words], env=env)
        return Ended(said.exit_code, said.stdout, said.stderr)

    async def done(self, who: Principal, *words: str, of: str = "exception") -> list[str]:
        """What a command that must succeed says."""
        said = await self(who, *words, of=of)
        assert said.code == 0, said.err
        return said.lines

    async def json(self, who: Principal, *words: str) -> Any:
        """What a command tells scripts."""
        said = await self(who, *words, "--json")
        assert said.code == 0, said.err
        return orjson.loads(said.out)

    async def asked(self, **asked: Any) -> str:
        """Dev asks for an exception that Olaf would own; its id, as lists show it."""
        made = await self._made(granted=False, **asked)
        return str(made.id)

    async def granted(self, **asked: Any) -> str:
        """The same, granted by somebody else."""
        made = await self._made(granted=True, **asked)
        return str(made.id)

    async def pretend(self, statement: str) -> None:
        """Have the database say what only time would bring about."""
        async with self.make.db.write(actor=None, operation="pretend") as tx:
            await tx.session.execute(text(statement))

    async def command(self, who: Principal, exception: str, pattern: str) -> list[str]:
        """The words of the one command that the sheet shows for this, without `hub`."""
        shown = (await self(who, "show", exception)).out
        (found,) = re.findall(rf"^    hub ({pattern}.*)$", shown, re.MULTILINE)
        return str(found).split()

    async def _made(self, *, granted: bool, **asked: Any) -> PolicyException:
        model, policy = asked.pop("model", self.model), asked.pop("policy", self.policy)
        owner = asked.pop("owner", self.olaf)
        # Their time is this machine's: by the end of a slow test thirty days are left still.
        asked = {"expires_at": self.make.now + timedelta(days=30, hours=1)} | asked
        async with self.make.db.write(actor=self.dev.person_id, operation="make") as tx:
            made = await actions.request(tx, self.dev, self.make.deviation(policy, model, owner, **asked))
        if granted:
            async with self.make.db.write(actor=self.rita.person_id, operation="make") as tx:
                made = await actions.decide(tx, self.rita, made.id, approve=True, note="Weighed.")
        return made


@pytest.fixture
async def counter(live: Live, monkeypatch: pytest.MonkeyPatch) -> Counter:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    return await Counter(live).begin()
