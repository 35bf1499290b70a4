"""A question stops the clock of its request, and an answer starts it again: all of it in working time."""

import asyncio
from datetime import UTC, datetime

import pytest

from hub.approvals.deadlines import store as deadlines
from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.people.access import Principal
from tests.approvals.desk import about, last, sign, tick
from tests.approvals.talk.talking import Talk
from tests.make import Make


def to(clock: SetClock, day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """The clock is set to an instant; 26 November 2026 is a Thursday."""
    at = datetime(2026, month, day, hour, minute, tzinfo=UTC)
    clock.move(at - clock.now())
    return at


async def asked_on_thursday(talk: Talk, clock: SetClock) -> None:
    """Forty working hours from Thursday at ten; the reminder of Friday at ten was sent."""
    to(clock, 26, 10)
    await talk.begin(reminders_h=[8], escalation=[{"after_h": 16, "to": "OWNERS"}])
    to(clock, 27, 10)
    await tick(talk.db)
    assert (await talk.row())["rung"] == 1


async def test_the_clock_stands_still_over_a_weekend(talk: Talk, clock: SetClock, db: Db, make: Make) -> None:
    await asked_on_thursday(talk, clock)
    assert await talk.ahead() == [
        (datetime(2026, 11, 27, 10, tzinfo=UTC), "REMIND"),
        (datetime(2026, 11, 30, 10, tzinfo=UTC), "ESCALATE"),
        (datetime(2026, 12, 3, 10, tzinfo=UTC), "END"),
    ]
    friday = to(clock, 27, 15)
    question = await talk.asks(talk.rita, "Which segments, @dev?")
    row = await talk.row()
    assert (row["status"], row["paused_at"], row["next_at"]) == ("PENDING", friday, None)
    assert await last(db, "approval.info_requested") == {
        **about(talk.request),
        "comment": str(question.comment.id),
        "mentions": [str(talk.dev.person_id)],
        "body_digest": digest_of_text("Which segments, @dev?"),
        "paused_at": "2026-11-27T15:00:00.000000Z",
    }
    to(clock, 30, 11)
    answer = await talk.answers(talk.dev)
    # Two hours of Friday and two of Monday passed: three hours were left to the escalation, twenty-seven to the end.
    row = await talk.row()
    assert await talk.ahead() == [
        (datetime(2026, 11, 27, 10, tzinfo=UTC), "REMIND"),
        (datetime(2026, 11, 30, 14, tzinfo=UTC), "ESCALATE"),
        (datetime(2026, 12, 3, 14, tzinfo=UTC), "END"),
    ]
    assert (row["paused_at"], row["rung"]) == (None, 1)
    assert row["next_at"] == datetime(2026, 11, 30, 14, tzinfo=UTC)
    assert row["due_at"] == datetime(2026, 12, 3, 14, tzinfo=UTC)
    asks = await db.reads.fetch("SELECT DISTINCT due_at FROM approval_asks")
    assert [one["due_at"] for one in asks] == [row["due_at"]]
    assert await make.count("approval_asks") == 2
    assert await last(db, "approval.info_given") == {
        **about(talk.request),
        "comment": str(answer.comment.id),
        "mentions": [],
        "body_digest": digest_of_text("Those under 18."),
        "question": str(question.comment.id),
        "paused_s": 4 * 3600,
    }


async def test_a_request_that_stands_still_costs_the_clock_nothing(talk: Talk, clock: SetClock, make: Make) -> None:
    await asked_on_thursday(talk, clock)
    await talk.asks(talk.rita)
    to(clock, 20, 12, month=12)
    before = await make.events()
    assert await deadlines.due(talk.db.reads, clock.now(), 10) == []
    await tick(talk.db)
    assert await make.events() == before
    assert (await talk.row())["status"] == "PENDING"


async def test_what_was_ahead_comes_after_the_answer_once(talk: Talk, clock: SetClock, make: Make) -> None:
    await asked_on_thursday(talk, clock)
    to(clock, 27, 15)
    await talk.asks(talk.rita)
    to(clock, 30, 11)
    await talk.answers(talk.amy)
    to(clock, 30, 13, 59)
    before = await make.events()
    await tick(talk.db)
    assert await make.events(since=len(before)) == []
    to(clock, 30, 14)
    await tick(talk.db)
    assert await make.events(since=len(before)) == ["approval.escalated"]
    to(clock, 3, 14, month=12)
    await tick(talk.db)
    assert (await talk.row())["status"] == "EXPIRED"


async def test_another_question_leaves_the_clock_where_it_stands(talk: Talk, clock: SetClock, db: Db) -> None:
    await asked_on_thursday(talk, clock)
    friday = to(clock, 27, 15)
    first = await talk.asks(talk.rita)
    to(clock, 30, 10)
    await talk.asks(talk.lee, "And which licence?")
    assert (await talk.row())["paused_at"] == friday
    assert (await last(db, "approval.info_requested"))["paused_at"] == "2026-11-27T15:00:00.000000Z"
    to(clock, 30, 11)
    await talk.answers(talk.dev, "Those under 18; Apache.")
    told = await last(db, "approval.info_given")
    assert (told["question"], told["paused_s"]) == (str(first.comment.id), 4 * 3600)


async def test_a_reviewer_lets_the_clock_go_on_without_an_answer(talk: Talk, clock: SetClock, db: Db) -> None:
    await asked_on_thursday(talk, clock)
    to(clock, 27, 15)
    question = await talk.asks(talk.rita)
    to(clock, 28, 12)
    resumed = await talk.resumes(talk.lee)
    assert (resumed.paused_at, resumed.due_at) == (None, datetime(2026, 12, 3, 12, tzinfo=UTC))
    told = {"question": str(question.comment.id), "paused_s": 2 * 3600}
    assert await last(db, "approval.resumed") == {**about(talk.request), **told}
    to(clock, 30, 9)
    again = await talk.asks(talk.rita)
    to(clock, 30, 10)
    await talk.answers(talk.dev)
    assert (await last(db, "approval.info_given"))["question"] == str(again.comment.id)


async def test_a_question_past_the_end_moves_no_term(talk: Talk, clock: SetClock) -> None:
    to(clock, 26, 10)
    await talk.begin(at_end="KEEP")
    to(clock, 4, 10, month=12)
    await tick(talk.db)
    await talk.asks(talk.rita)
    to(clock, 7, 10, month=12)
    await talk.answers(talk.dev)
    row = await talk.row()
    assert (row["due_at"], row["next_at"]) == (datetime(2026, 12, 3, 10, tzinfo=UTC), None)


async def test_signing_goes_on_while_the_clock_stands_still(talk: Talk, clock: SetClock) -> None:
    await asked_on_thursday(talk, clock)
    to(clock, 27, 15)
    await talk.asks(talk.rita)
    # Long after what was its term.
    to(clock, 20, 12, month=12)
    await sign(talk.db, talk.rita, talk.request)
    await sign(talk.db, talk.lee, talk.request)
    row = await talk.row()
    assert (row["status"], row["paused_at"], row["next_at"], row["late"]) == ("APPROVED", None, None, False)


async def test_a_decision_is_late_when_the_clock_had_run_out_before_it_stood_still(talk: Talk, clock: SetClock) -> None:
    to(clock, 26, 10)
    await talk.begin(at_end="KEEP")
    to(clock, 4, 10, month=12)
    await talk.asks(talk.rita)
    await sign(talk.db, talk.rita, talk.request, SignOffDecision.REJECT)
    row = await talk.row()
    assert (row["status"], row["late"]) == ("REJECTED", True)


async def refused(talk: Talk, what: str, who: Principal, code: Code, why: str) -> None:
    """It is refused so, and nothing is written, nor does the clock move."""
    before, row = await talk.written(), await talk.row()
    with pytest.raises(Refused, match=why) as error:
        await getattr(talk, what)(who)
    assert error.value.code is code
    assert await talk.written() == before
    assert await talk.row() == row


async def test_whoever_is_reviewed_does_not_stop_the_clock_nor_let_it_go_on(talk: Talk) -> None:
    await talk.begin()
    await refused(talk, "asks", talk.dev, Code.FORBIDDEN, "SIGN_APPROVAL is not among your roles")
    await refused(talk, "asks", talk.amy, Code.SAME_PERSON, "it is your own work")
    await talk.asks(talk.rita)
    await refused(talk, "resumes", talk.dev, Code.FORBIDDEN, "SIGN_APPROVAL is not among your roles")
    await refused(talk, "resumes", talk.amy, Code.SAME_PERSON, "it is your own work")


async def test_a_question_is_answered_by_whoever_it_was_put_to(talk: Talk) -> None:
    await talk.begin()
    await refused(talk, "answers", talk.dev, Code.WRONG_STATE, "no question is open")
    await refused(talk, "resumes", talk.rita, Code.WRONG_STATE, "no question is open")
    await talk.asks(talk.rita)
    await refused(talk, "answers", talk.lee, Code.FORBIDDEN, "a question is answered by whoever asked for the approval")


async def test_the_clock_of_a_decided_request_runs_no_more(talk: Talk) -> None:
    await talk.begin()
    await talk.asks(talk.rita)
    await talk.withdraws()
    for what, who in (("asks", talk.rita), ("answers", talk.dev), ("resumes", talk.rita)):
        await refused(talk, what, who, Code.WRONG_STATE, "this request is WITHDRAWN; its clock runs no more")


async def test_two_answers_at_once_move_the_term_once(talk: Talk, clock: SetClock, make: Make) -> None:
    await asked_on_thursday(talk, clock)
    to(clock, 27, 15)
    await talk.asks(talk.rita)
    to(clock, 30, 11)
    ended = await asyncio.gather(talk.answers(talk.dev), talk.resumes(talk.lee), return_exceptions=True)
    assert [error.code for error in ended if isinstance(error, Refused)] == [Code.WRONG_STATE]
    assert (await talk.row())["due_at"] == datetime(2026, 12, 3, 14, tzinfo=UTC)
    kinds = await make.events()
    assert kinds.count("approval.info_given") + kinds.count("approval.resumed") == 1
