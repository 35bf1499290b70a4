"""Who may say what in the discussion of a request, and whom it calls."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.approvals.tables import ApprovalRequest, ApprovalStatus
from hub.errors import Code, Refused
from hub.people.access import BY_ROLE, SEES_ALL, Permission, Principal

REVIEWERS = frozenset(role for role, may in BY_ROLE.items() if Permission.SIGN_APPROVAL in may)
INSIDERS = tuple(sorted(REVIEWERS | SEES_ALL))
"""The roles that read internal notes, unless their holder has a hand in what the request is about."""

MOST_CALLED = 50
"""People one comment may call."""

# After a letter it is an address, and what ends a sentence is no part of a handle.
_CALL = re.compile(r"(?<![\w.@+-])@([a-z0-9][a-z0-9._@+-]{0,99})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody whom a comment calls; an insider reads internal notes."""

    id: UUID
    handle: str
    is_insider: bool


def calls(body: str) -> list[str]:
    """The handles that a text calls, each once, in their order; refused when they are too many."""
    found = [handle for handle in (one.rstrip(".@+-").lower() for one in _CALL.findall(body)) if handle]
    handles = list(dict.fromkeys(found))
    if len(handles) > MOST_CALLED:
        raise Refused(
            Code.BAD_INPUT, f"{len(handles)} people are called; {MOST_CALLED} at most, so name fewer", field="body"
        )
    return handles


def check_insider(who: Principal, *, has_hand: bool) -> None:
    """Internal notes, questions and letting the clock go on are for those who review, not for whoever is reviewed."""
    who.require(Permission.SIGN_APPROVAL)
    if has_hand:
        raise Refused(
            Code.SAME_PERSON,
            "you asked for this approval, or it is your own work; write a comment that everybody reads",
            field="request",
        )


def check_unheard(called: Collection[Called]) -> None:
    """An internal note calls nobody who may not read it."""
    if outside := sorted(one.handle for one in called if not one.is_insider):
        raise Refused(
            Code.BAD_INPUT,
            f"{', '.join(outside)} may not read internal notes; leave them out, or write it for everybody",
            field="body",
        )


def check_answerer(*, has_hand: bool) -> None:
    """A question is answered by whoever asked for the approval, or made what it is about."""
    if not has_hand:
        raise Refused(
            Code.FORBIDDEN,
            "a question is answered by whoever asked for the approval or made what it is about; write a comment, or"
            " let the clock go on with resumeApproval (hub approvals resume)",
            field="request",
        )


def check_running(asked: ApprovalRequest) -> None:
    """Only the clock of a pending request can be stopped."""
    if asked.status is not ApprovalStatus.PENDING:
        raise Refused(
            Code.WRONG_STATE,
            f"this request is {asked.status}; its clock runs no more, so write a comment instead",
            field="request",
        )


def check_paused(asked: ApprovalRequest) -> None:
    """Only a clock that stands still goes on."""
    check_running(asked)
    if asked.paused_at is None:
        raise Refused(
            Code.WRONG_STATE, "no question is open, so the clock runs; write a comment instead", field="request"
        )


def unknown(handles: Sequence[str], called: Collection[Called]) -> list[str]:
    """The handles that mean nobody who is active and sees what the request is about."""
    known = {one.handle for one in called}
    return [handle for handle in handles if handle not in known]
