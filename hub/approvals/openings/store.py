"""The SQL of openings."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from hub.approvals.tables import ApprovalOpening, Channel
from hub.db import Tx, new_id

# By the database's own function: what is counted as put before people is what may be opened.
_NOT_SHOWN = text("""
SELECT g.id FROM unnest(CAST(:things AS uuid[])) WITH ORDINALITY AS g (id, place)
WHERE g.id NOT IN (SELECT e FROM shown_evidence(:request) AS e) ORDER BY g.place
""")


async def not_shown(tx: Tx, request_id: UUID, things: Collection[UUID]) -> list[UUID]:
    """Those of these ids that are no evidence which a request put before people."""
    if not things:
        return []
    return list((await tx.session.execute(_NOT_SHOWN, {"request": request_id, "things": list(things)})).scalars())


async def add(
    tx: Tx, request_id: UUID, person_id: UUID, things: Sequence[UUID | None], channel: Channel
) -> list[UUID | None]:
    """Add what somebody had not opened before, None being the dossier; gives it."""
    rows = [
        ApprovalOpening(
            id=new_id(),
            request_id=request_id,
            person_id=person_id,
            thing_id=thing,
            channel=channel,
            opened_at=tx.at,
        ).model_dump()
        for thing in things
    ]
    added = insert(ApprovalOpening).values(rows).on_conflict_do_nothing().returning(col(ApprovalOpening.thing_id))
    return list((await tx.session.execute(added)).scalars())
