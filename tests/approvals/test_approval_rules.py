"""The approval matrix, decided without a database."""

from uuid import UUID

import pytest

from hub.approvals.rules import changed, discipline_for
from hub.approvals.steps import Given, Step, current, is_approved, lacking, open_disciplines
from hub.approvals.tables import SignOffDecision
from hub.errors import Code, Refused
from hub.people.tables import Discipline
from tests.steps import sign_off

RISK, LEGAL, PRODUCT = Discipline.RISK, Discipline.LEGAL, Discipline.PRODUCT
APPROVE, REJECT = SignOffDecision.APPROVE, SignOffDecision.REJECT


def given(*disciplines: Discipline | None) -> list[Given]:
    return [Given(UUID(int=n), discipline) for n, discipline in enumerate(disciplines)]


@pytest.mark.parametrize(
    ("step", "signed", "approved", "wanted"),
    [
        (sign_off(1, (RISK,)), (), False, (RISK,)),
        (sign_off(1, (RISK,)), (RISK,), True, ()),
        (sign_off(2, (RISK, LEGAL)), (RISK,), False, (LEGAL,)),
        (sign_off(2, (RISK, LEGAL)), (RISK, RISK), False, (LEGAL,)),
        (sign_off(2, (RISK, LEGAL)), (RISK, LEGAL), True, ()),
        (sign_off(1, (RISK, LEGAL)), (LEGAL,), True, ()),
        (sign_off(3, (RISK, LEGAL)), (), False, (RISK, LEGAL)),
        (sign_off(3, (RISK, LEGAL)), (RISK,), False, (RISK, LEGAL)),
        (sign_off(3, (RISK, LEGAL)), (RISK, RISK), False, (LEGAL,)),
        (sign_off(3, (RISK, LEGAL)), (RISK, RISK, LEGAL), True, ()),
        (sign_off(2), (None,), False, ()),
        (sign_off(2), (None, None), True, ()),
    ],
)
def test_a_quorum_is_reached_across_disciplines(
    step: Step, signed: tuple[Discipline | None, ...], approved: bool, wanted: tuple[Discipline, ...]
) -> None:
    assert is_approved([step], given(*signed)) is approved
    assert open_disciplines([step], given(*signed)) == wanted


def test_one_person_counts_once() -> None:
    twice = [Given(UUID(int=1), RISK), Given(UUID(int=1), LEGAL)]
    assert not is_approved([sign_off(2, (RISK, LEGAL))], twice)


def test_a_rule_without_steps_is_approved_by_nobody() -> None:
    assert not is_approved([], [])
    assert open_disciplines([], []) == ()


def test_a_step_begins_when_the_one_before_is_done_and_stands_open_again_when_it_is_not() -> None:
    steps = [sign_off(1, (RISK,)), sign_off(2, (LEGAL, PRODUCT), name="Board")]
    ann, ben, cas = (UUID(int=n) for n in range(3))
    first = Given(ann, RISK, 0)
    board = [Given(ben, LEGAL, 1), Given(cas, PRODUCT, 1)]
    assert (current(steps, []), open_disciplines(steps, [])) == (0, (RISK,))
    assert (current(steps, [first]), open_disciplines(steps, [first])) == (1, (LEGAL, PRODUCT))
    assert open_disciplines(steps, [first, board[0]]) == (PRODUCT,)
    assert is_approved(steps, [first, *board])
    # Whoever signed first may no longer: the board's signatures wait until somebody else has.
    assert (current(steps, board), open_disciplines(steps, board)) == (0, (RISK,))
    assert not is_approved(steps, board)


def test_one_person_counts_in_one_step_only() -> None:
    steps = [sign_off(1, (RISK,)), sign_off(1, (LEGAL,))]
    assert not is_approved(steps, [Given(UUID(int=1), RISK, 0), Given(UUID(int=1), LEGAL, 1)])


@pytest.mark.parametrize(
    ("signed", "lacks", "wanted"),
    [
        ((), 4, (LEGAL, PRODUCT, RISK)),
        ((RISK,), 3, (LEGAL, PRODUCT, RISK)),
        ((RISK, RISK), 2, (LEGAL, PRODUCT, RISK)),
        ((RISK, RISK, PRODUCT), 1, (LEGAL,)),
        ((PRODUCT, PRODUCT), 3, (LEGAL, RISK)),
        ((LEGAL, RISK, RISK), 1, (LEGAL, PRODUCT, RISK)),
        ((PRODUCT, PRODUCT, PRODUCT, PRODUCT), 3, (LEGAL, RISK)),
    ],
)
def test_counts_by_discipline_and_in_all(
    signed: tuple[Discipline, ...], lacks: int, wanted: tuple[Discipline, ...]
) -> None:
    board = Step("Board", 4, {LEGAL: 1, PRODUCT: 0, RISK: 2}, different=2)
    assert lacking(board, signed) == lacks
    assert open_disciplines([board], given(*signed)) == wanted


def test_somebody_signs_for_the_first_open_discipline_they_hold() -> None:
    step = sign_off(2, (RISK, LEGAL))
    assert discipline_for(step, [], {LEGAL, RISK}, None, APPROVE) is RISK
    assert discipline_for(step, given(RISK), {LEGAL, RISK}, None, APPROVE) is LEGAL
    assert discipline_for(step, [], {LEGAL, RISK}, LEGAL, APPROVE) is LEGAL
    assert discipline_for(sign_off(1), [], set(), None, APPROVE) is None


@pytest.mark.parametrize(
    ("held", "asked", "code", "why"),
    [
        ({PRODUCT}, None, Code.FORBIDDEN, "signed for RISK, LEGAL; you sign for PRODUCT"),
        (set[Discipline](), None, Code.FORBIDDEN, "you sign for none"),
        ({LEGAL}, RISK, Code.FORBIDDEN, "you sign for LEGAL"),
        ({RISK}, None, Code.WRONG_STATE, "RISK has signed already; still wanted is LEGAL"),
    ],
)
def test_a_discipline_is_held_and_wanted(held: set[Discipline], asked: Discipline | None, code: Code, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        discipline_for(sign_off(2, (RISK, LEGAL)), given(RISK), held, asked, APPROVE)
    assert refused.value.code is code


def test_no_may_be_said_for_a_discipline_that_has_signed() -> None:
    step = sign_off(2, (RISK, LEGAL))
    assert discipline_for(step, given(RISK), {RISK}, None, REJECT) is RISK
    with pytest.raises(Refused):
        discipline_for(step, [], {PRODUCT}, None, REJECT)


def test_what_changed_is_named() -> None:
    assert changed({"card": "a", "version": "b"}, {"card": "c", "version": "b", "rule": "d"}) == ["card", "rule"]
    assert changed({"card": "a"}, {"card": "a"}) == []
