"""The SQL of digests and of who gets them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from hub.db import Tx
from hub.summaries.digests.tables import Digest, DigestSubscription

if TYPE_CHECKING:
    from hub.db import ReadPool

# By index ix_digest_subscriptions_next: what is not due yet costs nothing.
_DUE = """
SELECT s.id, s.next_at FROM digest_subscriptions s
WHERE s.next_at <= $1 AND (s.next_at, s.id) > ($2, $3)
ORDER BY s.next_at, s.id LIMIT $4
"""

_STRANGERS = text("""
SELECT count(*) FROM unnest(CAST(:people AS uuid[])) n (id)
WHERE NOT EXISTS (SELECT FROM people p WHERE p.id = n.id AND p.active AND p.kind = 'HUMAN')
""")

Place = tuple[datetime, UUID]
"""Where a subscription stands among those that are due: since when, and which."""


async def due(reads: "ReadPool", at: datetime, most: int, beyond: Place | None = None) -> Sequence[Place]:
    """Subscriptions of which a digest is due by now, the longest overdue first, beyond a place in that order."""
    since, id = beyond if beyond is not None else (at.replace(year=1970), UUID(int=0))
    return [(row["next_at"], row["id"]) for row in await reads.fetch(_DUE, at, since, id, most)]


async def add_subscription(tx: Tx, row: DigestSubscription) -> bool:
    """Add a subscription; false when the same digests are made already."""
    statement = insert(DigestSubscription).values(**row.model_dump()).on_conflict_do_nothing()
    return (await tx.session.execute(statement.returning(col(DigestSubscription.id)))).first() is not None


async def subscription(tx: Tx, id: UUID) -> DigestSubscription | None:
    """One subscription, locked."""
    statement = select(DigestSubscription).where(col(DigestSubscription.id) == id).with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def end(tx: Tx, id: UUID) -> None:
    """Have no more digests made."""
    values = {"enabled": False, "next_at": None, "ended_at": tx.at}
    await tx.session.execute(update(DigestSubscription).where(col(DigestSubscription.id) == id).values(**values))


async def go_on(tx: Tx, id: UUID, begins: date, at: datetime) -> None:
    """What the next digest of a subscription is about, and when it is due."""
    statement = update(DigestSubscription).where(col(DigestSubscription.id) == id)
    await tx.session.execute(statement.values(next_begins=begins, next_at=at))


async def made(tx: Tx, subscription_id: UUID, since: date) -> set[date]:
    """The first days of the periods from then on whose digests were made."""
    statement = select(col(Digest.begins)).where(
        col(Digest.subscription_id) == subscription_id, col(Digest.begins) >= since
    )
    return set((await tx.session.execute(statement)).scalars())


async def add(tx: Tx, row: Digest) -> bool:
    """Add a digest; false when that of its period is there."""
    statement = (
        insert(Digest).values(**row.model_dump()).on_conflict_do_nothing(index_elements=["subscription_id", "begins"])
    )
    return (await tx.session.execute(statement.returning(col(Digest.id)))).first() is not None


async def strangers(tx: Tx, people: Sequence[UUID]) -> int:
    """How many of these are no people with an open account."""
    return int((await tx.session.execute(_STRANGERS, {"people": list(people)})).scalar_one())
