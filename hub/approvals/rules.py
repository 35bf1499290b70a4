"""When a request is decided, by whom it may be signed, and for which discipline."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hub.approvals.tables import ApprovalRule, ApprovalStatus, SignOffDecision
from hub.errors import Code, Refused
from hub.people.tables import Discipline


@dataclass(frozen=True, slots=True)
class ApprovalSubject:
    """What is to be approved, by kind, id and digest; `scope_id` is the model within which it stands.

    `parts` are the digests that `digest` was made of, by name. `authors` are outside names of whoever made it,
    `author_ids` people: none of them may sign.
    """

    kind: str
    id: UUID
    digest: str
    scope_id: UUID
    parts: Mapping[str, str] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    author_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """A row of the approval matrix as it was when a request was made."""

    quorum: int
    disciplines: tuple[Discipline, ...]

    @classmethod
    def of(cls, snapshot: Mapping[str, Any]) -> "Matrix":
        return cls(int(snapshot["quorum"]), tuple(Discipline(word) for word in snapshot["disciplines"]))


@dataclass(frozen=True, slots=True)
class Given:
    """An approval that counts: its signer still may sign for this discipline."""

    person_id: UUID
    discipline: Discipline | None


def snapshot(rule: ApprovalRule) -> dict[str, Any]:
    """The rule as a request keeps it."""
    return {
        "id": str(rule.id),
        "tier": rule.tier.value,
        "stage": rule.stage.value,
        "quorum": rule.quorum,
        "disciplines": list(rule.disciplines),
        "term_days": rule.term_days,
    }


def open_disciplines(matrix: Matrix, given: Sequence[Given]) -> tuple[Discipline, ...]:
    """For which disciplines a signature is still wanted; each listed one first, then any of them up to the quorum."""
    signed = {one.discipline for one in given}
    missing = tuple(one for one in matrix.disciplines if one not in signed)
    needed = _needed(matrix) - len(given)
    if needed <= 0 and not _short(matrix, given):
        return ()
    return matrix.disciplines if needed > len(missing) else missing


def is_approved(matrix: Matrix, given: Sequence[Given]) -> bool:
    """Whether enough people signed, for as many different disciplines as the rule can tell apart."""
    people = {one.person_id for one in given}
    return len(people) >= _needed(matrix) and not _short(matrix, given)


def discipline_for(
    matrix: Matrix,
    given: Sequence[Given],
    held: Collection[Discipline],
    asked: Discipline | None,
    decision: SignOffDecision,
) -> Discipline | None:
    """For which discipline this person signs: the one asked, or the first that is open and theirs.

    Whoever holds one of the rule's disciplines may say no; an approval must be for one that is still wanted.
    """
    if not matrix.disciplines:
        return asked if asked in held else None
    mine = [one for one in matrix.disciplines if one in held]
    if asked is not None:
        mine = [one for one in mine if one is asked]
    if not mine:
        raise Refused(
            Code.FORBIDDEN,
            f"this request is signed for {_words(matrix.disciplines)}; you sign for {_words(sorted(held))}",
            field="discipline",
        )
    if decision is not SignOffDecision.APPROVE:
        return mine[0]
    wanted = open_disciplines(matrix, given)
    fitting = [one for one in mine if one in wanted]
    if not fitting:
        raise Refused(
            Code.WRONG_STATE,
            f"{_words(mine)} has signed already; still wanted is {_words(wanted)}",
            field="discipline",
        )
    return fitting[0]


def check_signer(signer: UUID, *, is_service: bool, requested_by: UUID, authors: Collection[UUID]) -> None:
    """Nobody signs for their own work, nor for what they asked; nor does a machine."""
    if is_service:
        raise _own("a service account signs nothing")
    if signer == requested_by:
        raise _own("you made this request")
    if signer in authors:
        raise _own("this is your own work")


def check_open(status: ApprovalStatus, why: str | None) -> None:
    """Only a pending request is signed."""
    if status is ApprovalStatus.PENDING:
        return
    if status is ApprovalStatus.STALE:
        raise stale(why or "its content changed")
    raise Refused(Code.WRONG_STATE, f"this request is {status}; only PENDING ones are signed", field="request")


def stale(why: str) -> Refused:
    return Refused(
        Code.STALE,
        f"what was to be approved has changed since it was asked: {why}; ask for a new approval",
        field="request",
    )


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names of the parts that differ."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _needed(matrix: Matrix) -> int:
    return max(matrix.quorum, 1)


def _short(matrix: Matrix, given: Sequence[Given]) -> bool:
    wanted = min(_needed(matrix), len(matrix.disciplines))
    return len({one.discipline for one in given} & set(matrix.disciplines)) < wanted


def _own(why: str) -> Refused:
    return Refused(Code.SAME_PERSON, f"{why}; another approver must sign", field="request")


def _words(disciplines: Sequence[Discipline]) -> str:
    return ", ".join(disciplines) or "none"
