"""How far the question about an exception is: opened by one of those asked, waiting for an answer, gone on."""

import pytest

from hub.approvals import actions as approvals
from hub.approvals.openings import actions as openings
from hub.approvals.tables import SignOffDecision, SubjectKind
from hub.approvals.talk import actions as talk
from hub.checks import actions as checks
from hub.models.tables import Stage
from hub.people.tables import Discipline, Role
from tests.exceptions.living import Life

EXCEPTION = SubjectKind.EXCEPTION


async def test_it_is_under_review_once_one_of_those_asked_has_opened_it(life: Life) -> None:
    asked = await life.asked()
    request = await life.request(EXCEPTION, asked.id)
    # Olaf owns it, and may sign other things: that he reads it is no review.
    await life.do(life.olaf, openings.look, request)
    assert await life.status(asked.id) == "SUBMITTED"
    await life.do(life.rita, openings.look, request)
    assert await life.status(asked.id) == "UNDER_REVIEW"
    await life.do(life.pat, openings.look, request)
    assert await life.kinds() == ["exception.requested", "exception.under_review"]
    (told,) = await life.told("exception.under_review")
    assert told["granted"] is False


async def test_it_is_under_review_once_somebody_has_signed(life: Life) -> None:
    await life.make.rule(subject_kind=EXCEPTION, stage=None, quorum=2)
    asked = await life.asked()
    await life.sign(life.rita, EXCEPTION, asked.id)
    assert await life.status(asked.id) == "UNDER_REVIEW"
    second = await life.make.person("second", Role.MODEL_APPROVER)
    await life.sign(second, EXCEPTION, asked.id)
    assert await life.status(asked.id) == "ACTIVE"
    assert await life.kinds() == ["exception.requested", "exception.under_review", "exception.approved"]


async def test_while_something_is_to_be_explained_it_waits_and_then_goes_on(life: Life) -> None:
    asked = await life.asked()
    request = await life.request(EXCEPTION, asked.id)
    await life.do(life.rita, talk.ask, request, "Who reads the scans?")
    assert await life.status(asked.id) == "INFO_REQUESTED"
    await life.do(life.pat, talk.ask, request, "And at night?")
    await life.do(life.pat, openings.look, request)
    assert await life.status(asked.id) == "INFO_REQUESTED"
    await life.do(life.dev, talk.answer, request, "Two radiologists, day and night.")
    assert await life.status(asked.id) == "UNDER_REVIEW"
    await life.do(life.rita, talk.ask, request, "Until when?")
    await life.do(life.rita, talk.resume, request)
    assert await life.status(asked.id) == "UNDER_REVIEW"
    await life.sign(life.rita, EXCEPTION, asked.id)
    assert await life.kinds() == [
        "exception.requested",
        "exception.info_requested",
        "exception.under_review",
        "exception.info_requested",
        "exception.under_review",
        "exception.approved",
    ]


async def test_where_it_stands_is_no_part_of_what_is_signed(life: Life) -> None:
    asked = await life.asked()
    request = await life.request(EXCEPTION, asked.id)
    digest = await life.db.reads.fetchval("SELECT subject_digest FROM approval_requests WHERE id = $1", request)
    await life.do(life.rita, openings.look, request)
    await life.do(life.rita, talk.ask, request, "Who reads the scans?")
    await life.do(
        life.pat, approvals.sign, request, decision=SignOffDecision.APPROVE, comment="Seen.", digest_seen=digest
    )
    assert await life.status(asked.id) == "ACTIVE"


@pytest.mark.parametrize("decision", [SignOffDecision.REJECT, SignOffDecision.REQUEST_CHANGES])
async def test_a_no_ends_it_from_wherever_it_stood(life: Life, decision: SignOffDecision) -> None:
    asked = await life.asked()
    request = await life.request(EXCEPTION, asked.id)
    await life.do(life.rita, talk.ask, request, "Who reads the scans?")
    await life.sign(life.pat, EXCEPTION, asked.id, decision, "Meet it.")
    now = await life.now(asked.id)
    assert (now.state, now.decision_note, now.decided_by) == ("REJECTED", "Meet it.", life.pat.person_id)


async def test_reading_a_version_dossier_moves_no_exception(life: Life) -> None:
    asked = await life.asked()
    await life.make.rule(Discipline.RISK)
    made = await life.do(life.dev, checks.ask_approval, life.version.id, stage=Stage.PRODUCTION, reason="New.")
    await life.do(life.rita, openings.look, made.id)
    assert await life.status(asked.id) == "SUBMITTED"
