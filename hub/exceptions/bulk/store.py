"""The SQL of bulk actions."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from hub.db import Tx
from hub.exceptions.tables import ExceptionStatus, PolicyException


async def held(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, tuple[PolicyException, ExceptionStatus]]:
    """These exceptions with how they stand, by id, locked in the order of ids; one that is not there is absent."""
    row = PolicyException
    status = func.exception_status(row.state, row.starts_at, row.expires_at, row.suspended_from, tx.at)
    statement = (
        select(row, status)
        .where(col(row.id).in_(ids))
        .order_by(col(row.id))
        .with_for_update(key_share=True, of=row)
        .execution_options(populate_existing=True)
    )
    found = (await tx.session.execute(statement)).all()
    # What is done to one is not to be seen in how it was found.
    return {one.id: (PolicyException(**one.model_dump()), ExceptionStatus(said)) for one, said in found}
