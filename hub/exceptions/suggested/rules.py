"""When exceptions suggest that their policy be changed, and how that is told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.errors import Code, Refused
from hub.exceptions.tables import PolicySuggestion, SuggestionStatus

MANY = 5
"""So many granted from one policy suggest a change."""

MANY_OF_TEAM = 3
"""Or so many for the models of one team."""

WITHIN_DAYS = 180
QUIET_DAYS = 90
"""After a dismissal."""

MOST_CONTROLS = 5
LONGEST_CONTROL = 200
LONGEST_SUMMARY = 1_000
"""The facts stand beside it in a draft's summary."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What is looked at of an exception that was granted."""

    id: UUID
    model_id: UUID
    team_id: UUID | None
    tier: str
    kind: str
    days: float


@dataclass(frozen=True, slots=True)
class Reach:
    """To how many models a policy applies, and for how many of them it is waived now."""

    models: int
    waived: int


def since(at: datetime, last: PolicySuggestion | None) -> datetime | None:
    """From when on exceptions are counted; none while nothing is to be suggested.

    What was taken up is not counted again; what was dismissed is left alone for a while.
    """
    begin = at - timedelta(days=WITHIN_DAYS)
    if last is None or last.settled_at is None:
        return begin if last is None else None
    if last.status is SuggestionStatus.TAKEN:
        return max(begin, last.settled_at)
    return begin if last.settled_at <= at - timedelta(days=QUIET_DAYS) else None


def many(granted: Sequence[Granted]) -> tuple[UUID | None, tuple[Granted, ...]] | None:
    """Those that suggest a change: all of them, or those of the team that has the most; none when they are few."""
    if len(granted) >= MANY:
        return None, tuple(granted)
    teams = Counter(one.team_id for one in granted if one.team_id is not None)
    for team, count in teams.most_common(1):
        if count >= MANY_OF_TEAM:
            return team, tuple(one for one in granted if one.team_id == team)
    return None


def facts(granted: Sequence[Granted], controls: Sequence[tuple[str, int]], reach: Reach) -> dict[str, Any]:
    """What is known of them, as it is shown and kept."""
    return {
        "granted": len(granted),
        "within_days": WITHIN_DAYS,
        "models": sorted({str(one.model_id) for one in granted}),
        "tiers": dict(sorted(Counter(one.tier for one in granted).items())),
        "kinds": dict(sorted(Counter(one.kind for one in granted).items())),
        "controls": [{"description": text, "count": count} for text, count in controls],
        "mean_term_days": round(sum(one.days for one in granted) / len(granted), 1),
        "policy_models": reach.models,
        "waived_models": reach.waived,
        "waived_percent": round(100 * reach.waived / reach.models, 1) if reach.models else None,
    }


def told(found: dict[str, Any]) -> str:
    """The facts in a sentence or two, for whoever is to decide about a change."""
    tiers = ", ".join(f"{tier} {count}" for tier, count in found["tiers"].items())
    said = (
        f"{found['granted']} exceptions were granted within {found['within_days']} days for"
        f" {len(found['models'])} models ({tiers}), for {found['mean_term_days']:g} days on average;"
        f" {found['waived_models']} of {found['policy_models']} models are under waiver now."
    )
    if not found["controls"]:
        return said
    first = found["controls"][0]
    return f"{said} Used most instead: {first['description'][:LONGEST_CONTROL]!r} ({first['count']} times)."


def check_open(found: PolicySuggestion) -> None:
    """A suggestion is settled once."""
    if found.status is not SuggestionStatus.OPEN:
        raise Refused(
            Code.WRONG_STATE, f"this suggestion is {found.status}; nothing is left to be done", field="suggestion"
        )
