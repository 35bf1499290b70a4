"""Which move is made from where, and by whom; and what every refusal says of the way out."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from hub.errors import Code, Refused
from hub.exceptions import moves, rules
from hub.exceptions.moves import CALLED, ENDED, GRANTED, MOVES, Hat, Verb
from hub.exceptions.tables import ExceptionStatus as S
from tests.exceptions.living import DAY, NOON

ALL_HATS = frozenset(Hat)
UNTIL = {"ends_at": NOON + 10 * DAY, "at": NOON, "longest_days": 90, "policy": "recall"}


def test_every_status_is_undecided_granted_or_ended() -> None:
    assert {*rules.DECIDABLE, *GRANTED, *ENDED, S.DRAFT} == set(S)
    assert len(rules.DECIDABLE) + len(GRANTED) + len(ENDED) + 1 == len(S)
    assert set(MOVES) == set(Verb) and set(CALLED) == ALL_HATS


@pytest.mark.parametrize(
    ("verb", "from_", "hats"),
    [
        (Verb.WITHDRAW, {S.SUBMITTED, S.UNDER_REVIEW, S.INFO_REQUESTED}, {Hat.REQUESTER, Hat.OWNER}),
        (Verb.EXTEND, {S.APPROVED, S.ACTIVE, S.SUSPENDED}, {Hat.REQUESTER, Hat.OWNER}),
        (Verb.REVIEW, {S.APPROVED, S.ACTIVE, S.SUSPENDED}, {Hat.DECIDER}),
        (Verb.REVOKE, {S.APPROVED, S.ACTIVE, S.SUSPENDED}, {Hat.OWNER, Hat.DECIDER}),
        (Verb.RESOLVE, {S.APPROVED, S.ACTIVE, S.SUSPENDED}, {Hat.OWNER, Hat.DECIDER}),
        (Verb.ASSIGN, {S.APPROVED, S.ACTIVE, S.SUSPENDED}, {Hat.OWNER, Hat.DECIDER, Hat.ADMIN}),
        (Verb.RENEW, {S.EXPIRED, S.REVOKED, S.REJECTED, S.WITHDRAWN, S.RESOLVED}, ALL_HATS),
    ],
)
def test_a_move_is_made_from_these_statuses_by_these_people_and_no_others(
    verb: Verb, from_: set[S], hats: set[Hat]
) -> None:
    made, refused = set(), set()
    for status in S:
        for hat in Hat:
            try:
                moves.check(verb, status, {hat})
            except Refused as error:
                refused.add((hat, error.code))
                # A way out is a whole sentence, never the start of one.
                assert len(error.why.rpartition(": ")[2]) > 15
            else:
                made.add((status, hat))
    assert made == {(status, hat) for status in from_ for hat in hats}
    assert {hat for hat, code in refused if code is Code.FORBIDDEN} == ALL_HATS - hats


@pytest.mark.parametrize(
    ("verb", "status", "worn", "code", "why"),
    [
        (Verb.REVOKE, S.ACTIVE, {Hat.REQUESTER}, Code.FORBIDDEN, "is revoked by its owner or an approver or"),
        (Verb.WITHDRAW, S.ACTIVE, {Hat.OWNER}, Code.WRONG_STATE, "it was granted; end it with revokeException"),
        (Verb.EXTEND, S.EXPIRED, {Hat.OWNER}, Code.WRONG_STATE, "ask for a new exception that follows it"),
        (Verb.EXTEND, S.SUBMITTED, {Hat.OWNER}, Code.WRONG_STATE, "withdraw it, and ask for the term that is needed"),
        (Verb.RENEW, S.SUSPENDED, set(), Code.WRONG_STATE, "it lasts still; extend it with extendException"),
        (Verb.ASSIGN, S.UNDER_REVIEW, {Hat.ADMIN}, Code.WRONG_STATE, "is part of what is being decided; withdraw it"),
    ],
)  # fmt: skip
def test_a_refusal_says_the_way_out(verb: Verb, status: S, worn: set[Hat], code: Code, why: str) -> None:
    with pytest.raises(Refused) as refused:
        moves.check(verb, status, worn)
    assert (refused.value.code, refused.value.field) == (code, "exception")
    assert why in refused.value.why


def test_extensions_are_counted_and_come_one_at_a_time() -> None:
    moves.check_extensible(1, 2, None)
    with pytest.raises(Refused) as used:
        moves.check_extensible(2, 2, None)
    assert used.value.why == "2 of 2 extensions used; ask for a new exception, which people look at afresh"
    waiting = uuid4()
    with pytest.raises(Refused, match=str(waiting)) as two:
        moves.check_extensible(0, 2, waiting)
    assert two.value.code is Code.CONFLICT


def test_a_new_end_is_after_the_old_one_and_within_the_longest_term_from_now() -> None:
    moves.check_until(NOON + 10 * DAY + timedelta(microseconds=1), **UNTIL)
    moves.check_until(NOON + 90 * DAY, **UNTIL)
    for until, code, why in (
        (NOON + 10 * DAY, Code.TERM_IN_PAST, "2026-12-01 12:00 UTC is not after its end now, 2026-12-01 12:00 UTC"),
        (NOON + 90 * DAY + timedelta(seconds=1), Code.TERM_TOO_LONG, "91 days from now asked, 90 allowed by recall"),
        ((NOON + 20 * DAY).replace(tzinfo=None), Code.BAD_INPUT, "until has no time zone"),
    ):
        with pytest.raises(Refused) as refused:
            moves.check_until(until, **UNTIL)
        assert (refused.value.code, refused.value.field) == (code, "until")
        assert why in refused.value.why


def test_the_next_review_is_as_asked_or_by_the_rhythm_and_never_after_the_end() -> None:
    ends = {"expires_at": NOON + 10 * DAY, "at": NOON}
    assert moves.next_review(None, None, **ends) is None
    assert moves.next_review(None, 7, **ends) == NOON + 7 * DAY
    assert moves.next_review(None, 30, **ends) == NOON + 10 * DAY
    assert moves.next_review(NOON + 3 * DAY, 7, **ends) == NOON + 3 * DAY
    for asked in (NOON, NOON + 11 * DAY, (NOON + DAY).replace(tzinfo=None)):
        with pytest.raises(Refused) as refused:
            moves.next_review(asked, 7, **ends)
        assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "nextReviewAt")


def test_an_owner_resolves_what_checks_suggest_and_a_decider_anything() -> None:
    moves.check_resolvable({Hat.OWNER}, NOON)
    moves.check_resolvable({Hat.OWNER, Hat.DECIDER}, None)
    moves.check_resolvable({Hat.DECIDER}, NOON, ["Recall is 0.9"])
    with pytest.raises(Refused, match=r"^1 of its criteria is not met: Recall is 0\.9; confirm"):
        moves.check_resolvable({Hat.OWNER}, NOON, ["Recall is 0.9"])
    with pytest.raises(Refused, match="keep it first, or have an approver") as refused:
        moves.check_resolvable({Hat.OWNER}, None)
    assert refused.value.code is Code.WRONG_STATE


def test_the_documentation_says_who_may_do_what_and_when() -> None:
    told = (Path(__file__).parents[2] / "docs" / "exceptions" / "life.md").read_text()
    for verb, move in MOVES.items():
        since = ", ".join(status for status in S if status in move.since)
        by = ", ".join(hat for hat in Hat if hat in move.by) or "anybody who may ask"
        assert f"| {verb.lower()} | {since} | {by}{', apart' if move.apart else ''} |" in told
