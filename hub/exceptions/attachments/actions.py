"""Verbs on the files that are put with an exception. The exception is locked first, then the question about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals import rules as approval_rules
from hub.approvals import store as approval_store
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.exceptions import holding, moves, review
from hub.exceptions import store as exceptions
from hub.exceptions.attachments import rules, store
from hub.exceptions.attachments.store import Kept
from hub.exceptions.attachments.uploads import actions as uploads
from hub.exceptions.tables import ExceptionAttachment, ExceptionStatus, PolicyException
from hub.exceptions.telling import tell
from hub.people.access import Permission, Principal
from hub.people.acting import acting


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment, whether it was made just now, and the question that people are asked anew for it."""

    kept: Kept
    is_new: bool
    asked: UUID | None = None


async def attach(tx: Tx, who: Principal, exception_id: UUID, *, name: str, media_type: str, content: bytes) -> Attached:
    """Put a file with an exception; the same file under the same name is put there once.

    Until it is decided it is part of what is decided: whoever is asked is asked anew.
    """
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    clean = rules.file_name(name)
    rules.check_size(len(content), clean)
    found = await _open(tx, who, exception_id)
    digest = sha256(content).hexdigest()
    if (there := await store.same(tx, exception_id, clean, digest)) is not None:
        return Attached(there, is_new=False)
    rules.check_number(await store.number(tx, exception_id))
    row = ExceptionAttachment(
        id=new_id(),
        exception_id=exception_id,
        name=clean,
        media_type=rules.media_type(media_type),
        size=len(content),
        sha256=digest,
        content=content,
        added_by=who.person_id,
        added_at=tx.at,
    )
    await store.add(tx, row)
    # Not its name, which may be somebody's: the trail holds what is opaque.
    await tell(tx, "exception.attached", found, attachment=row.id, sha256=digest, size=row.size)
    kept = Kept(row.id, exception_id, clean, row.media_type, row.size, digest, row.added_by)
    return Attached(kept, is_new=True, asked=await _ask_anew(tx, who, found))


async def attach_waiting(tx: Tx, who: Principal, exception_id: UUID, upload_ids: Sequence[UUID]) -> UUID | None:
    """Put files that were sent before with an exception, all of them or none; gives the one question it then becomes.

    None where nobody is being asked, and where it had all of them.
    """
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    rules.check_some(upload_ids)
    found = await _open(tx, who, exception_id)
    return await _ask_anew(tx, who, found) if await uploads.take(tx, who, found, upload_ids) else None


async def remove(tx: Tx, who: Principal, attachment_id: UUID) -> PolicyException:
    """Take a file away before the exception is decided, as who put it there; whoever is asked is asked anew."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    absent = Refused(Code.NOT_FOUND, "there is no such attachment", field="attachment")
    about = await store.one(tx, attachment_id)
    if about is None:
        raise absent
    try:
        found = await holding.held(tx, who, about.exception_id)
    except Refused as error:
        raise absent from error
    now = await holding.standing(tx, who)
    # Read anew, now that nobody else changes it.
    kept = await store.one(tx, attachment_id)
    if kept is None:
        raise absent
    rules.check_remove(await exceptions.status(tx, found.id), added_by=kept.added_by, by=now.person_id)
    await store.remove(tx, attachment_id)
    await tell(tx, "exception.detached", found, attachment=kept.id, sha256=kept.sha256, size=kept.size)
    await _ask_anew(tx, who, found)
    return found


async def _open(tx: Tx, who: Principal, exception_id: UUID) -> PolicyException:
    """An exception with which this person may put files, locked."""
    found = await holding.held(tx, who, exception_id)
    now = await holding.standing(tx, who)
    rules.check_attach(await exceptions.status(tx, exception_id), moves.hats(now, found))
    return found


async def _ask_anew(tx: Tx, who: Principal, found: PolicyException) -> UUID | None:
    """Void the question that people are asked, and ask the one it became; none where nothing is being asked."""
    subject = await review.subject_now(tx, found.id, found.stage)
    if subject is None:
        return None
    pending = await approval_store.pending(tx, review.KIND, subject_ids=[found.id])
    if not pending:
        return None
    changed = {one.id: (one, approval_rules.changed(one.parts or {}, subject.parts)) for one in pending}
    await approvals.void(tx, changed)
    # Nobody has opened the new question, nor asked anything about it.
    await exceptions.change(tx, found.id, state=ExceptionStatus.SUBMITTED)
    return (await review.ask(tx, who, found)).id
