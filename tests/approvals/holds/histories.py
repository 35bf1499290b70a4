"""Random histories of people who act at the same time on one release, each checked in the order of its commits.

    python -m tests.approvals.holds.histories --schedules 10000 --seed 1

Every schedule has a model, a version and people of its own; many run at once in one database, and what they do is drawn
from the schedule's seed. Afterwards the history is held against the oracle (see replay). Deadlocks and errors that
nobody expects are violations too; refusals are not.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random

from sqlalchemy import text

from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Refused
from hub.people.access import Principal
from tests import postgres
from tests.approvals.holds.acts import Acts, run_job
from tests.approvals.holds.cast import COMPLIANCE, LEGAL, RISK, SHAPES, Cast, gathered, matrix
from tests.approvals.holds.replay import replayed
from tests.conftest import NOON, migrated
from tests.make import Make

APPROVE, REJECT = SignOffDecision.APPROVE, SignOffDecision.REJECT
Act = Callable[[Acts], Awaitable[None]]

SIGNERS = ("rita", "rob", "lee", "both", "stan", "olga", "dev", "robot")


SIDES = ("rita", "rob", "lee", "both", "stan")
HOLD = (("rita", RISK), ("rob", RISK), ("lee", LEGAL), ("both", RISK), ("both", LEGAL), ("stan", COMPLIANCE))


def _signs(rng: Random) -> Act:
    who = rng.choice(SIGNERS)
    return lambda acts: acts.sign(who)


def _signs_for(rng: Random) -> Act:
    who, of = rng.choice(("stan", "rob", "lee", "dev")), rng.choice(("rita", "both", "rob", "olga"))
    return lambda acts: acts.sign(who, of=of)


def _rejects(rng: Random) -> Act:
    who = rng.choice(("rita", "rob", "lee"))
    return lambda acts: acts.sign(who, REJECT)


def _takes_back(rng: Random) -> Act:
    who = rng.choice(SIDES)
    return lambda acts: acts.take_back(who)


def _changes_roles(rng: Random) -> Act:
    (who, of), taken = rng.choice(HOLD), rng.random() < 0.65
    return lambda acts: acts.revoke(who, of) if taken else acts.grant(who, of)


def _lends(rng: Random) -> Act:
    who, to = rng.choice(("rita", "both", "rob", "olga")), rng.choice(("stan", "rob", "lee", "dev"))
    of = rng.choice(((), (), (RISK,), (LEGAL,)))
    return lambda acts: acts.lend(who, to, *of)


def _unlends(rng: Random) -> Act:
    who = rng.choice(("rita", "both", "rob", "olga"))
    return lambda acts: acts.unlend(who)


def _links(rng: Random) -> Act:
    who, other = rng.choice(SIDES), rng.choice(("author", "author", "dev", "rita", "lee"))
    return lambda acts: acts.link(who, f"{other}-{acts.cast.number}")


def _leaves(rng: Random) -> Act:
    who = rng.choice(("rita", "rob", "lee", "stan"))
    return lambda acts: acts.leave(who)


def _shows(rng: Random) -> Act:
    number = rng.randrange(10**9)
    return lambda acts: acts.show("dev", f"Report {number}")


def _reworks(rng: Random) -> Act:
    number = rng.randrange(10**9)
    return lambda acts: acts.rework(number)


def _asks(rng: Random) -> Act:
    who = rng.choice(("dev", "dev", "rita", "robot"))
    return lambda acts: acts.ask(who)


def _drops(rng: Random) -> Act:
    who = rng.choice(("dev", "rita"))
    return lambda acts: acts.drop(who)


def _gives_up(_rng: Random) -> Act:
    return lambda acts: acts.give_up("dev")


def _owns(rng: Random) -> Act:
    who = rng.choice(("rita", "both", "olga"))
    return lambda acts: acts.own(who)


OFTEN: dict[Callable[[Random], Act], int] = {
    _signs: 34,
    _signs_for: 8,
    _rejects: 3,
    _takes_back: 6,
    _changes_roles: 12,
    _lends: 7,
    _unlends: 5,
    _links: 5,
    _leaves: 3,
    _shows: 5,
    _reworks: 4,
    _asks: 10,
    _drops: 2,
    _gives_up: 2,
    _owns: 2,
}
"""What may be done, and how often it is drawn."""


EACH = 250
"""Schedules to a database: nothing is vacuumed there, so that the next ones are faster in one of their own."""


@dataclass
class Tally:
    """What many schedules came to."""

    schedules: int = 0
    bad: dict[int, list[str]] = field(default_factory=dict)
    deadlocks: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    def add(self, part: "Tally") -> None:
        """Take in what others came to."""
        self.schedules += part.schedules
        self.deadlocks += part.deadlocks
        for seed, wrong in part.bad.items():
            self.bad.setdefault(seed, []).extend(wrong)
        self.outcomes.update(part.outcomes)
        self.refusals.update(part.refusals)


@dataclass
class Story:
    """One schedule on its way."""

    seed: int
    cast: Cast
    wrong: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    async def tried(self, act: Awaitable[object]) -> None:
        """Do something; being refused is no fault, anything else is."""
        try:
            await act
        except Refused as refused:
            self.refusals[refused.code] += 1
        except Exception as error:
            self.wrong.append(fault(error))


def fault(error: Exception) -> str:
    """An unexpected error in a line."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {' '.join(str(cause).split())[:300]}"


class Stage:
    """One database on which schedules run, some at once."""

    def __init__(self, db: Db, first: int = 0) -> None:
        self.db, self.make = db, Make(db)
        self._numbers = count(first)
        self._root: Principal | None = None

    async def run(self, seeds: Sequence[int]) -> Tally:
        """Run a schedule for each of these seeds, all of them at once."""
        if self._root is None:
            self._root = await matrix(self.make)
        tally = Tally(schedules=len(seeds))
        faults: list[str] = []
        ended = asyncio.Event()
        worker = asyncio.create_task(self._works(ended, faults))
        stories = await asyncio.gather(*(self._plays(seed) for seed in seeds))
        ended.set()
        await worker
        for story in stories:
            found = await replayed(self.db, story.cast)
            if wrong := [*story.wrong, *found.wrong]:
                tally.bad[story.seed] = [f"[{story.cast.shape}] {one}" for one in wrong]
            tally.refusals.update(story.refusals)
            tally.outcomes.update(row["status"] for row in found.rows["intents"].values())
            tally.outcomes.update(f"{asked.status} request" for asked in found.questions.values())
            tally.outcomes["releases"] += len(found.rows["permits"])
        if faults:
            tally.bad[-1] = faults
        tally.deadlocks = sum("Deadlock" in one for ones in tally.bad.values() for one in ones)
        await self._leave([story.cast for story in stories])
        return tally

    async def _plays(self, seed: int) -> Story:
        assert self._root is not None
        rng = Random(seed)
        cast = await gathered(self.db, self.make, next(self._numbers), rng.choice(tuple(SHAPES)))
        story = Story(seed, cast)
        acts = Acts(self.db, cast, self._root, Random(seed), lingers=0)
        if rng.random() < 0.3:
            await story.tried(_lends(rng)(acts))
        await story.tried(acts.ask("dev"))
        for _ in range(rng.choice((0, 0, 1, 2))):
            await story.tried(_signs(rng)(acts))
        acts.lingers = rng.choice((0, 3, 12))
        drawn = [
            rng.choices(list(OFTEN), list(OFTEN.values()), k=rng.choice((1, 1, 2, 3)))
            for _ in range(rng.choice((2, 3, 4, 5)))
        ]
        plans = [[draw(rng) for draw in draws] for draws in drawn]

        async def actor(plan: list[Act], late: int) -> None:
            for act in plan:
                for _ in range(late):
                    await asyncio.sleep(0)
                await story.tried(act(acts))

        await asyncio.gather(*(actor(plan, rng.randrange(6)) for plan in plans))
        return story

    async def _works(self, ended: asyncio.Event, faults: list[str]) -> None:
        """Do the jobs that wait, until everybody is done and none is left."""
        while True:
            last = ended.is_set()
            try:
                while await run_job(self.db) is not None:
                    pass
            except Exception as error:
                faults.append(f"in a job: {fault(error)}")
                continue
            if last:
                return
            await asyncio.sleep(0)

    async def _leave(self, casts: Sequence[Cast]) -> None:
        """Nobody of these is there any more, so that those after them find an empty house."""
        values = {"people": [who.person_id for cast in casts for who in cast.people.values()]}
        versions = {"versions": [cast.version for cast in casts]}
        async with self.db.write(actor=None, operation="make") as tx:
            await tx.session.execute(text("DELETE FROM role_grants WHERE person_id = ANY (:people)"), values)
            await tx.session.execute(text("DELETE FROM team_members WHERE person_id = ANY (:people)"), values)
            open_ones = "status = 'PENDING' AND subject_id = ANY (:versions)"
            gone = text(f"UPDATE approval_requests SET status = 'WITHDRAWN' WHERE {open_ones}")
            await tx.session.execute(gone, versions)
            await tx.session.execute(text("DELETE FROM approval_asks"))


async def run(
    address: str, seeds: Sequence[int], *, at_once: int = 12, told: Callable[[Tally], None] | None = None
) -> Tally:
    """Run a schedule for each seed on a database, some at once; `told` hears of every batch."""
    db = Db(address, clock=SetClock(NOON), writers=3 * at_once, readers=4)
    await db.open()
    whole = Tally()
    try:
        stage = Stage(db)
        for begin in range(0, len(seeds), at_once):
            part = await stage.run(seeds[begin : begin + at_once])
            whole.add(part)
            if told is not None:
                told(part)
    finally:
        await db.close()
    return whole


def _tell(part: Tally) -> None:
    for seed, wrong in part.bad.items():
        for one in wrong:
            print(f"seed {seed}: {one}", flush=True)


async def _main(schedules: int, first: int, at_once: int) -> int:
    began, whole = time.monotonic(), Tally()
    async with postgres.server() as server:
        template = await server.once("hub_migrated", migrated)
        for begin in range(first, first + schedules, EACH):
            name = f"histories_{os.getpid()}_{begin}"
            seeds = range(begin, min(begin + EACH, first + schedules))
            whole.add(await run(await server.create(name, template), seeds, at_once=at_once, told=_tell))
            await server.drop(name)
            print(f"... {whole.schedules} in {time.monotonic() - began:.0f} s, {len(whole.bad)} bad", flush=True)
    took = time.monotonic() - began
    print(f"{whole.schedules} schedules from seed {first}, {whole.schedules / took:.1f} a second")
    print(f"{len(whole.bad)} with violations, {whole.deadlocks} deadlocks")
    for name, ones in (("outcomes", whole.outcomes), ("refusals", whole.refusals)):
        print(f"{name}: " + ", ".join(f"{many} {one}" for one, many in ones.most_common()))
    return 1 if whole.bad else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Random histories of approvals, checked.")
    parser.add_argument("--schedules", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=12)
    asked = parser.parse_args()
    sys.exit(asyncio.run(_main(asked.schedules, asked.seed, asked.at_once)))
