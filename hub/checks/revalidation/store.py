"""The SQL of versions that are to be validated again."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import col, select

from hub.db import Tx
from hub.models.tables import Model, ModelVersion


async def versions(tx: Tx, version_ids: Collection[UUID]) -> dict[UUID, tuple[Model, ModelVersion]]:
    """Versions by id, each with its model."""
    statement = (
        select(Model, ModelVersion)
        .join(ModelVersion, col(ModelVersion.model_id) == col(Model.id))
        .where(col(ModelVersion.id).in_(version_ids))
        .execution_options(populate_existing=True)
    )
    return {version.id: (model, version) for model, version in await tx.session.execute(statement)}
