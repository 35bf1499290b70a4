"""The SQL of the audit trail and of answered mutations."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select

from hub.db import Tx
from hub.events.tables import Answered
from hub.statements import Write, running, sql

_APPEND = sql("""
INSERT INTO events (id, kind, at, actor_id, operation, subject_kind, subject_id, subject_digest, scope_id, data, body)
SELECT n.id, :kind, :at, :actor_id, :operation, n.subject_kind, n.subject_id, n.subject_digest, n.scope_id,
       n.data::jsonb, n.body
FROM unnest(CAST(:ids AS uuid[]), CAST(:subject_kinds AS text[]), CAST(:subject_ids AS uuid[]),
            CAST(:subject_digests AS text[]), CAST(:scope_ids AS uuid[]), CAST(:datas AS text[]),
            CAST(:bodies AS bytea[]))
    WITH ORDINALITY AS n (id, subject_kind, subject_id, subject_digest, scope_id, data, body, place)
ORDER BY n.place
""")


async def append(tx: Tx, kind: str, rows: Sequence[dict[str, Any]], besides: Sequence[Write] = ()) -> None:
    """Add lines of one kind, in one statement with what is written besides; the database numbers them in this order."""
    values: dict[str, Any] = {"kind": kind, "at": tx.at, "actor_id": tx.actor, "operation": tx.operation}
    for name in ("id", "subject_kind", "subject_id", "subject_digest", "scope_id"):
        values[f"{name}s"] = [row[name] for row in rows]
    values["datas"] = [orjson.dumps(row["data"]).decode() for row in rows]
    values["bodies"] = [row["body"] for row in rows]
    await tx.send(*besides, running(_APPEND, values))


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
