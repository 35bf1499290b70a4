"""What makes a wording fit to be published."""

import re
from dataclasses import dataclass, fields

from hub import words
from hub.errors import Code, Refused
from hub.events.canonical import digest_of
from hub.models.tables import RiskTier, Stage
from hub.policies.cel import compile_rule
from hub.policies.tables import DecisionPoint, Enforcement, Severity

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
LONGEST_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class Wording:
    """What a policy says. Empty tiers or stages mean all of them; without exception days there are no exceptions."""

    key: str
    title: str
    rule: str
    rationale: str
    remediation: str
    severity: Severity
    enforcement: Enforcement
    decision_points: tuple[DecisionPoint, ...]
    tiers: tuple[RiskTier, ...] = ()
    stages: tuple[Stage, ...] = ()
    service_level_days: int = 30
    longest_exception_days: int = 90


def checked(asked: Wording) -> Wording:
    """The wording as it will be published; refused, with the field, when it cannot be."""
    if KEY.fullmatch(asked.key) is None:
        raise Refused(
            Code.BAD_INPUT,
            "key takes 1 to 100 lower-case letters, digits and hyphens, beginning with a letter or digit",
            field="key",
        )
    if not asked.decision_points:
        raise Refused(
            Code.BAD_INPUT, f"decisionPoints is empty; choose from {', '.join(DecisionPoint)}", field="decisionPoints"
        )
    if RiskTier.UNCLASSIFIED in asked.tiers:
        raise Refused(Code.BAD_INPUT, "UNCLASSIFIED models are treated as HIGH; bind the policy to HIGH", field="tiers")
    _days(asked.service_level_days, 1, "serviceLevelDays")
    _days(asked.longest_exception_days, 0, "longestExceptionDays")
    rule = asked.rule.strip()
    compile_rule(rule)
    return Wording(
        key=asked.key,
        title=words.wanted(asked.title, "title", most=300),
        rule=rule,
        rationale=words.wanted(asked.rationale, "rationale"),
        remediation=words.wanted(asked.remediation, "remediation"),
        severity=asked.severity,
        enforcement=asked.enforcement,
        decision_points=tuple(sorted(set(asked.decision_points))),
        tiers=tuple(sorted(set(asked.tiers))),
        stages=tuple(sorted(set(asked.stages))),
        service_level_days=asked.service_level_days,
        longest_exception_days=asked.longest_exception_days,
    )


def digest(wording: Wording) -> str:
    """SHA-256 of all that the wording says, in canonical JSON."""
    return digest_of({field.name: getattr(wording, field.name) for field in fields(wording)})


def _days(asked: int, least: int, field: str) -> None:
    if not least <= asked <= LONGEST_DAYS:
        raise Refused(Code.BAD_INPUT, f"{asked} days asked; {least} to {LONGEST_DAYS} are allowed", field=field)
