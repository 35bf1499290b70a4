"""How exceptions developed, in the graph. Each part is computed by one statement, and only if it is asked for.

The steps may be a thousand: their JSON text is made by PostgreSQL, as the read engine does it.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any

import orjson
import strawberry

from hub.errors import Code, Refused
from hub.graph.declare import extends
from hub.graph.select import Selector
from hub.graph.splice import Ref, coerced
from hub.graph.text import Part, literal
from hub.graph.types import Query
from hub.graph.values import Watch
from hub.models.tables import RiskTier
from hub.people.asking import Asked as Asking
from hub.people.asking import uuid_of
from hub.policies.graph import Policy
from hub.summaries import wording
from hub.summaries.actions import summed
from hub.summaries.compliance import store as standings
from hub.summaries.facts import Bucket, GroupBy
from hub.summaries.moments import store as moments
from hub.summaries.trend import rules, store
from hub.summaries.trend.rules import Asked, Only

strawberry.enum(Bucket, name="TrendBucket", description="How long each step of a trend is.")
strawberry.enum(GroupBy, name="TrendGroupBy", description="What a trend is told apart by.")

MOST_POLICIES = 20
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


def computed(description: str) -> Callable[[Callable[..., Any]], Any]:
    """A field that a statement of its own answers."""
    made: Callable[[Callable[..., Any]], Any] = strawberry.field(description=description)
    return made


def _number(description: str) -> int:
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
    opened: int = _number("How many were asked for.")
    granted: int = _number("How many were granted.")
    rejected: int = _number("How many were rejected.")
    withdrawn: int = _number("How many were withdrawn before a decision.")
    closed: int = _number("How many ended, whichever way: rejected, withdrawn, expired, revoked or resolved.")
    extended: int = _number("How many were extended.")
    expired: int = _number("How many ended by their date, whether or not anybody looked.")
    revoked: int = _number("How many were taken back.")
    resolved: int = _number("How many were closed because what they waived is kept again.")
    open_at_end: int = _number("How many were open at its end: asked for, and not ended.")
    in_force_at_end: int = _number("How many of these had been granted.")
    mean_age_days: float | None = strawberry.field(description="Days since the open ones were asked for, on average.")
    decided: int = _number("How many were granted or rejected.")
    mean_hours_to_decide: float | None = strawberry.field(
        description="Hours from the request to the decision, on average, of those decided in it."
    )


@strawberry.type(description="How long exceptions of one risk tier have been open.")
class ExceptionAges:
    tier: RiskTier = strawberry.field(description="The models' risk tier.")
    open: int = _number("How many are open.")
    median_days: float = strawberry.field(description="Days since they were asked for: the median.")
    p90_days: float = strawberry.field(description="Days that nine in ten stay under.")
    oldest_days: int = _number("Whole days since the oldest was asked for.")


@strawberry.type(description="How many exceptions in force end in the days to come if nothing is done.")
class ExceptionCliff:
    in_30_days: int = strawberry.field(name="in30Days", description="Within 30 days.")
    in_60_days: int = strawberry.field(name="in60Days", description="Within 60 days.")
    in_90_days: int = strawberry.field(name="in90Days", description="Within 90 days.")


@strawberry.type(description="Compliance as reported, where waived counts as kept, and as it truly is.")
class ComplianceStanding:
    begins: date = strawberry.field(description="The first day of the step at whose end it stood so.")
    ends: date = strawberry.field(description="The day after the step's last.")
    asked: int = _number("Of how many it was asked whether a policy is kept.")
    kept: int = _number("How many keep it.")
    waived: int = _number("How many do not, and are covered by an exception.")
    reported_percent: float | None = strawberry.field(
        description="The share that is kept or waived; null when nothing was asked."
    )
    true_percent: float | None = strawberry.field(description="The share that is kept; null when nothing was asked.")


@strawberry.type(description="A policy from which many exceptions are open.")
class ExceptionTopPolicy:
    policy: Policy | None = strawberry.field(description="The policy.")
    open: int = _number("How many are open at the end.")
    open_before: int = _number("How many were open at the beginning.")
    opened: int = _number("How many were asked for in between.")


@strawberry.type(description="How exceptions developed; any span that is over reads the same whenever it is asked for.")
class ExceptionTrend:
    asked: strawberry.Private[Asked]
    bucket: strawberry.Private[Bucket]

    @computed("As of when it is told.")
    def as_of(self) -> datetime:
        return self.asked.as_of

    @computed("Each step, oldest first, of each group.")
    async def buckets(self, info: Asking) -> list[ExceptionTrendStep]:
        context, raw = info.context, info._raw_info
        selector = Selector(context.engine.catalog, raw.fragments, Watch(coerced(raw), context.reader))
        parts = [literal("{")]
        for at, (key, nodes) in enumerate(selector.below(raw.field_nodes, ExceptionTrendStep.__name__).items()):
            parts.append(literal(("," if at else "") + f'"{key}":'))
            name = nodes[0].name.value
            parts.append(literal(f'"{ExceptionTrendStep.__name__}"') if name == "__typename" else Part(SHOWN[name]))
        text = await store.text(context.db, context.reader, self.asked, [*parts, literal("}")], self.bucket)
        return orjson.Fragment(text)  # type: ignore[return-value]

    @computed("How long those that are open at the end have been, by tier.")
    async def ages(self, info: Asking) -> list[ExceptionAges]:
        found = await moments.ages(info.context.db, info.context.reader, self.asked)
        return [ExceptionAges(**{**asdict(one), "tier": RiskTier(one.tier)}) for one in found]

    @computed("How many end soon after the end of the trend, as it was known then.")
    async def cliff(self, info: Asking) -> ExceptionCliff:
        found = await moments.cliff(info.context.db, info.context.reader, self.asked.only, self.asked.until)
        return ExceptionCliff(**asdict(found))

    @computed(
        "Compliance at the end of each step: of its last day, in UTC, that was over; of one that lasts, as it is now."
    )
    async def compliance(self, info: Asking) -> list[ComplianceStanding]:
        found = await standings.at_ends(info.context.db, info.context.reader, self.asked)
        return [
            ComplianceStanding(
                begins=begins,
                ends=ends,
                **asdict(one),
                reported_percent=_percent(one.reported),
                true_percent=_percent(one.true),
            )
            for (begins, ends), one in zip(pairwise(self.asked.edges), found, strict=True)
        ]

    @computed("The policies from which most exceptions are open at the end.")
    async def top_policies(
        self,
        info: Asking,
        first: Annotated[int, strawberry.argument(description="How many: 1 to 20.")] = 5,
    ) -> list[ExceptionTopPolicy]:
        if not 1 <= first <= MOST_POLICIES:
            raise Refused(Code.PAGE_SIZE, f"{first} policies were asked; ask for 1 to {MOST_POLICIES}", field="first")
        found = await store.top_policies(info.context.db, info.context.reader, self.asked, first)
        return [
            ExceptionTopPolicy(policy=Ref(one.policy_id), open=one.open, open_before=one.open_before, opened=one.opened)  # type: ignore[arg-type]
            for one in found
        ]

    @computed("What changed against the span before, which was as long, in sentences with their numbers.")
    async def changes(self, info: Asking) -> list[str]:
        asked, context = self.asked, info.context
        return wording.changes(await summed(context.db, context.reader, asked))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


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
        return ExceptionTrend(asked=rules.stepped(whole, bucket, group_by), bucket=bucket)
