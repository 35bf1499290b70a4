"""The SQL of suggested policy changes. Restricted models are left out: whoever owns a policy may not see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, desc, select

from hub.db import Tx
from hub.exceptions.suggested.rules import Granted, Reach
from hub.exceptions.tables import PolicySuggestion

# Served by ix_policy_exceptions_policy.
_GRANTED = text("""
SELECT e.id, e.model_id, m.team_id, m.tier, e.kind,
       extract(epoch FROM e.expires_at - e.starts_at)::float8 / 86400 AS days
FROM policy_exceptions e JOIN models m ON m.id = e.model_id
WHERE e.policy_id = :policy AND e.state IN ('APPROVED', 'REVOKED', 'RESOLVED') AND e.decided_at > :since
  AND NOT m.restricted
ORDER BY e.decided_at, e.id
""")

_CONTROLS = text("""
SELECT k.description, count(DISTINCT k.exception_id) AS used FROM compensating_controls k
WHERE k.exception_id = ANY (:exceptions) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :most
""")

_REACH = text("""
SELECT count(*) AS models, count(*) FILTER (WHERE EXISTS (
    SELECT FROM policy_exceptions e WHERE e.policy_id = b.policy_id AND e.model_id = b.model_id
      AND exception_status(e.state, e.starts_at, e.expires_at, e.suspended_from, :at) = 'ACTIVE')) AS waived
FROM policy_bindings b JOIN models m ON m.id = b.model_id
WHERE b.policy_id = :policy AND NOT m.restricted
""")


async def newest(tx: Tx, policy_id: UUID) -> PolicySuggestion | None:
    """The newest suggestion about a policy."""
    statement = (
        select(PolicySuggestion)
        .where(col(PolicySuggestion.policy_id) == policy_id)
        .order_by(desc(PolicySuggestion.opened_at), desc(PolicySuggestion.id))
        .limit(1)
    )
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def one(tx: Tx, suggestion_id: UUID) -> PolicySuggestion | None:
    """One suggestion; it stays as it is while its policy is locked."""
    statement = select(PolicySuggestion).where(col(PolicySuggestion.id) == suggestion_id)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def granted(tx: Tx, policy_id: UUID, since: datetime) -> list[Granted]:
    """The exceptions from a policy that were granted after then, oldest first."""
    rows = await tx.session.execute(_GRANTED, {"policy": policy_id, "since": since})
    return [Granted(row.id, row.model_id, row.team_id, row.tier, row.kind, row.days) for row in rows]


async def controls(tx: Tx, exception_ids: Sequence[UUID], most: int) -> list[tuple[str, int]]:
    """What lowers the risk in most of these exceptions, word by word, and in how many."""
    rows = await tx.session.execute(_CONTROLS, {"exceptions": list(exception_ids), "most": most})
    return [(row.description, row.used) for row in rows]


async def reach(tx: Tx, policy_id: UUID) -> Reach:
    """To how many models a policy applies, and how many of them it is waived for."""
    row = (await tx.session.execute(_REACH, {"policy": policy_id, "at": tx.at})).one()
    return Reach(row.models, row.waived)


async def add(tx: Tx, row: PolicySuggestion) -> None:
    """Add a suggestion."""
    await tx.session.execute(insert(PolicySuggestion).values(**row.model_dump()))


async def change(tx: Tx, suggestion_id: UUID, **values: Any) -> None:
    """Write columns of one suggestion."""
    statement = update(PolicySuggestion).where(col(PolicySuggestion.id) == suggestion_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))
