"""The SQL of kept views."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select

from hub.db import Tx
from hub.exceptions.tables import SavedView


async def one(tx: Tx, view_id: UUID) -> SavedView | None:
    """One view, locked."""
    statement = select(SavedView).where(col(SavedView.id) == view_id).with_for_update()
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def named(tx: Tx, person_id: UUID, about: str, name: str) -> SavedView | None:
    """Somebody's view of this name, locked."""
    statement = (
        select(SavedView)
        .where(col(SavedView.person_id) == person_id, col(SavedView.about) == about, col(SavedView.name) == name)
        .with_for_update()
    )
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def count(tx: Tx, person_id: UUID) -> int:
    """How many views somebody keeps."""
    statement = select(func.count()).select_from(SavedView).where(col(SavedView.person_id) == person_id)
    return int((await tx.session.execute(statement)).scalar_one())


async def add(tx: Tx, row: SavedView) -> bool:
    """Add a view; false when its person has one of this name by now."""
    statement = upsert(SavedView).values(**row.model_dump()).on_conflict_do_nothing().returning(col(SavedView.id))
    return (await tx.session.execute(statement)).first() is not None


async def change(tx: Tx, view_id: UUID, **values: Any) -> None:
    """Write columns of one view."""
    statement = update(SavedView).where(col(SavedView.id) == view_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def remove(tx: Tx, view_id: UUID) -> None:
    """Remove a view."""
    statement = delete(SavedView).where(col(SavedView.id) == view_id)
    await tx.session.execute(statement.execution_options(synchronize_session=False))
