"""What a failed check does on a day, and how long there is to mend it: planned changes of enforcement."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hub.models.rules import treated_as
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import Enforcement, Severity


def in_force(
    enforcement: Enforcement,
    severity: Severity,
    schedule: Sequence[Mapping[str, Any]],
    *,
    tier: RiskTier,
    stage: Stage,
    on: date,
) -> tuple[Enforcement, Severity]:
    """The enforcement and severity of a policy for one tier and stage on a day.

    The last step that matches and has begun wins; one without a severity leaves the policy's own. A day that a step
    starts on counts.
    """
    if not schedule:
        return enforcement, severity
    # Days written as YYYY-MM-DD sort as days do.
    treated, today = treated_as(tier).value, on.isoformat()
    for step in reversed(schedule):
        begun = step.get("starts_on") is None or step["starts_on"] <= today
        if begun and _among(treated, step.get("tiers")) and _among(stage.value, step.get("stages")):
            other = step.get("severity")
            return Enforcement(step["enforcement"]), severity if other is None else Severity(other)
    return enforcement, severity


def days_to_mend(service_levels: Mapping[str, int], service_level_days: int, severity: Severity) -> int:
    """Days within which a failure of this severity is to be mended."""
    return int(service_levels.get(severity.value, service_level_days))


def _among(word: str, words: Sequence[str] | None) -> bool:
    return not words or word in words
