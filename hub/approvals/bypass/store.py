"""The SQL of break-glasses."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.approvals.bypass.rules import Unreviewed
from hub.approvals.tables import BreakGlass
from hub.db import Tx

BREAK_GLASS_LOCK = 7_201_125_528
"""The advisory lock under which the glass is broken: of two at once the second sees what the first did."""

# What is not answered for yet, of a model, by somebody under any of their names, or past its term anywhere.
_UNREVIEWED = text("""
SELECT count(*) FILTER (WHERE b.scope_id = :model) AS of_model,
       count(*) FILTER (WHERE b.person_id = ANY (:people)) AS by_person,
       count(*) FILTER (WHERE b.review_due_at < :at) AS overdue,
       min(b.review_due_at) AS due_at
FROM break_glasses b
WHERE b.reviewed_at IS NULL AND (b.scope_id = :model OR b.person_id = ANY (:people) OR b.review_due_at < :at)
""")


async def hold(tx: Tx) -> None:
    """Let only one transaction at a time break the glass, anywhere."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": BREAK_GLASS_LOCK})


async def unreviewed(tx: Tx, model_id: UUID, people: Collection[UUID]) -> Unreviewed:
    """What stands in the way of the next one."""
    values = {"model": model_id, "people": list(people), "at": tx.at}
    row = (await tx.session.execute(_UNREVIEWED, values)).one()
    return Unreviewed(row.of_model, row.by_person, row.overdue, row.due_at)


async def add(tx: Tx, row: BreakGlass) -> None:
    """Add a break-glass."""
    await tx.session.execute(insert(BreakGlass).values(**row.model_dump()))


async def one(tx: Tx, break_glass_id: UUID) -> BreakGlass | None:
    """One break-glass."""
    statement = select(BreakGlass).where(col(BreakGlass.id) == break_glass_id)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def of_requests(tx: Tx, request_ids: Collection[UUID]) -> list[BreakGlass]:
    """The break-glasses that went past these requests, the longest first; nobody finishes their review meanwhile."""
    if not request_ids:
        return []
    statement = (
        select(BreakGlass)
        .where(col(BreakGlass.request_id).in_(request_ids))
        .order_by(col(BreakGlass.expires_at).desc(), col(BreakGlass.id).desc())
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return list((await tx.session.execute(statement)).scalars())


async def review(tx: Tx, break_glass_id: UUID, *, justified: bool) -> None:
    """Write what reviewers found."""
    statement = update(BreakGlass).where(col(BreakGlass.id) == break_glass_id)
    done = statement.values(reviewed_at=tx.at, justified=justified)
    await tx.session.execute(done.execution_options(synchronize_session=False))
