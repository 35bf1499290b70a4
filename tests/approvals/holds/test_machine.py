"""Whatever people do in whatever order, the hub comes to what a plain model of approvals comes to."""

import asyncio
from collections.abc import Awaitable, Iterator
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Refused
from hub.people.access import Principal
from hub.people.tables import Discipline
from tests import postgres
from tests.approvals.holds.acts import Acts, run_job
from tests.approvals.holds.cast import COMPLIANCE, LEGAL, RISK, SHAPES, gathered, matrix
from tests.approvals.holds.expected import Expected
from tests.approvals.holds.oracle import Entry, Lend, Step
from tests.conftest import NOON
from tests.make import Make

SIGNERS = st.sampled_from(("rita", "rob", "lee", "both", "stan", "olga", "dev", "robot"))
GIVERS = st.sampled_from(("rita", "both", "rob", "olga"))
TAKERS = st.sampled_from(("stan", "rob", "lee", "dev"))
HELD = st.sampled_from(
    (("rita", RISK), ("rob", RISK), ("lee", LEGAL), ("both", RISK), ("both", LEGAL), ("stan", COMPLIANCE))
)
ENTRY = "SELECT * FROM sign_offs WHERE request_id = $1 ORDER BY id DESC LIMIT 1"


class Ground:
    """A database and a loop of its own: hypothesis is not asynchronous, and the suite's loop is not lent to it."""

    def __init__(self, address: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.db = Db(address, clock=SetClock(NOON), writers=2, readers=2)
        self.make = Make(self.db)
        self.numbers = count()
        self.root: Principal = self.wait(self._opened())

    async def _opened(self) -> Principal:
        await self.db.open()
        return await matrix(self.make)

    def wait(self, what: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(what)  # type: ignore[arg-type]

    def close(self) -> None:
        self.wait(self.db.close())
        self.loop.close()


class Release(RuleBasedStateMachine):
    """One release, done twice: by the hub, and by the model."""

    ground: Ground

    @initialize(shape=st.sampled_from(sorted(SHAPES)))
    def begin(self, shape: str) -> None:
        self.db, self.written = self.ground.db, {}
        self.cast = self.wait(gathered(self.db, self.ground.make, next(self.ground.numbers), shape))
        self.acts = Acts(self.db, self.cast, self.ground.root)
        steps = tuple(Step.of(step.written()) for step in SHAPES[shape])
        self.model = Expected(self.cast.world, steps, self.cast.author)
        self.times = 0

    @rule(who=st.sampled_from(("dev", "dev", "rita", "robot")))
    def ask(self, who: str) -> None:
        before = self.wait(self.acts.question())
        assert self.took(self.acts.ask(who)), "the gate is asked by everybody"
        after = self.wait(self.acts.question())
        made = self.model.asks(self.id(who), after if after != before else None)
        assert made == (after != before)

    @rule(who=SIGNERS)
    def sign(self, who: str) -> None:
        self.answered(who, None)

    @rule(who=TAKERS, of=GIVERS)
    def sign_for(self, who: str, of: str) -> None:
        self.answered(who, of)

    @rule(who=SIGNERS)
    def reject(self, who: str) -> None:
        may, again = self.model.may_reject(self.id(who)), self.model.said(self.id(who)) == "REJECT"
        if self.model.newest is not None:
            assert self.took(self.acts.sign(who, SignOffDecision.REJECT)) == (may or again)
            if may:
                self.model.signed(self.entry())

    @rule(who=SIGNERS)
    def take_back(self, who: str) -> None:
        asked, may = self.model.newest, self.model.may_take_back(self.id(who))
        done = asked is not None and self.took(self.acts.take_back(who))
        if may:
            assert done
            self.model.signed(self.entry())

    @rule(held=HELD)
    def revoke(self, held: tuple[str, Discipline]) -> None:
        assert self.took(self.acts.revoke(*held))
        self.person(held[0]).grants.discard(("MODEL_APPROVER", held[1].value))

    @rule(held=HELD)
    def grant(self, held: tuple[str, Discipline]) -> None:
        if self.took(self.acts.grant(*held)):
            self.person(held[0]).grants.add(("MODEL_APPROVER", held[1].value))

    @rule(who=st.sampled_from(("rita", "rob", "lee", "stan")))
    def leave(self, who: str) -> None:
        assert self.took(self.acts.leave(who))
        self.person(who).active = False

    @rule(
        who=st.sampled_from(("rita", "rob", "lee", "both", "stan")),
        of=st.sampled_from(("author", "dev", "rita", "lee")),
    )
    def link(self, who: str, of: str) -> None:
        name = f"{of}-{self.cast.number}"
        if self.took(self.acts.link(who, name)):
            self.person(who).names.add(name)

    @rule(who=GIVERS, to=TAKERS, of=st.sampled_from(((), (RISK,), (LEGAL,))))
    def lend(self, who: str, to: str, of: tuple[Discipline, ...]) -> None:
        if self.took(self.acts.lend(who, to, *of)):
            made = self.row("SELECT * FROM delegations WHERE from_id = $1 ORDER BY id DESC LIMIT 1", self.id(who))
            lends = self.cast.world.lends
            given_on = {one.giver for one in lends.values() if not one.revoked}
            assert made["to_id"] not in given_on, "what was given is not given on"
            lends[made["id"]] = Lend(made["id"], self.id(who), self.id(to), frozenset(one.value for one in of))

    @rule(who=GIVERS)
    def unlend(self, who: str) -> None:
        if self.took(self.acts.unlend(who)):
            gone = "SELECT id FROM delegations WHERE from_id = ANY ($1) AND revoked_at IS NOT NULL"
            for row in self.wait(self.db.reads.fetch(gone, [self.id(who)])):
                self.cast.world.lends[row["id"]].revoked = True

    @rule(who=st.sampled_from(("rita", "both", "olga")))
    def own(self, who: str) -> None:
        if self.took(self.acts.own(who)):
            self.cast.world.owner = self.id(who)

    @rule()
    def show(self) -> None:
        self.times += 1
        assert self.took(self.acts.show("dev", f"Report {self.times}"))
        self.model.added.add(self.id("dev"))
        self.model.changed(self.model.content | {f"report {self.times}"})

    @rule()
    def rework(self) -> None:
        self.times += 1
        assert self.took(self.acts.rework(self.times))
        self.model.changed(self.model.content | {f"digest {self.times}"})

    @rule(who=st.sampled_from(("dev", "rita")))
    def drop(self, who: str) -> None:
        asked = self.model.newest
        may = asked is not None and asked.status == "PENDING" and asked.requester == self.id(who)
        done = asked is not None and self.took(self.acts.drop(who))
        if may:
            assert done
            self.model.dropped()

    @rule()
    def give_up(self) -> None:
        wish, me = self.model.wish, self.id("dev")
        may = wish is not None and (wish.by == me or self.cast.world.owner == me)
        if wish is not None:
            assert self.took(self.acts.give_up("dev")) == may
            if may:
                self.model.given_up()

    @invariant()
    def comes_to_the_same(self) -> None:
        if not hasattr(self, "model"):
            return
        while self.wait(run_job(self.db)) is not None:
            pass
        self.model.settle()
        version = self.cast.version
        requests = self.rows("SELECT id, status FROM approval_requests WHERE subject_id = $1", version)
        assert {row["id"]: row["status"] for row in requests} == {
            id: q.status for id, q in self.model.questions.items()
        }
        asks = self.rows(
            "SELECT a.person_id, a.via_id FROM approval_asks a JOIN approval_requests r ON r.id = a.request_id"
            " WHERE r.subject_id = $1",
            version,
        )
        pending = self.model.pending
        ought = self.cast.world.askable(pending) if pending is not None else set()
        assert self.names((row["person_id"], row["via_id"]) for row in asks) == self.names(ought)
        live = "('CHECKING', 'BLOCKED', 'AWAITING_APPROVAL', 'APPROVED', 'DEPLOYED')"
        intents = self.rows(
            f"SELECT status FROM deployment_intents WHERE version_id = $1 AND status IN {live}", version
        )
        wish = self.model.wish
        granted = (
            ["APPROVED"] if wish is not None and wish.granted else ["AWAITING_APPROVAL"] if wish is not None else []
        )
        assert [row["status"] for row in intents] == granted
        permits = self.rows("SELECT revoked_at FROM permits WHERE version_id = $1", version)
        assert len(permits) == self.model.releases
        assert len([one for one in permits if one["revoked_at"] is None]) == granted.count("APPROVED")
        signed = self.rows(
            "SELECT s.* FROM sign_offs s JOIN approval_requests r ON r.id = s.request_id WHERE r.subject_id = $1",
            version,
        )
        now = {row["id"]: dict(row) for row in signed}
        assert {id: row for id, row in now.items() if id in self.written} == self.written, "a sign-off was changed"
        self.written = now

    def answered(self, who: str, of: str | None) -> None:
        """Somebody approves, and may or may not."""
        asked, me, behalf = self.model.newest, self.id(who), self.id(of) if of is not None else None
        may = self.model.may_sign(me, behalf)
        if asked is None:
            return
        again = self.model.said(me) == "APPROVE"
        before = len(self.written)
        assert self.took(self.acts.sign(who, of=of)) == (may or again)
        if may and not again:
            self.model.signed(self.entry())
        else:
            assert (
                len(self.rows("SELECT 1 FROM sign_offs s WHERE s.request_id = ANY ($1)", list(self.model.questions)))
                == before
            )

    def entry(self) -> Entry:
        """The answer that was written last."""
        asked = self.model.newest
        assert asked is not None
        row = self.row(ENTRY, asked.id)
        holder = row["on_behalf_of"] or row["person_id"]
        return Entry(
            row["person_id"], holder, row["delegation_id"], row["role"], row["discipline"], row["step"], row["decision"]
        )

    def took(self, act: Awaitable[None]) -> bool:
        """Whether something was done; false when it was refused."""
        try:
            self.wait(act)
        except Refused:
            return False
        return True

    def names(self, pairs: Any) -> set[tuple[str, str | None]]:
        return {(self.cast.named(one), self.cast.named(via) if via else None) for one, via in pairs}

    def person(self, who: str) -> Any:
        return self.cast.world.people[self.id(who)]

    def id(self, who: str) -> UUID:
        found: UUID = self.cast.people[who].person_id
        return found

    def rows(self, query: str, *values: Any) -> list[Any]:
        return list(self.wait(self.db.reads.fetch(query, *values)))

    def row(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0]

    def wait(self, what: Awaitable[Any]) -> Any:
        return self.ground.wait(what)

    def teardown(self) -> None:
        if hasattr(self, "cast"):
            self.wait(self._leave())

    async def _leave(self) -> None:
        people = [who.person_id for who in self.cast.people.values()]
        async with self.db.write(actor=None, operation="make") as tx:
            raw = await tx.raw()
            await raw.execute("DELETE FROM role_grants WHERE person_id = ANY ($1)", people)
            await raw.execute("DELETE FROM team_members WHERE person_id = ANY ($1)", people)
            gone = "UPDATE approval_requests SET status = 'WITHDRAWN' WHERE status = 'PENDING' AND subject_id = $1"
            await raw.execute(gone, self.cast.version)
            await raw.execute("DELETE FROM approval_asks")


@pytest.fixture
def ground(server: postgres.Server, template: str) -> Iterator[Ground]:
    made = asyncio.new_event_loop()
    address = made.run_until_complete(server.create(f"machine_{id(server)}", template))
    made.close()
    ground = Ground(address)
    yield ground
    ground.close()


HOW = settings(
    max_examples=15,
    stateful_step_count=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def test_the_hub_comes_to_what_the_model_comes_to(ground: Ground) -> None:
    class Here(Release):
        pass

    Here.ground = ground
    run_state_machine_as_test(Here, settings=HOW)
