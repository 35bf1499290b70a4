"""For how long the glass is broken, with what reason, and what a review must be."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.approvals.bypass import rules
from hub.approvals.bypass.rules import Unreviewed
from hub.approvals.tables import ApprovalRule, BreakGlass, TermEnd
from hub.errors import Code, Refused
from hub.people.tables import Discipline
from tests.steps import sign_off

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MADE = BreakGlass(
    request_id=UUID(int=1), person_id=UUID(int=2), reason="r", at=NOON, expires_at=NOON + timedelta(hours=4),
    review_due_at=NOON,
)  # fmt: skip


@pytest.mark.parametrize("text", ["", "  ", "it burns", " nineteen characters ", "x\x00" * 20])
def test_a_reason_says_enough_for_a_reviewer(text: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.reason(text)
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "reason")


def test_twenty_characters_are_enough() -> None:
    assert rules.reason("  exactly twenty chars ") == "exactly twenty chars"


@pytest.mark.parametrize(("hours", "code"), [(-1, Code.BAD_INPUT), (0, Code.BAD_INPUT), (25, Code.TERM_TOO_LONG)])
def test_few_hours_are_few(hours: int, code: Code) -> None:
    with pytest.raises(Refused, match=f"{hours} hours asked, 1 to 24 allowed") as refused:
        rules.check_hours(hours)
    assert (refused.value.code, refused.value.field) == (code, "hours")


def test_one_hour_and_a_day_are_allowed() -> None:
    rules.check_hours(1)
    rules.check_hours(24)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Unreviewed(1, 1, 1, NOON), r"^1 break-glass of this model is not reviewed yet \(due 2026-11-21 12:00 UTC\)"),
        (Unreviewed(0, 2, 1, NOON), r"^2 break-glass of yours is not reviewed yet \(due 2026-11-21 12:00 UTC\)"),
        (Unreviewed(0, 0, 1, NOON), r"^1 break-glass review is overdue \(due 2026-11-21 12:00 UTC\), 0 may be"),
        (Unreviewed(0, 0, 3, NOON), r"^3 break-glass reviews are overdue \(due 2026-11-21 12:00 UTC\), 0 may be"),
    ],
)
def test_what_is_not_answered_for_stands_in_the_way_with_its_numbers(found: Unreviewed, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        rules.check_reviewed(found)
    assert refused.value.code is Code.WRONG_STATE


def test_nothing_stands_in_the_way_when_all_is_answered_for() -> None:
    rules.check_reviewed(Unreviewed(0, 0, 0, None))


@pytest.mark.parametrize(("quorums", "held"), [((1,), [2]), ((2,), [2]), ((3,), [3]), ((1, 1), [1, 1])])
def test_a_review_is_by_two_at_least_and_never_over_undecided(quorums: tuple[int, ...], held: list[int]) -> None:
    steps = [sign_off(quorum, [Discipline.RISK]).written() for quorum in quorums]
    rule = ApprovalRule(subject_kind="break_glass", steps=steps, term_days=1, at_end=TermEnd.EXPIRE)
    found = rules.held_to(rule)
    assert ([step["quorum"] for step in found.steps], found.at_end) == (held, TermEnd.KEEP)
    assert [step["quorum"] for step in rule.steps] == list(quorums)


@pytest.mark.parametrize(
    ("after", "justified", "counts"),
    [
        (timedelta(0), None, True),
        (timedelta(hours=4) - timedelta(microseconds=1), None, True),
        (timedelta(hours=4), None, False),
        (timedelta(hours=1), True, True),
        (timedelta(hours=1), False, False),
    ],
)
def test_it_counts_until_its_end_unless_it_was_not_justified(
    after: timedelta, justified: bool | None, counts: bool
) -> None:
    assert rules.counts(MADE.model_copy(update={"justified": justified}), NOON + after) is counts
