"""A release by break-glass: its permit, its end, what takes its place, and what it is no way around."""

from datetime import timedelta

import orjson
import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]
from sqlalchemy import text

from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.deployments import actions
from hub.deployments.permits.statement import Bypass as Said
from hub.errors import Refused
from hub.events.canonical import digest_of_text
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint
from tests.deployments.bypasses import REASON, Bypass

UNWAITED = "allowed by break-glass until 2026-11-21 16:00 UTC, without the approval that was asked for"


async def test_the_whole_life_of_a_release_by_break_glass(bypass: Bypass, clock: SetClock) -> None:
    made = await bypass.goes_ahead()
    assert await bypass.now() == ("APPROVED", UNWAITED)
    permit = (await bypass.gate.permits())[1]
    assert (permit["break_glass_id"], permit["expires_at"]) == (made.id, clock.now() + timedelta(hours=4))
    statement = await bypass.gate.verified(permit)
    assert statement.bypass == Said(
        str(made.request_id), str(bypass.ivy.person_id), digest_of_text(REASON), made.expires_at
    )
    # Nobody approved it, and the permit does not say so.
    assert statement.predicate["approvals"] == []
    assert [one["outcome"] for one in statement.predicate["policies"]] == ["PASS"]
    assert (await bypass.gate.event("permit.issued"))["break_glass"] == str(made.id)

    await bypass.seen(bypass.new)
    assert await bypass.now() == ("DEPLOYED", UNWAITED)
    clock.move(timedelta(hours=4) - timedelta(microseconds=1))
    assert await bypass.tick(clock) == []
    clock.move(timedelta(microseconds=1))
    assert await bypass.tick(clock) == ["normal.expire_deployments"]
    assert await bypass.now() == (
        "HALTED",
        "its break-glass ended on 2026-11-21 16:00 UTC and nobody has approved it; roll back to version 2, or ask for"
        " its deployment again and have it approved",
    )
    told = await bypass.gate.event("deployment.halted")
    assert (told["break_glass"], told["rollback"], told["by_itself"]) == (str(made.id), str(bypass.old.id), False)
    assert await bypass.tick(clock) == []
    assert (await bypass.make.events()).count("deployment.halted") == 1

    again = await bypass.again()
    assert (again.id != bypass.intent.id, again.status) == (True, "AWAITING_APPROVAL")
    clock.move(timedelta(minutes=1))
    await bypass.gate.sign(bypass.rita, again.approval_request_id)
    assert (await bypass.gate.intent(again.id))["status"] == "APPROVED"
    await bypass.justified(made)
    assert (await bypass.gate.intent(again.id))["status"] == "APPROVED"


async def test_libraries_of_others_verify_a_permit_by_break_glass(bypass: Bypass) -> None:
    made = await bypass.goes_ahead()
    permit = (await bypass.gate.permits())[1]
    row = await bypass.gate.db.reads.fetchrow("SELECT key_id, public_key FROM signing_keys")
    assert row is not None
    key = SSlibKey(row["key_id"], "ed25519", "ed25519", {"public": row["public_key"]})
    found = Envelope.from_dict(orjson.loads(permit["envelope"]))
    assert list(found.verify([key], 1)) == [row["key_id"]]
    assert orjson.loads(found.payload)["predicate"]["bypass"] == {
        "request": str(made.request_id),
        "person": str(bypass.ivy.person_id),
        "reasonDigest": digest_of_text(REASON),
        "expiresAt": "2026-11-21T16:00:00.000000Z",
    }


async def test_what_was_not_deployed_by_its_end_expires(bypass: Bypass, clock: SetClock) -> None:
    await bypass.goes_ahead()
    clock.move(timedelta(hours=4))
    await bypass.tick(clock)
    assert await bypass.now() == ("EXPIRED", "its permit ran out before anything was deployed; ask again")


async def test_a_permit_by_break_glass_ends_with_an_exception_that_it_rests_on(bypass: Bypass, clock: SetClock) -> None:
    await bypass.gate.measure(bypass.new, 0.5)
    await bypass.make.exception(bypass.policy, bypass.model, expires_at=clock.now() + timedelta(hours=2))
    asked = await bypass.again()
    await bypass.goes_ahead(request=asked.approval_request_id)
    permit = (await bypass.gate.permits())[1]
    assert permit["expires_at"] == clock.now() + timedelta(hours=2)
    assert (await bypass.gate.verified(permit)).bypass is not None


async def test_asked_again_people_are_asked_beside_it_and_nothing_is_longer(bypass: Bypass, clock: SetClock) -> None:
    await bypass.runs()
    # In its last minutes too, when another permit would be replaced by a fresh one.
    clock.move(timedelta(hours=3, minutes=50))
    asked = await bypass.again()
    question = await bypass.question()
    why = f"{UNWAITED}; to stay longer it waits for approval in request {question}"
    assert (asked.id, asked.status, asked.status_why) == (bypass.intent.id, "DEPLOYED", why)
    assert (await bypass.gate.event("deployment.approval_asked"))["approval"] == str(question)
    before = await bypass.gate.counts()
    assert (await bypass.again()).status_why == why
    assert await bypass.gate.counts() == before
    assert len(await bypass.gate.permits()) == 2
    clock.move(timedelta(minutes=10))
    await bypass.tick(clock)
    assert (await bypass.now())[0] == "HALTED"


async def test_an_approval_given_meanwhile_takes_its_place(bypass: Bypass, clock: SetClock) -> None:
    await bypass.runs()
    question = await bypass.asked_beside()
    clock.move(timedelta(hours=1))
    await bypass.gate.sign(bypass.rita, question)
    row = await bypass.gate.intent(bypass.intent.id)
    assert (row["status"], row["status_why"], row["approval_request_id"]) == ("DEPLOYED", "", question)
    _, first, second = await bypass.gate.permits()
    # The first goes on to its own end.
    assert (first["revoked_at"], second["expires_at"]) == (None, clock.now() + timedelta(days=7))
    said = await bypass.gate.verified(second)
    assert (said.bypass, [one["person"] for one in said.predicate["approvals"]]) == (None, [str(bypass.rita.person_id)])
    assert second["break_glass_id"] is None
    clock.move(timedelta(hours=4))
    assert await bypass.tick(clock) == []
    assert (await bypass.now())[0] == "DEPLOYED"


async def test_an_approval_while_the_version_is_held_takes_its_place_in_a_job(bypass: Bypass) -> None:
    await bypass.runs()
    question = await bypass.asked_beside()
    async with bypass.gate.db.write(actor=None, operation="elsewhere") as tx:
        held = text("SELECT id FROM model_versions WHERE id = :id FOR UPDATE")
        await tx.session.execute(held, {"id": bypass.new.id})
        await bypass.gate.sign(bypass.rita, question)
        assert (await bypass.now())[1].startswith(UNWAITED)
    assert await bypass.gate.work("decide_deployment") == ["urgent.decide_deployment"]
    assert await bypass.now() == ("DEPLOYED", "")


async def test_a_no_to_staying_longer_leaves_it_to_its_end(bypass: Bypass, clock: SetClock) -> None:
    await bypass.runs()
    question = await bypass.asked_beside()
    await bypass.gate.sign(bypass.rita, question, SignOffDecision.REJECT)
    assert (await bypass.now())[0] == "DEPLOYED"
    clock.move(timedelta(hours=4))
    await bypass.tick(clock)
    assert (await bypass.now())[0] == "HALTED"


async def test_once_reviewed_another_may_follow_it(bypass: Bypass, clock: SetClock) -> None:
    made = await bypass.runs()
    question = await bypass.asked_beside()
    clock.move(timedelta(hours=3))
    with pytest.raises(Refused, match="1 break-glass of this model is not reviewed yet"):
        await bypass.goes_ahead(request=question)
    await bypass.justified(made)
    await bypass.goes_ahead(request=question)
    clock.move(timedelta(hours=1))
    assert await bypass.tick(clock) == []
    assert (await bypass.now())[0] == "DEPLOYED"
    clock.move(timedelta(hours=3))
    await bypass.tick(clock)
    assert (await bypass.now())[0] == "HALTED"


async def test_a_review_that_finds_it_unjustified_halts_it(bypass: Bypass) -> None:
    made = await bypass.runs()
    await bypass.rejected(made)
    assert await bypass.now() == (
        "HALTED",
        "its break-glass was not justified: Looked at.; roll back to version 2, or ask for its deployment again and"
        " have it approved",
    )
    permit = (await bypass.gate.permits())[1]
    assert (permit["revoked_at"], permit["revoked_why"]) == (
        bypass.make.now,
        "its break-glass was not justified: Looked at.",
    )
    # What reviewers wrote is not for everybody who fetches the revocation list, nor for the trail.
    assert (await bypass.gate.event("permit.revoked"))["why"] == "its break-glass was not justified"
    assert (await bypass.gate.event("deployment.halted"))["break_glass"] == str(made.id)
    again = await bypass.again()
    assert (again.id != bypass.intent.id, again.status) == (True, "AWAITING_APPROVAL")


async def test_what_people_approved_since_outlives_its_review(bypass: Bypass) -> None:
    made = await bypass.runs()
    question = await bypass.asked_beside()
    await bypass.gate.sign(bypass.rita, question)
    await bypass.rejected(made)
    assert await bypass.now() == ("DEPLOYED", "")
    assert [one["revoked_at"] for one in await bypass.gate.permits()] == [None] * 3


async def test_a_policy_that_blocks_goes_on_blocking(bypass: Bypass) -> None:
    await bypass.make.policy(
        "seal", rule="metrics.recall > 2.0", decision_points=(DecisionPoint.DEPLOY,), by=bypass.pat
    )
    asked = await bypass.again()
    await bypass.goes_ahead(request=asked.approval_request_id)
    row = await bypass.gate.intent(asked.id)
    assert (row["status"], row["status_why"]) == ("BLOCKED", "blocked by seal (FAIL)")
    assert len(await bypass.gate.permits()) == 1


async def test_a_release_by_break_glass_that_breaks_its_rules_is_halted(bypass: Bypass) -> None:
    await bypass.runs()
    await bypass.breaks()
    status, why = await bypass.now()
    assert (status, why.startswith("recall: not kept")) == ("HALTED", True)
    assert (await bypass.gate.permits())[1]["revoked_why"] == "halted: recall not kept"


async def test_a_rule_that_wants_approval_takes_break_glass_for_one_while_it_lasts(
    bypass: Bypass, clock: SetClock
) -> None:
    await bypass.make.policy(
        "approved",
        rule="deployment.approved == true",
        decision_points=(DecisionPoint.DEPLOY, DecisionPoint.MONITOR),
        by=bypass.pat,
    )
    asked = await bypass.again()
    await bypass.goes_ahead(request=asked.approval_request_id)
    await bypass.seen(bypass.new)
    bypass.intent = asked
    assert (await bypass.now())[0] == "DEPLOYED"
    clock.move(timedelta(hours=4))
    await bypass.gate.evaluate(bypass.new)
    status, why = await bypass.now()
    assert (status, why.startswith("approved: not kept: deployment.approved is false")) == ("HALTED", True)


@pytest.mark.parametrize(
    ("late", "ends"),
    [
        (timedelta(hours=1), ("APPROVED", UNWAITED)),
        (timedelta(hours=4), ("EXPIRED", "its break-glass counts no more; ask again")),
    ],
)
async def test_a_version_that_was_held_meanwhile_goes_on_in_a_job_unless_it_is_too_late(
    bypass: Bypass, clock: SetClock, late: timedelta, ends: tuple[str, str]
) -> None:
    async with bypass.gate.db.write(actor=None, operation="elsewhere") as tx:
        held = text("SELECT id FROM model_versions WHERE id = :id FOR UPDATE")
        await tx.session.execute(held, {"id": bypass.new.id})
        await bypass.goes_ahead()
        assert (await bypass.now())[0] == "AWAITING_APPROVAL"
    clock.move(late)
    await bypass.gate.work("decide_deployment")
    assert await bypass.now() == ends
    assert len(await bypass.gate.permits()) == (2 if ends[0] == "APPROVED" else 1)


async def test_content_that_changed_is_not_let_through_by_it(bypass: Bypass) -> None:
    await bypass.goes_ahead()
    await bypass.changed(
        f"UPDATE model_versions SET digest = 'other' WHERE id = '{bypass.new.id}'",
        "version.changed",
        "version",
        bypass.new.id,
    )
    assert await bypass.now() == ("STALE", "changed since it was asked: version; ask again")
    assert (await bypass.gate.permits())[1]["revoked_why"] == "content changed: version"
    assert (await bypass.again()).status == "AWAITING_APPROVAL"


async def test_what_is_over_before_the_clock_looked_is_halted_when_it_is_asked_for(
    bypass: Bypass, clock: SetClock
) -> None:
    await bypass.runs()
    clock.move(timedelta(days=3))
    asked = await bypass.again()
    assert (asked.id, asked.status) == (bypass.intent.id, "HALTED")
    assert (await bypass.again()).status == "AWAITING_APPROVAL"


async def test_going_back_to_what_only_a_break_glass_let_through_is_no_way_around_its_approval(
    bypass: Bypass, clock: SetClock
) -> None:
    made = await bypass.runs()
    newest = await bypass.make.version(bypass.model, "4", metrics={"recall": 0.96}, card={"factors": "Age."})
    after = await bypass.allowed(newest)
    assert (await bypass.gate.intent(after.id))["rollback_version_id"] == bypass.new.id
    await bypass.justified(made)
    before = await bypass.gate.counts()
    with pytest.raises(Refused, match="version 3 as it is was never let to PRODUCTION other than by break-glass"):
        async with bypass.gate.db.write(actor=bypass.ivy.person_id, operation="op") as tx:
            await actions.roll_back(tx, bypass.ivy, after.id, "It errs.")
    assert await bypass.gate.counts() == before


async def test_halted_by_a_person_it_does_not_come_back_by_the_same_break_glass(
    bypass: Bypass, clock: SetClock
) -> None:
    await bypass.runs()
    ada = await bypass.make.person("ada", Role.MODEL_OWNER)
    clock.move(timedelta(minutes=1))
    async with bypass.gate.db.write(actor=ada.person_id, operation="op") as tx:
        await actions.halt(tx, ada, bypass.intent.id, "It errs too.")
    again = await bypass.again()
    assert (again.id != bypass.intent.id, again.status) == (True, "AWAITING_APPROVAL")
    assert len(await bypass.gate.permits()) == 2
