"""Verbs on the discussion of a request, and on its clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import words
from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.asked import store as asked_store
from hub.approvals.deadlines import rungs
from hub.approvals.deadlines.rungs import Rung
from hub.approvals.tables import ApprovalComment, ApprovalRequest, CommentKind
from hub.approvals.talk import rules, store
from hub.approvals.talk.rules import Called
from hub.approvals.telling import tell
from hub.calendars import store as calendars
from hub.db import Tx, new_id
from hub.events.canonical import digest_of_text
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.working_time import between


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, and the handles in it that mean nobody who could be told."""

    comment: ApprovalComment
    unknown: Sequence[str]


async def comment(tx: Tx, who: Principal, request_id: UUID, body: str, *, internal: bool = False) -> Said:
    """Say something of a request, whatever became of it; an internal note is for those who review it."""
    acting(tx, who, Permission.DISCUSS_APPROVAL)
    asked = await approvals.held(tx, who, request_id)
    if internal:
        rules.check_insider(who, has_hand=await store.has_hand(tx, request_id, who.person_id))
    said, called = await _said(tx, who, asked, CommentKind.NOTE, body, internal=internal)
    await tell(tx, "commented", asked, {**_told(said.comment, called), "internal": internal})
    return said


async def ask(tx: Tx, who: Principal, request_id: UUID, body: str) -> Said:
    """Ask whoever wants the approval something: the clock stands still until they answer, or a reviewer lets it go on.

    Another question while it stands still leaves it so.
    """
    acting(tx, who, Permission.SIGN_APPROVAL)
    asked = await approvals.held(tx, who, request_id)
    rules.check_insider(who, has_hand=await store.has_hand(tx, request_id, who.person_id))
    rules.check_running(asked)
    said, called = await _said(tx, who, asked, CommentKind.QUESTION, body)
    if asked.paused_at is None:
        # Without an instant ahead, the clock's tick does not even find it.
        await approval_store.change(tx, asked.id, paused_at=tx.at, next_at=None)
    told = {**_told(said.comment, called), "paused_at": asked.paused_at or tx.at}
    await tell(tx, "info_requested", asked, told)
    return said


async def answer(tx: Tx, who: Principal, request_id: UUID, body: str) -> Said:
    """Answer what was asked, as one of the requester's side: the clock goes on."""
    acting(tx, who, Permission.DISCUSS_APPROVAL)
    asked = await approvals.held(tx, who, request_id)
    rules.check_answerer(has_hand=await store.has_hand(tx, request_id, who.person_id))
    rules.check_paused(asked)
    said, called = await _said(tx, who, asked, CommentKind.ANSWER, body)
    question, paused = await _go_on(tx, asked)
    told = {**_told(said.comment, called), "question": question, "paused_s": int(paused.total_seconds())}
    await tell(tx, "info_given", asked, told)
    return said


async def resume(tx: Tx, who: Principal, request_id: UUID) -> ApprovalRequest:
    """Let the clock go on without an answer, as one of those who review."""
    acting(tx, who, Permission.SIGN_APPROVAL)
    asked = await approvals.held(tx, who, request_id)
    rules.check_insider(who, has_hand=await store.has_hand(tx, request_id, who.person_id))
    rules.check_paused(asked)
    question, paused = await _go_on(tx, asked)
    await tell(tx, "resumed", asked, {"question": question, "paused_s": int(paused.total_seconds())})
    return await approvals.again(tx, request_id)


async def _said(
    tx: Tx, who: Principal, asked: ApprovalRequest, kind: CommentKind, body: str, *, internal: bool = False
) -> tuple[Said, list[Called]]:
    written = words.wanted(body, "body")
    handles = rules.calls(written)
    called = await store.called(tx, asked.id, handles)
    if internal:
        rules.check_unheard(called)
    made = ApprovalComment(
        id=new_id(),
        request_id=asked.id,
        person_id=who.person_id,
        kind=kind,
        internal=internal,
        body=written,
        at=tx.at,
    )
    # Nobody is told of what they wrote themselves.
    told = [one for one in called if one.id != who.person_id]
    await store.add(tx, made, [one.id for one in told])
    return Said(made, rules.unknown(handles, called)), told


async def _go_on(tx: Tx, asked: ApprovalRequest) -> tuple[UUID, timedelta]:
    """Move what was ahead by the working time that passed; gives the question, and how long the clock stood still."""
    assert asked.paused_at is not None
    week = await calendars.week(tx, asked.rule["calendar"])
    ladder = rungs.resumed(asked.ladder, asked.rung, week, asked.paused_at, tx.at)
    ahead = [Rung.of(row).at for row in ladder]
    await approval_store.change(
        tx,
        asked.id,
        paused_at=None,
        ladder=ladder,
        due_at=ahead[-1] if ahead else asked.due_at,
        next_at=ahead[asked.rung] if asked.rung < len(ahead) else None,
    )
    # Inboxes are in the order of what is due.
    await asked_store.refresh(tx, requests=[asked.id])
    return await store.question_since(tx, asked.id, asked.paused_at), between(week, asked.paused_at, tx.at)


def _told(made: ApprovalComment, called: Sequence[Called]) -> dict[str, object]:
    return {
        "comment": made.id,
        "mentions": [one.id for one in called],
        "body_digest": digest_of_text(made.body),
    }
