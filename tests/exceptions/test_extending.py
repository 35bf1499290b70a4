"""Extensions: asked for, counted, decided as exceptions are, and without effect on what has ended."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.approvals import actions as approvals
from hub.approvals.tables import SignOffDecision, SubjectKind
from hub.clock import SetClock
from hub.errors import Code, Refused
from hub.exceptions import actions as exceptions
from hub.exceptions.life import actions, extending
from hub.exceptions.tables import ExtensionState
from hub.models.tables import RiskTier
from hub.people.tables import Role
from tests.exceptions.living import DAY, NOON, Life

EXTENSION = SubjectKind.EXTENSION


async def test_an_approved_extension_moves_the_end_and_is_counted(life: Life, clock: SetClock) -> None:
    found = await life.granted()
    clock.move(20 * DAY)
    asked = await life.extension(found, NOON + 60 * DAY)
    before = await life.now(found.id)
    assert (before.expires_at, before.extensions_used, before.extensions_allowed) == (NOON + 30 * DAY, 0, 1)
    await life.sign(life.pat, EXTENSION, asked, comment="The supplier confirmed it.")
    now, made = await life.now(found.id), await life.extended(asked)
    assert (now.expires_at, now.extensions_used) == (NOON + 60 * DAY, 1)
    assert (made.state, made.decided_by, made.decided_at, made.note) == (
        ExtensionState.APPROVED,
        life.pat.person_id,
        NOON + 20 * DAY,
        "The supplier confirmed it.",
    )
    assert (await life.kinds())[-2:] == ["exception.extension_requested", "exception.extended"]
    (told,) = await life.told("exception.extended")
    assert (told["was_expires_at"][:10], told["expires_at"][:10]) == ("2026-12-21", "2027-01-20")
    clock.move(39 * DAY)
    assert await life.covering() == found.id
    clock.move(DAY)
    assert (await life.status(found.id), await life.covering()) == ("EXPIRED", None)


async def test_a_rejected_extension_leaves_the_end(life: Life) -> None:
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    await life.sign(life.pat, EXTENSION, asked, SignOffDecision.REJECT, "Meet it by then.")
    now, made = await life.now(found.id), await life.extended(asked)
    assert (now.expires_at, now.extensions_used) == (NOON + 30 * DAY, 0)
    assert (made.state, made.note) == (ExtensionState.REJECTED, "Meet it by then.")
    assert (await life.kinds())[-1] == "exception.extension_rejected"
    again = await life.extension(found, NOON + 40 * DAY)
    assert (await life.extended(again)).state is ExtensionState.REQUESTED


async def test_extensions_are_refused_with_the_numbers_and_nothing_is_written(life: Life) -> None:
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    await life.sign(life.pat, EXTENSION, asked)
    waiting = await life.granted()
    first = await life.extension(waiting, NOON + 60 * DAY)
    fresh = await life.granted()
    undecided = await life.asked()
    before, count = await life.make.events(), await life.make.count("exception_extensions")
    for of, who, until, code, why in (
        (found, life.olaf, 80, Code.WRONG_STATE, "1 of 1 extensions used; ask for a new exception, which"),
        (waiting, life.dev, 80, Code.CONFLICT, f"an extension is asked already, ExceptionExtension:{first}"),
        (fresh, life.olaf, 30, Code.TERM_IN_PAST, "is not after its end now, 2026-12-21 12:00 UTC"),
        (fresh, life.olaf, 91, Code.TERM_TOO_LONG, "91 days from now asked, 90 allowed by recall"),
        (fresh, life.rita, 60, Code.FORBIDDEN, "an exception is extended by whoever asked for it or its owner"),
        (undecided, life.olaf, 60, Code.WRONG_STATE, "this exception is SUBMITTED: nobody has granted it yet"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            await life.extension(of, NOON + until * DAY, by=who)
        assert refused.value.code is code
        assert why in refused.value.why
    assert (await life.make.events(), await life.make.count("exception_extensions")) == (before, count)


@pytest.mark.parametrize(("tier", "allowed"), [(RiskTier.MINIMAL, 3), (RiskTier.LIMITED, 2), (RiskTier.HIGH, 1)])
async def test_how_often_depends_on_the_tier(life: Life, tier: RiskTier, allowed: int) -> None:
    life.model = await life.make.model(tier=tier)
    found = await life.granted()
    for n in range(allowed):
        await life.sign(life.pat, EXTENSION, await life.extension(found, NOON + (31 + n) * DAY))
    with pytest.raises(Refused, match=f"{allowed} of {allowed} extensions used"):
        await life.extension(found, NOON + 60 * DAY)
    assert (await life.now(found.id)).extensions_used == allowed


async def test_nobody_approves_the_extension_of_what_is_their_own(life: Life) -> None:
    author = await life.make.person("author", Role.POLICY_OWNER)
    await life.make.version(life.model, author="author")
    for who in (life.olaf, life.dev):
        await life.make.grant_anyway(who, Role.POLICY_OWNER)
    olaf, dev = await life.make.principal(life.olaf), await life.make.principal(life.dev)
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    for who in (olaf, dev, author):
        with pytest.raises(Refused) as refused:
            await life.sign(who, EXTENSION, asked)
        assert refused.value.code is Code.SAME_PERSON
    assert (await life.extended(asked)).state is ExtensionState.REQUESTED


async def test_whoever_owns_it_by_now_does_not_sign_its_extension(life: Life) -> None:
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    await life.do(life.olaf, actions.assign, found.id, owner_id=life.pat.person_id)
    with pytest.raises(Refused) as refused:
        await life.sign(life.pat, EXTENSION, asked)
    assert refused.value.code is Code.SAME_PERSON
    await life.sign(life.rita, EXTENSION, asked)
    assert (await life.extended(asked)).state is ExtensionState.APPROVED


async def test_an_extension_approved_after_the_end_changes_nothing_and_says_so(life: Life, clock: SetClock) -> None:
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    clock.move(30 * DAY)
    await life.sign(life.pat, EXTENSION, asked)
    now, made = await life.now(found.id), await life.extended(asked)
    assert (now.expires_at, now.extensions_used) == (NOON + 30 * DAY, 0)
    assert made.state is ExtensionState.LAPSED
    assert made.note == "approved, but the exception is EXPIRED by now; ask for a new one that follows it"
    assert (await life.status(found.id), (await life.kinds())[-1]) == ("EXPIRED", "exception.extension_lapsed")


async def test_an_extension_that_the_policy_allows_no_more_lapses(life: Life) -> None:
    life.policy = await life.make.policy("other", by=life.pat, longest_exception_days=90)
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    await life.make.policy("other", by=life.pat, longest_exception_days=40)
    await life.sign(life.rita, EXTENSION, asked)
    made = await life.extended(asked)
    assert (made.state, (await life.now(found.id)).expires_at) == (ExtensionState.LAPSED, NOON + 30 * DAY)
    assert "60 days from now asked, 40 allowed by other" in made.note


async def test_of_what_is_revoked_no_extension_is_asked_any_more(life: Life) -> None:
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    await life.do(life.rita, actions.revoke, found.id, reason="The trial is over.")
    made = await life.extended(asked)
    assert (made.state, made.note) == (ExtensionState.LAPSED, "the exception is REVOKED by now")
    request = await life.request(EXTENSION, asked)
    row = await life.db.reads.fetchrow("SELECT status, status_why FROM approval_requests WHERE id = $1", request)
    assert row is not None and tuple(row) == ("STALE", "exception")
    assert await life.make.count("approval_asks") == 0
    with pytest.raises(Refused) as refused:
        await life.sign(life.pat, EXTENSION, asked)
    assert refused.value.code is Code.STALE


async def test_whoever_asked_takes_an_extension_back(life: Life) -> None:
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    await life.do(life.olaf, approvals.withdraw, await life.request(EXTENSION, asked))
    assert (await life.extended(asked)).state is ExtensionState.WITHDRAWN
    assert (await life.kinds())[-1] == "exception.extension_withdrawn"


async def test_of_two_asked_at_once_one_is(life: Life) -> None:
    found = await life.granted()
    answers = await asyncio.gather(
        *(life.extension(found, NOON + 60 * DAY, by=who) for who in (life.olaf, life.dev)), return_exceptions=True
    )
    assert sum(isinstance(one, UUID) for one in answers) == 1
    assert [one.code for one in answers if isinstance(one, Refused)] == [Code.CONFLICT]
    assert await life.make.count("exception_extensions") == 1


async def test_an_approval_and_a_revocation_at_once_leave_it_revoked(life: Life) -> None:
    found = await life.granted()
    asked = await life.extension(found, NOON + 60 * DAY)
    done: list[Any] = await asyncio.gather(
        life.sign(life.pat, EXTENSION, asked),
        life.do(life.rita, actions.revoke, found.id, reason="The trial is over."),
        return_exceptions=True,
    )
    assert not isinstance(done[1], BaseException)
    assert done[0] is None or (isinstance(done[0], Refused) and done[0].code is Code.STALE)
    now, made = await life.now(found.id), await life.extended(asked)
    assert now.state == "REVOKED"
    assert (now.extensions_used == 1) == (made.state is ExtensionState.APPROVED) == (done[0] is None)


async def test_a_hidden_exception_is_extended_as_little_as_one_that_is_not_there(life: Life) -> None:
    team = await life.make.team("secret")
    insider = await life.make.person("insider", Role.DEVELOPER, teams=[team])
    life.model = await life.make.model(restricted=True, team=team)
    hidden = await life.do(insider, exceptions.request, life.make.deviation(life.policy, life.model, insider))
    with pytest.raises(Refused) as refused:
        await life.do(
            life.olaf, extending.extend, hidden.id, until=NOON + timedelta(days=60), justification="Anything."
        )
    assert (refused.value.code, refused.value.why) == (Code.NOT_FOUND, "there is no such exception")
