"""How compliance stood at the ends of a trend's steps, in the graph."""

from dataclasses import asdict
from datetime import date
from itertools import pairwise

import strawberry

from hub.graph.declare import extends
from hub.people.asking import Asked as Asking
from hub.summaries.compliance import store
from hub.summaries.trend.graph import ExceptionTrend, computed, number
from hub.summaries.trend.rules import Asked


@strawberry.type(description="Compliance as reported, where waived counts as kept, and as it truly is.")
class ComplianceStanding:
    begins: date = strawberry.field(description="The first day of the step at whose end it stood so.")
    ends: date = strawberry.field(description="The day after the step's last.")
    asked: int = number("Of how many it was asked whether a policy is kept.")
    kept: int = number("How many keep it.")
    waived: int = number("How many do not, and are covered by an exception.")
    reported_percent: float | None = strawberry.field(
        description="The share that is kept or waived; null when nothing was asked."
    )
    true_percent: float | None = strawberry.field(description="The share that is kept; null when nothing was asked.")


@extends(ExceptionTrend)
class TrendCompliance:
    asked: strawberry.Private[Asked]
    live: strawberry.Private[bool]

    @computed(
        "Compliance at the end of each step: of its last day, in UTC, that was over; of one that lasts, as it is now."
    )
    async def compliance(self, info: Asking) -> list[ComplianceStanding]:
        found = await store.at_ends(info.context.db, info.context.reader, self.asked, live=self.live)
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


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
