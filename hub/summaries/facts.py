"""What an executive summary says, as values: computed as of an instant, rendered elsewhere.

All of it follows from what was on record by `as_of`, so that the summary of a period that is over comes out equal.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Bucket(StrEnum):
    """How long each step of a trend is."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"


class GroupBy(StrEnum):
    """What a trend is told apart by."""

    NOTHING = "NOTHING"
    TIER = "TIER"
    POLICY = "POLICY"
    TEAM = "TEAM"
    KIND = "KIND"
    RISK = "RISK"
    STAGE = "STAGE"


@dataclass(frozen=True, slots=True)
class Counted:
    """What happened to exceptions in one step of a trend, of one group; open and in force as at the step's end."""

    begins: date
    ends: date
    group: str
    opened: int = 0
    granted: int = 0
    rejected: int = 0
    withdrawn: int = 0
    extended: int = 0
    expired: int = 0
    revoked: int = 0
    resolved: int = 0
    open_at_end: int = 0
    in_force_at_end: int = 0
    mean_age_days: float | None = None
    """Of those open at the end, since they were asked for."""
    decided: int = 0
    mean_hours_to_decide: float | None = None

    @property
    def closed(self) -> int:
        """How many ended, whichever way."""
        return self.rejected + self.withdrawn + self.expired + self.revoked + self.resolved


@dataclass(frozen=True, slots=True)
class Ages:
    """How long exceptions of one risk tier have been open."""

    tier: str
    open: int
    median_days: float
    p90_days: float
    oldest_days: int


@dataclass(frozen=True, slots=True)
class Cliff:
    """How many exceptions in force end within so many days if nothing is done, more and more of them."""

    in_30_days: int
    in_60_days: int
    in_90_days: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Compliance as reported, where waived counts as kept, and as it truly is; shares of what was asked."""

    asked: int
    kept: int
    waived: int

    @property
    def reported(self) -> float | None:
        """The share that is kept or waived."""
        return (self.kept + self.waived) / self.asked if self.asked else None

    @property
    def true(self) -> float | None:
        """The share that is kept."""
        return self.kept / self.asked if self.asked else None


def standing(outcomes: Iterable[str]) -> Standing:
    """How results stand that ended so; what was skipped was not asked."""
    counts = Counter(outcomes)
    return Standing(counts.total() - counts["SKIP"], counts["PASS"], counts["WAIVED"])


@dataclass(frozen=True, slots=True)
class TopPolicy:
    """A policy from which many exceptions are open."""

    policy_id: UUID
    key: str
    title: str
    open: int
    open_before: int
    opened: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Exceptions over a period, as of its end, against the period before; for everybody or for one team."""

    begins: date
    ends: date
    """The first day after the period."""
    zone: str
    as_of: datetime
    team_id: UUID | None
    team: str
    """The team's name; empty for the whole company."""
    now: Counted
    before: Counted
    series: tuple[Counted, ...]
    """The last thirteen steps of the period's length, or of weeks for a shorter one, the newest last, by risk tier."""
    ages: tuple[Ages, ...]
    cliff: Cliff
    cliff_before: Cliff
    compliance: Standing
    compliance_before: Standing
    compliance_series: tuple[tuple[date, Standing], ...]
    top_policies: tuple[TopPolicy, ...]
    median_hours_to_decide: float | None
    median_hours_to_decide_before: float | None
    waiting_for_decision: int
    suspended: int
    overdue_reviews: int
