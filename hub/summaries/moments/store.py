"""The SQL of what stood at an instant, from the lines in effect by then; of what was in sight, from those recorded."""

from dataclasses import dataclass
from datetime import datetime

from hub.db import Db
from hub.graph.values import Reader
from hub.models.tables import RiskTier
from hub.summaries.facts import Ages, Cliff
from hub.summaries.statement import Statement, fetched
from hub.summaries.trend.rules import Asked, Only

CLIFF_DAYS = (30, 60, 90)

_AGES = """
SELECT s.tier, count(*) AS open, percentile_cont(0.5) WITHIN GROUP (ORDER BY s.days) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY s.days) AS p90, floor(max(s.days))::int AS oldest
FROM (SELECT l.tier, (extract(epoch FROM {at}) - sum(l.opened_epoch_delta))::float8 / 86400 AS days
      FROM exception_lines l WHERE l.effective_at < {at}{seen}
      GROUP BY l.exception_id, l.tier HAVING sum(l.open_delta) > 0) s
GROUP BY s.tier ORDER BY array_position({tiers}, s.tier::text)
"""

# What was known then of the days after it: an end that is put off or taken back later was in sight all the same.
_CLIFF = """
SELECT {counts} FROM exception_lines l
WHERE l.recorded_at < {at} AND l.effective_at >= {at} AND l.effective_at < {at} + {longest} * interval '1 day'{seen}
"""

_MEDIAN = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY l.decide_seconds) / 3600 AS hours
FROM exception_lines l
WHERE l.decided > 0 AND l.effective_at >= {since} AND l.effective_at < {at}{seen}
"""

_CARE = """
SELECT count(*) FILTER (WHERE h.kind = 'exception.suspended') AS suspended,
       count(*) FILTER (WHERE r.at < {at}) AS overdue
FROM (SELECT l.exception_id FROM exception_lines l WHERE l.effective_at < {at}{seen}
      GROUP BY l.exception_id HAVING sum(l.in_force_delta) > 0) o
LEFT JOIN LATERAL (
    SELECT e.kind FROM events e
    WHERE e.subject_id = o.exception_id AND e.kind IN ('exception.suspended', 'exception.resumed') AND e.at < {at}
    ORDER BY e.seq DESC LIMIT 1) h ON true
LEFT JOIN LATERAL (
    SELECT (e.data ->> 'review_at')::timestamptz AS at FROM events e
    WHERE e.subject_id = o.exception_id AND e.at < {at} AND e.data ? 'review_at'
    ORDER BY e.seq DESC LIMIT 1) r ON true
"""


@dataclass(frozen=True, slots=True)
class Care:
    """How many exceptions in force are suspended, or were to be looked at again by now."""

    suspended: int
    overdue_reviews: int


async def ages(db: Db, reader: Reader, asked: Asked) -> tuple[Ages, ...]:
    """How long those that are open at a trend's end have been, by tier."""
    made = Statement(reader)
    tiers = made.bind([*RiskTier], "text[]")
    sql = _AGES.format(at=made.bind(asked.until, "timestamptz"), tiers=tiers, seen=_seen(made, asked.only))
    found = await fetched(db, made, sql)
    return tuple(Ages(row["tier"], row["open"], row["median"], row["p90"], row["oldest"]) for row in found)


async def cliff(db: Db, reader: Reader, only: Only, at: datetime) -> Cliff:
    """How many end in the days after an instant, as it was known then."""
    made = Statement(reader)
    now = made.bind(at, "timestamptz")
    counts = ", ".join(
        f"coalesce(sum(l.expired) FILTER (WHERE l.effective_at < {now} + {days} * interval '1 day'), 0)::int"
        for days in CLIFF_DAYS
    )
    sql = _CLIFF.format(at=now, counts=counts, longest=CLIFF_DAYS[-1], seen=_seen(made, only))
    ((in_30, in_60, in_90),) = await fetched(db, made, sql)
    return Cliff(in_30, in_60, in_90)


async def median_hours(db: Db, reader: Reader, asked: Asked) -> float | None:
    """From the request to the decision, of those decided within a trend's span."""
    made = Statement(reader)
    since, at = made.bind(asked.borders[0], "timestamptz"), made.bind(asked.until, "timestamptz")
    (row,) = await fetched(db, made, _MEDIAN.format(since=since, at=at, seen=_seen(made, asked.only)))
    hours: float | None = row["hours"]
    return hours


async def care(db: Db, reader: Reader, asked: Asked) -> Care:
    """What needs looking after at a trend's end."""
    made = Statement(reader)
    (row,) = await fetched(
        db, made, _CARE.format(at=made.bind(asked.until, "timestamptz"), seen=_seen(made, asked.only))
    )
    return Care(row["suspended"], row["overdue"])


def _seen(made: Statement, only: Only) -> str:
    return f"{made.kept(only, 'l')}{made.seen('l')}"
