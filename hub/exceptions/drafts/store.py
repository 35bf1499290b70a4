"""The SQL of drafts."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import col, select

from hub.db import Tx
from hub.exceptions.tables import ExceptionDraft


async def add(tx: Tx, row: ExceptionDraft) -> None:
    """Add a draft."""
    await tx.session.execute(insert(ExceptionDraft).values(**row.model_dump()))


async def held(tx: Tx, draft_id: UUID, author_id: UUID) -> ExceptionDraft | None:
    """A draft of this author's, locked; there is none of anybody else's."""
    statement = (
        select(ExceptionDraft)
        .where(col(ExceptionDraft.id) == draft_id, col(ExceptionDraft.author_id) == author_id)
        .with_for_update()
    )
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def change(tx: Tx, draft_id: UUID, **values: Any) -> None:
    """Write columns of one draft."""
    statement = update(ExceptionDraft).where(col(ExceptionDraft.id) == draft_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))
