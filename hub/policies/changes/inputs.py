"""What a policy says, as a client writes it."""

from datetime import date

import strawberry

from hub.errors import Code, Refused
from hub.models.tables import RiskTier, Stage
from hub.policies.rules import Citation, EnforcementStep, Wording
from hub.policies.tables import DecisionPoint, Enforcement, Severity


@strawberry.input(description="Where a policy comes from: a law, framework or standard, and the place in it.")
class CitationInput:
    framework: str = strawberry.field(description="The framework, such as GDPR.")
    reference: str = strawberry.field(description="The place in it, such as Article 10.")
    title: str = strawberry.field(default="", description="What that place is called.")
    url: str = strawberry.field(default="", description="Where it can be read.")


@strawberry.input(description="From a day on, for some tiers and stages, another enforcement or severity.")
class EnforcementStepInput:
    enforcement: Enforcement = strawberry.field(description="What a failed check does then.")
    severity: Severity | None = strawberry.field(default=None, description="How bad it is then; none leaves it.")
    tiers: list[RiskTier] = strawberry.field(default_factory=list, description="For these tiers; none means all.")
    stages: list[Stage] = strawberry.field(default_factory=list, description="For these stages; none means all.")
    starts_on: date | None = strawberry.field(default=None, description="The first day; none means always.")


@strawberry.input(description="Days within which failures of one severity are to be mended.")
class ServiceLevelInput:
    severity: Severity = strawberry.field(description="The severity.")
    days: int = strawberry.field(description="The days.")


@strawberry.input(description="What a policy says. A list of selectors that is empty selects everything.")
class PolicyInput:
    key: str = strawberry.field(description="Its lasting short name; a new one makes a new policy.")
    title: str = strawberry.field(description="What it asks, in a few words.")
    rule: str = strawberry.field(
        description="The rule in CEL, true when it is kept, such as metrics.recall >= 0.9 && model.owner != ''."
    )
    rationale: str = strawberry.field(description="Why it is there.")
    remediation: str = strawberry.field(description="What to do when it is not kept.")
    severity: Severity = strawberry.field(description="How bad it is when it is not kept.")
    enforcement: Enforcement = strawberry.field(description="What a failed check does.")
    decision_points: list[DecisionPoint] = strawberry.field(description="When it is asked.")
    tiers: list[RiskTier] = strawberry.field(default_factory=list, description="The tiers it binds; none means all.")
    stages: list[Stage] = strawberry.field(default_factory=list, description="The stages; none means all.")
    registries: list[str] = strawberry.field(default_factory=list, description="The registries by key; none means all.")
    model_types: list[str] = strawberry.field(
        default_factory=list, description="The types of model, as tags type or model.type say; none means all."
    )
    data_categories: list[str] = strawberry.field(
        default_factory=list, description="The categories of data that models are made from; none means any."
    )
    model_tags: list[str] = strawberry.field(
        default_factory=list, description="The tags of models, as key or key=value; none means all."
    )
    tags: list[str] = strawberry.field(default_factory=list, description="Words to find it by.")
    principle: str = strawberry.field(default="", description="The risk principle it serves.")
    citations: list[CitationInput] = strawberry.field(default_factory=list, description="Where it comes from.")
    schedule: list[EnforcementStepInput] = strawberry.field(
        default_factory=list,
        description="Planned enforcement; of the steps that match and have begun, the last counts.",
    )
    service_levels: list[ServiceLevelInput] = strawberry.field(
        default_factory=list, description="Days to mend a failure, by severity."
    )
    service_level_days: int = strawberry.field(
        default=30, description="Days in which a failure of any other severity is to be mended."
    )
    longest_exception_days: int = strawberry.field(
        default=90, description="Days that an exception may last at most; 0 allows none."
    )
    review_on: date | None = strawberry.field(default=None, description="The day to look at it again.")
    validators: list[str] = strawberry.field(
        default_factory=list, description="The heavy validators that a version is put through."
    )
    safe_rollback: bool = strawberry.field(
        default=False, description="Whether a violation may be remedied by going back without a person."
    )


def wording_in(given: PolicyInput) -> Wording:
    """The wording that an input says."""
    levels = {level.severity: level.days for level in given.service_levels}
    if len(levels) != len(given.service_levels):
        raise Refused(
            Code.BAD_INPUT, "serviceLevels names a severity twice; give each severity once", field="serviceLevels"
        )
    return Wording(
        key=given.key,
        title=given.title,
        rule=given.rule,
        rationale=given.rationale,
        remediation=given.remediation,
        severity=given.severity,
        enforcement=given.enforcement,
        decision_points=tuple(given.decision_points),
        tiers=tuple(given.tiers),
        stages=tuple(given.stages),
        registries=tuple(given.registries),
        model_types=tuple(given.model_types),
        data_categories=tuple(given.data_categories),
        model_tags=tuple(given.model_tags),
        tags=tuple(given.tags),
        principle=given.principle,
        citations=tuple(Citation(one.framework, one.reference, one.title, one.url) for one in given.citations),
        schedule=tuple(
            EnforcementStep(step.enforcement, step.severity, tuple(step.tiers), tuple(step.stages), step.starts_on)
            for step in given.schedule
        ),
        service_levels=levels,
        service_level_days=given.service_level_days,
        longest_exception_days=given.longest_exception_days,
        review_on=given.review_on,
        validators=tuple(given.validators),
        safe_rollback=given.safe_rollback,
    )
