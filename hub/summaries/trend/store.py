"""The SQL of trends: days and the lines beside them, summed by step and group, each with the reader's visibility.

What stands at the end of a step is everything that took effect before it. So a trend is the sum of its movements, those
before its first step taken together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never
from uuid import UUID

from hub.db import Db
from hub.exceptions.tables import ExceptionKind
from hub.graph.text import Part, joined
from hub.graph.values import Reader
from hub.models.tables import RiskTier, Stage
from hub.models.visible import SEES_RESTRICTED
from hub.people.access import Sight
from hub.policies.tables import Severity
from hub.summaries.facts import Bucket, Counted, GroupBy, TopPolicy
from hub.summaries.statement import Statement, fetched
from hub.summaries.tables import COUNTS, SUMS
from hub.summaries.trend.rules import MOST_COUNTS, Asked, check_size

if TYPE_CHECKING:
    import asyncpg

GROUPS = {
    GroupBy.NOTHING: "''",
    GroupBy.TIER: "l.tier",
    GroupBy.POLICY: "l.policy_id::text",
    GroupBy.TEAM: "coalesce(l.team_id::text, '')",
    GroupBy.KIND: "l.kind",
    GroupBy.RISK: "l.risk",
    GroupBy.STAGE: "coalesce(l.stage, '')",
}
"""By what a line is told apart; the days hold the same words."""

ORDERED: Mapping[GroupBy, Sequence[str]] = {
    GroupBy.TIER: [*RiskTier],
    GroupBy.KIND: [*ExceptionKind],
    GroupBy.RISK: [*Severity],
    GroupBy.STAGE: [*Stage, ""],
}
NAMED = {
    GroupBy.POLICY: "LEFT JOIN policies n ON n.id = g.grp::uuid",
    GroupBy.TEAM: "LEFT JOIN teams n ON n.id = nullif(g.grp, '')::uuid",
}
_MOVED = ", ".join(f"sum(m.{name})::bigint AS {name}" for name in SUMS)
_LINE = ", ".join(f"l.{name}" for name in SUMS)
_DAY = ", ".join(f"d.{name}" for name in SUMS)
_SEEN_DAYS = f"SELECT vm.id FROM models vm WHERE vm.restricted AND {SEES_RESTRICTED.replace('{t}', 'vm')}"
_DAY_BEGINS = "{day}::timestamp AT TIME ZONE 'UTC'"


def rows(made: Statement, asked: Asked) -> str:
    """A FROM item of one row for each step and group, numbered from 1, with what moved and what stands at its end."""
    last = made.bind(len(asked.edges) - 1, "int")
    joined, name, order = "", "g.grp", "g.grp"
    match asked.group_by:
        case GroupBy.NOTHING:
            pass
        case GroupBy.POLICY | GroupBy.TEAM:
            joined, name = NAMED[asked.group_by], f"coalesce(n.{_name(asked.group_by)}, '')"
            order = name
        case GroupBy.TIER | GroupBy.KIND | GroupBy.RISK | GroupBy.STAGE:
            words = made.bind(list(ORDERED[asked.group_by]), "text[]")
            order = f"array_position({words}, g.grp)"
        case _:
            assert_never(asked.group_by)
    # Without groups there is one, whatever happened; of others those that moved, or stood open when it began.
    groups = (
        "SELECT '' AS grp"
        if asked.group_by is GroupBy.NOTHING
        else "SELECT t.grp FROM totals t GROUP BY t.grp"
        " HAVING max(t.step) > 0 OR sum(t.open_delta) <> 0 OR sum(t.in_force_delta) <> 0"
    )
    stands = ", ".join(
        f"sum(coalesce(t.{delta}, 0)) OVER w::bigint AS {name}"
        for delta, name in (("open_delta", "open"), ("in_force_delta", "in_force"), ("opened_epoch_delta", "opened_at"))
    )
    moved = ", ".join(f"coalesce(t.{name}, 0) AS {name}" for name in SUMS)
    return f"""(
WITH totals AS MATERIALIZED (
    SELECT m.step, m.grp, {_MOVED} FROM ({_moves(made, asked)}) m GROUP BY m.step, m.grp),
groups AS MATERIALIZED (SELECT g.grp, {name} AS name, {order} AS place FROM ({groups}) g {joined})
SELECT s.*, count(*) OVER () AS size FROM (
    SELECT i.step, g.grp, g.name, g.place, {moved}, {stands}
    FROM groups g CROSS JOIN generate_series(0, {last}) AS i (step)
    LEFT JOIN totals t ON t.step = i.step AND t.grp = g.grp
    WINDOW w AS (PARTITION BY g.grp ORDER BY i.step)) s
WHERE s.step > 0)"""


def _name(by: GroupBy) -> str:
    return "key" if by is GroupBy.POLICY else "name"


def _moves(made: Statement, asked: Asked) -> str:
    """Everything that took effect before the trend's end, by step (0 for what was before it) and group."""
    borders, until = made.bind(asked.borders, "timestamptz[]"), made.bind(asked.until, "timestamptz")
    group = GROUPS[asked.group_by]
    line = f"SELECT width_bucket(l.effective_at, {borders}) AS step, {group} AS grp, {_LINE} FROM"
    seen = f"{made.kept(asked.only, 'l')}{made.seen('l')}"
    by = asked.only.by()
    dimension = asked.group_by
    if by and dimension is GroupBy.NOTHING and len(by) == 1:
        (dimension,) = by
    if any(other is not dimension for other in by):
        return f"{line} exception_lines l WHERE l.effective_at < {until}{seen}"
    value = "d.value" if dimension is asked.group_by else "''"
    split = made.bind(asked.split_days, "date[]")
    wanted = f"d.dimension = {made.bind(dimension.value, 'text')} AND d.day < {made.bind(asked.until.date(), 'date')}"
    wanted += f" AND d.day <> ALL ({split})" if asked.split_days else ""
    wanted += f" AND d.value = ANY ({made.bind(by[dimension], 'text[]')})" if dimension in by else ""
    first_days = made.bind(asked.first_days, "date[]")
    day = f"SELECT width_bucket(d.day, {first_days}) AS step, {value} AS grp, {_DAY} FROM exception_days d"
    days = [f"{day} WHERE {wanted}"]
    if made.reader.visibility != Sight.ALL:
        mine = made.filled(_SEEN_DAYS)
        days = [f"{days[0]} AND d.restricted_model_id IS NULL", f"{days[0]} AND d.restricted_model_id IN ({mine})"]
    parts = [*days, f"{line} exception_lines l WHERE NOT l.folded AND l.effective_at < {until}{seen}"]
    if asked.split_days:
        opens, closes = _DAY_BEGINS.format(day="s.day"), _DAY_BEGINS.format(day="(s.day + 1)")
        parts.append(
            f"{line} unnest({split}) AS s (day) JOIN exception_lines l ON l.effective_at >= {opens}"
            f" AND l.effective_at < least({closes}, {until}) WHERE l.folded{seen}"
        )
    return "\nUNION ALL\n".join(parts)


async def counted(db: Db, reader: Reader, asked: Asked) -> list[Counted]:
    """What happened in each step and group, in their order."""
    made = Statement(reader)
    found = await fetched(db, made, f"SELECT * FROM {rows(made, asked)} r ORDER BY r.step, r.place, r.grp")
    return [_counted(asked, row) for row in found]


def _counted(asked: Asked, row: "asyncpg.Record") -> Counted:
    step = row["step"]
    until = asked.borders[step].timestamp()
    return Counted(
        begins=asked.edges[step - 1],
        ends=asked.edges[step],
        group=row["grp"],
        **{name: row[name] for name in COUNTS},
        open_at_end=row["open"],
        in_force_at_end=row["in_force"],
        mean_age_days=(until - row["opened_at"] / row["open"]) / 86_400 if row["open"] else None,
        mean_hours_to_decide=row["decide_seconds"] / row["decided"] / 3_600 if row["decided"] else None,
    )


async def top_policies(db: Db, reader: Reader, asked: Asked, most: int) -> tuple[TopPolicy, ...]:
    """The policies from which most exceptions are open at a trend's end, or were opened within it."""
    made = Statement(reader)
    source = rows(made, replace(asked, edges=(asked.edges[0], asked.edges[-1]), group_by=GroupBy.POLICY))
    sql = f"""SELECT r.*, p.title FROM {source} r JOIN policies p ON p.id = r.grp::uuid
WHERE r.open > 0 OR r.opened > 0
ORDER BY r.open DESC, r.opened DESC, r.name LIMIT {made.bind(most, "int")}"""
    return tuple(
        TopPolicy(
            UUID(row["grp"]), row["name"], row["title"], row["open"], row["open"] - row["open_delta"], row["opened"]
        )
        for row in await fetched(db, made, sql)
    )


def written(made: Statement, asked: Asked, shown: Sequence[Part]) -> str:
    """The statement that gives the steps as a JSON array, each made of these parts over its row {r}; and how many."""
    source = rows(made, asked)
    names = {
        "r": "r",
        "edges": made.bind(list(asked.edges), "date[]"),
        "borders": made.bind(asked.borders, "timestamptz[]"),
    }
    body = joined([one if one.literal else Part(made.filled(one.sql, **names)) for one in shown])
    return f"""SELECT convert_to(concat('[', string_agg({body}, ',' ORDER BY r.step, r.place, r.grp)
    FILTER (WHERE r.size <= {MOST_COUNTS}), ']'), 'UTF8') AS text, coalesce(max(r.size), 0) AS size
FROM {source} r"""


async def text(db: Db, reader: Reader, asked: Asked, shown: Sequence[Part], bucket: Bucket) -> bytes:
    """The steps as a JSON array, each made of these parts. Refuses too many."""
    made = Statement(reader)
    (row,) = await fetched(db, made, written(made, asked, shown))
    steps = len(asked.edges) - 1
    check_size(steps, row["size"] // steps, bucket)
    found: bytes = row["text"]
    return found
