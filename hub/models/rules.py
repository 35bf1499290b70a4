"""Who sees a model, and how it is treated."""

from hub.models.tables import Model, RiskTier
from hub.people.access import Principal


def sees(who: Principal, model: Model) -> bool:
    """Whether a model is visible to somebody: the same answer as hub/models/visible.py gives in SQL."""
    return who.sees_all or not model.restricted or model.owner_id == who.person_id or model.team_id in who.teams


def treated_as(tier: RiskTier) -> RiskTier:
    """The tier whose rules apply: until somebody has looked, a model counts as HIGH."""
    return RiskTier.HIGH if tier is RiskTier.UNCLASSIFIED else tier
