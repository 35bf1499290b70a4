"""The SQL of controls and criteria one by one."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import col, select

from hub.db import Tx
from hub.exceptions.tables import AcceptanceCriterion, CompensatingControl


async def control(tx: Tx, control_id: UUID) -> CompensatingControl | None:
    """One control."""
    statement = select(CompensatingControl).where(col(CompensatingControl.id) == control_id)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def criterion(tx: Tx, criterion_id: UUID) -> AcceptanceCriterion | None:
    """One criterion."""
    statement = select(AcceptanceCriterion).where(col(AcceptanceCriterion.id) == criterion_id)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def change_control(tx: Tx, control_id: UUID, **values: Any) -> None:
    """Write columns of one control; the exception's own suspension follows."""
    statement = update(CompensatingControl).where(col(CompensatingControl.id) == control_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def change_criterion(tx: Tx, criterion_id: UUID, **values: Any) -> None:
    """Write columns of one criterion."""
    statement = update(AcceptanceCriterion).where(col(AcceptanceCriterion.id) == criterion_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def lost(tx: Tx, model_id: UUID, person_id: UUID) -> str | None:
    """Why somebody can confirm nothing of a model any more; none while they can."""
    found: str | None = (await tx.session.execute(select(func.attestor_lost(model_id, person_id)))).scalar_one()
    return found
