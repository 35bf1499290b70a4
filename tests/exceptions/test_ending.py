"""Withdrawn, revoked, resolved: by whom, at once, and what another exception covers stays covered."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.approvals import actions as approvals
from hub.approvals.tables import SubjectKind
from hub.checks import actions as checks
from hub.checks import jobs
from hub.checks import store as check_store
from hub.checks.tables import Outcome
from hub.clock import SetClock
from hub.errors import Code, Refused
from hub.events.jobs import Order
from hub.exceptions import store
from hub.exceptions.life import actions
from hub.exceptions.rules import Criterion
from hub.exceptions.tables import PolicyException
from hub.models.tables import Stage
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint
from tests.exceptions.living import DAY, NOON, Life


async def outcome(life: Life) -> tuple[Outcome, Any]:
    """What the gate would be told now of the version, and by which exception."""
    async with life.db.write(actor=None, operation="gate") as tx:
        await checks.evaluate(tx, [life.version.id], DecisionPoint.PROMOTE, Stage.PRODUCTION)
        (one,) = await check_store.standings(tx, life.version.id, Stage.PRODUCTION)
    return one.outcome, one.exception_id


async def counted(life: Life) -> tuple[str, Any]:
    """What counts of the version, as it was last asked."""
    row = await life.db.reads.fetchrow("SELECT outcome, exception_id FROM compliance WHERE stage = 'PRODUCTION'")
    assert row is not None
    return row["outcome"], row["exception_id"]


async def reasked(life: Life, found: PolicyException) -> None:
    """Run what the end of an exception has queued, which must be exactly one order for it."""
    queued = await life.make.count(
        "pgqueuer", f"entrypoint = 'normal.reask_checks' AND convert_from(payload, 'UTF8') LIKE '%{found.id}%'"
    )
    assert queued == 2, "one when it was granted, one when it ended"
    order = {"exception": str(found.id), "since": life.db.clock.now().isoformat()}
    await jobs.run_reask(life.db, Order(order, "op"))


async def test_a_revoked_exception_covers_nothing_from_that_moment_on(life: Life, clock: SetClock) -> None:
    found = await life.granted()
    assert await outcome(life) == (Outcome.WAIVED, found.id)
    clock.move(DAY)
    await life.do(life.rita, actions.revoke, found.id, reason="The second reader is on leave.")
    now = await life.now(found.id)
    assert (now.state, now.ended_by, now.ended_at, now.end_note) == (
        "REVOKED",
        life.rita.person_id,
        NOON + DAY,
        "The second reader is on leave.",
    )
    assert (await life.covering(), await life.status(found.id)) == (None, "REVOKED")
    await reasked(life, found)
    assert await counted(life) == ("FAIL", None)
    assert await outcome(life) == (Outcome.FAIL, None)


async def test_what_another_exception_covers_stays_covered(life: Life) -> None:
    short, long = await life.granted(), await life.granted(expires_at=NOON + 60 * DAY)
    assert (await outcome(life), await life.covering()) == ((Outcome.WAIVED, long.id), long.id)
    await life.do(life.rita, actions.revoke, long.id, reason="One is enough.")
    assert await life.covering() == short.id
    assert await outcome(life) == (Outcome.WAIVED, short.id)
    await reasked(life, long)
    assert await counted(life) == ("WAIVED", short.id)
    await life.do(life.rita, actions.revoke, short.id, reason="None is needed.")
    assert await life.covering() is None
    assert await outcome(life) == (Outcome.FAIL, None)


@pytest.mark.parametrize("who", ["olaf", "rita", "pat"])
async def test_its_owner_and_whoever_decides_such_take_it_back(life: Life, who: str) -> None:
    found = await life.granted()
    await life.do(getattr(life, who), actions.revoke, found.id, reason="Over.")
    assert (await life.kinds())[-1] == "exception.revoked"
    assert (await life.now(found.id)).ended_by == getattr(life, who).person_id


async def test_nobody_else_takes_it_back_and_nothing_is_written(life: Life) -> None:
    admin = await life.make.person("admin", Role.ADMIN)
    found = await life.granted()
    gone = await life.make.person("gone", Role.POLICY_OWNER)
    await life.make.take_roles(gone)
    before = await life.make.events()
    for who, code in ((life.dev, Code.FORBIDDEN), (admin, Code.FORBIDDEN), (gone, Code.FORBIDDEN)):
        with pytest.raises(Refused) as refused:
            await life.do(who, actions.revoke, found.id, reason="Over.")
        assert refused.value.code is code
    with pytest.raises(Refused) as empty:
        await life.do(life.rita, actions.revoke, found.id, reason=" ")
    assert (empty.value.code, empty.value.field) == (Code.BAD_INPUT, "reason")
    assert (await life.now(found.id)).state == "APPROVED"
    assert await life.make.events() == before


async def test_what_has_ended_is_not_ended_again(life: Life, clock: SetClock) -> None:
    found, expired = await life.granted(), await life.granted()
    await life.do(life.olaf, actions.revoke, found.id, reason="Over.")
    clock.move(31 * DAY)
    before = await life.make.events()
    for one, status in ((found, "REVOKED"), (expired, "EXPIRED")):
        for action, said in ((actions.revoke, {"reason": "Over."}), (actions.resolve, {"note": "Over."})):
            with pytest.raises(Refused, match=f"this exception is {status}: it has ended") as refused:
                await life.do(life.rita, action, one.id, **said)
            assert refused.value.code is Code.WRONG_STATE
    assert await life.make.events() == before


@pytest.mark.parametrize("who", ["dev", "olaf"])
async def test_a_request_is_taken_back_by_whoever_asked_and_by_its_owner(life: Life, who: str) -> None:
    asked, by = await life.asked(), getattr(life, who)
    await life.do(by, actions.withdraw, asked.id, note="Not needed.")
    now = await life.now(asked.id)
    assert (now.state, now.ended_by, now.ended_at, now.end_note) == ("WITHDRAWN", by.person_id, NOON, "Not needed.")
    assert (now.decided_by, now.decided_at) == (None, None)
    row = await life.db.reads.fetchrow("SELECT status, status_why FROM approval_requests")
    assert row is not None and tuple(row) == ("WITHDRAWN", "Not needed.")
    assert await life.make.count("approval_asks") == 0
    assert (await life.kinds()) == ["exception.requested", "exception.withdrawn"]


async def test_what_is_granted_or_another_persons_is_not_withdrawn(life: Life) -> None:
    asked, granted = await life.asked(), await life.granted()
    before = await life.make.events()
    for who, of, code in ((life.rita, asked, Code.FORBIDDEN), (life.dev, granted, Code.WRONG_STATE)):
        with pytest.raises(Refused) as refused:
            await life.do(who, actions.withdraw, of.id)
        assert refused.value.code is code
    assert await life.make.events() == before


async def test_a_question_that_is_taken_back_withdraws_the_exception(life: Life) -> None:
    asked = await life.asked()
    await life.do(life.dev, approvals.withdraw, await life.request(SubjectKind.EXCEPTION, asked.id))
    now = await life.now(asked.id)
    assert (now.state, now.ended_by, now.end_note, now.decision_note) == ("WITHDRAWN", life.dev.person_id, "", "")


async def test_an_owner_confirms_that_the_need_is_gone_once_checks_suggest_it(life: Life) -> None:
    found = await life.granted()
    with pytest.raises(Refused, match="keep it first"):
        await life.do(life.olaf, actions.resolve, found.id, note="The new scans came.")
    assert (await life.kinds())[-1] == "exception.approved"
    await suggest(life, found)
    await life.do(life.olaf, actions.resolve, found.id)
    now = await life.now(found.id)
    assert (now.state, now.ended_by, now.ended_at, now.end_note) == ("RESOLVED", life.olaf.person_id, NOON, "")
    assert ((await life.kinds())[-1], await life.covering()) == ("exception.resolved", None)
    await reasked(life, found)


async def test_whoever_decides_such_resolves_it_with_a_note_and_no_one_else(life: Life) -> None:
    found = await life.granted()
    with pytest.raises(Refused) as wordless:
        await life.do(life.pat, actions.resolve, found.id)
    assert (wordless.value.code, wordless.value.field) == (Code.BAD_INPUT, "note")
    await suggest(life, found)
    with pytest.raises(Refused) as stranger:
        await life.do(life.dev, actions.resolve, found.id)
    assert stranger.value.code is Code.FORBIDDEN
    assert (await life.now(found.id)).state == "APPROVED"
    await life.do(life.pat, actions.resolve, found.id)
    assert (await life.now(found.id)).ended_by == life.pat.person_id


async def test_an_owner_resolves_nothing_while_a_criterion_is_not_met(life: Life) -> None:
    found = await life.granted(criteria=(Criterion("Two clinics agree"),))
    async with life.db.write(actor=None, operation="checks") as tx:
        await store.change(tx, found.id, resolution_suggested_at=tx.at)
    with pytest.raises(Refused, match=r"^1 of its criteria is not met: Two clinics agree; ") as refused:
        await life.do(life.olaf, actions.resolve, found.id, note="Done.")
    assert refused.value.code is Code.WRONG_STATE
    with pytest.raises(Refused, match=r"^note is empty"):
        await life.do(life.pat, actions.resolve, found.id)
    assert (await life.now(found.id)).state == "APPROVED"
    await life.do(life.pat, actions.resolve, found.id, note="They closed.")
    assert (await life.now(found.id)).state == "RESOLVED"


async def suggest(life: Life, found: PolicyException) -> None:
    """Checks find that the policy is kept wherever the exception covers, and so its criterion is met."""
    async with life.db.write(actor=None, operation="checks") as tx:
        await store.change(tx, found.id, resolution_suggested_at=tx.at - timedelta(hours=1))
        await tx.session.execute(text("UPDATE acceptance_criteria SET met_at = :at"), {"at": tx.at})
