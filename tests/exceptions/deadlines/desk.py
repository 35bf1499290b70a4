"""What tests of deadlines do: let time pass, have the clock look, and read what was told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.deadlines import jobs
from hub.events.jobs import Order


async def tick(db: Db) -> bool:
    """The clock looks, and what it finds is done; false when there was nothing."""
    await jobs.due(db, db.clock.now())
    async with db.write(actor=None, operation="op") as tx:
        found = await (await tx.raw()).fetch(
            "DELETE FROM pgqueuer WHERE entrypoint = $1 RETURNING id", jobs.TELL.entrypoint
        )
    if found:
        assert len(found) == 1
        await jobs.run_tell(db, Order({}, "job"))
    return bool(found)


async def passes(db: Db, clock: SetClock, **by: float) -> None:
    """So much time passes, and the clock looks once."""
    clock.move(timedelta(**by))
    await tick(db)


async def told(db: Db, *kinds: str) -> list[tuple[str, UUID, dict[str, Any]]]:
    """Events of these kinds in their order: kind, subject, data."""
    rows = await db.reads.fetch(
        "SELECT kind, subject_id, data FROM events WHERE kind = ANY ($1) ORDER BY seq", list(kinds)
    )
    return [(row["kind"], row["subject_id"], orjson.loads(row["data"])) for row in rows]


async def change(db: Db, exception_id: UUID, **values: Any) -> None:
    """Columns of an exception, as whatever action writes them; nobody looks at the new dates before the clock does."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(
            text(f"UPDATE policy_exceptions SET {columns} WHERE id = :id"), {"id": exception_id, **values}
        )
