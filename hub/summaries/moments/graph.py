"""What stood at a trend's end, in the graph; and what changed, in sentences."""

from dataclasses import asdict
from typing import Annotated

import strawberry

from hub.errors import Code, Refused
from hub.graph.declare import extends
from hub.graph.splice import Ref
from hub.models.tables import RiskTier
from hub.people.asking import Asked as Asking
from hub.policies.graph import Policy
from hub.summaries import wording
from hub.summaries.actions import summed
from hub.summaries.moments import store
from hub.summaries.trend import store as trend
from hub.summaries.trend.graph import ExceptionTrend, computed, number
from hub.summaries.trend.rules import Asked

MOST_POLICIES = 20


@strawberry.type(description="How long exceptions of one risk tier have been open.")
class ExceptionAges:
    tier: RiskTier = strawberry.field(description="The models' risk tier.")
    open: int = number("How many are open.")
    median_days: float = strawberry.field(description="Days since they were asked for: the median.")
    p90_days: float = strawberry.field(description="Days that nine in ten stay under.")
    oldest_days: int = number("Whole days since the oldest was asked for.")


@strawberry.type(description="How many exceptions in force end in the days to come if nothing is done.")
class ExceptionCliff:
    in_30_days: int = strawberry.field(name="in30Days", description="Within 30 days.")
    in_60_days: int = strawberry.field(name="in60Days", description="Within 60 days.")
    in_90_days: int = strawberry.field(name="in90Days", description="Within 90 days.")


@strawberry.type(description="A policy from which many exceptions are open.")
class ExceptionTopPolicy:
    policy: Policy | None = strawberry.field(description="The policy.")
    open: int = number("How many are open at the end.")
    open_before: int = number("How many were open at the beginning.")
    opened: int = number("How many were asked for in between.")


@extends(ExceptionTrend)
class TrendMoments:
    asked: strawberry.Private[Asked]

    @computed("How long those that are open at the end have been, by tier.")
    async def ages(self, info: Asking) -> list[ExceptionAges]:
        found = await store.ages(info.context.db, info.context.reader, self.asked)
        return [ExceptionAges(**{**asdict(one), "tier": RiskTier(one.tier)}) for one in found]

    @computed("How many end soon after the end of the trend, as it was known then.")
    async def cliff(self, info: Asking) -> ExceptionCliff:
        found = await store.cliff(info.context.db, info.context.reader, self.asked.only, self.asked.until)
        return ExceptionCliff(**asdict(found))

    @computed("The policies from which most exceptions are open at the end.")
    async def top_policies(
        self,
        info: Asking,
        first: Annotated[int, strawberry.argument(description="How many: 1 to 20.")] = 5,
    ) -> list[ExceptionTopPolicy]:
        if not 1 <= first <= MOST_POLICIES:
            raise Refused(Code.PAGE_SIZE, f"{first} policies were asked; ask for 1 to {MOST_POLICIES}", field="first")
        found = await trend.top_policies(info.context.db, info.context.reader, self.asked, first)
        return [
            ExceptionTopPolicy(policy=Ref(one.policy_id), open=one.open, open_before=one.open_before, opened=one.opened)  # type: ignore[arg-type]
            for one in found
        ]

    @computed("What changed against the span before, which was as long, in sentences with their numbers.")
    async def changes(self, info: Asking) -> list[str]:
        asked, context = self.asked, info.context
        return wording.changes(await summed(context.db, context.reader, asked))
