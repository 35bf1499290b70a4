"""A process that does things to releases, each in a child of its own that is killed on the way: run by test_kills.

    python -m tests.approvals.holds.child ADDRESS

It reads orders, one in a line: what to do, and where to be killed. `place` is `statement` (before the `number`-th is
sent), `commit` (before the `number`-th), or `reply` (after it, before anybody is told); 0 is never. For each it tells
how the child ended, what it answered, how many commits there were, and how many statements before the first.
"""

import asyncio
import os
import signal
import sys
from typing import Any
from uuid import UUID

import orjson

import hub.wiring  # noqa: F401
from hub.approvals import actions as approvals
from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.db import Db, Tx
from hub.deployments import actions as deployments
from hub.events.answers import Answer, once
from hub.events.jobs import Order, handlers
from hub.models.tables import Stage
from hub.people import store as people_store
from hub.people.access import Scope
from tests.conftest import NOON
from tests.statements import watch


class Killer:
    """Counts what is sent to the database, and kills the process where it was told to."""

    def __init__(self, place: str, number: int) -> None:
        self.place, self.number = place, number
        self.seen = {"statement": 0, "commit": 0, "reply": 0}
        self.before_commit = 0
        """How many statements there were before the first commit."""

    def watch(self) -> None:
        watch(self.note)

    def note(self, statement: str) -> None:
        if not statement.startswith("BEGIN"):
            self.at("commit" if statement.startswith("COMMIT") else "statement")

    def at(self, place: str) -> None:
        self.seen[place] += 1
        if place == "commit" and self.seen["commit"] == 1:
            self.before_commit = self.seen["statement"]
        if (place, self.seen[place]) == (self.place, self.number):
            os.kill(os.getpid(), signal.SIGKILL)


async def act(address: str, order: dict[str, Any]) -> dict[str, Any]:
    """Do what is ordered, if nothing comes between."""
    killer = Killer(order["place"], order["number"])
    db = Db(address, clock=SetClock(NOON), writers=2, readers=1)
    await db.open()
    killer.watch()
    work = order["work"]
    answer = await DOINGS[work["do"]](db, work, killer)
    await db.close()
    return {"answer": answer, "commits": killer.seen["commit"], "statements": killer.before_commit}


def ordered(address: str, order: dict[str, Any]) -> dict[str, Any]:
    """Have a child do it; everything is imported already, so that it begins at once."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(tell, orjson.dumps(asyncio.run(act(address, order))))
        os._exit(0)
    os.close(tell)
    _, status = os.waitpid(child, 0)
    with os.fdopen(told, "rb") as answer:
        said = answer.read()
    return {"code": os.waitstatus_to_exitcode(status), **(orjson.loads(said) if said else {})}


async def _keyed(db: Db, work: dict[str, Any], killer: Killer) -> str:
    """A mutation under an idempotency key, as every mutation is done."""
    person = UUID(work["who"])
    async with db.write(actor=person, operation="op") as tx:
        who = await people_store.standing(tx, person, tuple(Scope))
        assert who is not None

        async def do() -> Answer:
            if work["do"] == "sign":
                approve = SignOffDecision.APPROVE
                made = await approvals.sign(tx, who, UUID(work["request"]), decision=approve, comment="Seen.")
                return Answer("sign_off", made.id)
            wish = await deployments.request(tx, who, UUID(work["version"]), Stage.PRODUCTION, reason="Better.")
            return Answer("deployment_intent", wish.id)

        answer = await once(tx, "key", work["do"], work, do)
    killer.at("reply")
    return str(answer.id)


async def _job(db: Db, work: dict[str, Any], killer: Killer) -> str:
    """A job that goes on with a deployment, done and then taken from the queue, as a worker does."""
    row = await db.reads.fetchrow("SELECT id, entrypoint, payload FROM pgqueuer WHERE entrypoint = $1", work["job"])
    assert row is not None
    handler = {job.entrypoint: one for job, one in handlers.items()}[row["entrypoint"]]
    await handler(db, Order(orjson.loads(row["payload"]), "job"))
    killer.at("reply")
    async with db.write(actor=None, operation="worker") as tx:
        await _taken(tx, row["id"])
    return "done"


async def _taken(tx: Tx, id: int) -> None:
    await (await tx.raw()).execute("DELETE FROM pgqueuer WHERE id = $1", id)


DOINGS = {"sign": _keyed, "ask": _keyed, "job": _job}

if __name__ == "__main__":
    for line in sys.stdin:
        print(orjson.dumps(ordered(sys.argv[1], orjson.loads(line))).decode(), flush=True)
