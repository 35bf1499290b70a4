"""A summary as somebody asks for it: of which period, as of when, for the whole company or for one team."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.db import Db
from hub.errors import Code, Refused
from hub.graph.values import Reader
from hub.people import store as people
from hub.summaries import actions, periods
from hub.summaries.facts import Summary
from hub.summaries.periods import Period

WORDS = ("month", "week", "from", "to", "zone", "team", "as_of")
"""What may be said of the summary that is wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One summary."""

    period: Period
    as_of: datetime
    team_id: UUID | None = None


async def wanted(db: Db, said: Mapping[str, str]) -> Wanted:
    """The summary that these words name; `team` is a key or an id. Refuses words that name none."""
    period = periods.asked(said, db.clock.now())
    team = said.get("team")
    as_of = periods.instant(said.get("as_of"), db.clock.now(), period)
    return Wanted(period, as_of, None if not team else await _team(db, team))


async def _team(db: Db, named: str) -> UUID:
    found = await people.team_named(db.reads, named.removeprefix("Team:"))
    if found is None:
        raise Refused(Code.NOT_FOUND, f"there is no team {named[:60]!r}; give a team's key or id", field="team")
    return found


async def computed(db: Db, reader: Reader, of: Wanted) -> Summary:
    """The summary, counted over what this reader sees."""
    period = of.period
    return await actions.summary(
        db, reader, begins=period.begins, ends=period.ends, zone=period.zone, as_of=of.as_of, team_id=of.team_id
    )
