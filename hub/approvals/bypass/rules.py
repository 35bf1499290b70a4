"""When the glass may be broken and for how long, and what a review of it must be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub import words
from hub.approvals.rules import stale
from hub.approvals.steps import steps_of
from hub.approvals.tables import (
    ApprovalRequest,
    ApprovalRule,
    ApprovalStatus,
    BreakGlass,
    SignOffDecision,
    SubjectKind,
    TermEnd,
)
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text, instant

LEAST_HOURS, USUAL_HOURS, MOST_HOURS = 1, 4, 24
LEAST_REASON = 20
REVIEWERS = 2


@dataclass(frozen=True, slots=True)
class Unreviewed:
    """How many break-glasses nobody has reviewed yet: of a model, by a person, and past their term anywhere."""

    of_model: int
    by_person: int
    overdue: int
    due_at: datetime | None
    """The earliest that is due, of all three."""


def reason(text: str) -> str:
    """The reason without space around it; refused when it says too little for whoever reviews it."""
    clean = words.wanted(text, "reason")
    if len(clean) < LEAST_REASON:
        raise Refused(
            Code.BAD_INPUT,
            f"the reason has {len(clean)} characters, at least {LEAST_REASON} are wanted; say what happens if this"
            " waits for its approval",
            field="reason",
        )
    return clean


def check_hours(hours: int) -> None:
    """Refuse what is no few hours."""
    if not LEAST_HOURS <= hours <= MOST_HOURS:
        raise Refused(
            Code.TERM_TOO_LONG if hours > MOST_HOURS else Code.BAD_INPUT,
            f"{hours} hours asked, {LEAST_HOURS} to {MOST_HOURS} allowed; have it approved meanwhile",
            field="hours",
        )


def check_breakable(asked: ApprovalRequest) -> None:
    """Only a pending question about a version is gone past: nothing else is an emergency."""
    if asked.subject_kind != SubjectKind.VERSION:
        raise Refused(
            Code.WRONG_STATE,
            f"this request is about {asked.title}; the glass is broken for the approval of versions only",
            field="request",
        )
    if asked.status is ApprovalStatus.STALE:
        raise stale(asked.status_why or "its content changed")
    if asked.status is not ApprovalStatus.PENDING:
        raise Refused(
            Code.WRONG_STATE,
            f"this request is {asked.status}; the glass is broken for PENDING ones only",
            field="request",
        )


def check_reviewed(found: Unreviewed) -> None:
    """Refuse the next break-glass while what went before is not answered for."""
    due = f"due {said(found.due_at)}" if found.due_at is not None else ""
    for count, what in ((found.of_model, "of this model"), (found.by_person, "of yours")):
        if count:
            raise Refused(
                Code.WRONG_STATE,
                f"{count} break-glass {what} is not reviewed yet ({due}), 0 may be open; have two uninvolved people"
                " review it first, or have this request approved",
                field="request",
            )
    if found.overdue:
        raise Refused(
            Code.WRONG_STATE,
            f"{found.overdue} break-glass review{'s are' if found.overdue > 1 else ' is'} overdue ({due}), 0 may be;"
            " nobody breaks the glass until they are done: see hub approvals break-glasses, or have this request"
            " approved",
            field="request",
        )


def check_answer(kind: str, decision: SignOffDecision) -> None:
    """A review ends in yes or no: what happened cannot be changed."""
    if kind == SubjectKind.BREAK_GLASS and decision is SignOffDecision.REQUEST_CHANGES:
        raise Refused(
            Code.BAD_INPUT,
            "what happened cannot be changed any more; APPROVE it when it was justified, REJECT it when it was not",
            field="decision",
        )


def check_kept(kind: str) -> None:
    """Nobody takes back the question whether a break-glass was justified: it was put by the act, not by a person."""
    if kind == SubjectKind.BREAK_GLASS:
        raise Refused(
            Code.FORBIDDEN,
            "the review of a break-glass is not taken back; two uninvolved people answer it",
            field="request",
        )


def held_to(rule: ApprovalRule) -> ApprovalRule:
    """The matrix's row as a review is asked under it, whatever the row says: by two at least, and until it is done."""
    steps = [step.written() for step in steps_of(rule.steps)]
    missing = REVIEWERS - sum(int(step["quorum"]) for step in steps)
    if missing > 0:
        steps[-1]["quorum"] += missing
    return rule.model_copy(update={"steps": steps, "at_end": TermEnd.KEEP})


def parts(made: BreakGlass) -> Mapping[str, str]:
    """What a review looks at."""
    return {
        "request": str(made.request_id),
        "person": str(made.person_id),
        "reason": digest_of_text(made.reason),
        "expiry": instant(made.expires_at),
    }


def counts(made: BreakGlass, at: datetime) -> bool:
    """Whether it lets anything through at this instant."""
    return made.at <= at < made.expires_at and made.justified is not False


def said(at: datetime) -> str:
    """An instant in words."""
    return at.strftime("%Y-%m-%d %H:%M UTC")
