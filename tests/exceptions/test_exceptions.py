"""Asking for exceptions, deciding on them, and what covers what on which day."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.exceptions import actions
from hub.exceptions.rules import Deviation
from hub.exceptions.tables import ExceptionKind, ExceptionStatus, PolicyException
from hub.models.tables import Model, RiskTier, Stage
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from hub.policies.tables import PolicyVersion
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def ask(db: Db, who: Principal, asked: Deviation) -> PolicyException:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.request(tx, who, asked)


async def decide(
    db: Db, who: Principal, asked: PolicyException, approve: bool = True, note: str = "no"
) -> PolicyException:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.decide(tx, who, asked.id, approve=approve, note=note)


async def setting(make: Make) -> tuple[PolicyVersion, Model, Principal]:
    """A policy that binds a model, and a developer."""
    policy = await make.policy(longest_exception_days=90)
    return policy, await make.model(), await make.person("dev", Role.DEVELOPER)


async def covers(
    db: Db, policy: PolicyVersion, model: Model, version: UUID, stage: Stage = Stage.PRODUCTION
) -> UUID | None:
    found: UUID | None = await db.reads.fetchval(
        "SELECT exception_covers($1, $2, $3, $4, $5)", policy.policy_id, model.id, version, stage.value, db.clock.now()
    )
    return found


async def status(db: Db) -> list[str]:
    rows = await db.reads.fetch(
        "SELECT exception_status(state, starts_at, expires_at, suspended_from, $1) AS s"
        " FROM policy_exceptions ORDER BY id",
        db.clock.now(),
    )
    return [row["s"] for row in rows]


async def test_an_exception_is_asked_for_with_its_controls(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    made = await ask(db, dev, make.deviation(policy, model, dev, controls=("a", " b ")))
    assert (made.state, made.starts_at, made.expires_at) == (ExceptionStatus.SUBMITTED, NOON, NOON + timedelta(days=30))
    rows = await db.reads.fetch("SELECT description FROM compensating_controls ORDER BY id")
    assert [row["description"] for row in rows] == ["a", "b"]
    body = await db.reads.fetchval("SELECT convert_from(body, 'UTF8') FROM events WHERE kind = 'exception.requested'")
    assert str(dev.person_id) in body
    assert "More cases" not in body


@pytest.mark.parametrize(
    ("asked", "code", "field", "why"),
    [
        ({"expires_at": NOON + timedelta(days=91)}, Code.TERM_TOO_LONG, "expiresAt", "91 days asked, 90 allowed by"),
        ({"expires_at": datetime(2026, 12, 21)}, Code.BAD_INPUT, "expiresAt", "has no time zone"),  # noqa: DTZ001
        ({"expires_at": NOON + timedelta(days=90, seconds=1)}, Code.TERM_TOO_LONG, "expiresAt", "91 days asked"),
        ({"expires_at": NOON}, Code.TERM_IN_PAST, "expiresAt", "2026-11-21 12:00 UTC is not after now"),
        ({"expires_at": NOON - timedelta(days=1)}, Code.TERM_IN_PAST, "expiresAt", "2026-11-20 12:00 UTC"),
        ({"starts_at": NOON + timedelta(days=40)}, Code.TERM_IN_PAST, "expiresAt", "not after the start"),
        ({"starts_at": NOON - timedelta(days=1)}, Code.TERM_IN_PAST, "startsAt", "before now"),
        ({"review_at": NOON + timedelta(days=31)}, Code.BAD_INPUT, "reviewAt", "not between now and the end"),
        ({"justification": " "}, Code.BAD_INPUT, "justification", "is empty"),
        ({"justification": "x" * 8_001}, Code.BAD_INPUT, "justification", "8001 characters"),
        ({"controls": ()}, Code.BAD_INPUT, "controls", "say what lowers the risk"),
        ({"controls": ("",)}, Code.BAD_INPUT, "controls", "is empty"),
        ({"controls": ("x",) * 21}, Code.BAD_INPUT, "controls", "21 controls asked; at most 20"),
        ({"version_id": uuid4()}, Code.NOT_FOUND, "version", "no such version"),
    ],
)  # fmt: skip
async def test_a_request_that_is_not_fit_is_refused_with_the_numbers(
    db: Db, make: Make, asked: dict[str, Any], code: Code, field: str, why: str
) -> None:
    policy, model, dev = await setting(make)
    before = await make.events()
    with pytest.raises(Refused) as refused:
        await ask(db, dev, make.deviation(policy, model, dev, **asked))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert why in refused.value.why
    assert await make.count("policy_exceptions") == await make.count("compensating_controls") == 0
    assert await make.events() == before


async def test_the_longest_term_itself_is_allowed(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    later = NOON + timedelta(days=10)
    asked = make.deviation(policy, model, dev, starts_at=later, expires_at=later + timedelta(days=90))
    assert (await ask(db, dev, asked)).expires_at == NOON + timedelta(days=100)


async def test_a_policy_may_allow_no_exceptions(db: Db, make: Make) -> None:
    policy, model, dev = (
        await make.policy(longest_exception_days=0),
        await make.model(),
        await make.person(None, Role.DEVELOPER),
    )
    with pytest.raises(Refused, match="recall allows no exceptions; meet it instead"):
        await ask(db, dev, make.deviation(policy, model, dev))
    assert await make.count("policy_exceptions") == 0


async def test_a_false_positive_needs_no_controls(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    await ask(db, dev, make.deviation(policy, model, dev, kind=ExceptionKind.FALSE_POSITIVE, controls=()))
    assert await make.count("policy_exceptions") == 1


async def test_what_does_not_apply_or_is_hidden_is_not_excepted(db: Db, make: Make) -> None:
    policy = await make.policy(tiers=(RiskTier.LIMITED,))
    dev = await make.person("dev", Role.DEVELOPER)
    unbound, hidden = await make.model(), await make.model(tier=RiskTier.LIMITED, restricted=True)
    other = await make.version(await make.model(tier=RiskTier.LIMITED))
    visible = await make.model(tier=RiskTier.LIMITED)
    told = []
    for model, asked in ((unbound, {}), (hidden, {}), (visible, {"version_id": other.id})):
        with pytest.raises(Refused) as refused:
            await ask(db, dev, make.deviation(policy, model, dev, **asked))
        told.append((refused.value.code, refused.value.field))
    assert told == [(Code.BAD_INPUT, "policy"), (Code.NOT_FOUND, "model"), (Code.NOT_FOUND, "version")]
    assert await make.count("policy_exceptions") == 0


async def test_a_granted_exception_covers_from_its_start_until_its_end(db: Db, make: Make, clock: SetClock) -> None:
    policy, model, dev = await setting(make)
    version = uuid4()
    judge = await make.person("judge", Role.POLICY_OWNER)
    asked = await ask(db, dev, make.deviation(policy, model, dev, starts_at=NOON + timedelta(days=1)))
    assert (await status(db), await covers(db, policy, model, version)) == (["SUBMITTED"], None)
    decided = await decide(db, judge, asked, note="Fine for a month.")
    assert (decided.state, decided.decided_by, decided.decision_note) == (
        "APPROVED",
        judge.person_id,
        "Fine for a month.",
    )
    assert (await status(db), await covers(db, policy, model, version)) == (["APPROVED"], None)
    clock.move(timedelta(days=1))
    assert (await status(db), await covers(db, policy, model, version)) == (["ACTIVE"], asked.id)
    clock.move(timedelta(days=29) - timedelta(microseconds=1))
    assert (await status(db), await covers(db, policy, model, version)) == (["ACTIVE"], asked.id)
    clock.move(timedelta(microseconds=1))
    assert (await status(db), await covers(db, policy, model, version)) == (["EXPIRED"], None)


async def test_a_request_that_nobody_decided_never_covers(db: Db, make: Make, clock: SetClock) -> None:
    policy, model, _ = await setting(make)
    await make.exception(policy, model, granted=False)
    clock.move(timedelta(days=40))
    assert (await status(db), await covers(db, policy, model, uuid4())) == (["SUBMITTED"], None)


async def test_an_exception_covers_its_version_and_stage_only(db: Db, make: Make) -> None:
    policy, model, _ = await setting(make)
    one, two = await make.version(model), await make.version(model)
    asked = await make.exception(policy, model, version_id=one.id, stage=Stage.STAGING)
    assert await covers(db, policy, model, one.id, Stage.STAGING) == asked.id
    assert await covers(db, policy, model, one.id, Stage.PRODUCTION) is None
    assert await covers(db, policy, model, two.id, Stage.STAGING) is None
    assert await covers(db, policy, await make.model(), one.id, Stage.STAGING) is None


async def test_of_two_that_cover_the_one_that_lasts_longer_is_named(db: Db, make: Make, clock: SetClock) -> None:
    policy, model, _ = await setting(make)
    short = await make.exception(policy, model, expires_at=NOON + timedelta(days=5))
    long = await make.exception(policy, model, expires_at=NOON + timedelta(days=50))
    assert await covers(db, policy, model, uuid4()) == long.id != short.id
    clock.move(timedelta(days=6))
    assert await covers(db, policy, model, uuid4()) == long.id


async def test_nobody_decides_on_what_is_their_own(db: Db, make: Make) -> None:
    policy = await make.policy()
    model = await make.model()
    roles = (Role.POLICY_OWNER, Role.MODEL_APPROVER)
    asker, owner, author, runner = [await make.person(name, *roles) for name in ("asker", "owner", "author", "runner")]
    async with db.write(actor=None, operation="op") as tx:
        await people.link_identity(tx, None, person_id=author.person_id, issuer="mlflow", subject="A.Lovelace")
    version = await make.version(model, author="a.lovelace", run_author="runner")
    asked = await ask(db, asker, make.deviation(policy, model, owner, version_id=version.id))
    before = await make.events()
    for who, why in ((asker, "you asked"), (owner, "you own"), (author, "you made"), (runner, "you made")):
        with pytest.raises(Refused, match=why) as refused:
            await decide(db, who, asked)
        assert refused.value.code is Code.SAME_PERSON
    assert await make.count("policy_exceptions", "state = 'SUBMITTED' AND decided_by IS NULL") == 1
    assert await make.events() == before


async def test_an_exception_for_every_version_is_nobodys_who_made_one(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    author = await make.person("author", Role.POLICY_OWNER)
    await make.version(model, author="author")
    asked = await ask(db, dev, make.deviation(policy, model, dev))
    with pytest.raises(Refused, match="you made a version it covers"):
        await decide(db, author, asked)
    other = await make.version(model, author="somebody else")
    asked = await ask(db, dev, make.deviation(policy, model, dev, version_id=other.id))
    assert (await decide(db, author, asked)).state == "APPROVED"


async def test_a_role_taken_away_meanwhile_decides_nothing(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    judge, gone = await make.person("judge", Role.POLICY_OWNER), await make.person("gone", Role.POLICY_OWNER)
    robot = await make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    asked = await ask(db, dev, make.deviation(policy, model, dev))
    await make.take_roles(judge)
    await make.deactivate(gone)
    for who in (judge, gone, robot, dev):
        with pytest.raises(Refused) as refused:
            await decide(db, who, asked)
        assert refused.value.code is Code.FORBIDDEN
    assert await make.count("policy_exceptions", "state = 'SUBMITTED'") == 1


async def test_a_rejection_says_why(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    judge = await make.person("judge", Role.POLICY_OWNER)
    asked = await ask(db, dev, make.deviation(policy, model, dev))
    with pytest.raises(Refused) as refused:
        await decide(db, judge, asked, approve=False, note=" ")
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "note")
    assert (await decide(db, judge, asked, approve=False, note="Meet it.")).state == "REJECTED"
    assert (await make.events())[-1] == "exception.rejected"
    with pytest.raises(Refused, match="this exception is REJECTED") as refused:
        await decide(db, judge, asked)
    assert refused.value.code is Code.WRONG_STATE


async def test_time_and_policy_are_looked_at_again_when_it_is_decided(db: Db, make: Make, clock: SetClock) -> None:
    who = await make.person("pat", Role.POLICY_OWNER)
    policy, model, dev = await make.policy(by=who), await make.model(), await make.person("dev", Role.DEVELOPER)
    judge = await make.person("judge", Role.POLICY_OWNER)
    asked = await ask(db, dev, make.deviation(policy, model, dev))
    await make.policy(by=who, longest_exception_days=20)
    with pytest.raises(Refused, match="30 days asked, 20 allowed"):
        await decide(db, judge, asked)
    clock.move(timedelta(days=31))
    with pytest.raises(Refused) as refused:
        await decide(db, judge, asked)
    assert refused.value.code is Code.TERM_IN_PAST
    assert (await decide(db, judge, asked, approve=False, note="Too late.")).state == "REJECTED"


async def test_of_two_decisions_at_once_one_is_made(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    judges = [await make.person(f"judge{n}", Role.POLICY_OWNER) for n in range(4)]
    asked = await ask(db, dev, make.deviation(policy, model, dev))
    answers = await asyncio.gather(
        *(decide(db, judge, asked, approve=n % 2 == 0) for n, judge in enumerate(judges)), return_exceptions=True
    )
    made = [answer for answer in answers if isinstance(answer, PolicyException)]
    refused = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert len(made) == 1
    assert refused == [Code.WRONG_STATE] * 3
    kinds = await make.events()
    assert kinds.count("exception.approved") + kinds.count("exception.rejected") == 1


async def test_a_hidden_exception_is_the_same_as_none(db: Db, make: Make) -> None:
    owner = await make.person("owner", Role.DEVELOPER)
    judge = await make.person("judge", Role.POLICY_OWNER)
    policy, model = await make.policy(), await make.model(restricted=True, owner=owner)
    asked = await ask(db, owner, make.deviation(policy, model, owner))
    told = []
    for found in (asked, PolicyException(id=uuid4(), **asked.model_dump(exclude={"id"}))):
        with pytest.raises(Refused) as refused:
            await decide(db, judge, found)
        told.append((refused.value.code, refused.value.why, refused.value.field))
    assert told[0] == told[1] == (Code.NOT_FOUND, "there is no such exception", "exception")
