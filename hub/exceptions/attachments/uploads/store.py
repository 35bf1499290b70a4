"""The SQL of files that wait. What waits no longer is passed over whether or not it was dropped yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from hub.db import Tx
from hub.exceptions.tables import ExceptionUpload
from hub.statements import sql

if TYPE_CHECKING:
    from hub.db import ReadPool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits: all but its content."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str


# Of two files that somebody sends at once the second is counted with the first.
_HOLD = sql("SELECT FROM people WHERE id = :by FOR NO KEY UPDATE")
_OTHERS = sql("""
SELECT count(*) AS n FROM exception_uploads
WHERE added_by = :by AND added_at > :since AND (name, sha256) <> (:name, :sha256)
""")
# The same file under the same name again waits from now on.
_ADD = sql("""
INSERT INTO exception_uploads (id, name, media_type, size, sha256, content, added_by, added_at)
VALUES (:id, :name, :media_type, :size, :sha256, :content, :added_by, :added_at)
ON CONFLICT (added_by, name, sha256) DO UPDATE SET media_type = excluded.media_type, added_at = excluded.added_at
RETURNING id
""")
# In the order of their ids, so that two who want the same ones wait for each other and not in a circle.
_HELD = sql("""
SELECT id, name, media_type, size, sha256 FROM exception_uploads
WHERE id = ANY (:ids) AND added_by = :by AND added_at > :since ORDER BY id FOR UPDATE
""")
_TAKE = sql("""
WITH taken AS (DELETE FROM exception_uploads WHERE id = ANY (:ids) RETURNING *)
INSERT INTO exception_attachments (id, exception_id, name, media_type, size, sha256, content, added_by, added_at)
SELECT id, :exception, name, media_type, size, sha256, content, added_by, :at FROM taken WHERE id = ANY (:put)
""")
# Another worker may do the same just now.
_DROP = sql("""
DELETE FROM exception_uploads WHERE id IN (
    SELECT id FROM exception_uploads WHERE added_at <= :since ORDER BY added_at LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING id
""")


async def hold(tx: Tx, person_id: UUID) -> None:
    """Whoever sends files sends one at a time, until the transaction ends."""
    await tx.fetch(_HOLD, {"by": person_id})


async def others(tx: Tx, row: ExceptionUpload, since: datetime) -> int:
    """How many other files of the same person wait."""
    values = {"by": row.added_by, "since": since, "name": row.name, "sha256": row.sha256}
    (found,) = await tx.fetch(_OTHERS, values)
    return int(found["n"])


async def add(tx: Tx, row: ExceptionUpload) -> UUID:
    """Keep a file, or the one that is there already; its id."""
    (kept,) = await tx.fetch(_ADD, {name: getattr(row, name) for name in _ADD.names})
    return UUID(str(kept["id"]))


async def held(tx: Tx, person_id: UUID, ids: Sequence[UUID], since: datetime) -> list[Waiting]:
    """Those of these files that wait for a person, locked."""
    rows = await tx.fetch(_HELD, {"ids": list(ids), "by": person_id, "since": since})
    return [Waiting(**row) for row in rows]


async def take(tx: Tx, exception_id: UUID, ids: Sequence[UUID], put: Sequence[UUID]) -> None:
    """Of files that are held, put some with an exception under the ids they have; none of them waits any more."""
    await tx.fetch(_TAKE, {"ids": list(ids), "put": list(put), "exception": exception_id, "at": tx.at})


async def any_dropped(reads: "ReadPool", since: datetime) -> bool:
    """Whether a file has waited too long."""
    return bool(await reads.fetchval("SELECT EXISTS (SELECT FROM exception_uploads WHERE added_at <= $1)", since))


async def drop(tx: Tx, since: datetime, most: int) -> int:
    """Drop files that have waited too long, those that waited longest first; how many."""
    return len(await tx.fetch(_DROP, {"since": since, "most": most}))
