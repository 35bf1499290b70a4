"""The SQL of the approval matrix, requests and sign-offs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.approvals.rules import Given
from hub.approvals.tables import ApprovalRequest, ApprovalRule, ApprovalStatus, SignOff
from hub.db import Tx
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Discipline

# The approvals whose signers are still active and may still sign for what they signed.
_GIVEN = text("""
SELECT s.person_id, s.discipline
FROM sign_offs s JOIN people p ON p.id = s.person_id
WHERE s.request_id = :request AND s.decision = 'APPROVE' AND p.active AND EXISTS (
    SELECT FROM role_grants g WHERE g.person_id = s.person_id AND g.role = 'MODEL_APPROVER'
      AND (s.discipline IS NULL OR g.discipline = s.discipline))
ORDER BY s.signed_at, s.id
""")

_VOID = text("""
UPDATE approval_requests r SET status = 'STALE', status_why = v.why, decided_at = :at
FROM unnest(CAST(:ids AS uuid[]), CAST(:whys AS text[])) AS v (id, why)
WHERE r.id = v.id
""")


async def rule(tx: Tx, tier: RiskTier, stage: Stage) -> ApprovalRule | None:
    """The row of the matrix for a tier and a stage."""
    statement = select(ApprovalRule).where(col(ApprovalRule.tier) == tier, col(ApprovalRule.stage) == stage)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def hold_subject(tx: Tx, subject_id: UUID, stage: Stage) -> None:
    """Let only one transaction at a time ask about this subject and stage."""
    statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")
    await tx.session.execute(statement, {"subject": f"approval {subject_id} {stage}"})


async def pending_of(tx: Tx, subject_id: UUID, stage: Stage) -> UUID | None:
    """The pending request about this subject and stage."""
    statement = select(ApprovalRequest.id).where(
        col(ApprovalRequest.subject_id) == subject_id,
        col(ApprovalRequest.stage) == stage,
        col(ApprovalRequest.status) == ApprovalStatus.PENDING,
    )
    return (await tx.session.execute(statement)).scalars().first()


async def pending(tx: Tx, subject_kind: str, *, scope_ids: Collection[UUID] | None = None) -> Sequence[ApprovalRequest]:
    """Pending requests about this kind of subject, in these models or in any, locked in the order of their ids."""
    statement = select(ApprovalRequest).where(
        col(ApprovalRequest.status) == ApprovalStatus.PENDING, col(ApprovalRequest.subject_kind) == subject_kind
    )
    if scope_ids is not None:
        statement = statement.where(col(ApprovalRequest.scope_id).in_(scope_ids))
    locked = statement.order_by(col(ApprovalRequest.id)).with_for_update(key_share=True)
    return (await tx.session.execute(locked.execution_options(populate_existing=True))).scalars().all()


async def request(tx: Tx, request_id: UUID, *, lock: bool = False) -> ApprovalRequest | None:
    """One request, locked when asked: signatures come one after the other."""
    statement = select(ApprovalRequest).where(col(ApprovalRequest.id) == request_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def add_request(tx: Tx, row: ApprovalRequest) -> None:
    """Add a request."""
    await tx.session.execute(insert(ApprovalRequest).values(**row.model_dump()))


async def change(tx: Tx, request_id: UUID, **values: Any) -> None:
    """Write columns of one request."""
    statement = update(ApprovalRequest).where(col(ApprovalRequest.id) == request_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def void(tx: Tx, whys: Mapping[UUID, str]) -> None:
    """Make requests stale, each with its reason: one statement for any number."""
    values = {"ids": list(whys), "whys": list(whys.values()), "at": tx.at}
    await tx.session.execute(_VOID, values)


async def sign_off_of(tx: Tx, request_id: UUID, person_id: UUID) -> SignOff | None:
    """What this person answered."""
    statement = select(SignOff).where(col(SignOff.request_id) == request_id, col(SignOff.person_id) == person_id)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def add_sign_off(tx: Tx, row: SignOff) -> None:
    """Add an answer."""
    await tx.session.execute(insert(SignOff).values(**row.model_dump()))


async def given(tx: Tx, request_id: UUID) -> list[Given]:
    """The approvals that count today, oldest first."""
    rows = await tx.session.execute(_GIVEN, {"request": request_id})
    return [Given(row.person_id, None if row.discipline is None else Discipline(row.discipline)) for row in rows]
