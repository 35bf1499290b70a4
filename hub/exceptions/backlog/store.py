"""The SQL of the backlog."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from hub.db import Tx

_NOTE = text("""
UPDATE policy_exceptions SET expiry_noted_at = :at
WHERE id = ANY (:exceptions) AND state = 'APPROVED' AND expires_at <= :at AND expiry_noted_at IS NULL
""")


async def note_expiry(tx: Tx, exception_ids: Sequence[UUID]) -> None:
    """Have lists of what is open pass by those of these that are over."""
    await tx.session.execute(_NOTE, {"exceptions": list(exception_ids), "at": tx.at})
