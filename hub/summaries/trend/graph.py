"""How exceptions developed, in the graph. Each part is computed by one statement, and only if it is asked for.

The steps may be a thousand: their JSON text is made by PostgreSQL, as the read engine does it.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any

import orjson
import strawberry

from hub.graph.declare import extends
from hub.graph.select import Selector
from hub.graph.splice import coerced
from hub.graph.text import Part, literal
from hub.graph.types import Query
from hub.graph.values import Watch
from hub.models.tables import RiskTier
from hub.people.asking import Asked as Asking
from hub.people.asking import uuid_of
from hub.summaries.facts import Bucket, GroupBy
from hub.summaries.trend import rules, store
from hub.summaries.trend.rules import Asked, Only

strawberry.enum(Bucket, name="TrendBucket", description="How long each step of a trend is.")
strawberry.enum(GroupBy, name="TrendGroupBy", description="What a trend is told apart by.")

ENDED = ("rejected", "withdrawn", "expired", "revoked", "resolved")
_TEXT = "to_json({sql})::text"
_NONE = "coalesce({sql}::text, 'null')"
_BEGINS, _ENDS = "({edges})[{r}.step]", "({edges})[{r}.step + 1]"
_AGE = (
    "round((extract(epoch FROM ({borders})[{r}.step + 1]) - {r}.opened_at::numeric / nullif({r}.open, 0)) / 86400, 2)"
)
_DECIDING = "round({r}.decide_seconds::numeric / nullif({r}.decided, 0) / 3600, 2)"

SHOWN = {
    "begins": _TEXT.replace("{sql}", _BEGINS),
    "ends": _TEXT.replace("{sql}", _ENDS),
    "group": _TEXT.replace("{sql}", "{r}.grp"),
    "groupName": _TEXT.replace("{sql}", "{r}.name"),
    **{name: f"{{r}}.{name}" for name in ("opened", "granted", *ENDED, "extended", "decided")},
    "closed": "(" + " + ".join(f"{{r}}.{name}" for name in ENDED) + ")",
    "openAtEnd": "{r}.open",
    "inForceAtEnd": "{r}.in_force",
    "meanAgeDays": _NONE.replace("{sql}", _AGE),
    "meanHoursToDecide": _NONE.replace("{sql}", _DECIDING),
}
"""How each field of a step is written, over its row."""


def written(selected: Mapping[str, str]) -> list[Part]:
    """One step as JSON, its fields under the keys that the client gave them."""
    parts = [literal("{")]
    for at, (key, name) in enumerate(selected.items()):
        parts.append(literal(("," if at else "") + f'"{key}":'))
        parts.append(literal(f'"{ExceptionTrendStep.__name__}"') if name == "__typename" else Part(SHOWN[name]))
    return [*parts, literal("}")]


def computed(description: str) -> Callable[[Callable[..., Any]], Any]:
    """A field that a statement of its own answers."""
    made: Callable[[Callable[..., Any]], Any] = strawberry.field(description=description)
    return made


def number(description: str) -> int:
    """A field that counts."""
    made: int = strawberry.field(description=description)
    return made


@strawberry.type(description="What happened to exceptions in one step of a trend, of one group.")
class ExceptionTrendStep:
    begins: date = strawberry.field(description="Its first day.")
    ends: date = strawberry.field(description="The day after its last; one that lasts is counted up to asOf.")
    group: str = strawberry.field(
        description="The group: a word of its enum, the UUID of a policy or team; empty without one."
    )
    group_name: str = strawberry.field(description="The policy's key, the team's name, or the word itself.")
    opened: int = number("How many were asked for.")
    granted: int = number("How many were granted.")
    rejected: int = number("How many were rejected.")
    withdrawn: int = number("How many were withdrawn before a decision.")
    closed: int = number("How many ended, whichever way: rejected, withdrawn, expired, revoked or resolved.")
    extended: int = number("How many were extended.")
    expired: int = number("How many ended by their date, whether or not anybody looked.")
    revoked: int = number("How many were taken back.")
    resolved: int = number("How many were closed because what they waived is kept again.")
    open_at_end: int = number("How many were open at its end: asked for, and not ended.")
    in_force_at_end: int = number("How many of these had been granted.")
    mean_age_days: float | None = strawberry.field(description="Days since the open ones were asked for, on average.")
    decided: int = number("How many were granted or rejected.")
    mean_hours_to_decide: float | None = strawberry.field(
        description="Hours from the request to the decision, on average, of those decided in it."
    )


@strawberry.type(description="How exceptions developed; any span that is over reads the same whenever it is asked for.")
class ExceptionTrend:
    asked: strawberry.Private[Asked]
    bucket: strawberry.Private[Bucket]
    live: strawberry.Private[bool]

    @computed("As of when it is told.")
    def as_of(self) -> datetime:
        return self.asked.as_of

    @computed("Each step, oldest first, of each group.")
    async def buckets(self, info: Asking) -> list[ExceptionTrendStep]:
        context, raw = info.context, info._raw_info
        selector = Selector(context.engine.catalog, raw.fragments, Watch(coerced(raw), context.reader))
        shown = selector.below(raw.field_nodes, ExceptionTrendStep.__name__)
        parts = written({key: nodes[0].name.value for key, nodes in shown.items()})
        text = await store.text(context.db, context.reader, self.asked, parts, self.bucket)
        return orjson.Fragment(text)  # type: ignore[return-value]


From = Annotated[date, strawberry.argument(name="from", description="The first day.")]
To = Annotated[date, strawberry.argument(description="The day after the last; at most ten years later.")]
Length = Annotated[
    Bucket, strawberry.argument(description="How long each step is, by the calendar: weeks begin on Mondays.")
]
By = Annotated[GroupBy, strawberry.argument(description="What it is told apart by.")]
Zone = Annotated[str, strawberry.argument(description="The IANA name of the zone in which days begin.")]
AsOf = Annotated[
    datetime | None, strawberry.argument(description="As it was known at this instant; without it, as of now.")
]
Team = Annotated[strawberry.ID | None, strawberry.argument(description="Only of models of this team.")]
OfPolicy = Annotated[strawberry.ID | None, strawberry.argument(description="Only from this policy.")]
Tiers = Annotated[list[RiskTier] | None, strawberry.argument(description="Only in one of these risk tiers.")]


@extends(Query)
class TrendQuery:
    @computed("How exceptions developed, over those whose models you see; at most 1,000 steps times groups.")
    async def exception_trend(
        self,
        info: Asking,
        from_: From,
        to: To,
        bucket: Length = Bucket.WEEK,
        group_by: By = GroupBy.NOTHING,
        zone: Zone = "UTC",
        as_of: AsOf = None,
        team: Team = None,
        policy: OfPolicy = None,
        tier: Tiers = None,
    ) -> ExceptionTrend:
        only = Only(
            teams=() if team is None else (uuid_of(team, "Team", "team"),),
            policies=() if policy is None else (uuid_of(policy, "Policy", "policy"),),
            tiers=tuple(one.value for one in tier or ()),
        )
        now = info.context.db.clock.now()
        whole = rules.span(from_, to, now=now, zone=zone, as_of=as_of, only=only)
        return ExceptionTrend(asked=rules.stepped(whole, bucket, group_by), bucket=bucket, live=as_of is None)
