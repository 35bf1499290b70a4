"""Breaking the glass: who may, what it leaves behind, and what stands in its way."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hub.approvals.tables import ApprovalRequest
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from tests.approvals.bypass.emergencies import REASON, REJECT, Emergency
from tests.make import Make

TABLES = ("break_glasses", "approval_requests", "sign_offs", "events")


async def refused(
    fire: Emergency, who: Principal | None = None, asked: ApprovalRequest | None = None, **given: object
) -> Refused:
    """Why the glass stays whole; nothing was written."""
    before = [await fire.make.count(table) for table in TABLES]
    with pytest.raises(Refused) as found:
        await fire.breaks(who, asked, **given)
    assert [await fire.make.count(table) for table in TABLES] == before
    return found.value


async def test_a_broken_glass_is_loud_short_and_reviewed(fire: Emergency, clock: SetClock) -> None:
    made = await fire.breaks(hours=6)
    until, due = clock.now() + timedelta(hours=6), datetime(2026, 11, 25, 17, tzinfo=UTC)
    assert (made.scope_id, made.person_id, made.reason) == (fire.model.id, fire.ivy.person_id, REASON)
    assert (made.at, made.expires_at, made.reviewed_at, made.justified) == (clock.now(), until, None, None)

    asked = await fire.row("approval_requests", fire.asked.id)
    assert (asked["status"], asked["decided_at"], asked["next_at"]) == ("BYPASSED", clock.now(), None)
    assert asked["status_why"] == "gone past by break-glass until 2026-11-21 18:00 UTC"
    assert await fire.make.count("approval_asks", f"request_id = '{fire.asked.id}'") == 0
    # It replaces people's yes, and never counts as one.
    assert await fire.make.count("sign_offs") == 0

    event = await fire.told("approval.bypassed")
    assert event["actor"] == str(fire.ivy.person_id)
    assert event["subject"] == {"kind": "approval_request", "id": str(asked["id"]), "digest": asked["subject_digest"]}
    assert event["data"] == {
        "subject": {"kind": "version", "id": str(fire.version.id)},
        "stage": "PRODUCTION",
        "break_glass": str(made.id),
        "person": str(fire.ivy.person_id),
        "hours": 6,
        "expires_at": "2026-11-21T18:00:00.000000Z",
        "reason_digest": digest_of_text(REASON),
        "review": str(made.review_id),
        "review_due_at": "2026-11-25T17:00:00.000000Z",
    }
    scope = await fire.db.reads.fetchval("SELECT scope_id FROM events WHERE kind = 'approval.bypassed'")
    assert scope == fire.model.id

    review = await fire.row("approval_requests", made.review_id)
    # Asked on a Saturday: three working days are over when Wednesday closes.
    assert (review["due_at"], made.review_due_at) == (due, due)
    assert (review["subject_kind"], review["subject_id"], review["status"]) == ("break_glass", made.id, "PENDING")
    assert (review["title"], review["tier"], review["stage"]) == (
        "break-glass of fraud 3 to PRODUCTION by ivy",
        "HIGH",
        "PRODUCTION",
    )
    rows = await fire.db.reads.fetch(
        "SELECT p.handle FROM approval_asks q JOIN people p ON p.id = q.person_id WHERE q.request_id = $1 ORDER BY 1",
        made.review_id,
    )
    # Mia signs for RISK, but made the version.
    assert [row["handle"] for row in rows] == ["lee", "una"]
    bodies = await fire.db.reads.fetch("SELECT convert_from(body, 'UTF8') AS body FROM events")
    assert not any("card payment" in row["body"] or "ivy" in row["body"] for row in bodies)


async def test_without_a_word_about_hours_it_is_four(fire: Emergency, clock: SetClock) -> None:
    assert (await fire.breaks()).expires_at == clock.now() + timedelta(hours=4)


async def test_whoever_asked_or_made_it_may_break_it(fire: Emergency) -> None:
    owner = await fire.make.person("owner", Role.MODEL_OWNER)
    asked = await fire.ask(await fire.make.version(await fire.make.model(), author="owner"), owner)
    assert (await fire.breaks(owner, asked)).person_id == owner.person_id


async def test_who_may_not_breaks_no_glass(fire: Emergency) -> None:
    for who in (fire.dev, fire.mia, fire.una):
        why = await refused(fire, who)
        assert (why.code, "BREAK_GLASS" in why.why) == (Code.FORBIDDEN, True)
    await fire.make.take_roles(fire.ivy)
    assert (await refused(fire, fire.ivy)).code is Code.FORBIDDEN
    gone = await fire.make.person("gone", Role.INCIDENT_RESPONDER)
    await fire.make.deactivate(gone)
    assert (await refused(fire, gone)).why == "your account is not active; nothing was bypassed"


async def test_a_machine_breaks_no_glass(fire: Emergency) -> None:
    robot = await fire.make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    await fire.make.grant_anyway(robot, Role.INCIDENT_RESPONDER)
    why = await refused(fire, await fire.make.principal(robot))
    assert (why.code, why.why) == (
        Code.FORBIDDEN,
        "a service account breaks no glass; a person who answers for it must",
    )


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"reason": "it burns"}, Code.BAD_INPUT, "reason"),
        ({"hours": 25}, Code.TERM_TOO_LONG, "hours"),
        ({"digest_seen": "e" * 64}, Code.STALE, "request"),
    ],
)
async def test_what_is_asked_wrongly_is_refused_by_field(
    fire: Emergency, given: dict[str, object], code: Code, field: str
) -> None:
    why = await refused(fire, **given)
    assert (why.code, why.field) == (code, field)


async def test_content_that_changed_is_gone_past_by_nobody(fire: Emergency) -> None:
    async with fire.db.write(actor=None, operation="sync") as tx:
        await (await tx.raw()).execute("UPDATE model_versions SET digest = 'other'")
    why = await refused(fire)
    assert why.code is Code.STALE
    assert why.why.startswith("what was to be approved has changed since it was asked: version")


async def test_only_pending_questions_about_versions_are_gone_past(fire: Emergency) -> None:
    made = await fire.breaks()
    why = await refused(fire, await fire.make.person("ida", Role.INCIDENT_RESPONDER))
    assert (why.code, why.why) == (
        Code.WRONG_STATE,
        "this request is BYPASSED; the glass is broken for PENDING ones only",
    )
    review = fire.asked.model_copy(update={"id": made.review_id})
    assert "the glass is broken for the approval of versions only" in (await refused(fire, asked=review)).why


async def test_a_hidden_request_is_the_same_as_none(fire: Emergency) -> None:
    owner = await fire.make.person("owner", Role.MODEL_OWNER)
    asked = await fire.ask(await fire.make.version(await fire.make.model(restricted=True, owner=owner)), owner)
    why = await refused(fire, asked=asked)
    assert (why.code, why.why) == (Code.NOT_FOUND, "there is no such approval request")


async def test_no_emergency_lets_a_prohibited_model_through(fire: Emergency) -> None:
    model = await fire.make.model()
    asked = await fire.ask(await fire.make.version(model))
    async with fire.db.write(actor=None, operation="op") as tx:
        await (await tx.raw()).execute("UPDATE models SET tier = 'PROHIBITED' WHERE id = $1", model.id)
    why = await refused(fire, asked=asked)
    assert (why.code, why.why.startswith("this model is PROHIBITED")) == (Code.FORBIDDEN, True)


async def test_where_the_matrix_names_no_reviewers_the_glass_stays_whole(fire: Emergency) -> None:
    async with fire.db.write(actor=None, operation="op") as tx:
        await (await tx.raw()).execute("DELETE FROM approval_rules WHERE subject_kind = 'break_glass'")
    assert (await refused(fire)).code is Code.NO_RULE


async def test_the_next_of_the_same_model_waits_for_the_review(fire: Emergency) -> None:
    made = await fire.breaks()
    ida = await fire.make.person("ida", Role.INCIDENT_RESPONDER)
    other = await fire.ask(await fire.make.version(fire.model, "4"))
    why = await refused(fire, ida, other)
    assert why.why.startswith("1 break-glass of this model is not reviewed yet (due 2026-11-25 17:00 UTC)")
    await fire.reviews(fire.una, made)
    assert (await refused(fire, ida, other)).code is Code.WRONG_STATE
    await fire.reviews(fire.lee, made)
    assert (await fire.breaks(ida, other)).person_id == ida.person_id


async def test_the_next_by_the_same_person_waits_for_the_review_under_any_name(fire: Emergency) -> None:
    made = await fire.breaks()
    elsewhere = await fire.ask(await fire.make.version(await fire.make.model()))
    twin = await fire.make.person("twin", Role.INCIDENT_RESPONDER, email="ivy")
    for who in (fire.ivy, twin):
        why = await refused(fire, who, elsewhere)
        assert why.why.startswith("1 break-glass of yours is not reviewed yet (due 2026-11-25 17:00 UTC)")
    # A no is a review as well: it is answered for.
    await fire.reviews(fire.una, made, REJECT)
    await fire.breaks(asked=elsewhere)


async def test_an_overdue_review_anywhere_blocks_everybody(fire: Emergency, clock: SetClock) -> None:
    made = await fire.breaks()
    ida = await fire.make.person("ida", Role.INCIDENT_RESPONDER)
    first = await fire.ask(await fire.make.version(await fire.make.model()))
    second = await fire.ask(await fire.make.version(await fire.make.model()))
    clock.move(made.review_due_at - clock.now())
    await fire.breaks(ida, first)
    clock.move(timedelta(microseconds=1))
    inga = await fire.make.person("inga", Role.INCIDENT_RESPONDER)
    why = await refused(fire, inga, second)
    assert why.why.startswith("1 break-glass review is overdue (due 2026-11-25 17:00 UTC), 0 may be")
    await fire.justified(made)
    await fire.breaks(inga, second)


@pytest.mark.parametrize("beside", ["the same request", "the same model", "the same person"])
async def test_of_two_at_once_one_wins(fire: Emergency, db: Db, make: Make, beside: str) -> None:
    ida = await make.person("ida", Role.INCIDENT_RESPONDER)
    second = (ida, fire.asked)
    if beside == "the same model":
        second = (ida, await fire.ask(await make.version(fire.model, "4")))
    if beside == "the same person":
        second = (fire.ivy, await fire.ask(await make.version(await make.model())))
    answers = await asyncio.gather(fire.breaks(), fire.breaks(*second), return_exceptions=True)
    assert [answer.code for answer in answers if isinstance(answer, Refused)] == [Code.WRONG_STATE]
    assert await make.count("break_glasses") == 1
    assert (await make.events()).count("approval.bypassed") == 1
