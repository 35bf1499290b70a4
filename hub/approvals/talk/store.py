"""The SQL of discussions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import col, select

from hub.approvals.tables import ApprovalComment, ApprovalMention, CommentKind
from hub.approvals.talk.rules import INSIDERS, Called
from hub.db import Tx, new_id

_HAS_HAND = text("SELECT has_hand(r.requested_by, r.authors, :person) FROM approval_requests r WHERE r.id = :request")

_CALLED = text("""
SELECT p.id, p.handle,
       EXISTS (SELECT FROM role_grants g WHERE g.person_id = p.id AND g.role = ANY (:insiders))
       AND NOT has_hand(r.requested_by, r.authors, p.id) AS is_insider
FROM approval_requests r JOIN people p ON p.handle = ANY (:handles)
WHERE r.id = :request AND p.active AND sees_model(r.scope_id, p.id)
ORDER BY p.handle
""")


async def has_hand(tx: Tx, request_id: UUID, person_id: UUID) -> bool:
    """Whether somebody asked a request, made what it is about, or is known by a name of whoever did."""
    found = await tx.session.execute(_HAS_HAND, {"request": request_id, "person": person_id})
    return bool(found.scalar_one())


async def called(tx: Tx, request_id: UUID, handles: Collection[str]) -> list[Called]:
    """Those of these handles who are active and see what a request is about."""
    if not handles:
        return []
    values = {"request": request_id, "handles": list(handles), "insiders": list(INSIDERS)}
    return [Called(row.id, row.handle, row.is_insider) for row in await tx.session.execute(_CALLED, values)]


async def add(tx: Tx, row: ApprovalComment, people: Sequence[UUID]) -> None:
    """Add a comment that calls these people."""
    await tx.session.execute(insert(ApprovalComment).values(**row.model_dump()))
    if people:
        mentions = [ApprovalMention(id=new_id(), comment_id=row.id, person_id=one, at=row.at) for one in people]
        await tx.session.execute(insert(ApprovalMention), [one.model_dump() for one in mentions])


async def question_since(tx: Tx, request_id: UUID, at: datetime) -> UUID:
    """The question that stopped a clock at this instant."""
    statement = (
        select(ApprovalComment.id)
        .where(
            col(ApprovalComment.request_id) == request_id,
            col(ApprovalComment.kind) == CommentKind.QUESTION,
            col(ApprovalComment.at) >= at,
        )
        .order_by(col(ApprovalComment.at), col(ApprovalComment.id))
        .limit(1)
    )
    return (await tx.session.execute(statement)).scalar_one()
