"""What is asked of a version, and what one check found of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from hub.checks.tables import Outcome
from hub.errors import Refused
from hub.models.tables import RiskTier, Stage
from hub.policies.cel import Rule, compile_rule
from hub.policies.document import touches
from hub.policies.schedules import days_to_mend, in_force
from hub.policies.tables import DecisionPoint, Enforcement, Severity

BESIDE = frozenset({"now", "decision_point", "evidence", "version.age_days"})
"""What follows from when and where a rule is asked; a report's age is part of its evidence."""


@dataclass(frozen=True)
class Asked:
    """One policy's wording as it is asked now."""

    policy_id: UUID
    policy_version_id: UUID
    text: str
    enforcement: Enforcement
    severity: Severity
    stages: frozenset[Stage] = frozenset()
    schedule: Sequence[Mapping[str, Any]] = ()
    service_levels: Mapping[str, int] = field(default_factory=dict)
    service_level_days: int = 30
    reads: frozenset[str] = frozenset()

    @cached_property
    def rule(self) -> Rule | None:
        """The compiled rule; None for one that no longer compiles."""
        try:
            return compile_rule(self.text)
        except Refused:
            return None

    @property
    def looks_at(self) -> frozenset[str]:
        """What the rule reads, also for a wording that was published before that was written down."""
        return self.reads or (frozenset() if self.rule is None else self.rule.reads)

    @cached_property
    def timely(self) -> bool:
        """Whether the rule may look at what is not in the stored document: the instant, an age, the decision point."""
        return touches(self.looks_at, BESIDE)

    def force(self, tier: RiskTier, stage: Stage, on: date) -> tuple[Enforcement, Severity]:
        """The enforcement and severity in force."""
        if not self.schedule:
            return self.enforcement, self.severity
        return in_force(self.enforcement, self.severity, self.schedule, tier=tier, stage=stage, on=on)

    def days(self, severity: Severity) -> int:
        """Days within which a failure of this severity is to be mended."""
        return days_to_mend(self.service_levels, self.service_level_days, severity)


@dataclass(slots=True)
class Finding:
    """How one check ended: a line of check_results, with what its compliance row needs besides."""

    id: UUID
    policy_id: UUID
    policy_version_id: UUID
    model_id: UUID
    version_id: UUID
    subject_digest: str
    decision_point: DecisionPoint
    stage: Stage
    tier: RiskTier
    outcome: Outcome
    enforcement: Enforcement
    severity: Severity
    explanation: str
    inputs: Mapping[str, Any]
    took_us: int
    evaluated_at: datetime
    days: int
    exception_id: UUID | None = None
    input_id: UUID | None = None

    @property
    def digest(self) -> str:
        """The digest of all that it says: when it was said, and of which document, is no part of it."""
        exception = None if self.exception_id is None else str(self.exception_id)
        said = (str(self.policy_version_id), self.outcome, exception, self.explanation, self.inputs)
        return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Held:
    """What counts for a policy, version and stage so far; `digest` is that of the document that was seen.

    What is kept, or was not asked, looks like all else that is: it has no result to look into.
    """

    outcome: Outcome
    enforcement: Enforcement
    severity: Severity
    digest: str | None
    exception_id: UUID | None = None
    result_id: UUID | None = None
