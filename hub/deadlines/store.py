"""The SQL of deadlines; their rows are written by the database's own triggers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, text
from sqlmodel import col, select

from hub.db import Tx
from hub.deadlines.rules import UNSEEN
from hub.deadlines.tables import Deadline, DeadlineKind

if TYPE_CHECKING:
    from hub.db import ReadPool

TELL_LOCK = 720_112_558
"""The class of advisory locks under which one transaction at a time tells one person of one kind of deadline."""

NOBODY = UUID(int=0)

# The first of each kind, by index ix_deadlines_next: what is not due yet costs nothing. Asked whether there is one that
# is due, PostgreSQL would take a third of them to be, and look through all of them.
_ANY_DUE = """
SELECT EXISTS (
    SELECT FROM unnest($2::text[]) k (kind)
    WHERE (SELECT min(d.next_at) FROM deadlines d WHERE d.kind = k.kind) <= $1)
"""

# Whoever is waited for longest, by the same index.
_FIRST_DUE = text("""
SELECT d.person_id FROM deadlines d
WHERE d.kind = :kind AND d.next_at <= :at AND coalesce(d.person_id, :nobody) <> ALL (CAST(:passed AS uuid[]))
ORDER BY d.next_at, d.id LIMIT 1
""")

_TAKE = text("SELECT pg_try_advisory_xact_lock(:lock, hashtext(:whose))")

# In the order of ids, as the triggers lock them. Whoever waited sees here what was done meanwhile.
_HOLD_DUE = """
SELECT d.* FROM deadlines d
WHERE d.next_at <= :at AND d.id IN (
    SELECT n.id FROM deadlines n
    WHERE n.kind = :kind AND n.person_id {whose} AND n.next_at <= :at
    ORDER BY n.next_at, n.id LIMIT :most)
ORDER BY d.id FOR UPDATE
"""
_HOLD_DUE_OF = text(_HOLD_DUE.format(whose="= :person"))
_HOLD_DUE_OF_NOBODY = text(_HOLD_DUE.format(whose="IS NULL"))

_DONE = text("""
UPDATE deadlines d SET done_at = a.done_at, next_at = a.next_at
FROM unnest(CAST(:ids AS uuid[]), CAST(:done AS timestamptz[]), CAST(:next AS timestamptz[]))
    AS a (id, done_at, next_at)
WHERE d.id = a.id
""")


_ANEW = text("UPDATE deadlines SET done_at = NULL, next_at = to_timestamp(0) WHERE kind = :kind AND about_id = :about")


@dataclass(frozen=True, slots=True)
class Done:
    """A deadline of which all is told up to `done_at`; there is more at `next_at`."""

    id: UUID
    done_at: datetime
    next_at: datetime | None


async def any_due(reads: "ReadPool", at: datetime, kinds: Collection[DeadlineKind]) -> bool:
    """Whether something is due by now."""
    return bool(await reads.fetchval(_ANY_DUE, at, [kind.value for kind in kinds]))


async def first_due(tx: Tx, kind: DeadlineKind, at: datetime, passed: Collection[UUID]) -> UUID | None:
    """Of whom something of this kind is due for longest, NOBODY where nobody answers; none without any.

    Those who were passed over are left out.
    """
    values = {"kind": kind.value, "at": at, "nobody": NOBODY, "passed": list(passed)}
    row = (await tx.session.execute(_FIRST_DUE, values)).first()
    return None if row is None else row.person_id or NOBODY


async def take(tx: Tx, kind: DeadlineKind, person: UUID) -> bool:
    """Have this person's deadlines of this kind to oneself until the transaction ends; false when another has."""
    return bool((await tx.session.execute(_TAKE, {"lock": TELL_LOCK, "whose": f"{kind}:{person}"})).scalar_one())


async def hold_due(tx: Tx, kind: DeadlineKind, person: UUID, most: int) -> Sequence[Deadline]:
    """Lock what is due of a person, or of nobody, the longest overdue if there is more than `most`."""
    values: dict[str, object] = {"kind": kind.value, "at": tx.at, "most": most}
    if person != NOBODY:
        values["person"] = person
    statement = _HOLD_DUE_OF_NOBODY if person == NOBODY else _HOLD_DUE_OF
    asked = select(Deadline).from_statement(statement).execution_options(populate_existing=True)
    return list((await tx.session.execute(asked, values)).scalars())


async def unseen(tx: Tx, exception_ids: Collection[UUID]) -> Sequence[Deadline]:
    """Deadlines of these exceptions whose dates are new."""
    statement = (
        select(Deadline)
        .where(
            col(Deadline.exception_id) == any_(literal(list(exception_ids), ARRAY(Uuid))),
            col(Deadline.next_at) == UNSEEN,
            col(Deadline.ends_at).is_not(None),
        )
        .order_by(col(Deadline.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await tx.session.execute(statement)).scalars())


async def done(tx: Tx, rows: Collection[Done]) -> None:
    """Write how far deadlines are told, in one statement."""
    if rows:
        ids, at, next_at = ([one.id for one in rows], [one.done_at for one in rows], [one.next_at for one in rows])
        await tx.session.execute(_DONE, {"ids": ids, "done": at, "next": next_at})


async def anew(tx: Tx, kind: DeadlineKind, about_id: UUID) -> None:
    """Have what is due of this told once more, as if nobody had been told: it is another's to see to."""
    await tx.session.execute(_ANEW, {"kind": kind, "about": about_id})
