"""The SQL of exceptions; what covers what is told by the database's own function exception_covers."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.db import Tx
from hub.exceptions.covers import Cover
from hub.exceptions.rules import Control, Criterion
from hub.exceptions.tables import AcceptanceCriterion, CompensatingControl, ExceptionStatus, PolicyException
from hub.statements import sql

# What covers each, or else what would if its controls held, with the first one that does not. That is asked only where
# something is suspended at all: a call of a function costs more than a look into the index. OFFSET 0 has each called
# once: without it the call itself would stand wherever its answer is looked at.
_COVERING = sql("""
SELECT a.policy, a.version, coalesce(c.id, s.id) AS exception, k.id AS control, k.description, k.why
FROM unnest(CAST(:policies AS uuid[]), CAST(:models AS uuid[]), CAST(:versions AS uuid[]), CAST(:stages AS text[]))
    AS a (policy, model, version, stage)
CROSS JOIN LATERAL (SELECT exception_covers(a.policy, a.model, a.version, a.stage, :at) AS id OFFSET 0) c
LEFT JOIN LATERAL (SELECT exception_suspended(a.policy, a.model, a.version, a.stage, :at) AS id
                   WHERE c.id IS NULL AND EXISTS (
                       SELECT FROM policy_exceptions e
                       WHERE e.policy_id = a.policy AND e.model_id = a.model AND e.suspended_from <= :at)
                   OFFSET 0) s ON true
LEFT JOIN LATERAL (
    SELECT k.id, k.description,
           CASE WHEN k.red_since <= :at THEN k.red_why
                ELSE to_char(k.attestation_due_at AT TIME ZONE 'UTC', '"not attested by" YYYY-MM-DD HH24:MI "UTC"')
           END AS why
    FROM compensating_controls k
    WHERE k.exception_id = s.id AND least(k.red_since, k.attestation_due_at) <= :at
    ORDER BY k.id LIMIT 1) k ON true
WHERE c.id IS NOT NULL OR k.id IS NOT NULL
""")

_STATUS = text("""
SELECT exception_status(e.state, e.starts_at, e.expires_at, e.suspended_from, :at) FROM policy_exceptions e
WHERE e.id = :id
""")

# Who made what an exception would cover: the authors of its version, or of every version of its model.
_AUTHORS = text("""
SELECT v.author FROM model_versions v WHERE v.model_id = :model AND (CAST(:version AS uuid) IS NULL OR v.id = :version)
UNION
SELECT r.author FROM model_versions v JOIN runs r ON r.id = v.run_id
WHERE v.model_id = :model AND (CAST(:version AS uuid) IS NULL OR v.id = :version)
""")


async def add(tx: Tx, row: PolicyException, controls: Sequence[Control], criteria: Sequence[Criterion]) -> None:
    """Add an exception with its controls and criteria."""
    await tx.session.execute(insert(PolicyException).values(**row.model_dump()))
    if controls:
        held = [CompensatingControl(exception_id=row.id, **asdict(one)).model_dump() for one in controls]
        await tx.session.execute(insert(CompensatingControl), held)
    if criteria:
        asked = [AcceptanceCriterion(exception_id=row.id, **asdict(one)).model_dump() for one in criteria]
        await tx.session.execute(insert(AcceptanceCriterion), asked)


async def one(tx: Tx, exception_id: UUID, *, lock: bool = False) -> PolicyException | None:
    """One exception, locked when asked."""
    statement = select(PolicyException).where(col(PolicyException.id) == exception_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def these(tx: Tx, exception_ids: Collection[UUID]) -> dict[UUID, PolicyException]:
    """These exceptions as they are now, by id."""
    statement = select(PolicyException).where(col(PolicyException.id).in_(exception_ids))
    rows = (await tx.session.execute(statement.execution_options(populate_existing=True))).scalars()
    return {row.id: row for row in rows}


async def change(tx: Tx, exception_id: UUID, **values: Any) -> None:
    """Write columns of one exception."""
    statement = update(PolicyException).where(col(PolicyException.id) == exception_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def status(tx: Tx, exception_id: UUID) -> ExceptionStatus:
    """Where an exception stands at this instant, by the database's own function."""
    return ExceptionStatus((await tx.session.execute(_STATUS, {"id": exception_id, "at": tx.at})).scalar_one())


async def end(tx: Tx, exception_id: UUID, state: ExceptionStatus, *, by: UUID | None, note: str) -> None:
    """Write that an exception ended otherwise than by its date."""
    await change(tx, exception_id, state=state, ended_by=by, ended_at=tx.at, end_note=note)


async def controls(tx: Tx, exception_id: UUID) -> list[Control]:
    """What lowers the risk meanwhile, in the order it was written."""
    statement = (
        select(CompensatingControl)
        .where(col(CompensatingControl.exception_id) == exception_id)
        .order_by(col(CompensatingControl.id))
    )
    rows = (await tx.session.execute(statement)).scalars()
    return [Control(one.description, one.policy_id, one.attest_every_days, one.attestor_id) for one in rows]


async def criteria(tx: Tx, exception_id: UUID) -> list[Criterion]:
    """What must be true for it to be closed, in the order it was written."""
    statement = (
        select(AcceptanceCriterion)
        .where(col(AcceptanceCriterion.exception_id) == exception_id)
        .order_by(col(AcceptanceCriterion.id))
    )
    rows = (await tx.session.execute(statement)).scalars()
    return [Criterion(one.description, one.policy_id, one.due_at) for one in rows]


async def authors(tx: Tx, model_id: UUID, version_id: UUID | None) -> set[str]:
    """The outside names of whoever made what an exception covers."""
    found = (await tx.session.execute(_AUTHORS, {"model": model_id, "version": version_id})).scalars()
    return {name for name in found if name}


async def covering(
    tx: Tx, asked: Sequence[tuple[UUID, UUID, UUID, str]], at: datetime
) -> dict[tuple[UUID, UUID], Cover]:
    """Which exception covers each (policy, model, version, stage), or would, by policy and version; others are absent.

    One statement for any number; each question is served by index ix_policy_exceptions_policy.
    """
    if not asked:
        return {}
    policies, models, versions, stages = (list(column) for column in zip(*asked, strict=True))
    values = {"policies": policies, "models": models, "versions": versions, "stages": stages, "at": at}
    rows = await tx.fetch(_COVERING, values)
    return {
        (row["policy"], row["version"]): Cover(
            row["exception"], row["control"], row["description"] or "", row["why"] or ""
        )
        for row in rows
    }
