"""Verbs on deadlines: see what is new, tell what is due."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from hub.db import Tx
from hub.deadlines import store
from hub.deadlines.kinds import Due, known
from hub.deadlines.rules import climbed, next_rung
from hub.deadlines.store import Done
from hub.deadlines.tables import DeadlineKind


async def see(tx: Tx, exception_ids: Collection[UUID]) -> None:
    """Look at the new dates of exceptions: what of their ladders is past by now is never told.

    Without it the next tick would look, and tell an owner at once that an exception ends in three weeks.
    """
    seen = []
    for row in await store.unseen(tx, exception_ids):
        assert row.ends_at is not None
        done_at = row.done_at or tx.at
        seen.append(Done(row.id, done_at, next_rung(known[row.kind].ladder, row.ends_at, done_at, row.until_at)))
    await store.done(tx, seen)


async def tell(tx: Tx, kind: DeadlineKind, person: UUID, most: int) -> int:
    """Tell one person, in one event for each rung, what is due by now; gives how many deadlines that were.

    None while another transaction does it. The rows are locked and marked in the transaction of the events: whoever
    comes later, with a list made before, finds nothing.
    """
    if not await store.take(tx, kind, person):
        return 0
    rows = await store.hold_due(tx, kind, person, most)
    due: defaultdict[str, list[Due]] = defaultdict(list)
    done = []
    for row in rows:
        now = climbed(known[kind].ladder, row.ends_at, tx.at, done_at=row.done_at, until_at=row.until_at)
        done.append(Done(row.id, tx.at, now.next_at))
        if now.tells is not None:
            due[now.tells].append(Due(row.about_id, row.model_id, row.exception_id, row.ends_at, row.in_copy, now.late))
    await store.done(tx, done)
    for event in dict.fromkeys(rung.tells for rung in known[kind].ladder):
        if event in due:
            await known[kind].tell(tx, event, None if person == store.NOBODY else person, due[event])
    return len(rows)
