"""`hub policy backtest`: what people are shown of a replay, while it runs and at its end."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from hub.checks.replays.jobs import run_backtest
from hub.checks.tables import CheckInput
from hub.cli import backtest as command
from hub.cli.main import app
from hub.cli.remote import Remote
from hub.db import Db
from hub.events.canonical import canonical, digest_of
from hub.events.jobs import Order
from hub.models.tables import RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.changes import actions as changes
from hub.policies.tables import DecisionPoint, PolicyChange
from tests.asking import Ask
from tests.make import Make


@dataclass(frozen=True)
class Here(Remote):
    """A hub in this process, asked from another thread."""

    ask_it: Ask | None = None
    who: Principal | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        assert self.ask_it is not None and self.who is not None and self.loop is not None
        asked = self.ask_it.reply(self.who, body["query"], **body["variables"])
        found: dict[str, Any] = asyncio.run_coroutine_threadsafe(asked, self.loop).result().json()
        return found


@pytest.fixture
async def author(make: Make) -> Principal:
    return await make.person("author", Role.POLICY_OWNER)


@pytest.fixture
def here(ask: Ask, author: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Here("here", None, ask, author, asyncio.get_event_loop_policy().get_event_loop())
    monkeypatch.setattr(command, "_hub", lambda *_: hub)
    monkeypatch.setattr(command, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(command, "SAY_EVERY_S", 0.0)


async def drafted(db: Db, make: Make, author: Principal) -> PolicyChange:
    """A draft that one of two stored documents would not keep."""
    await make.policy(by=author)
    ada = await make.person("ada", Role.MODEL_OWNER)
    model = await make.model("scans", owner=ada)
    for name, recall in (("1", 0.92), ("2", 0.97)):
        version = await make.version(model, name, stage=Stage.PRODUCTION)
        document = {
            "model": {"tier": "HIGH", "registry": "mlflow", "tags": {}},
            "version": {},
            "metrics": {"recall": recall},
            "datasets": [],
        }
        await make.add(
            CheckInput(
                version_id=version.id,
                model_id=model.id,
                stage=Stage.PRODUCTION,
                decision_point=DecisionPoint.DEPLOY,
                tier=RiskTier.HIGH,
                digest=digest_of(document),
                document=canonical(document).decode(),
                at=make.now,
            )
        )
    async with db.write(actor=author.person_id, operation="op") as tx:
        asked = make.wording(rule="metrics.recall >= 0.95")
        return await changes.propose(tx, author, asked, summary="Ask more.")


async def works(db: Db) -> None:
    """A worker that does one backtest."""
    cursor = ""
    while True:
        row = await db.reads.fetchrow("SELECT id, cursor, status FROM backtests ORDER BY queued_at DESC LIMIT 1")
        if row is not None and row["status"] == "DONE":
            return
        if row is not None:
            cursor = row["cursor"]
            await run_backtest(db, Order({"backtest": str(row["id"]), "cursor": cursor}, "op"))
        await asyncio.sleep(0)


async def ran(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["policy", "backtest", *words])


def printed(ended: Result) -> dict[str, Any]:
    """The JSON that a command printed; the hub in this process writes its log before it."""
    found: dict[str, Any] = orjson.loads(ended.output[ended.output.index("{\n") :])
    return found


async def test_a_replay_is_watched_to_its_end_and_shown_as_a_table(
    db: Db, make: Make, author: Principal, here: None
) -> None:
    change = await drafted(db, make, author)
    worker = asyncio.create_task(works(db))
    ended = await ran(f"PolicyChange:{change.id}")
    await worker
    assert ended.exit_code == 0, ended.output
    lines = ended.output[ended.output.index("recall: DONE") :].splitlines()
    assert lines == [
        "recall: DONE, 2 of 2 documents, 100 %, of the last 30 days",
        "",
        "DOCUMENTS       ALL  HIGH",
        "newly failing   1    1",
        "unchanged pass  1    1",
        "",
        "OWNER  NEWLY FAILING  NEWLY ERROR  NEWLY PASSING",
        "ada    1              0            0",
        "",
        "newly failing: 1 versions of 1 models; exceptions needed: 1 models",
        "approval requests to be asked anew: 0",
        "",
        "MODEL  VERSION  STAGE       NOW   DRAFT  WHY",
        "scans  1        PRODUCTION  PASS  FAIL   not kept: metrics.recall is 0.92, allowed >= 0.95",
    ]
    again = await ran(f"PolicyChange:{change.id}", "--json")
    found = printed(again)
    assert (found["status"], found["counts"]["newly_failing"], await make.count("backtests")) == ("DONE", 1, 1)


async def test_who_interrupts_leaves_it_running_and_is_told_how_to_stop_it(
    db: Db, make: Make, author: Principal, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = await drafted(db, make, author)

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupted)
        ended = await ran(f"PolicyChange:{change.id}")
    assert ended.exit_code == 130
    assert f"Watch it with: hub policy backtest PolicyChange:{change.id}\n" in ended.output
    assert f"Stop it with: hub policy backtest PolicyChange:{change.id} --stop\n" in ended.output
    assert "waits for a worker; one runs in hub up, or in hub work" in ended.output
    assert await db.reads.fetchval("SELECT status FROM backtests") == "QUEUED"
    stopped = await ran(f"PolicyChange:{change.id}", "--stop", "--json")
    assert printed(stopped)["status"] == "STOPPED"
    worker = asyncio.create_task(works(db))
    resumed = await ran(f"PolicyChange:{change.id}", "--resume", "--json")
    await worker
    assert printed(resumed)["status"] == "DONE"
    assert await make.count("backtests") == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("PolicyChange:0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11",), "there is no change PolicyChange:0197b0c6"),
        (("none",), "none"),
    ],
)
async def test_a_change_that_is_not_there_is_named(db: Db, here: None, words: tuple[str, ...], why: str) -> None:
    ended = await ran(*words)
    assert ended.exit_code != 0
    assert why in ended.output
    assert await db.reads.fetchval("SELECT count(*) FROM backtests") == 0
