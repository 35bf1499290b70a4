"""Computes a summary: a handful of statements, all as of one instant."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from hub.db import Db
from hub.errors import Code, Refused
from hub.graph.values import Reader
from hub.summaries import store
from hub.summaries.compliance import store as compliance
from hub.summaries.facts import GroupBy, Summary
from hub.summaries.moments import store as moments
from hub.summaries.trend import rules
from hub.summaries.trend import store as trend
from hub.summaries.trend.rules import Asked, Only

STEPS = 13
"""Of the series: a quarter of weeks, a year of months and the month before."""
TOP_POLICIES = 5


async def summary(
    db: Db,
    reader: Reader,
    begins: date,
    ends: date,
    *,
    zone: str = "UTC",
    as_of: datetime | None = None,
    team_id: UUID | None = None,
) -> Summary:
    """Exceptions from `begins` to before `ends`, over what a reader sees; as of the period's end, or earlier.

    Refuses a team that is not there, and a period that has not begun.
    """
    now = db.clock.now()
    only = Only(teams=() if team_id is None else (team_id,))
    whole = rules.span(begins, ends, now=now, zone=zone, as_of=as_of or min(rules.instant(ends, zone), now), only=only)
    return await summed(db, reader, whole)


async def summed(db: Db, reader: Reader, asked: Asked) -> Summary:
    """The summary of a trend's whole span; of a single team when it is about one alone."""
    only, begins, ends = asked.only, asked.edges[0], asked.edges[-1]
    team_id = only.teams[0] if len(only.teams) == 1 else None
    team = "" if team_id is None else await store.team_name(db, team_id)
    if team is None:
        raise Refused(Code.NOT_FOUND, "there is no such team", field="team")
    whole = replace(asked, edges=(begins, ends), group_by=GroupBy.NOTHING)
    before = replace(whole, edges=(rules.before(begins, ends), begins))
    series = replace(whole, edges=rules.back(begins, ends, STEPS), group_by=GroupBy.TIER)
    standings = await compliance.at_ends(db, reader, series)
    (counted,) = await trend.counted(db, reader, whole)
    care = await moments.care(db, reader, whole)
    return Summary(
        begins=begins,
        ends=ends,
        zone=whole.zone,
        as_of=whole.as_of,
        team_id=team_id,
        team=team,
        now=counted,
        before=(await trend.counted(db, reader, before))[0],
        series=tuple(await trend.counted(db, reader, series)),
        ages=await moments.ages(db, reader, whole),
        cliff=await moments.cliff(db, reader, only, whole.until),
        cliff_before=await moments.cliff(db, reader, only, before.until),
        compliance=standings[-1],
        compliance_before=(await compliance.at_ends(db, reader, before))[0],
        compliance_series=tuple(zip(series.edges, standings, strict=False)),
        top_policies=await trend.top_policies(db, reader, whole, TOP_POLICIES),
        median_hours_to_decide=await moments.median_hours(db, reader, whole),
        median_hours_to_decide_before=await moments.median_hours(db, reader, before),
        waiting_for_decision=counted.open_at_end - counted.in_force_at_end,
        suspended=care.suspended,
        overdue_reviews=care.overdue_reviews,
    )
