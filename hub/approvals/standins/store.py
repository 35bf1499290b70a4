"""The SQL of delegations and absences."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.approvals.tables import Absence, Delegation
from hub.db import Tx
from hub.models.tables import Stage

_IN_FORCE = text("""
SELECT d.* FROM delegations d
WHERE d.from_id = :giver AND d.to_id = :taker AND d.revoked_at IS NULL AND d.starts_at <= :at AND d.ends_at > :at
  AND (d.scope_id IS NULL OR d.scope_id = :scope)
  AND (d.stages = '[]' OR d.stages ? CAST(:stage AS text))
ORDER BY d.disciplines <> '[]', d.ends_at DESC, d.id
""")

# Says that somebody gave away, or was given, at any moment of a span.
_CHAINED = text("""
SELECT EXISTS (SELECT FROM delegations d WHERE d.to_id = :giver AND d.revoked_at IS NULL
                 AND d.starts_at < :ends_at AND d.ends_at > :starts_at) AS giver_holds,
       EXISTS (SELECT FROM delegations d WHERE d.from_id = :taker AND d.revoked_at IS NULL
                 AND d.starts_at < :ends_at AND d.ends_at > :starts_at) AS taker_gave,
       EXISTS (SELECT FROM role_grants g WHERE g.person_id = :taker
                 AND g.role IN ('MODEL_APPROVER', 'POLICY_OWNER')) AS taker_approves
""")


async def in_force(
    tx: Tx, giver: UUID, taker: UUID, scope_id: UUID | None, stage: Stage | None
) -> Sequence[Delegation]:
    """The delegations from one to the other that hold now for this model and stage, the widest first."""
    values = {"giver": giver, "taker": taker, "at": tx.at, "scope": scope_id, "stage": stage}
    statement = select(Delegation).from_statement(_IN_FORCE).execution_options(populate_existing=True)
    return (await tx.session.execute(statement, values)).scalars().all()


async def hold_people(tx: Tx, *people: UUID) -> None:
    """Let only one transaction at a time change what these people gave each other."""
    statement = text("SELECT p.id FROM people p WHERE p.id = ANY (:people) ORDER BY p.id FOR NO KEY UPDATE")
    await tx.session.execute(statement, {"people": list(people)})


async def chained(tx: Tx, giver: UUID, taker: UUID, starts_at: datetime, ends_at: datetime) -> tuple[bool, bool, bool]:
    """Whether the giver holds somebody's say, the taker gave theirs away, and the taker approves themselves."""
    values = {"giver": giver, "taker": taker, "starts_at": starts_at, "ends_at": ends_at}
    row = (await tx.session.execute(_CHAINED, values)).one()
    return row.giver_holds, row.taker_gave, row.taker_approves


async def add_delegation(tx: Tx, row: Delegation) -> None:
    """Add a delegation."""
    await tx.session.execute(insert(Delegation).values(**row.model_dump()))


async def same_delegation(tx: Tx, row: Delegation, *, within: timedelta) -> Delegation | None:
    """One that stands, gives the same to the same person, has begun by then, and ends within so much of it."""
    statement = select(Delegation).where(
        col(Delegation.from_id) == row.from_id,
        col(Delegation.to_id) == row.to_id,
        col(Delegation.disciplines) == row.disciplines,
        col(Delegation.stages) == row.stages,
        col(Delegation.scope_id) == row.scope_id,
        col(Delegation.reason) == row.reason,
        col(Delegation.starts_at) <= row.starts_at,
        col(Delegation.ends_at).between(row.ends_at - within, row.ends_at + within),
        col(Delegation.revoked_at).is_(None),
    )
    return (await tx.session.execute(statement.order_by(col(Delegation.id)).limit(1))).scalar_one_or_none()


async def delegation(tx: Tx, delegation_id: UUID) -> Delegation | None:
    """One delegation, locked."""
    statement = select(Delegation).where(col(Delegation.id) == delegation_id).with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def change_delegation(tx: Tx, delegation_id: UUID, **values: Any) -> None:
    """Write columns of one delegation."""
    statement = update(Delegation).where(col(Delegation.id) == delegation_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def add_absence(tx: Tx, row: Absence) -> None:
    """Add an absence."""
    await tx.session.execute(insert(Absence).values(**row.model_dump()))


async def same_absence(tx: Tx, row: Absence, *, within: timedelta) -> Absence | None:
    """One of the same person that stands, has begun by then, and ends within so much of it."""
    statement = select(Absence).where(
        col(Absence.person_id) == row.person_id,
        col(Absence.starts_at) <= row.starts_at,
        col(Absence.ends_at).between(row.ends_at - within, row.ends_at + within),
        col(Absence.cancelled_at).is_(None),
    )
    return (await tx.session.execute(statement.order_by(col(Absence.id)).limit(1))).scalar_one_or_none()


async def absence(tx: Tx, absence_id: UUID) -> Absence | None:
    """One absence, locked."""
    statement = select(Absence).where(col(Absence.id) == absence_id).with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def cancel_absence(tx: Tx, absence_id: UUID) -> None:
    """Have somebody be back."""
    statement = update(Absence).where(col(Absence.id) == absence_id).values(cancelled_at=tx.at)
    await tx.session.execute(statement.execution_options(synchronize_session=False))
