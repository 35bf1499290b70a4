"""Who sees a model, and how it is treated."""

from typing import Protocol
from uuid import UUID

from hub.models.tables import RiskTier
from hub.people.access import Principal


class Guarded(Protocol):
    """What says who sees a model: a row of it, or these three columns."""

    @property
    def restricted(self) -> bool: ...
    @property
    def owner_id(self) -> UUID | None: ...
    @property
    def team_id(self) -> UUID | None: ...


def sees(who: Principal, model: Guarded) -> bool:
    """Whether a model is visible to somebody: the same answer as hub/models/visible.py gives in SQL."""
    return who.sees_all or not model.restricted or model.owner_id == who.person_id or model.team_id in who.teams


def treated_as(tier: RiskTier) -> RiskTier:
    """The tier whose rules apply: until somebody has looked, a model counts as HIGH."""
    return RiskTier.HIGH if tier is RiskTier.UNCLASSIFIED else tier
