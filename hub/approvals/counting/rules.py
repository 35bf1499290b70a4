"""Who is who: human beings under all the accounts they have, and whose work something is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.approvals.steps import Given
from hub.approvals.tables import SignOffDecision
from hub.people.tables import Discipline


@dataclass(frozen=True, slots=True)
class Makers:
    """Whose work something is: people, and outside names in lower case, which may be anybody's."""

    people: frozenset[UUID]
    names: frozenset[str]

    @classmethod
    def of(cls, people: Iterable[UUID], names: Iterable[str] = ()) -> "Makers":
        """Names as they were written somewhere."""
        return cls(frozenset(people), frozenset({name.strip().lower() for name in names} - {""}))


@dataclass(frozen=True, slots=True)
class Human:
    """A human being, or those who count as one: every account they have, and every name these are known by."""

    accounts: frozenset[UUID]
    names: frozenset[str]

    def made(self, makers: Makers) -> bool:
        """Whether their hand is in it, under whatever account."""
        return not (self.accounts.isdisjoint(makers.people) and self.names.isdisjoint(makers.names))


NOBODY = Human(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Said:
    """One answer to a request; `revoked` says that the delegation it rests on was taken back."""

    id: UUID
    person_id: UUID
    entry: int
    decision: SignOffDecision
    on_behalf_of: UUID | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """An approval that may count; `human` is its signer together with whoever they signed for."""

    person_id: UUID
    discipline: Discipline | None
    step: int
    human: Human


def seated(approvals: Sequence[Counted], makers: Makers) -> list[Given]:
    """Each human being's say once, the oldest first, without those whose own work it is.

    Whoever is signed for takes a seat too: no human being is counted by their own hand and by another's, nor under two
    accounts.
    """
    taken: set[UUID] = set()
    found = []
    for one in approvals:
        if taken.isdisjoint(one.human.accounts) and not one.human.made(makers):
            taken.update(one.human.accounts)
            found.append(Given(one.person_id, one.discipline, one.step))
    return found


def asks_fewer(was: Mapping[str, Any], now: Mapping[str, Any], others_asked: Collection[str | None]) -> bool:
    """Whether all who are asked now, but those who have just answered, were asked before, and for the same discipline.

    `was` and `now` are what the request wants, `others_asked` the disciplines for which those others are asked.
    """
    if any(was.get(name) != now.get(name) for name in ("name", "roles", "group", "team")):
        return False
    before, after = frozenset(was["disciplines"]), frozenset(now["disciplines"])
    return after <= before and bool(after) == bool(before) and (before - after).isdisjoint(others_asked)
