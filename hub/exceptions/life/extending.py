"""Extensions: asked for, decided by people as exceptions are, and of no effect on what has ended meanwhile."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from hub import words
from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals import subjects
from hub.approvals.rules import ApprovalSubject
from hub.approvals.tables import SubjectKind
from hub.db import Tx, new_id
from hub.errors import Refused
from hub.events.canonical import digest_of, digest_of_text
from hub.exceptions import holding, moves, review, store
from hub.exceptions.life import store as life
from hub.exceptions.life.moving import again, begin
from hub.exceptions.moves import Verb
from hub.exceptions.tables import ExceptionExtension, ExtensionState, PolicyException
from hub.exceptions.telling import tell
from hub.people.access import Principal

KIND = SubjectKind.EXTENSION
ASKED = ("exception_id", "justification", "requested_by", "until", "was_expires_at")
"""What a decision about an extension binds to, beside the exception's controls and criteria."""


async def extend(
    tx: Tx, who: Principal, exception_id: UUID, *, until: datetime, justification: str
) -> ExceptionExtension:
    """Ask that a granted exception last longer; until that is approved, its end stays."""
    why = words.wanted(justification, "justification")
    found = (await begin(tx, who, exception_id, Verb.EXTEND)).found
    waiting = await life.undecided(tx, [exception_id])
    moves.check_extensible(found.extensions_used, found.extensions_allowed, waiting[0].id if waiting else None)
    await _check_until(tx, found, until)
    made = ExceptionExtension(
        id=new_id(),
        exception_id=exception_id,
        was_expires_at=found.expires_at,
        until=until,
        justification=why,
        requested_by=who.person_id,
        requested_at=tx.at,
    )
    await life.add_extension(tx, made)
    said = digest_of_text(why)
    await tell(tx, "exception.extension_requested", found, extension=made.id, until=until, justification_digest=said)
    subject = await _subject(tx, made, found)
    await approvals.request(tx, who, subject, tier=found.tier, stage=found.stage, reason=why)
    return made


async def hold(tx: Tx, extension_id: UUID) -> None:
    """The exception is locked before the request to extend it is."""
    made = await life.extension(tx, extension_id)
    if made is not None:
        await life.hold(tx, [made.exception_id])


@subjects.subject(KIND, hold=hold)
async def subject_now(tx: Tx, extension_id: UUID, _stage: object) -> ApprovalSubject | None:
    """An extension as it is now; none once it is not to be decided any more."""
    made = await life.extension(tx, extension_id)
    if made is None or made.state is not ExtensionState.REQUESTED:
        return None
    return await _subject(tx, made, await again(tx, made.exception_id))


async def settled(tx: Tx, extension_id: UUID, state: ExtensionState, *, by: UUID | None, note: str) -> None:
    """Do what people decided about an extension; whoever calls holds its exception."""
    made = await life.extension(tx, extension_id)
    if made is None or made.state is not ExtensionState.REQUESTED:
        return
    found = await again(tx, made.exception_id)
    if state is ExtensionState.APPROVED and (lapse := await _lapse(tx, made, found)) is not None:
        state, note = ExtensionState.LAPSED, lapse
    await life.change_extension(tx, extension_id, state=state, decided_by=by, decided_at=tx.at, note=note)
    if state is not ExtensionState.APPROVED:
        await tell(tx, f"exception.extension_{state.lower()}", found, extension=extension_id, until=made.until)
        return
    await store.change(tx, found.id, expires_at=made.until, extensions_used=found.extensions_used + 1)
    now = await again(tx, found.id)
    await tell(tx, "exception.extended", now, extension=extension_id, was_expires_at=made.was_expires_at)


async def lapse(tx: Tx, exception_ids: Collection[UUID]) -> None:
    """Ask nobody any more about extensions of what has ended."""
    await life.hold(tx, exception_ids)
    for made in await life.undecided(tx, exception_ids):
        why = f"the exception is {await store.status(tx, made.exception_id)} by now"
        await settled(tx, made.id, ExtensionState.LAPSED, by=tx.actor, note=why)
        pending = await approval_store.pending(tx, KIND, subject_ids=[made.id])
        await approvals.void(tx, {one.id: (one, ["exception"]) for one in pending})


async def _lapse(tx: Tx, made: ExceptionExtension, found: PolicyException) -> str | None:
    """Why an approved extension has nothing left to extend, or the policy allows it no more; None when it has."""
    status = await store.status(tx, found.id)
    if status not in moves.GRANTED:
        return f"approved, but the exception is {status} by now; ask for a new one that follows it"
    try:
        await _check_until(tx, found, made.until)
    except Refused as refused:
        return f"approved, but too late: {refused.why}"
    return None


async def _check_until(tx: Tx, found: PolicyException, until: datetime) -> None:
    policy, wording = await holding.policy_of(tx, found.policy_id)
    longest_days = wording.longest_exception_days
    moves.check_until(until, ends_at=found.expires_at, at=tx.at, longest_days=longest_days, policy=policy.key)


async def _subject(tx: Tx, made: ExceptionExtension, found: PolicyException) -> ApprovalSubject:
    of = await review.subject_of(tx, found)
    said = made.model_dump(include=set(ASKED))
    # Who owns the exception may change meanwhile: that is no part of what is asked, and they sign nothing all the same.
    parts = {"extension": digest_of({key: said[key] for key in ASKED})}
    parts |= {name: of.parts[name] for name in ("controls", "criteria")}
    return ApprovalSubject(
        KIND,
        made.id,
        digest_of(parts),
        found.model_id,
        parts=parts,
        authors=of.authors,
        author_ids=(*of.author_ids, made.requested_by),
        title=f"extension until {made.until:%Y-%m-%d}: {of.title}",
    )
