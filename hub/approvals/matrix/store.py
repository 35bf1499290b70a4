"""The SQL of changes of the approval matrix, and of the rows that they change."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, text, update
from sqlmodel import col, select

from hub.approvals.matrix.rules import Selector
from hub.approvals.tables import ApprovalRule, MatrixChange, MatrixChangeStatus
from hub.db import Tx

MATRIX_LOCK = 7_201_125_531
"""The advisory lock that keeps two changes of the matrix, or a change and a question or release under it, apart.

It comes after the bindings and before who may sign (see hub/deployments/store.py).
"""

# The row that is in force where a row that is not there yet would apply: of those that it would come before, whatever
# other tag a model carries, the one that asks for most people. In each context one row is in force.
_SHADOWED = text("""
WITH made AS (
    SELECT CAST(:kind AS text) AS kind, CAST(:tier AS text) AS tier, CAST(:stage AS text) AS stage,
           CAST(:tag AS text) AS tag, CAST(:steps AS jsonb) AS steps
)
SELECT r.* FROM (
    SELECT DISTINCT m.tier, m.stage, m.tag, m.steps, f.id
    FROM made m
    CROSS JOIN unnest(ARRAY['HIGH', 'LIMITED', 'MINIMAL', 'PROHIBITED', NULL]) AS a (tier)
    CROSS JOIN unnest(ARRAY['PROPOSAL', 'DEVELOPMENT', 'STAGING', 'PRODUCTION', 'ARCHIVED', NULL]) AS b (stage)
    CROSS JOIN LATERAL (SELECT NULL AS tag UNION SELECT o.tag FROM approval_rules o WHERE o.subject_kind = m.kind) c
    CROSS JOIN LATERAL approval_rules_fitting(
        m.kind, a.tier, b.stage, ARRAY[c.tag, split_part(c.tag, '=', 1), m.tag, split_part(m.tag, '=', 1)]) f
    WHERE f.place = 1 AND (m.tier IS NULL OR a.tier = m.tier) AND (m.stage IS NULL OR b.stage = m.stage)
) m
JOIN approval_rules r ON r.id = m.id
WHERE approval_rule_rank(m.tier, m.stage, m.tag, m.steps)
    < approval_rule_rank(r.tier, r.stage, r.tag, r.steps) COLLATE "C"
ORDER BY approval_rule_asks(r.steps) DESC, r.tier = 'HIGH' DESC NULLS LAST, r.stage = 'PRODUCTION' DESC NULLS LAST,
         r.tag COLLATE "C", r.id
LIMIT 1
""")

_UNKNOWN_TEAMS = text("""
SELECT k.key FROM unnest(CAST(:keys AS text[])) AS k (key)
WHERE NOT EXISTS (SELECT FROM teams t WHERE t.key = k.key) ORDER BY k.key
""")


async def hold(tx: Tx) -> None:
    """Let only one transaction at a time change the matrix, and nobody ask or release under it meanwhile."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MATRIX_LOCK})


async def share(tx: Tx) -> None:
    """Keep changes of the matrix out until this transaction ends; others that share go on."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": MATRIX_LOCK})


async def row(tx: Tx, which: Selector) -> ApprovalRule | None:
    """The row with just this selector."""
    statement = select(ApprovalRule).where(*_is(which)).execution_options(populate_existing=True)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def shadowed(tx: Tx, which: Selector, steps: str) -> ApprovalRule | None:
    """The row in force that a new one with these steps, as JSON, would come before; none when there is none."""
    values = {"kind": which.kind, "tier": which.tier, "stage": which.stage, "tag": which.tag, "steps": steps}
    statement = select(ApprovalRule).from_statement(_SHADOWED).execution_options(populate_existing=True)
    return (await tx.session.execute(statement, values)).scalars().first()


async def put(tx: Tx, made: ApprovalRule) -> None:
    """Write a row, new or in the place of the one with its id."""
    values = made.model_dump()
    found = await tx.session.execute(
        update(ApprovalRule).where(col(ApprovalRule.id) == made.id).values(**values).returning(col(ApprovalRule.id))
    )
    if found.first() is None:
        await tx.session.execute(insert(ApprovalRule).values(**values))


async def remove(tx: Tx, row_id: UUID) -> None:
    """Take a row out of the matrix."""
    await tx.session.execute(delete(ApprovalRule).where(col(ApprovalRule.id) == row_id))


async def unknown_teams(tx: Tx, keys: Collection[str]) -> list[str]:
    """Those of these keys that are no team's."""
    return list((await tx.session.execute(_UNKNOWN_TEAMS, {"keys": sorted(keys)})).scalars())


async def one(tx: Tx, change_id: UUID) -> MatrixChange | None:
    """One change; it stays as it is while the matrix is held."""
    statement = select(MatrixChange).where(col(MatrixChange.id) == change_id)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def in_review(tx: Tx) -> list[MatrixChange]:
    """Every change that is still to be decided, oldest first."""
    statement = (
        select(MatrixChange)
        .where(col(MatrixChange.status) == MatrixChangeStatus.IN_REVIEW)
        .order_by(col(MatrixChange.created_at), col(MatrixChange.id))
        .execution_options(populate_existing=True)
    )
    return list((await tx.session.execute(statement)).scalars())


async def add(tx: Tx, made: MatrixChange) -> None:
    """Add a change."""
    await tx.session.execute(insert(MatrixChange).values(**made.model_dump()))


async def change(tx: Tx, change_id: UUID, **values: Any) -> None:
    """Write columns of one change."""
    statement = update(MatrixChange).where(col(MatrixChange.id) == change_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


def _is(which: Selector) -> list[Any]:
    return [
        col(ApprovalRule.subject_kind) == which.kind,
        col(ApprovalRule.tier).is_not_distinct_from(which.tier),
        col(ApprovalRule.stage).is_not_distinct_from(which.stage),
        col(ApprovalRule.tag).is_not_distinct_from(which.tag),
    ]
