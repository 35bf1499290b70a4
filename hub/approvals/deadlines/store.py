"""The SQL of what is due of requests, and of whom an escalation tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from hub.db import Tx

if TYPE_CHECKING:
    from hub.db import ReadPool

# By index ix_approval_requests_next: what is not due yet costs nothing.
_DUE = """
SELECT r.id, r.subject_kind, r.subject_id, r.next_at FROM approval_requests r
WHERE r.status = 'PENDING' AND r.next_at <= $1 AND (r.next_at, r.id) > ($2, $3)
ORDER BY r.next_at, r.id LIMIT $4
"""

_TOLD = text("""
SELECT DISTINCT p.id FROM people p
WHERE p.active AND p.kind = 'HUMAN' AND CASE
    WHEN :whom = 'OWNERS' THEN EXISTS (SELECT FROM models m WHERE m.id = :scope AND m.owner_id = p.id)
    WHEN :whom LIKE 'team:%' THEN EXISTS (
        SELECT FROM team_members t JOIN teams x ON x.id = t.team_id
        WHERE t.person_id = p.id AND x.key = substr(:whom, 6))
    ELSE EXISTS (SELECT FROM role_grants g WHERE g.person_id = p.id AND g.role = :whom) END
ORDER BY p.id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Due:
    """A request of which something is due: what it is about, and since when."""

    id: UUID
    subject_kind: str
    subject_id: UUID
    next_at: datetime

    @property
    def place(self) -> tuple[datetime, UUID]:
        return self.next_at, self.id


async def due(
    reads: "ReadPool", at: datetime, most: int, *, beyond: tuple[datetime, UUID] | None = None
) -> Sequence[Due]:
    """Requests of which something is due by now, the longest overdue first, beyond a place in that order."""
    since, id = beyond if beyond is not None else (at.replace(year=1970), UUID(int=0))
    return [Due(**dict(row)) for row in await reads.fetch(_DUE, at, since, id, most)]


async def told(tx: Tx, whom: str, scope_id: UUID | None, most: int) -> list[UUID]:
    """Who is told when a request is escalated to OWNERS, a role, or team:KEY."""
    values = {"whom": whom, "scope": scope_id, "most": most}
    return list((await tx.session.execute(_TOLD, values)).scalars())
