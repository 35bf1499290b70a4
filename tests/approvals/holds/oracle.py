"""What ought to hold of approvals, said a second time: a plain model of people, questions and answers.

It knows nothing of the hub's own rules and SQL, and it is slow on purpose: where the hub has a formula, this tries out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Any
from uuid import UUID

ANSWERING = frozenset({"MODEL_APPROVER", "POLICY_OWNER", "MODEL_OWNER", "AUDITOR"})
"""Roles whose holders may answer a request at all."""


@dataclass
class Person:
    """Somebody with an account: the names they are known by, and what they hold."""

    id: UUID
    names: set[str]
    human: bool = True
    active: bool = True
    grants: set[tuple[str, str | None]] = field(default_factory=set)


@dataclass
class Lend:
    """That somebody gave their say to another."""

    id: UUID
    giver: UUID
    taker: UUID
    disciplines: frozenset[str] = frozenset()
    revoked: bool = False


@dataclass(frozen=True)
class Entry:
    """One answer as it was written down; `holder` is whose say it is, `hand` who gave it."""

    hand: UUID
    holder: UUID
    lend: UUID | None
    role: str
    discipline: str | None
    step: int
    decision: str


@dataclass
class Question:
    """One request: what was asked about which content, by whom, under which steps, and the answers in their order."""

    id: UUID
    requester: UUID
    steps: tuple["Step", ...]
    content: frozenset[str]
    makers: set[UUID] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    status: str = "PENDING"
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """So many answers of people with one of these roles, so many of them for each discipline, so many different."""

    quorum: int
    least: tuple[tuple[str, int], ...] = ()
    different: int = 0
    roles: frozenset[str] = frozenset({"MODEL_APPROVER"})
    group: str = "ANYBODY"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Step":
        least = tuple(sorted((str(word), int(many)) for word, many in row["disciplines"].items()))
        return cls(int(row["quorum"]), least, int(row["different"]), frozenset(row["roles"]), str(row["group"]))


@dataclass
class World:
    """All that decides whether an answer counts; everybody in it sees the model."""

    people: dict[UUID, Person] = field(default_factory=dict)
    lends: dict[UUID, Lend] = field(default_factory=dict)
    owner: UUID | None = None
    members: set[UUID] = field(default_factory=set)

    def same(self, one: UUID, other: UUID) -> bool:
        """Whether two accounts are one human being's, as far as anybody can tell."""
        return other in self.accounts(one)

    def accounts(self, id: UUID) -> set[UUID]:
        """Every account of one human being: whoever shares a name with them, or with somebody who does."""
        found, names = {id}, set(self.people[id].names)
        while more := {one for one, person in self.people.items() if one not in found and person.names & names}:
            found |= more
            names |= {name for one in more for name in self.people[one].names}
        return found

    def barred(self, asked: Question, *also: UUID) -> set[UUID]:
        """Who had a hand in what is asked, or asked it, under whatever account."""
        known = {id for id, person in self.people.items() if person.names & asked.names}
        makers = {asked.requester, *asked.makers, *also} | known
        return {id for maker in makers if maker in self.people for id in self.accounts(maker)}

    def sits(self, step: Step, id: UUID) -> set[str | None]:
        """For which disciplines somebody may answer a step by their own right; None where they hold none."""
        person = self.people[id]
        if not (person.human and person.active):
            return set()
        if (step.group == "OWNERS" and id != self.owner) or (step.group == "TEAM" and id not in self.members):
            return set()
        wanted = {word for word, _ in step.least}
        return {of for role, of in person.grants if role in step.roles and (not wanted or of in wanted)}

    def answers(self, id: UUID) -> bool:
        """Whether somebody is an active human being whose roles let them answer requests."""
        person = self.people[id]
        return person.human and person.active and any(role in ANSWERING for role, _ in person.grants)

    def counts(self, asked: Question, entry: Entry, *also: UUID) -> bool:
        """Whether an answer counts, taken by itself, at this moment."""
        if entry.decision != "APPROVE" or entry not in last_words(asked):
            return False
        if self.barred(asked, *also) & {entry.hand, entry.holder} or not self.answers(entry.hand):
            return False
        if entry.lend is not None and self.lends[entry.lend].revoked:
            return False
        seats = self.sits(asked.steps[entry.step], entry.holder)
        return entry.discipline in seats if entry.discipline is not None else bool(seats)

    def counted(self, asked: Question, *also: UUID) -> list[Entry]:
        """The answers that count at this moment, each human being's say once, the oldest first."""
        found: list[Entry] = []
        for entry in asked.entries:
            heard = {id for one in found for id in (one.hand, one.holder)}
            again = any(self.same(id, other) for id in (entry.hand, entry.holder) for other in heard)
            if not again and self.counts(asked, entry, *also):
                found.append(entry)
        return found

    def open_step(self, asked: Question, *also: UUID) -> tuple[int, list[str | None]]:
        """The first step that is not done, with what was signed in it; the number of steps when all are."""
        counted = self.counted(asked, *also)
        for at, step in enumerate(asked.steps):
            signed = [one.discipline for one in counted if one.step == at]
            if more(step, tuple(signed)):
                return at, signed
        return len(asked.steps), []

    def spoke(self, asked: Question) -> set[UUID]:
        """Who has answered by their own hand or another's: nobody took it back, nor the delegation that it rests on."""
        said = [one for one in last_words(asked) if one.decision != "WITHDRAW"]
        live = [one for one in said if one.lend is None or not self.lends[one.lend].revoked]
        return {id for one in live for id in (one.hand, one.holder)}

    def is_done(self, asked: Question, *also: UUID) -> bool:
        """Whether every step has the answers it needs; also without those of some people."""
        return self.open_step(asked, *also)[0] == len(asked.steps)

    def askable(self, asked: Question) -> set[tuple[UUID, UUID | None]]:
        """Who could approve now: by their own right, or in the place of somebody."""
        at, signed = self.open_step(asked)
        if asked.status != "PENDING" or at == len(asked.steps):
            return set()
        step = asked.steps[at]
        wanted = {word for word, _ in step.least if more(step, (*signed, word)) < more(step, tuple(signed))}
        barred, spoken = self.barred(asked), self.spoke(asked)
        found: set[tuple[UUID, UUID | None]] = set()
        for id in self.people:
            seats = {of for of in self.sits(step, id) if not step.least or of in wanted}
            if not seats or id in barred or id in spoken:
                continue
            if self.answers(id):
                found.add((id, None))
            for lend in self.lends.values():
                fits = not lend.disciplines or bool(seats & lend.disciplines)
                free = lend.taker not in barred and lend.taker not in spoken and self.answers(lend.taker)
                if lend.giver == id and not lend.revoked and fits and free:
                    found.add((lend.taker, id))
        return found


def last_words(asked: Question) -> list[Entry]:
    """Each person's last answer."""
    return list({entry.hand: entry for entry in asked.entries}.values())


def fits(step: Step, signed: Sequence[str | None]) -> bool:
    """Whether these are enough."""
    have = Counter(signed)
    known = {word for word, _ in step.least}
    return (
        len(signed) >= step.quorum
        and all(have[word] >= least for word, least in step.least)
        and len(known & have.keys()) >= step.different
    )


@lru_cache(maxsize=4096)
def more(step: Step, signed: tuple[str | None, ...]) -> int:
    """How many more answers a step needs at the least: tried out, the fewest first."""
    words: list[str | None] = [word for word, _ in step.least] or [None]
    for many in range(20):
        if any(fits(step, (*signed, *new)) for new in combinations_with_replacement(words, many)):
            return many
    raise AssertionError(f"{step} can never be done")
