"""The SQL that derives lines from events, and folds lines into days."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from hub.db import Db, Tx
from hub.summaries.tables import SUMS

FOLD_LOCK = 7_201_125_601
"""The advisory lock under which one transaction at a time folds lines, or makes them anew."""

_SUMS = ", ".join(SUMS)
_KEY = "dimension, day, value, restricted_model_id"

# A line of an event that has it already stays as it is.
_PROJECT = text(f"""
INSERT INTO exception_lines (event_id, place, exception_id, model_id, recorded_at, effective_at, policy_id, team_id,
    tier, kind, risk, stage, {_SUMS})
SELECT event_id, place, exception_id, model_id, recorded_at, effective_at, policy_id, team_id, tier, kind, risk, stage,
    {_SUMS}
FROM exception_lines_of(CAST(:events AS uuid[]))
ON CONFLICT DO NOTHING
""")

# What is being counted, or moved, is waited for, and waits: nothing may be left of what is forgotten.
_HOLD_ALL = text("LOCK TABLE exception_lines, exception_days IN SHARE ROW EXCLUSIVE MODE")
_FORGET_LINES = text("DELETE FROM exception_lines")
_FORGET_DAYS = text("DELETE FROM exception_days")

_HOLD = text("SELECT pg_advisory_xact_lock(:key)")

# A model that becomes restricted, or open again, takes its folded lines along and must not miss any: so none is folded
# while that goes on, and it waits while lines are folded.
_FOLD = text(f"""
WITH held AS MATERIALIZED (
    SELECT m.id, m.restricted FROM models m
    WHERE m.id IN (SELECT l.model_id FROM exception_lines l WHERE NOT l.folded)
    ORDER BY m.id FOR SHARE SKIP LOCKED),
added AS (
    UPDATE exception_lines l SET folded = true FROM held h WHERE l.model_id = h.id AND NOT l.folded RETURNING l.id)
INSERT INTO exception_days ({_KEY}, {_SUMS})
SELECT d.dimension, d.day, d.value, CASE WHEN h.restricted THEN h.id END,
    {", ".join(f"sum(d.{name})" for name in SUMS)}
FROM exception_days_of(ARRAY(SELECT id FROM added)) d JOIN held h ON h.id = d.model_id
GROUP BY 1, 2, 3, 4
""")

# Only what was added to: a sum that nothing was added to stays the row that it is. In the order in which it is read.
_MERGE = text(f"""
WITH added AS (SELECT DISTINCT {_KEY} FROM exception_days WHERE NOT folded),
gone AS (
    DELETE FROM exception_days d USING added a
    WHERE d.dimension = a.dimension AND d.day = a.day AND d.value = a.value
      AND d.restricted_model_id IS NOT DISTINCT FROM a.restricted_model_id
    RETURNING d.*)
INSERT INTO exception_days ({_KEY}, {_SUMS}, folded)
SELECT {_KEY}, {", ".join(f"sum({name})" for name in SUMS)}, true FROM gone GROUP BY {_KEY}
HAVING {" OR ".join(f"sum({name}) <> 0" for name in SUMS)}
ORDER BY dimension, restricted_model_id, day
""")


async def team_name(db: Db, team_id: UUID) -> str | None:
    """What a team is called."""
    name: str | None = await db.reads.fetchval("SELECT name FROM teams WHERE id = $1", team_id)
    return name


async def project(tx: Tx, event_ids: Collection[UUID]) -> None:
    """Write the lines of these events; of one that has its lines none is written twice."""
    await tx.session.execute(_PROJECT, {"events": list(event_ids)})


async def rebuild(tx: Tx) -> None:
    """Make every line anew from the whole trail."""
    await tx.session.execute(_HOLD, {"key": FOLD_LOCK})
    await tx.session.execute(_HOLD_ALL)
    await tx.session.execute(_FORGET_DAYS)
    await tx.session.execute(_FORGET_LINES)
    await tx.session.execute(_PROJECT, {"events": None})


async def fold(tx: Tx) -> None:
    """Add the lines that are not in the sums yet; those of a model that is being changed wait for the next fold."""
    await tx.session.execute(_HOLD, {"key": FOLD_LOCK})
    await tx.session.execute(_FOLD)
    await tx.session.execute(_MERGE)
