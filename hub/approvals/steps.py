"""What a rule of the matrix asks of people: steps, one after the other, and how far answers have come through them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.people.tables import Discipline, Role


class Group(StrEnum):
    """Among whom those who may answer are found: everybody, the model's owner, or the members of a team."""

    ANYBODY = "ANYBODY"
    OWNERS = "OWNERS"
    TEAM = "TEAM"


@dataclass(frozen=True, slots=True)
class Step:
    """So many signatures, by whom. All of them may be given at the same time; the next step begins when they are there.

    `disciplines` are those that may sign, each with the least number of its signatures; without any, every holder of
    one of `roles` may. `different` is the least number of different disciplines among them.
    """

    name: str
    quorum: int
    disciplines: Mapping[Discipline, int] = field(default_factory=dict)
    different: int = 0
    roles: tuple[Role, ...] = (Role.MODEL_APPROVER,)
    group: Group = Group.ANYBODY
    team: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Step":
        """A step as the database and a request's snapshot keep it."""
        return cls(
            name=str(row["name"]),
            quorum=int(row["quorum"]),
            disciplines={Discipline(word): int(least) for word, least in row["disciplines"].items()},
            different=int(row["different"]),
            roles=tuple(Role(word) for word in row["roles"]),
            group=Group(row["group"]),
            team=row["team"],
        )

    def written(self) -> dict[str, Any]:
        """The step as it is kept."""
        return {
            "name": self.name,
            "quorum": self.quorum,
            "disciplines": {word.value: least for word, least in sorted(self.disciplines.items())},
            "different": self.different,
            "roles": [role.value for role in self.roles],
            "group": self.group.value,
            "team": self.team,
        }


@dataclass(frozen=True, slots=True)
class Given:
    """An approval that counts: its signer, or whoever they signed for, may still give it."""

    person_id: UUID
    discipline: Discipline | None
    step: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the approvals that count have brought a request: the step that is open, and who may answer it.

    `wants` is as a request keeps it for finding those people: empty when nobody needs to answer.
    """

    step: int
    wants: dict[str, Any]
    is_approved: bool


def steps_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(Step.of(row) for row in rows)


def lacking(step: Step, signed: Sequence[Discipline | None]) -> int:
    """How many more signatures a step needs at the least; 0 when it is done."""
    have = Counter(signed)
    missing = {one: least - have[one] for one, least in step.disciplines.items() if least > have[one]}
    apart = {one for one in have if one in step.disciplines} | missing.keys()
    return max(step.quorum - len(signed), sum(missing.values()) + max(step.different - len(apart), 0), 0)


def wanted(step: Step, signed: Sequence[Discipline | None]) -> tuple[Discipline, ...]:
    """For which disciplines a signature would bring a step further; none when it is done or knows no disciplines."""
    now = lacking(step, signed)
    return tuple(one for one in step.disciplines if lacking(step, [*signed, one]) < now)


def current(steps: Sequence[Step], given: Collection[Given]) -> int:
    """The step that stands open: the first that is not done; the number of steps when all are."""
    for at, step in enumerate(steps):
        if lacking(step, _signed(at, given)) > 0:
            return at
    return len(steps)


def is_approved(steps: Sequence[Step], given: Collection[Given]) -> bool:
    """Whether every step has the signatures that it needs, of different people; a rule without steps asks nobody."""
    return bool(steps) and current(steps, given) == len(steps)


def open_disciplines(steps: Sequence[Step], given: Collection[Given]) -> tuple[Discipline, ...]:
    """For which disciplines a signature is wanted now."""
    at = current(steps, given)
    return wanted(steps[at], _signed(at, given)) if at < len(steps) else ()


def progress(steps: Sequence[Step], given: Collection[Given]) -> Progress:
    """How far these approvals have brought a request."""
    at = current(steps, given)
    if at == len(steps):
        return Progress(at, {}, is_approved=bool(steps))
    step, signed = steps[at], _signed(at, given)
    wants = {
        "name": step.name,
        "roles": [role.value for role in step.roles],
        "disciplines": [one.value for one in wanted(step, signed)],
        "group": step.group.value,
        "team": step.team,
        "lacking": lacking(step, signed),
    }
    return Progress(at, wants, is_approved=False)


def _signed(at: int, given: Collection[Given]) -> list[Discipline | None]:
    """The disciplines signed for in a step; a person counts once in a whole request."""
    seen: set[UUID] = set()
    signed = []
    for one in given:
        if one.person_id not in seen:
            seen.add(one.person_id)
            if one.step == at:
                signed.append(one.discipline)
    return signed
