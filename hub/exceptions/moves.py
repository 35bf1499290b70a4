"""Which move an exception allows where it stands, and to whom: one table that every door asks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from uuid import UUID

from hub.errors import Code, Refused
from hub.exceptions import rules
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.people.access import Permission, Principal
from hub.people.tables import Role

S = ExceptionStatus
GRANTED = frozenset({S.APPROVED, S.ACTIVE, S.SUSPENDED})
"""Granted, and not ended by date nor by anybody."""

ENDED = frozenset({S.EXPIRED, S.REVOKED, S.REJECTED, S.WITHDRAWN, S.RESOLVED})


class Hat(StrEnum):
    """In what capacity somebody moves an exception."""

    REQUESTER = "REQUESTER"
    OWNER = "OWNER"
    DECIDER = "DECIDER"
    ADMIN = "ADMIN"


CALLED = {
    Hat.REQUESTER: "whoever asked for it",
    Hat.OWNER: "its owner",
    Hat.DECIDER: "an approver or policy owner (DECIDE_EXCEPTION)",
    Hat.ADMIN: "an ADMIN",
}
"""What each hat is called in a refusal."""


class Verb(StrEnum):
    """What people do to an exception after it was asked for, beside deciding on it."""

    WITHDRAW = "WITHDRAW"
    EXTEND = "EXTEND"
    REVIEW = "REVIEW"
    REVOKE = "REVOKE"
    RESOLVE = "RESOLVE"
    ASSIGN = "ASSIGN"
    RENEW = "RENEW"


@dataclass(frozen=True, slots=True)
class Move:
    """From which statuses a move is made, in which hats, and the way out where the exception stands otherwise.

    `apart`: by nobody who has a hand in it. Without hats it is anybody's who may ask for exceptions.
    """

    done: str
    since: frozenset[ExceptionStatus]
    by: frozenset[Hat]
    undecided: str
    granted: str
    ended: str
    apart: bool = False


_AFRESH = "ask for a new exception that follows it (renewedFrom), which people look at afresh"
_OVER = f"it has ended; {_AFRESH}"
_UNDECIDED = "nobody has granted it yet; withdraw it with withdrawException (hub exception withdraw)"

MOVES: Mapping[Verb, Move] = {
    Verb.WITHDRAW: Move(
        "withdrawn",
        rules.DECIDABLE,
        frozenset({Hat.REQUESTER, Hat.OWNER}),
        undecided="ask for it first",
        granted="it was granted; end it with revokeException (hub exception revoke)",
        ended="it has ended, and nothing is left to be withdrawn",
    ),
    Verb.EXTEND: Move(
        "extended",
        GRANTED,
        frozenset({Hat.REQUESTER, Hat.OWNER}),
        undecided="nobody has granted it yet; withdraw it, and ask for the term that is needed",
        granted="",
        ended=_OVER,
    ),
    Verb.REVIEW: Move(
        "reviewed",
        GRANTED,
        frozenset({Hat.DECIDER}),
        undecided="nobody has decided on it yet; sign its approval request (hub approvals sign)",
        granted="",
        ended=_OVER,
        apart=True,
    ),
    Verb.REVOKE: Move(
        "revoked",
        GRANTED,
        frozenset({Hat.OWNER, Hat.DECIDER}),
        undecided=_UNDECIDED,
        granted="",
        ended="it has ended, and covers nothing",
    ),
    Verb.RESOLVE: Move(
        "resolved",
        GRANTED,
        frozenset({Hat.OWNER, Hat.DECIDER}),
        undecided=_UNDECIDED,
        granted="",
        ended="it has ended, and covers nothing",
    ),
    # Who answers for it is among what is decided: until then another owner means another question.
    Verb.ASSIGN: Move(
        "given to another owner",
        GRANTED,
        frozenset({Hat.OWNER, Hat.DECIDER, Hat.ADMIN}),
        undecided="who answers for it is part of what is being decided; withdraw it, and ask with another owner",
        granted="",
        ended="it has ended, and nobody has to answer for it any more",
    ),
    Verb.RENEW: Move(
        "renewed",
        ENDED,
        frozenset(),
        undecided="nobody has decided on it yet; wait for the decision, or withdraw it",
        granted="it lasts still; extend it with extendException (hub exception extend)",
        ended="",
    ),
}


def hats(who: Principal, found: PolicyException) -> frozenset[Hat]:
    """In what capacities somebody faces an exception; `who` as they are now."""
    worn = {
        Hat.REQUESTER: who.person_id == found.requested_by,
        Hat.OWNER: who.person_id == found.owner_id,
        Hat.DECIDER: Permission.DECIDE_EXCEPTION in who.permissions,
        Hat.ADMIN: Role.ADMIN in who.roles,
    }
    return frozenset(hat for hat, is_worn in worn.items() if is_worn)


def check(verb: Verb, status: ExceptionStatus, worn: Collection[Hat]) -> None:
    """Refuse a move to whoever may not make it, and from where it leads nowhere."""
    move = MOVES[verb]
    if move.by and move.by.isdisjoint(worn):
        may = " or ".join(CALLED[hat] for hat in Hat if hat in move.by)
        raise Refused(Code.FORBIDDEN, f"an exception is {move.done} by {may}; ask one of them", field="exception")
    if status not in move.since:
        raise Refused(Code.WRONG_STATE, f"this exception is {status}: {_way_out(move, status)}", field="exception")


def check_resolvable(worn: Collection[Hat], suggested_at: datetime | None, unmet: Sequence[str] = ()) -> None:
    """That the need is gone is the owner's to say once checks and all criteria say so, and a decider's at any time."""
    if Hat.DECIDER in worn:
        return
    if suggested_at is None:
        raise Refused(
            Code.WRONG_STATE,
            "checks do not say yet that the policy is kept wherever this covers; keep it first, or have"
            f" {CALLED[Hat.DECIDER]} resolve it",
            field="exception",
        )
    if unmet:
        number = f"{len(unmet)} of its criteria {'is' if len(unmet) == 1 else 'are'} not met"
        raise Refused(
            Code.WRONG_STATE,
            f"{number}: {unmet[0][:200].rstrip('.')}; confirm what a person confirms with confirmCriterion (hub"
            f" exception confirm), or have {CALLED[Hat.DECIDER]} resolve it",
            field="exception",
        )


def check_extensible(used: int, allowed: int, waiting: UUID | None) -> None:
    """Refuse an extension beyond those that are allowed, and a second one while the first is undecided."""
    if waiting is not None:
        raise Refused(
            Code.CONFLICT,
            f"an extension is asked already, ExceptionExtension:{waiting}; wait for the decision, or take its approval"
            " request back with withdrawApproval (hub approvals withdraw)",
            field="exception",
        )
    if used >= allowed:
        raise Refused(
            Code.WRONG_STATE,
            f"{used} of {allowed} extensions used; ask for a new exception, which people look at afresh",
            field="exception",
        )


def check_until(until: datetime, *, ends_at: datetime, at: datetime, longest_days: int, policy: str) -> None:
    """Refuse a new end that is none, or beyond the policy's longest term from now on, with the numbers."""
    if until.tzinfo is None:
        raise Refused(Code.BAD_INPUT, "until has no time zone; write it as 2026-11-21T12:00:00Z", field="until")
    if until <= ends_at:
        raise Refused(
            Code.TERM_IN_PAST,
            f"{rules.said(until)} is not after its end now, {rules.said(ends_at)}; choose a later one",
            field="until",
        )
    asked_days = ceil((until - at) / timedelta(days=1))
    if asked_days > longest_days:
        raise Refused(
            Code.TERM_TOO_LONG,
            f"{asked_days} days from now asked, {longest_days} allowed by {policy}; choose an earlier end",
            field="until",
        )


def next_review(
    asked: datetime | None, every_days: int | None, *, expires_at: datetime, at: datetime
) -> datetime | None:
    """When it is looked at next: as asked, or by its rhythm, but never after its end; none without either."""
    if asked is not None:
        if asked.tzinfo is None or not at < asked <= expires_at:
            told = f"not between now and its end, {rules.said(expires_at)}"
            raise Refused(Code.BAD_INPUT, f"the next review is {told}, or has no time zone", field="nextReviewAt")
        return asked
    return min(at + timedelta(days=every_days), expires_at) if every_days is not None else None


def check_renewal(before: PolicyException, policy_id: UUID, model_id: UUID) -> None:
    """A new exception follows one from the same policy for the same model."""
    for field, was, asked in (("policy", before.policy_id, policy_id), ("model", before.model_id, model_id)):
        if was != asked:
            raise Refused(
                Code.BAD_INPUT,
                f"the exception before is for another {field}; leave renewedFrom out, or name one for this {field}",
                field="renewedFrom",
            )


def _way_out(move: Move, status: ExceptionStatus) -> str:
    if status in GRANTED:
        return move.granted
    return move.ended if status in ENDED else move.undecided
