"""The SQL of how compliance stood at the ends of days, and of how it stands."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from hub.db import Db, Tx
from hub.graph.values import Reader
from hub.models.visible import MODEL
from hub.people.access import Sight
from hub.summaries.facts import Standing
from hub.summaries.statement import Statement, fetched
from hub.summaries.trend.rules import Asked, Only

TELL_LOCK = 7_201_125_602
"""The advisory lock under which one transaction at a time tells of a day."""
MOST_BACK = timedelta(days=92)
"""How far back it is told when nothing was told yet."""
DAY = timedelta(days=1)

_HOLD = text("SELECT pg_advisory_xact_lock(:key)")

_NEXT = text("""
SELECT coalesce((SELECT max(day) + 1 FROM compliance_told),
    (SELECT greatest((n.at AT TIME ZONE 'UTC')::date, CAST(:first AS date))
     FROM (SELECT min(evaluated_at) AS at FROM check_results) n WHERE n.at IS NOT NULL))
""")

# What differs from all that was told of the days before; what is no longer asked falls to nothing.
_TELL = text("""
WITH stood AS (
    SELECT model_id, policy_id, team_id, tier, sum(asked) AS asked, sum(kept) AS kept, sum(waived) AS waived
    FROM (SELECT model_id, policy_id, team_id, tier, asked, kept, waived FROM compliance_as_of(:ends)
          UNION ALL
          SELECT model_id, policy_id, team_id, tier, -asked, -kept, -waived FROM compliance_days WHERE day <= :day) n
    GROUP BY 1, 2, 3, 4)
INSERT INTO compliance_days (day, model_id, policy_id, team_id, tier, asked, kept, waived)
SELECT :day, model_id, policy_id, team_id, tier, asked, kept, waived FROM stood
WHERE asked <> 0 OR kept <> 0 OR waived <> 0
""")

_TOLD = text("INSERT INTO compliance_told (day, told_at) VALUES (:day, :at) ON CONFLICT DO NOTHING")

_DAYS = """
SELECT width_bucket(d.day - 1, {days}) AS step, sum(d.asked) AS asked, sum(d.kept) AS kept, sum(d.waived) AS waived
FROM compliance_days d JOIN models vm ON vm.id = d.model_id
WHERE d.day <= {last}{seen} GROUP BY 1
"""

_LAST_TOLD = "SELECT max(day) AS day FROM compliance_told"

_AS_OF = """
SELECT coalesce(sum(d.asked), 0)::int, coalesce(sum(d.kept), 0)::int, coalesce(sum(d.waived), 0)::int
FROM compliance_as_of({at}) d JOIN models vm ON vm.id = d.model_id WHERE true{seen}
"""

# The ledger of counts knows no teams; of a team the rows themselves are counted.
_NOW = """
SELECT (count(*) FILTER (WHERE d.outcome <> 'SKIP'))::int, (count(*) FILTER (WHERE d.outcome = 'PASS'))::int,
       (count(*) FILTER (WHERE d.outcome = 'WAIVED'))::int
FROM (SELECT c.model_id, c.policy_id, c.tier, c.outcome, m.team_id
      FROM compliance c JOIN models m ON m.id = c.model_id) d
JOIN models vm ON vm.id = d.model_id WHERE true{seen}
"""
_COUNTED = """
SELECT coalesce(sum(d.n) FILTER (WHERE d.outcome <> 'SKIP'), 0)::int,
       coalesce(sum(d.n) FILTER (WHERE d.outcome = 'PASS'), 0)::int,
       coalesce(sum(d.n) FILTER (WHERE d.outcome = 'WAIVED'), 0)::int
FROM compliance_counts d LEFT JOIN models vm ON vm.id = d.restricted_model_id
WHERE true{seen}
"""


async def untold(tx: Tx, today: date) -> date | None:
    """The first day that is over and was not told; none while nothing was ever checked."""
    last = today - DAY
    day: date | None = (await tx.session.execute(_NEXT, {"first": last - MOST_BACK})).scalar_one()
    return day if day is not None and day <= last else None


async def tell_next(tx: Tx, today: date) -> date | None:
    """Tell of the first day that is over and was not told; gives it, or None when none is left.

    Days are told one after the other, as their ends were: after downtime the same comes out as without it.
    """
    await tx.session.execute(_HOLD, {"key": TELL_LOCK})
    day = await untold(tx, today)
    if day is None:
        return None
    await tx.session.execute(_TELL, {"day": day, "ends": _begins(day + DAY)})
    await tx.session.execute(_TOLD, {"day": day, "at": tx.at})
    return day


async def _last_told(db: Db) -> date | None:
    """The last day that was told."""
    found: date | None = await db.reads.fetchval(_LAST_TOLD)
    return found


async def at_ends(db: Db, reader: Reader, asked: Asked, *, live: bool = False) -> list[Standing]:
    """How compliance stood at the end of each step: of the last day, in UTC, that was over by then.

    A step that lasts stands as its newest results say, or when it is asked for `live`, as what counts now says.
    """
    days = [(border - DAY).date() for border in asked.borders[1:]]
    told = await _last_told(db)
    found = await _told(db, reader, asked.only, days)
    over = days[:-1] if asked.lasts else days
    for at, day in enumerate(over):
        if told is None or day > told:
            found[at] = await _as_of(db, reader, asked.only, _begins(day + DAY))
    if asked.lasts:
        now = _now(db, reader, asked.only) if live else _as_of(db, reader, asked.only, asked.until)
        found[-1] = await now
    return found


async def _told(db: Db, reader: Reader, only: Only, days: Sequence[date]) -> list[Standing]:
    made = Statement(reader)
    names = {"days": made.bind(list(days), "date[]"), "last": made.bind(days[-1], "date")}
    rows = await fetched(db, made, _DAYS.format(**names, seen=_seen(made, only)))
    moved = {row["step"]: row for row in rows}
    asked = kept = waived = 0
    found = []
    for step in range(len(days)):
        row = moved.get(step)
        if row is not None:
            asked, kept, waived = asked + row["asked"], kept + row["kept"], waived + row["waived"]
        found.append(Standing(asked, kept, waived))
    return found


async def _as_of(db: Db, reader: Reader, only: Only, at: datetime) -> Standing:
    made = Statement(reader)
    (row,) = await fetched(db, made, _AS_OF.format(at=made.bind(at, "timestamptz"), seen=_seen(made, only)))
    return Standing(*row)


async def _now(db: Db, reader: Reader, only: Only) -> Standing:
    made = Statement(reader)
    if only.teams:
        (row,) = await fetched(db, made, _NOW.format(seen=_seen(made, only)))
        return Standing(*row)
    shown = f" AND (d.restricted_model_id IS NULL OR {_sight(made)})" if reader.visibility != Sight.ALL else ""
    (row,) = await fetched(db, made, _COUNTED.format(seen=f"{made.kept(only, 'd')}{shown}"))
    return Standing(*row)


def _seen(made: Statement, only: Only) -> str:
    sight = _sight(made)
    return made.kept(only, "d") + (f" AND {sight}" if sight else "")


def _sight(made: Statement) -> str:
    return made.filled(MODEL.classes[made.reader.visibility], t="vm")


def _begins(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
