"""The SQL of extensions and reviews, and of what exceptions take over from elsewhere."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.approvals.tables import SubjectKind
from hub.db import Tx
from hub.exceptions.tables import (
    AcceptanceCriterion,
    ExceptionExtension,
    ExceptionReview,
    ExceptionStatus,
    ExtensionState,
    PolicyException,
)

# Whoever holds a request about an exception holds the exception too, so that nobody waits in a ring.
_BECOME = text("""
UPDATE policy_exceptions e SET state = :state
FROM approval_requests r
WHERE r.id = ANY (:requests) AND r.subject_kind = :kind AND r.status = 'PENDING' AND e.id = r.subject_id
  AND e.state = ANY (:since)
  AND (CAST(:asked AS uuid) IS NULL
       OR EXISTS (SELECT FROM approval_asks a WHERE a.request_id = r.id AND a.person_id = :asked))
RETURNING e.id
""")

_FOLLOW = text("""
UPDATE policy_exceptions e
SET tier = n.tier, team_id = n.team_id, weighted_since = e.requested_at - exception_head_start(e.risk_after, n.tier)
FROM (SELECT o.id, o.tier AS was_tier, o.team_id AS was_team, m.tier, m.team_id
      FROM policy_exceptions o JOIN models m ON m.id = o.model_id
      WHERE o.model_id = ANY (:models) AND (o.tier, o.team_id) IS DISTINCT FROM (m.tier, m.team_id)
        AND exception_status(o.state, o.starts_at, o.expires_at, o.suspended_from, :at) = ANY (:live)
      ORDER BY o.id FOR NO KEY UPDATE OF o) n
WHERE e.id = n.id
RETURNING e.id, n.was_tier, n.was_team
""")


@dataclass(frozen=True, slots=True)
class Followed:
    """An exception whose model became another, and of what tier and team it was before."""

    id: UUID
    was_tier: str
    was_team: UUID | None


async def unmet(tx: Tx, exception_id: UUID) -> list[str]:
    """What is still to be true for an exception to be closed, in the order it was written."""
    statement = (
        select(AcceptanceCriterion.description)
        .where(col(AcceptanceCriterion.exception_id) == exception_id, col(AcceptanceCriterion.met_at).is_(None))
        .order_by(col(AcceptanceCriterion.id))
    )
    return list((await tx.session.execute(statement)).scalars())


async def become(
    tx: Tx,
    requests: Collection[UUID],
    state: ExceptionStatus,
    since: Collection[ExceptionStatus],
    asked: UUID | None,
) -> list[UUID]:
    """Write where the exceptions of pending requests stand, if they stood otherwise; gives those that did."""
    values = {
        "requests": list(requests),
        "kind": SubjectKind.EXCEPTION,
        "state": state,
        "since": list(since),
        "asked": asked,
    }
    return list((await tx.session.execute(_BECOME, values)).scalars())


async def follow(tx: Tx, models: Collection[UUID], live: Collection[ExceptionStatus]) -> list[Followed]:
    """Write the tier and team of models to their exceptions that stand so, in one statement; gives those that moved."""
    rows = await tx.session.execute(_FOLLOW, {"models": list(models), "live": list(live), "at": tx.at})
    return sorted((Followed(**row._mapping) for row in rows), key=lambda one: one.id)


async def hold(tx: Tx, exception_ids: Collection[UUID]) -> None:
    """Lock exceptions, in the order of their ids."""
    statement = select(PolicyException.id).where(col(PolicyException.id).in_(exception_ids))
    await tx.session.execute(statement.order_by(col(PolicyException.id)).with_for_update(key_share=True))


async def add_extension(tx: Tx, row: ExceptionExtension) -> None:
    """Add a wish to extend."""
    await tx.session.execute(insert(ExceptionExtension).values(**row.model_dump()))


async def extension(tx: Tx, extension_id: UUID) -> ExceptionExtension | None:
    """One wish to extend; whoever decides about it holds its exception."""
    statement = select(ExceptionExtension).where(col(ExceptionExtension.id) == extension_id)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def undecided(tx: Tx, exception_ids: Collection[UUID]) -> Sequence[ExceptionExtension]:
    """The wishes to extend these exceptions that nobody has decided, in the order of their ids."""
    statement = (
        select(ExceptionExtension)
        .where(
            col(ExceptionExtension.exception_id).in_(exception_ids),
            col(ExceptionExtension.state) == ExtensionState.REQUESTED,
        )
        .order_by(col(ExceptionExtension.id))
        .execution_options(populate_existing=True)
    )
    return (await tx.session.execute(statement)).scalars().all()


async def change_extension(tx: Tx, extension_id: UUID, **values: Any) -> None:
    """Write columns of one wish to extend."""
    statement = update(ExceptionExtension).where(col(ExceptionExtension.id) == extension_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def add_review(tx: Tx, row: ExceptionReview) -> None:
    """Add a look at an exception."""
    await tx.session.execute(insert(ExceptionReview).values(**row.model_dump()))
