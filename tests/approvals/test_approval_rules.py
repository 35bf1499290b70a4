"""The approval matrix, decided without a database."""

from uuid import UUID

import pytest

from hub.approvals.rules import Given, Matrix, changed, discipline_for, is_approved, open_disciplines
from hub.approvals.tables import SignOffDecision
from hub.errors import Code, Refused
from hub.people.tables import Discipline

RISK, LEGAL, PRODUCT = Discipline.RISK, Discipline.LEGAL, Discipline.PRODUCT
APPROVE, REJECT = SignOffDecision.APPROVE, SignOffDecision.REJECT


def given(*disciplines: Discipline | None) -> list[Given]:
    return [Given(UUID(int=n), discipline) for n, discipline in enumerate(disciplines)]


@pytest.mark.parametrize(
    ("matrix", "signed", "approved", "wanted"),
    [
        (Matrix(1, (RISK,)), (), False, (RISK,)),
        (Matrix(1, (RISK,)), (RISK,), True, ()),
        (Matrix(2, (RISK, LEGAL)), (RISK,), False, (LEGAL,)),
        (Matrix(2, (RISK, LEGAL)), (RISK, RISK), False, (LEGAL,)),
        (Matrix(2, (RISK, LEGAL)), (RISK, LEGAL), True, ()),
        (Matrix(1, (RISK, LEGAL)), (LEGAL,), True, ()),
        (Matrix(3, (RISK, LEGAL)), (), False, (RISK, LEGAL)),
        (Matrix(3, (RISK, LEGAL)), (RISK,), False, (RISK, LEGAL)),
        (Matrix(3, (RISK, LEGAL)), (RISK, RISK), False, (LEGAL,)),
        (Matrix(3, (RISK, LEGAL)), (RISK, RISK, LEGAL), True, ()),
        (Matrix(2, ()), (None,), False, ()),
        (Matrix(2, ()), (None, None), True, ()),
        (Matrix(0, ()), (), False, ()),
    ],
)
def test_a_quorum_is_reached_across_disciplines(
    matrix: Matrix, signed: tuple[Discipline | None, ...], approved: bool, wanted: tuple[Discipline, ...]
) -> None:
    assert is_approved(matrix, given(*signed)) is approved
    assert open_disciplines(matrix, given(*signed)) == wanted


def test_one_person_counts_once() -> None:
    twice = [Given(UUID(int=1), RISK), Given(UUID(int=1), LEGAL)]
    assert not is_approved(Matrix(2, (RISK, LEGAL)), twice)


def test_somebody_signs_for_the_first_open_discipline_they_hold() -> None:
    matrix = Matrix(2, (RISK, LEGAL))
    assert discipline_for(matrix, [], {LEGAL, RISK}, None, APPROVE) is RISK
    assert discipline_for(matrix, given(RISK), {LEGAL, RISK}, None, APPROVE) is LEGAL
    assert discipline_for(matrix, [], {LEGAL, RISK}, LEGAL, APPROVE) is LEGAL
    assert discipline_for(Matrix(1, ()), [], set(), None, APPROVE) is None


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
        discipline_for(Matrix(2, (RISK, LEGAL)), given(RISK), held, asked, APPROVE)
    assert refused.value.code is code


def test_no_may_be_said_for_a_discipline_that_has_signed() -> None:
    matrix = Matrix(2, (RISK, LEGAL))
    assert discipline_for(matrix, given(RISK), {RISK}, None, REJECT) is RISK
    with pytest.raises(Refused):
        discipline_for(matrix, [], {PRODUCT}, None, REJECT)


def test_what_changed_is_named() -> None:
    assert changed({"card": "a", "version": "b"}, {"card": "c", "version": "b", "rule": "d"}) == ["card", "rule"]
    assert changed({"card": "a"}, {"card": "a"}) == []
