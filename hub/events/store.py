"""The SQL of the audit trail and of answered mutations."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select

from hub.db import Tx
from hub.events.tables import Answered, Event


async def append(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Add lines; the database numbers them in this order."""
    await tx.session.execute(insert(Event), list(rows))


async def claim_key(tx: Tx, row: dict[str, Any]) -> bool:
    """Take an idempotency key; false when it was used before.

    A transaction that holds the same key uncommitted is waited for: when it commits the key is used, else it is free.
    """
    statement = upsert(Answered).values(**row).on_conflict_do_nothing().returning(col(Answered.key))
    return (await tx.session.execute(statement)).first() is not None


async def answered(tx: Tx, actor_id: object, key: str) -> Answered:
    """What was answered under a key that is known to be used."""
    statement = select(Answered).where(col(Answered.actor_id) == actor_id, col(Answered.key) == key)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one()


async def keep_answer(tx: Tx, actor_id: object, key: str, answer: dict[str, object]) -> None:
    """Write the answer beside its key."""
    statement = update(Answered).where(col(Answered.actor_id) == actor_id, col(Answered.key) == key)
    await tx.session.execute(statement.values(answer=answer))
