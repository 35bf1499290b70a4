"""The SQL of what is said of data sets; syncs bring their own for data sets and runs."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from hub.db import Tx
from hub.lineage.tables import DatasetDescription


async def put_description(tx: Tx, row: DatasetDescription) -> DatasetDescription | None:
    """Add a description; where its data set has one already, gives that one, locked, and leaves it as it is."""
    statement = insert(DatasetDescription).values(**row.model_dump())
    added = await tx.session.execute(
        statement.on_conflict_do_nothing(index_elements=["namespace", "name"]).returning(col(DatasetDescription.id))
    )
    if added.first() is not None:
        return None
    held = (
        select(DatasetDescription)
        .where(col(DatasetDescription.namespace) == row.namespace, col(DatasetDescription.name) == row.name)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return (await tx.session.execute(held)).scalar_one()


async def change_description(tx: Tx, row: DatasetDescription) -> None:
    """Write a description anew."""
    values = row.model_dump(exclude={"id", "namespace", "name"})
    statement = update(DatasetDescription).where(col(DatasetDescription.id) == row.id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))
