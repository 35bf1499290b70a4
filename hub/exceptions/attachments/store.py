"""The SQL of attachments; what they contain is read by `file` alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import col, select

from hub.db import Tx
from hub.exceptions.tables import ExceptionAttachment
from hub.graph.declare import Visible
from hub.graph.execute import ACQUIRE_S
from hub.graph.values import Reader
from hub.statements import adding, sql

if TYPE_CHECKING:
    from hub.db import ReadPool

_A = ExceptionAttachment


@dataclass(frozen=True, slots=True)
class Kept:
    """An attachment as it is listed: all but its content."""

    id: UUID
    exception_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    added_by: UUID


@dataclass(frozen=True, slots=True)
class File:
    """What is handed out."""

    name: str
    media_type: str
    sha256: str
    content: bytes


_LISTED = "SELECT id, exception_id, name, media_type, size, sha256, added_by FROM exception_attachments"
_ONE = sql(f"{_LISTED} WHERE id = :id")
_SAME = sql(f"{_LISTED} WHERE exception_id = :exception AND name = :name AND sha256 = :sha256")
_FILE = """
SELECT a.name, a.media_type, a.sha256, a.content FROM exception_attachments a
WHERE a.id = $1 AND a.exception_id = $2 AND {seen}
"""


async def contents(tx: Tx, exception_id: UUID) -> list[list[str]]:
    """The names and SHA-256 of an exception's attachments, in one order whatever the order they came in."""
    found = select(_A.name, _A.sha256).where(col(_A.exception_id) == exception_id)
    return sorted([name, digest] for name, digest in await tx.session.execute(found))


async def same(tx: Tx, exception_id: UUID, name: str, sha256: str) -> Kept | None:
    """The attachment of this name and content, if there is one."""
    rows = await tx.fetch(_SAME, {"exception": exception_id, "name": name, "sha256": sha256})
    return Kept(**rows[0]) if rows else None


async def one(tx: Tx, attachment_id: UUID) -> Kept | None:
    """One attachment."""
    rows = await tx.fetch(_ONE, {"id": attachment_id})
    return Kept(**rows[0]) if rows else None


async def number(tx: Tx, exception_id: UUID) -> int:
    """How many attachments an exception has."""
    found = select(func.count()).select_from(_A).where(col(_A.exception_id) == exception_id)
    return (await tx.session.execute(found)).scalar_one()


async def add(tx: Tx, row: ExceptionAttachment) -> None:
    """Add an attachment."""
    await tx.send(adding(row))


async def remove(tx: Tx, attachment_id: UUID) -> None:
    """Take an attachment away."""
    await tx.session.execute(delete(_A).where(col(_A.id) == attachment_id))


async def file(
    reads: "ReadPool", reader: Reader, visible: Visible, exception_id: UUID, attachment_id: UUID
) -> File | None:
    """An attachment of an exception with its content; none where there is none, or none that this reader sees."""
    predicate = visible.classes[reader.visibility]
    # A value that the statement does not use would be refused.
    seen_by = [reader.binds["person"], reader.binds["teams"]] if predicate else []
    seen = predicate.format(t="a", person="$3", teams="$4") if predicate else "true"
    async with reads.acquire(timeout=ACQUIRE_S) as line:
        row = await line.fetchrow(_FILE.format(seen=seen), attachment_id, exception_id, *seen_by)
    return None if row is None else File(**row)
