"""Killed at any point, a signature, a wish and a job are done whole or not at all, and done again they are done once.

Real processes are killed, at every commit and at statements all the way through; each has a release of its own.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from hub.approvals.tables import SignOffDecision
from hub.db import Db
from hub.people.access import Principal
from tests.approvals.holds.acts import Acts, run_job
from tests.approvals.holds.cast import Cast, gathered, matrix
from tests.approvals.holds.replay import replayed
from tests.make import Make

APPROVE = SignOffDecision.APPROVE
GO_ON = "urgent.decide_deployment"
OFTEN = 6
"""At so many statements, spread over all of them, is somebody killed."""

numbers = count(1)


@pytest.fixture
async def root(make: Make) -> Principal:
    return await matrix(make)


class Children:
    """Processes that do one thing each."""

    def __init__(self, made: asyncio.subprocess.Process) -> None:
        self._made = made

    async def run(self, work: dict[str, Any], place: str = "statement", number: int = 0) -> dict[str, Any]:
        """Run one to its end; gives how it ended and what it told."""
        assert self._made.stdin is not None and self._made.stdout is not None
        self._made.stdin.write(orjson.dumps({"work": work, "place": place, "number": number}) + b"\n")
        found: dict[str, Any] = orjson.loads(await self._made.stdout.readline())
        return found


@pytest.fixture
async def children(db: Db) -> AsyncIterator[Children]:
    words = [sys.executable, "-m", "tests.approvals.holds.child", db.url]
    pipe = asyncio.subprocess.PIPE
    made = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    yield Children(made)
    assert made.stdin is not None
    made.stdin.close()
    assert await made.wait() == 0


async def release(db: Db, make: Make, root: Principal, do: str) -> tuple[Cast, dict[str, Any]]:
    """A release on which one thing is left to do, which releases it."""
    cast = await gathered(db, make, next(numbers), "two")
    acts = Acts(db, cast, root)
    if do == "ask":
        return cast, {"do": "ask", "who": str(cast.people["dev"].person_id), "version": str(cast.version)}
    await acts.ask("dev")
    await acts.sign("rita")
    if do == "sign":
        return cast, {"do": "sign", "who": str(cast.people["lee"].person_id), "request": str(await acts.question())}
    async with db.write(actor=None, operation="elsewhere") as tx:
        # Whoever holds the version has the signature's consequences wait for a job.
        held = text("SELECT id FROM model_versions WHERE id = :id FOR UPDATE")
        await tx.session.execute(held, {"id": cast.version})
        await acts.sign("lee")
    return cast, {"do": "job", "job": GO_ON}


async def seen(db: Db, cast: Cast) -> tuple[int, ...]:
    """How much there is of everything that one act writes."""
    queries = {
        "sign_offs": "SELECT count(*) FROM sign_offs s JOIN approval_requests r ON r.id = s.request_id"
        " WHERE r.subject_id = $1",
        "requests": "SELECT count(*) FROM approval_requests WHERE subject_id = $1",
        "intents": "SELECT count(*) FROM deployment_intents WHERE version_id = $1",
        "permits": "SELECT count(*) FROM permits WHERE version_id = $1",
        "approved": "SELECT count(*) FROM deployment_intents WHERE version_id = $1 AND status = 'APPROVED'",
        "events": "SELECT count(*) FROM events e JOIN model_versions v ON v.model_id = e.scope_id WHERE v.id = $1",
        "keys": "SELECT count(*) FROM answered a JOIN people p ON p.id = a.actor_id JOIN team_members t"
        " ON t.person_id = p.id JOIN models m ON m.team_id = t.team_id JOIN model_versions v ON v.model_id = m.id"
        " WHERE v.id = $1",
    }
    return tuple([int(await db.reads.fetchval(query, cast.version)) for query in queries.values()])


@dataclass
class Bench:
    """Where releases are made, and killed at."""

    db: Db
    make: Make
    root: Principal
    children: Children

    async def places(self, do: str) -> tuple[int, int]:
        """How many statements before the first commit, and how many commits, there are to be killed at."""
        # The first permit of all makes the key that signs it.
        for _ in range(2):
            _, work = await release(self.db, self.make, self.root, do)
            told = await self.children.run(work)
            assert told["code"] == 0
            await self._worked()
        return told["statements"], told["commits"]

    async def killed(self, do: str, place: str, number: int) -> None:
        """Kill a process there, look, and do it again: it is done once, and whole."""
        cast, work = await release(self.db, self.make, self.root, do)
        before = await seen(self.db, cast)
        assert await self.children.run(work, place, number) == {"code": -signal.SIGKILL}
        after = await seen(self.db, cast)
        done = place == "reply" or (place == "commit" and number > 1)
        assert (after == before) != done, f"{do} killed at {place} {number} left {after}, was {before}"
        told = await self.children.run(work)
        whole = await seen(self.db, cast)
        assert whole == after if done else whole != before
        if do != "job":
            again = await self.children.run(work)
            assert (again["code"], again["answer"]) == (0, told["answer"])
            assert await seen(self.db, cast) == whole
        await self._worked()
        found = await replayed(self.db, cast)
        assert found.wrong == []
        assert len(found.rows["permits"]) == (0 if do == "ask" else 1)

    async def _worked(self) -> None:
        while await run_job(self.db) is not None:
            pass


def spread(most: int, many: int) -> Sequence[int]:
    """Numbers from 1 to `most`, with the first and the last among them."""
    return sorted({1 + round(at * (most - 1) / (many - 1)) for at in range(many)})


@pytest.mark.parametrize("do", ["sign", "ask", "job"])
async def test_whoever_is_killed_on_the_way_did_it_whole_or_not_at_all(
    db: Db, make: Make, root: Principal, children: Children, do: str
) -> None:
    bench = Bench(db, make, root, children)
    statements, commits = await bench.places(do)
    assert (statements > 15, commits) == (True, 2 if do == "job" else 1)
    for number in range(1, commits + 1):
        await bench.killed(do, "commit", number)
    await bench.killed(do, "reply", 1)
    for number in spread(statements, OFTEN):
        await bench.killed(do, "statement", number)
