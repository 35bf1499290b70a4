"""The SQL of policy changes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.db import Tx
from hub.policies.changes.rules import OPEN
from hub.policies.tables import PolicyChange

# A policy that was never published is in review as long as one of its changes is.
_SETTLE = text("""
UPDATE policies p
SET status = CASE WHEN EXISTS (SELECT FROM policy_changes c WHERE c.policy_id = p.id AND c.status = 'IN_REVIEW')
             THEN 'IN_REVIEW' ELSE 'DRAFT' END
WHERE p.id = ANY (:policies) AND p.current_version_id IS NULL
""")


async def one(tx: Tx, change_id: UUID) -> PolicyChange | None:
    """One change; it stays as it is while its policy is locked."""
    statement = select(PolicyChange).where(col(PolicyChange.id) == change_id)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def open_of(tx: Tx, policy_ids: Sequence[UUID]) -> list[PolicyChange]:
    """The changes of these policies that are still to be decided, oldest first."""
    statement = (
        select(PolicyChange)
        .where(col(PolicyChange.policy_id).in_(policy_ids), col(PolicyChange.status).in_(OPEN))
        .order_by(col(PolicyChange.created_at), col(PolicyChange.id))
        .execution_options(populate_existing=True)
    )
    return list((await tx.session.execute(statement)).scalars())


async def add(tx: Tx, rows: Sequence[PolicyChange]) -> None:
    """Add changes, in one statement."""
    if rows:
        await tx.session.execute(insert(PolicyChange), [row.model_dump() for row in rows])


async def change(tx: Tx, change_ids: Sequence[UUID], **values: Any) -> None:
    """Write columns of some changes."""
    statement = update(PolicyChange).where(col(PolicyChange.id).in_(change_ids)).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def settle(tx: Tx, policy_ids: Sequence[UUID]) -> None:
    """Have policies that were never published tell whether one of their changes is in review."""
    await tx.session.execute(_SETTLE, {"policies": list(policy_ids)})
