"""The SQL of models that decisions need; syncs bring their own."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from hub.db import Tx
from hub.models.tables import Model, ModelVersion


async def model(tx: Tx, model_id: UUID, *, lock: bool = False) -> Model | None:
    """One model, locked against other changes when asked."""
    statement = select(Model).where(col(Model.id) == model_id).execution_options(populate_existing=True)
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def these(tx: Tx, model_ids: Collection[UUID]) -> Sequence[Model]:
    """Some models, in the order of their ids."""
    statement = select(Model).where(col(Model.id).in_(model_ids)).order_by(col(Model.id))
    return list((await tx.session.execute(statement.execution_options(populate_existing=True))).scalars())


async def version(tx: Tx, version_id: UUID) -> tuple[Model, ModelVersion] | None:
    """One version with its model."""
    statement = (
        select(Model, ModelVersion)
        .join(ModelVersion, col(ModelVersion.model_id) == col(Model.id))
        .where(col(ModelVersion.id) == version_id)
        .execution_options(populate_existing=True)
    )
    row = (await tx.session.execute(statement)).first()
    return None if row is None else (row[0], row[1])


async def change(tx: Tx, model_id: UUID, **values: Any) -> None:
    """Write columns of one model."""
    statement = update(Model).where(col(Model.id) == model_id).values(**values, updated_at=tx.at)
    await tx.session.execute(statement.execution_options(synchronize_session=False))
