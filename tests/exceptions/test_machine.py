"""Whatever people do to an exception in whatever order, and however time jumps, it comes to what a plain model says."""

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

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
    is_granted: bool
    """Whether it begins so: what comes after is seldom reached by chance."""

    @initialize(
        tier=st.sampled_from(sorted(ALLOWED)),
        starts=st.sampled_from((0, 0, 3)),
        days=st.sampled_from((5, 20, 60)),
    )
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
        if self.is_granted:
            self.wait(self.life.do(self.life.rita, exceptions.decide, self.id, approve=True, note="Weighed."))
            self.model.state = "GRANTED"

    @rule(hours=st.sampled_from((None, 1, 24 * 6, 24 * 25)))
    def let_time_pass(self, hours: int | None) -> None:
        self.time_passes(hours)

    def time_passes(self, hours: int | None) -> None:
        # Without a number, to the very instant at which it ends.
        to_its_end = max(self.model.expires_at - self.now, timedelta())
        self.ground.clock.move(to_its_end if hours is None else timedelta(hours=hours))

    @rule(what=st.sampled_from(("open", "ask", "answer")))
    def look(self, what: str) -> None:
        before, question = self.model.state, self.question()
        if what == "open":
            assert self.took(self.life.do(self.life.rita, openings.look, question))
            self.model.state = "UNDER_REVIEW" if before == "SUBMITTED" else before
        elif what == "ask":
            assert self.took(self.life.do(self.life.rita, talk.ask, question, "Who reads?")) == (before in UNDECIDED)
            self.model.state = "INFO_REQUESTED" if before in UNDECIDED else before
        else:
            is_asked = before == "INFO_REQUESTED"
            assert self.took(self.life.do(self.life.dev, talk.answer, question, "We do.")) == is_asked
            self.model.state = "UNDER_REVIEW" if is_asked else before

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

    @rule(who=st.sampled_from(("olaf", "olaf", "dev", "rita")), days=st.sampled_from((10, 10, 1, 60, 0, -1)))
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

    @rule(
        decision=st.sampled_from((SignOffDecision.APPROVE, SignOffDecision.APPROVE, SignOffDecision.REJECT)),
        late=st.booleans(),
    )
    def decide_extension(self, decision: SignOffDecision, late: bool) -> None:
        if self.extension is None:
            return
        if late:
            self.time_passes(None)
        may, until = self.model.until is not None, self.model.until
        signed = self.life.sign(self.life.pat, SubjectKind.EXTENSION, self.extension, decision)
        # The same answer again is none; whatever else comes after the decision is refused.
        assert self.took(signed) or not may
        if until is not None:
            self.model.until = None
            if decision is SignOffDecision.APPROVE and self.model.may_ask_until(until, self.now):
                self.model.expires_at, self.model.used = until, self.model.used + 1

    @rule(
        verb=st.sampled_from(("revoke", "resolve", "review", "review and revoke")),
        who=st.sampled_from(("dev", "dev", "dev", "olaf", "pat")),
    )
    def finish(self, verb: str, who: str) -> None:
        # Nothing suggests here that it is resolved, so that is a decider's to say; a look is, too.
        by = {"revoke": ("olaf", "pat")}.get(verb, ("pat",))
        may = self.model.status(self.now) in GRANTED and who in by
        acts = {
            "revoke": (actions.revoke, {"reason": "Over."}),
            "resolve": (actions.resolve, {"note": "Met."}),
            "review": (actions.review, {"note": "Seen.", "verdict": ReviewVerdict.CONTINUE}),
            "review and revoke": (actions.review, {"note": "Seen.", "verdict": ReviewVerdict.REVOKE}),
        }
        act, said = acts[verb]
        assert self.took(self.life.do(getattr(self.life, who), act, self.id, **said)) == may
        if may and verb != "review":
            self.model.ends("RESOLVED" if verb == "resolve" else "REVOKED")

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
    address = made.run_until_complete(server.create(f"exception_machine_{uuid4().hex[:8]}", template))
    made.close()
    ground = Ground(address)
    yield ground
    ground.close()


HOW = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("is_granted", [False, True])
def test_an_exception_comes_to_what_the_model_comes_to(ground: Ground, is_granted: bool) -> None:
    class Here(OneException):
        pass

    Here.ground, Here.is_granted = ground, is_granted
    run_state_machine_as_test(Here, settings=HOW)
