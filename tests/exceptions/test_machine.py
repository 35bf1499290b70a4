"""Whatever people do to an exception in whatever order, and however time jumps, it comes to what a plain model says."""

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from hub.approvals.openings import actions as openings
from hub.approvals.tables import SignOffDecision, SubjectKind
from hub.approvals.talk import actions as talk
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Refused
from hub.exceptions import actions as exceptions
from hub.exceptions.life import actions
from hub.exceptions.tables import ReviewVerdict
from hub.models.tables import RiskTier
from tests import postgres
from tests.exceptions.living import DAY, NOON, Life
from tests.make import Make

LONGEST_DAYS = 90
ALLOWED = {RiskTier.MINIMAL: 3, RiskTier.LIMITED: 2, RiskTier.HIGH: 1, RiskTier.UNCLASSIFIED: 1}
UNDECIDED = ("SUBMITTED", "UNDER_REVIEW", "INFO_REQUESTED")
GRANTED = ("APPROVED", "ACTIVE", "SUSPENDED")


@dataclass
class Expected:
    """An exception as it ought to be: what was decided, and from when until when."""

    starts_at: datetime
    expires_at: datetime
    allowed: int
    state: str = "SUBMITTED"
    used: int = 0
    red_since: datetime | None = None
    until: datetime | None = None
    """The end that an open extension asks for."""

    def status(self, at: datetime) -> str:
        if self.state != "GRANTED":
            return self.state
        if at >= self.expires_at:
            return "EXPIRED"
        if at < self.starts_at:
            return "APPROVED"
        return "SUSPENDED" if self.red_since is not None and at >= self.red_since else "ACTIVE"

    def may_ask_until(self, until: datetime, at: datetime) -> bool:
        is_later, is_short = until > self.expires_at, until - at <= timedelta(days=LONGEST_DAYS)
        return self.status(at) in GRANTED and self.until is None and self.used < self.allowed and is_later and is_short

    def ends(self, state: str) -> None:
        self.state, self.until = state, None


class Ground:
    """A database and a loop of its own: hypothesis is not asynchronous, and the suite's loop is not lent to it."""

    def __init__(self, address: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = SetClock(NOON)
        self.db = Db(address, clock=self.clock, writers=2, readers=2)
        self.wait(self.db.open())
        self.life: Life = self.wait(Life(self.db, Make(self.db)).begin(longest_exception_days=LONGEST_DAYS))

    def wait(self, what: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(what)  # type: ignore[arg-type]

    def close(self) -> None:
        self.wait(self.db.close())
        self.loop.close()


class OneException(RuleBasedStateMachine):
    """One exception, lived twice: by the hub, and by the model."""

    ground: Ground

    @initialize(tier=st.sampled_from(sorted(ALLOWED)), starts=st.sampled_from((0, 3)), days=st.integers(1, 60))
    def begin(self, tier: RiskTier, starts: int, days: int) -> None:
        self.life = self.ground.life
        self.life.model = self.wait(self.life.make.model(tier=tier))
        self.life.version = self.wait(self.life.make.version(self.life.model))
        starts_at = self.now + starts * DAY
        ends_at = starts_at + days * DAY
        said = {"starts_at": starts_at} if starts else {}
        self.id: UUID = self.wait(self.life.asked(expires_at=ends_at, **said)).id
        self.model = Expected(starts_at, ends_at, ALLOWED[tier])
        self.extension: UUID | None = None

    @rule(hours=st.sampled_from((1, 24, 24 * 6, 24 * 25)))
    def time_passes(self, hours: int) -> None:
        self.ground.clock.move(timedelta(hours=hours))

    @rule()
    def open(self) -> None:
        assert self.took(self.life.do(self.life.rita, openings.look, self.question()))
        if self.model.state == "SUBMITTED":
            self.model.state = "UNDER_REVIEW"

    @rule()
    def ask(self) -> None:
        may = self.model.state in UNDECIDED
        assert self.took(self.life.do(self.life.rita, talk.ask, self.question(), "Who reads?")) == may
        if may:
            self.model.state = "INFO_REQUESTED"

    @rule()
    def answer(self) -> None:
        may = self.model.state == "INFO_REQUESTED"
        assert self.took(self.life.do(self.life.dev, talk.answer, self.question(), "We do.")) == may
        if may:
            self.model.state = "UNDER_REVIEW"

    @rule(approve=st.booleans(), who=st.sampled_from(("rita", "pat", "olaf")))
    def decide(self, approve: bool, who: str) -> None:
        is_in_time = not approve or self.model.expires_at > self.now
        may = self.model.state in UNDECIDED and is_in_time and who != "olaf"
        said = self.life.do(getattr(self.life, who), exceptions.decide, self.id, approve=approve, note="Weighed.")
        assert self.took(said) == may
        if may:
            self.model.state = "GRANTED" if approve else "REJECTED"

    @rule(who=st.sampled_from(("dev", "olaf", "rita")))
    def withdraw(self, who: str) -> None:
        may = self.model.state in UNDECIDED and who != "rita"
        assert self.took(self.life.do(getattr(self.life, who), actions.withdraw, self.id)) == may
        if may:
            self.model.ends("WITHDRAWN")

    @rule(who=st.sampled_from(("dev", "olaf", "rita")), days=st.sampled_from((-1, 0, 1, 10, 60, 89)))
    def extend(self, who: str, days: int) -> None:
        until = self.model.expires_at + days * DAY
        may = who != "rita" and self.model.may_ask_until(until, self.now)
        try:
            made = self.wait(self.life.extension(self.wait(self.life.now(self.id)), until, getattr(self.life, who)))
        except Refused:
            assert not may
        else:
            assert may
            self.extension, self.model.until = made, until

    @rule(decision=st.sampled_from((SignOffDecision.APPROVE, SignOffDecision.APPROVE, SignOffDecision.REJECT)))
    def decide_extension(self, decision: SignOffDecision) -> None:
        if self.extension is None:
            return
        may, until = self.model.until is not None, self.model.until
        signed = self.life.sign(self.life.pat, SubjectKind.EXTENSION, self.extension, decision)
        # The same answer again is none; whatever else comes after the decision is refused.
        assert self.took(signed) or not may
        if until is not None:
            self.model.until = None
            if decision is SignOffDecision.APPROVE and self.model.may_ask_until(until, self.now):
                self.model.expires_at, self.model.used = until, self.model.used + 1

    @rule(who=st.sampled_from(("olaf", "rita", "dev")))
    def revoke(self, who: str) -> None:
        may = self.model.status(self.now) in GRANTED and who != "dev"
        assert self.took(self.life.do(getattr(self.life, who), actions.revoke, self.id, reason="Over.")) == may
        if may:
            self.model.ends("REVOKED")

    @rule(who=st.sampled_from(("olaf", "rita", "dev")))
    def resolve(self, who: str) -> None:
        # Nothing suggests it here, so it is a decider's to say.
        may = self.model.status(self.now) in GRANTED and who == "rita"
        assert self.took(self.life.do(getattr(self.life, who), actions.resolve, self.id, note="Met.")) == may
        if may:
            self.model.ends("RESOLVED")

    @rule(verdict=st.sampled_from((ReviewVerdict.CONTINUE, ReviewVerdict.CONTINUE, ReviewVerdict.REVOKE)))
    def review(self, verdict: ReviewVerdict) -> None:
        may = self.model.status(self.now) in GRANTED
        done = self.took(self.life.do(self.life.pat, actions.review, self.id, verdict=verdict, note="Seen."))
        assert done == may
        if may and verdict is ReviewVerdict.REVOKE:
            self.model.ends("REVOKED")

    @rule(is_red=st.booleans())
    def control(self, is_red: bool) -> None:
        self.model.red_since = self.now if is_red else None
        self.wait(self.paint(self.model.red_since))

    @invariant()
    def comes_to_the_same(self) -> None:
        if not hasattr(self, "model"):
            return
        found, status = self.wait(self.life.now(self.id)), self.wait(self.life.status(self.id))
        assert status == self.model.status(self.now)
        assert (found.expires_at, found.extensions_used) == (self.model.expires_at, self.model.used)
        assert found.extensions_used <= found.extensions_allowed == self.model.allowed
        assert self.wait(self.life.covering()) == (self.id if status == "ACTIVE" else None)
        if self.now >= found.expires_at:
            assert status != "ACTIVE"
        undecided = f"exception_id = '{self.id}' AND state = 'REQUESTED'"
        waiting = self.wait(self.life.make.count("exception_extensions", undecided))
        assert waiting == (self.model.until is not None)

    @property
    def now(self) -> datetime:
        return self.ground.clock.now()

    def question(self) -> UUID:
        found: UUID = self.wait(self.life.request(SubjectKind.EXCEPTION, self.id))
        return found

    async def paint(self, red_since: datetime | None) -> None:
        """A check finds a control red, or holding again."""
        async with self.ground.db.write(actor=None, operation="checks") as tx:
            told = {"red": red_since, "id": self.id}
            red = text("UPDATE compensating_controls SET red_since = :red WHERE exception_id = :id")
            await tx.session.execute(red, told)

    def wait(self, what: Awaitable[Any]) -> Any:
        return self.ground.wait(what)

    def took(self, act: Awaitable[Any]) -> bool:
        """Whether something was done; false when it was refused."""
        try:
            self.wait(act)
        except Refused:
            return False
        return True


@pytest.fixture
def ground(server: postgres.Server, template: str) -> Iterator[Ground]:
    made = asyncio.new_event_loop()
    address = made.run_until_complete(server.create(f"exception_machine_{id(server)}", template))
    made.close()
    ground = Ground(address)
    yield ground
    ground.close()


HOW = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def test_an_exception_comes_to_what_the_model_comes_to(ground: Ground) -> None:
    class Here(OneException):
        pass

    Here.ground = ground
    run_state_machine_as_test(Here, settings=HOW)
