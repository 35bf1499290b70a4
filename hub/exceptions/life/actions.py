"""Verbs on an exception that was asked for."""

from datetime import datetime
from uuid import UUID

from hub import words
from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.tables import ApprovalStatus
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.exceptions import actions as exceptions
from hub.exceptions import moves, store
from hub.exceptions import review as asking
from hub.exceptions.life import store as life
from hub.exceptions.life.moving import again, begin, end
from hub.exceptions.moves import Verb
from hub.exceptions.tables import ExceptionReview, ExceptionStatus, PolicyException, ReviewVerdict
from hub.exceptions.telling import tell
from hub.people import actions as people
from hub.people.access import Principal

ENDS = {ReviewVerdict.REVOKE: ExceptionStatus.REVOKED, ReviewVerdict.RESOLVE: ExceptionStatus.RESOLVED}
"""The verdicts that end an exception, and how."""


async def withdraw(tx: Tx, who: Principal, exception_id: UUID, *, note: str = "") -> PolicyException:
    """Take a request back before it is decided; nobody is asked about it any more."""
    why = words.optional(note, "note")
    await begin(tx, who, exception_id, Verb.WITHDRAW)
    asked = await approval_store.newest(tx, asking.KIND, exception_id)
    if asked is not None and asked.status is ApprovalStatus.PENDING:
        # What follows from it withdraws the exception.
        await approvals.settle(tx, await approvals.again(tx, asked.id), ApprovalStatus.WITHDRAWN, why=why or None)
    else:
        await exceptions.settled(tx, exception_id, ExceptionStatus.WITHDRAWN, by=tx.actor, note=why)
    return await again(tx, exception_id)


async def revoke(tx: Tx, who: Principal, exception_id: UUID, *, reason: str) -> PolicyException:
    """Take a granted exception back, at once; what another covers stays covered."""
    why = words.wanted(reason, "reason")
    await begin(tx, who, exception_id, Verb.REVOKE)
    await end(tx, exception_id, ExceptionStatus.REVOKED, why)
    return await again(tx, exception_id)


async def resolve(tx: Tx, who: Principal, exception_id: UUID, *, note: str = "") -> PolicyException:
    """Confirm that an exception is needed no more: once checks and criteria say so, or, with a note, as a decider."""
    moved = await begin(tx, who, exception_id, Verb.RESOLVE)
    suggested_at, unmet = moved.found.resolution_suggested_at, await life.unmet(tx, exception_id)
    moves.check_resolvable(moved.worn, suggested_at, unmet)
    told = suggested_at is not None and not unmet
    why = words.optional(note, "note") if told else words.wanted(note, "note")
    await end(tx, exception_id, ExceptionStatus.RESOLVED, why)
    return await again(tx, exception_id)


async def review(
    tx: Tx,
    who: Principal,
    exception_id: UUID,
    *,
    verdict: ReviewVerdict,
    note: str,
    next_review_at: datetime | None = None,
) -> ExceptionReview:
    """Look at a granted exception again, as somebody who has no hand in it; it goes on, or ends."""
    written = words.wanted(note, "note")
    found = (await begin(tx, who, exception_id, Verb.REVIEW)).found
    if verdict in ENDS and next_review_at is not None:
        why = f"after {verdict} there is no next review; leave it out, or say CONTINUE"
        raise Refused(Code.BAD_INPUT, why, field="nextReviewAt")
    following = (
        moves.next_review(next_review_at, found.review_every_days, expires_at=found.expires_at, at=tx.at)
        if verdict is ReviewVerdict.CONTINUE
        else None
    )
    made = ExceptionReview(
        id=new_id(),
        exception_id=exception_id,
        due_at=found.review_at,
        reviewed_by=who.person_id,
        at=tx.at,
        verdict=verdict,
        note=written,
    )
    await life.add_review(tx, made)
    await store.change(tx, exception_id, reviewed_at=tx.at, review_at=following)
    told = {
        "review": made.id,
        "verdict": verdict,
        "due_at": made.due_at,
        "next_review_at": following,
        "note_digest": digest_of_text(written),
    }
    await tell(tx, "exception.reviewed", await again(tx, exception_id), **told)
    if verdict in ENDS:
        await end(tx, exception_id, ENDS[verdict], written)
    return made


async def assign(tx: Tx, who: Principal, exception_id: UUID, *, owner_id: UUID) -> PolicyException:
    """Have somebody else answer for an exception; nothing happens when they do already."""
    found = (await begin(tx, who, exception_id, Verb.ASSIGN)).found
    await people.answerable(tx, owner_id, "owner")
    if found.owner_id == owner_id:
        return found
    was = {"was_owner": found.owner_id, "was_tier": found.tier, "was_team": found.team_id}
    await store.change(tx, exception_id, owner_id=owner_id)
    # The session's one object of this row says the new owner from here on.
    now = await again(tx, exception_id)
    await tell(tx, "exception.moved", now, **was)
    return now
