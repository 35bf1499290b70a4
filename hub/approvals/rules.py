"""By whom a request may be signed, for which discipline, with which words, and while it stands how."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from hub.approvals.counting.rules import Human, Makers, Said
from hub.approvals.steps import Given, Step, wanted
from hub.approvals.tables import (
    ApprovalRequest,
    ApprovalRule,
    ApprovalStatus,
    SignOffDecision,
    SubjectKind,
)
from hub.errors import Code, Refused
from hub.events.reactions import Subject
from hub.models.rules import treated_as
from hub.models.tables import RiskTier, Stage
from hub.people.access import BY_ROLE, Permission
from hub.people.tables import Discipline, Role


class Content(Protocol):
    """What there is of a subject: the digests of its parts by name, and who made it."""

    @property
    def parts(self) -> Mapping[str, str]: ...

    @property
    def authors(self) -> tuple[str, ...]: ...

    @property
    def author_ids(self) -> tuple[UUID, ...]: ...


@dataclass(frozen=True, slots=True)
class ApprovalSubject:
    """What is to be approved, by kind, id and digest; `scope_id` is the model within which it stands, if any.

    `parts` are the digests that `digest` was made of, by name. `authors` are outside names of whoever made it,
    `author_ids` people: none of them may sign. `title` says in a few words what it is.
    """

    kind: str
    id: UUID
    digest: str
    scope_id: UUID | None
    parts: Mapping[str, str] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    author_ids: tuple[UUID, ...] = ()
    title: str = ""


OUTCOMES = {
    SignOffDecision.REJECT: ApprovalStatus.REJECTED,
    SignOffDecision.REQUEST_CHANGES: ApprovalStatus.CHANGES_REQUESTED,
}
"""The answers that decide a request by themselves."""

VERBS = {
    SignOffDecision.APPROVE: "approve it",
    SignOffDecision.REJECT: "reject it",
    SignOffDecision.REQUEST_CHANGES: "ask for changes before it may go on",
}


def snapshot(rule: ApprovalRule) -> dict[str, Any]:
    """The rule as a request keeps it."""
    return {
        "id": str(rule.id),
        "tier": rule.tier,
        "stage": rule.stage,
        "tag": rule.tag,
        "steps": rule.steps,
        "term_days": rule.term_days,
        "at_end": rule.at_end,
        "calendar": rule.calendar,
    }


def selector(kind: str, tier: RiskTier | None, stage: Stage | None, tag: str | None = None) -> str:
    """What a row of the matrix is for, in words."""
    told = f"{kind.replace('_', ' ')} requests" if kind != SubjectKind.VERSION else "versions"
    for word, value in (("of tier", tier), ("for stage", stage), ("with the tag", tag)):
        if value is not None:
            told = f"{told} {word} {value}"
    return told


def no_rule(kind: str, tier: RiskTier | None, stage: Stage | None) -> str:
    """That nobody may say yes where the matrix says nothing, and the way out."""
    if kind == SubjectKind.VERSION and tier is not None:
        return (
            f"no approval rule for {treated_as(tier)} models and stage {stage}; an ADMIN must add one to the matrix"
            " (hub approvals matrix propose)"
        )
    return (
        f"no approval rule for {selector(kind, tier, stage)}; an ADMIN must add one to the matrix"
        " (hub approvals matrix propose)"
    )


def acknowledgement(subject: ApprovalSubject) -> str:
    """What every signer of this request declares; the words before `decision` are filled in at the signature."""
    return (
        f"I have looked at {subject.title or subject.kind} as it was put to me under the digest {subject.digest}, it is"
        " not my own work, and I {decision}."
    )


def declared(request: ApprovalRequest, decision: SignOffDecision) -> str:
    """The acknowledgement as it is shown to and recorded of somebody who answers so."""
    return request.acknowledgement.replace("{decision}", VERBS[decision])


def needs_comment(decision: SignOffDecision, tier: RiskTier | None) -> bool:
    """Whether an answer must say why: every no, and every answer about what could do much harm."""
    return decision is not SignOffDecision.APPROVE or (tier is not None and treated_as(tier) is RiskTier.HIGH)


def discipline_for(
    step: Step,
    given: Sequence[Given],
    held: Collection[Discipline],
    asked: Discipline | None,
    decision: SignOffDecision,
    *,
    at: int = 0,
) -> Discipline | None:
    """For which discipline this person signs: the one asked, or the first that is open and theirs.

    Whoever holds one of the step's disciplines may say no; an approval must be for one that is still wanted.
    """
    signed = [one.discipline for one in given if one.step == at]
    if not step.disciplines:
        return asked if asked in held else None
    mine = [one for one in step.disciplines if one in held]
    if asked is not None:
        mine = [one for one in mine if one is asked]
    if not mine:
        raise Refused(
            Code.FORBIDDEN,
            f"this request is signed for {_words(step.disciplines)}; you sign for {_words(sorted(held))}",
            field="discipline",
        )
    if decision is not SignOffDecision.APPROVE:
        return mine[0]
    open_now = wanted(step, signed)
    fitting = [one for one in mine if one in open_now]
    if not fitting:
        raise Refused(
            Code.WRONG_STATE,
            f"{_words(mine)} has signed already; still wanted is {_words(open_now)}",
            field="discipline",
        )
    return fitting[0]


def live(answers: Sequence[Said]) -> dict[UUID, Said]:
    """What everybody says who answered: their last answer, unless they took it back, or it rests on a delegation that
    was taken back; answers come oldest first.
    """
    last = {one.person_id: one for one in answers}
    return {
        person: one for person, one in last.items() if one.decision is not SignOffDecision.WITHDRAW and not one.revoked
    }


def event_subject(asked: ApprovalRequest) -> Subject:
    """A request as the subject of an event."""
    return Subject("approval_request", asked.id, asked.subject_digest)


def told(asked: ApprovalRequest) -> dict[str, object]:
    """What every event of a request tells."""
    return {"subject": {"kind": asked.subject_kind, "id": asked.subject_id}, "stage": asked.stage}


def check_active(active: bool, roles: Collection[Role]) -> None:
    """As of now: what the reader of the token knew may have been taken away since."""
    if not active:
        raise Refused(Code.FORBIDDEN, "your account is not active; nothing was signed")
    if not any(Permission.SIGN_APPROVAL in BY_ROLE[role] for role in roles):
        raise Refused(Code.FORBIDDEN, "your roles were taken away meanwhile; nothing was signed")


def check_signer(person_id: UUID, signer: Human, *, is_service: bool, requested_by: UUID, makers: Makers) -> None:
    """Nobody signs for their own work, nor for what they asked; nor does a machine."""
    if is_service:
        raise own("a service account signs nothing")
    if person_id == requested_by:
        raise own("you made this request")
    if signer.made(makers):
        raise own("this is your own work")


def check_open(status: ApprovalStatus, why: str | None) -> None:
    """Only a pending request is signed."""
    if status is ApprovalStatus.PENDING:
        return
    if status is ApprovalStatus.STALE:
        raise stale(why or "its content changed")
    raise Refused(Code.WRONG_STATE, f"this request is {status}; only PENDING ones are signed", field="request")


def decided(asked: ApprovalRequest, at: datetime) -> dict[str, Any]:
    """What a request keeps of its clock once it is decided; while that stood still, no term ran out."""
    late = (asked.paused_at or at) > asked.due_at
    return {"decided_at": at, "next_at": None, "paused_at": None, "late": late}


def stale(why: str) -> Refused:
    return Refused(
        Code.STALE,
        f"what was to be approved has changed since it was asked: {why}; ask for a new approval",
        field="request",
    )


def makers(asked: ApprovalRequest, now: Content | None = None, also: Collection[UUID] = ()) -> Makers:
    """Whose work a request is about, and who asked it: as it was asked, and as it is now."""
    authors = asked.authors or {}
    people = {UUID(person) for person in authors.get("people", ())} | {asked.requested_by, *also}
    names = set(authors.get("names", ()))
    return (
        Makers.of(people, names) if now is None else Makers.of(people | set(now.author_ids), names | set(now.authors))
    )


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names of the parts that differ."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def own(why: str) -> Refused:
    return Refused(Code.SAME_PERSON, f"{why}; another approver must sign", field="request")


def not_seated(step: Step) -> Refused:
    """Whoever answers must be among those whom the step asks."""
    among = {"OWNERS": " who own the model", "TEAM": f" of the team {step.team}", "ANYBODY": ""}[step.group]
    roles = " or ".join(step.roles) or "people"
    return Refused(
        Code.FORBIDDEN, f"this request is answered by {roles}{among}; you are none of them now", field="request"
    )


def _words(disciplines: Collection[Discipline]) -> str:
    return ", ".join(disciplines) or "none"
