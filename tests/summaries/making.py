"""A summary as a company of some size would have it: October 2026, with thirteen months by risk tier."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from hub.summaries.facts import Ages, Cliff, Counted, Standing, Summary, TopPolicy

BEGINS, ENDS = date(2026, 10, 1), date(2026, 11, 1)
AS_OF = datetime(2026, 10, 31, 23, tzinfo=UTC)

_OPEN: Mapping[str, tuple[int, ...]] = {
    "HIGH": (5, 6, 6, 7, 9, 8, 8, 10, 9, 9, 10, 8, 12),
    "LIMITED": (9, 9, 11, 12, 12, 14, 13, 15, 16, 18, 17, 18, 19),
    "MINIMAL": (4, 4, 5, 5, 6, 6, 7, 7, 8, 7, 8, 8, 9),
    "UNCLASSIFIED": (0, 0, 1, 1, 0, 0, 2, 2, 1, 1, 1, 1, 1),
}
_COMPLIANCE = (
    (1_710, 1_660, 40), (1_730, 1_670, 48), (1_745, 1_668, 60), (1_760, 1_671, 64), (1_790, 1_690, 72),
    (1_800, 1_693, 80), (1_822, 1_702, 90), (1_850, 1_720, 101), (0, 0, 0), (2_500, 2_310, 130), (2_600, 2_371, 160),
    (2_700, 2_433, 186), (2_744, 2_426, 214),
)  # fmt: skip


def month(place: int) -> tuple[date, date]:
    """One of the thirteen months from October 2025 on, by its first day and the day after it."""
    begins = date(2025 + (9 + place) // 12, (9 + place) % 12 + 1, 1)
    return begins, date(2025 + (10 + place) // 12, (10 + place) % 12 + 1, 1)


def series() -> tuple[Counted, ...]:
    made = []
    for place in range(13):
        for tier, open in _OPEN.items():
            was = open[place - 1] if place else open[0]
            opened = max(open[place] - was, 0) + (0 if tier == "UNCLASSIFIED" else 2)
            gone = was + opened - open[place]
            begins, ends = month(place)
            made.append(
                Counted(
                    begins,
                    ends,
                    tier,
                    opened=opened,
                    granted=opened,
                    resolved=gone - gone // 2,
                    expired=gone // 2,
                    open_at_end=open[place],
                    in_force_at_end=open[place],
                    mean_age_days=40.5,
                    decided=opened,
                    mean_hours_to_decide=30.25 if opened else None,
                )
            )
    return tuple(made)


def october(**other: Any) -> Summary:
    """The summary of October 2026, but for what is told otherwise."""
    made = Summary(
        begins=BEGINS,
        ends=ENDS,
        zone="Europe/Berlin",
        as_of=AS_OF,
        team_id=None,
        team="",
        now=Counted(
            BEGINS, ENDS, "", opened=12, granted=9, rejected=1, extended=2, expired=2, revoked=1, resolved=2,
            open_at_end=41, in_force_at_end=33, mean_age_days=71.5, decided=10, mean_hours_to_decide=40.5,
        ),
        before=Counted(
            date(2026, 9, 1), BEGINS, "", opened=7, granted=8, expired=3, resolved=5, open_at_end=35,
            in_force_at_end=29, mean_age_days=66.25, decided=8, mean_hours_to_decide=60.0,
        ),
        series=series(),
        ages=(
            Ages("HIGH", 12, 95.0, 280.0, 412),
            Ages("LIMITED", 19, 61.5, 190.0, 301),
            Ages("MINIMAL", 9, 33.0, 120.0, 150),
            Ages("UNCLASSIFIED", 1, 8.0, 8.0, 8),
        ),
        cliff=Cliff(9, 14, 20),
        cliff_before=Cliff(3, 11, 18),
        compliance=Standing(asked=2_744, kept=2_426, waived=214),
        compliance_before=Standing(asked=2_700, kept=2_433, waived=186),
        compliance_series=tuple((month(place)[0], Standing(*given)) for place, given in enumerate(_COMPLIANCE)),
        top_policies=(
            TopPolicy(UUID(int=1), "performance-by-segment", "Performance by segment", 14, 11, 5),
            TopPolicy(UUID(int=2), "data-consent", "Consent for training data", 8, 8, 1),
            TopPolicy(UUID(int=3), "card-complete", "The model card is complete", 5, 6, 0),
        ),
        median_hours_to_decide=31.0,
        median_hours_to_decide_before=52.0,
        waiting_for_decision=8,
        suspended=2,
        overdue_reviews=3,
    )  # fmt: skip
    return replace(made, **other)


def nothing() -> Summary:
    """The same month of a hub in which nothing has happened yet."""
    none = Counted(BEGINS, ENDS, "")
    return october(
        now=none, before=Counted(date(2026, 9, 1), BEGINS, ""), series=(), ages=(), cliff=Cliff(0, 0, 0),
        cliff_before=Cliff(0, 0, 0), compliance=Standing(0, 0, 0), compliance_before=Standing(0, 0, 0),
        compliance_series=(), top_policies=(), median_hours_to_decide=None, median_hours_to_decide_before=None,
        waiting_for_decision=0, suspended=0, overdue_reviews=0,
    )  # fmt: skip
