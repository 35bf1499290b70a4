"""The SQL of watching: what was added to the trail, how sync runs stand. Served by the read pool."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from hub.watching.rules import Gap

if TYPE_CHECKING:
    from hub.db import ReadPool

LOOK_BACK = 1_000
"""Numbers below the highest one that a transaction under way may still fill when watching begins."""
MOST = 1_000
"""Lines read at once, of those above and of those in the gaps."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the trail, by what watchers choose it by."""

    seq: int
    id: UUID
    kind: str
    subject_id: UUID
    scope_id: UUID | None


@dataclass(frozen=True, slots=True)
class Top:
    """The highest number there is, the numbers missing below it, the first transaction not yet begun."""

    seq: int
    missing: Sequence[int]
    until: int


@dataclass(frozen=True, slots=True)
class Look:
    """New lines and late ones, ascending; the first transaction that has not ended, the first not yet begun."""

    new: Sequence[Line]
    late: Sequence[Line]
    oldest: int
    until: int


# One statement, so that lines and transactions are seen at one instant.
_TOP = """
SELECT top.seq, pg_snapshot_xmax(pg_current_snapshot())::text::int8 AS until,
       ARRAY(SELECT n FROM generate_series(greatest(top.seq - $1::int8, 1), top.seq) n
             WHERE NOT EXISTS (SELECT FROM events e WHERE e.seq = n) ORDER BY n) AS missing
FROM (SELECT coalesce(max(seq), 0) AS seq FROM events) top
"""

# Two arms, so that each is a range of the index on seq; one row without a line when there are none.
_SINCE = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8 AS oldest,
       pg_snapshot_xmax(pg_current_snapshot())::text::int8 AS until, found.*
FROM (SELECT) one LEFT JOIN (
  (SELECT false AS late, seq, id, kind, subject_id, scope_id FROM events
   WHERE seq > $1::int8 ORDER BY seq LIMIT $4::int8)
  UNION ALL
  (SELECT true, e.seq, e.id, e.kind, e.subject_id, e.scope_id
   FROM unnest($2::int8[], $3::int8[]) gap (low, high) JOIN events e ON e.seq BETWEEN gap.low AND gap.high
   LIMIT $4::int8)
) found ON true
ORDER BY found.seq
"""

# A row's xmin is another after each change.
_RUNS = "SELECT id, xmin::text AS state, ended_at IS NOT NULL AS ended FROM sync_runs WHERE id = ANY($1::uuid[])"


async def top(reads: "ReadPool") -> Top:
    """Where the trail ends now."""
    row = await reads.fetchrow(_TOP, LOOK_BACK)
    assert row is not None
    return Top(row["seq"], row["missing"], row["until"])


async def since(reads: "ReadPool", seq: int, gaps: Sequence[Gap]) -> Look:
    """What is there above a number and in the gaps below it."""
    rows = await reads.fetch(_SINCE, seq, [gap.first for gap in gaps], [gap.last for gap in gaps], MOST)
    lines = [(row["late"], Line(*(row[name] for name in Line.__slots__))) for row in rows if row["seq"] is not None]
    new = [line for late, line in lines if not late]
    return Look(new, [line for late, line in lines if late], rows[0]["oldest"], rows[0]["until"])


async def runs(reads: "ReadPool", ids: Iterable[UUID]) -> Mapping[UUID, tuple[str, bool]]:
    """Of each sync run a text that changes whenever its row does, and whether it has ended; absent ones are absent."""
    rows = await reads.fetch(_RUNS, list(ids))
    return {row["id"]: (row["state"], row["ended"]) for row in rows}
