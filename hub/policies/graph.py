"""Policies, their versions and what they bind in the graph."""

from datetime import date, datetime

import strawberry

from hub.graph.declare import Order, about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.models.graph import Model
from hub.models.tables import RiskTier, Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.policies import tables
from hub.policies.tables import DecisionPoint, Enforcement, PolicyStatus, Severity

strawberry.enum(PolicyStatus, description="Where in its life a policy stands.")
strawberry.enum(Severity, description="How bad it is when a policy is not kept.")
strawberry.enum(Enforcement, description="What a failed check does: it is recorded, it alerts, or it closes the gate.")
strawberry.enum(DecisionPoint, description="When a policy is asked.")

SEVERITY_RANK = "array_position(ARRAY['CRITICAL','HIGH','MEDIUM','LOW','INFO'], {t}.severity::text)"


CURRENT = "EXISTS (SELECT 1 FROM policy_versions cv WHERE cv.id = {t}.current_version_id AND %s)"


@strawberry.input(description="A citation, by its framework, the place in it, or both; parts of words are enough.")
class CitationMatch:
    framework: str | None = where(
        "strpos(lower({x} ->> 'framework'), lower({v})) > 0", "Part of the framework, such as GDPR."
    )
    reference: str | None = where(
        "(strpos(lower({x} ->> 'reference'), lower({v})) > 0 OR strpos(lower({x} ->> 'title'), lower({v})) > 0)",
        "Part of the place or its title, such as Article 10.",
    )


@strawberry.input(description="Which policies.")
class PolicyFilter:
    text: str | None = where(
        "(strpos(lower({t}.title), lower({v})) > 0 OR strpos({t}.key, lower({v})) > 0 OR "
        + CURRENT % "strpos(lower(cv.rationale), lower({v})) > 0"
        + ")",
        "Part of the title or key, or of the rationale in force.",
    )
    tag: str | None = where(CURRENT % "cv.tags @> ARRAY[{v}]::varchar[]", "That carry this tag.")
    citation: CitationMatch | None = about(
        "{n}.value",
        "That cite this.",
        sql="EXISTS (SELECT 1 FROM policy_versions {n}v, jsonb_array_elements({n}v.citations) {n}"
        " WHERE {n}v.id = {t}.current_version_id AND {inner})",
    )
    principle: str | None = where(CURRENT % "lower(cv.principle) = lower({v})", "Of this risk principle.")
    bundle: str | None = where("{t}.bundle = {v}", "Owned by this bundle.")
    review_overdue: bool | None = where(
        "coalesce({t}.review_on < ({now} AT TIME ZONE 'UTC')::date, false) = {v}",
        "Whether the day on which it was to be looked at again is past.",
        cast="bool",
    )
    key: str | None = where("{t}.key = {v}", "Of exactly this key.")
    status: list[PolicyStatus] | None = where("{t}.status = ANY({v})", "In one of these states.", cast="text[]")
    severity: list[Severity] | None = where("{t}.severity = ANY({v})", "Of one of these severities.", cast="text[]")
    enforcement: list[Enforcement] | None = where(
        "{t}.enforcement = ANY({v})", "Of one of these enforcements.", cast="text[]"
    )
    owner: strawberry.ID | None = where("{t}.owner_id = {v}", "Owned by this person.", cast="uuid", node="Person")
    created: InstantRange | None = about("{t}.created_at", "When it was first written.")
    any: "list[PolicyFilter] | None" = either("At least one of these holds.")
    not_: "PolicyFilter | None" = neither("This does not hold.")


@planned(
    tables.Policy,
    orders={"TITLE": "title", "KEY": "key", "CREATED_AT": "created_at", "SEVERITY": Order(SEVERITY_RANK, "int8")},
    default="TITLE",
    filter=PolicyFilter,
)
class Policy(Node):
    """A rule that models are held to, by its lasting name."""

    key: str = column("The short name.")
    title: str = column("What it asks, in a few words.")
    status: PolicyStatus = column("Where in its life it stands.")
    severity: Severity = column("How bad it is when it is not kept.")
    enforcement: Enforcement = column("What a failed check does.")
    created_at: datetime = column("When it was first written.")
    bundle: str | None = column("The Git bundle that owns it; such a policy is changed from there only.")
    review_on: date | None = column("The day on which it is to be looked at again.")
    owner: Person | None = one("Who answers for it.", by="owner_id", implied=True)
    current_version: "PolicyVersion | None" = one("The wording in force.", by="current_version_id", implied=True)
    versions: "Connection[PolicyVersion]" = many("Every published wording.", by="policy_id", implied=True)
    bindings: "Connection[PolicyBinding]" = many("The models it applies to.", by="policy_id")


@strawberry.input(description="Which wordings of policies.")
class PolicyVersionFilter:
    text: str | None = where(
        "(strpos(lower({t}.rule), lower({v})) > 0 OR strpos(lower({t}.rationale), lower({v})) > 0)",
        "Part of the rule or rationale.",
    )
    published: InstantRange | None = about("{t}.published_at", "When they were published.")


@planned(
    tables.PolicyVersion,
    orders={"NUMBER": "number", "PUBLISHED_AT": "published_at"},
    default="-NUMBER",
    filter=PolicyVersionFilter,
)
class PolicyVersion(Node):
    """One wording of a policy; never changed once published."""

    number: int = column("Counts the policy's wordings.")
    title: str = column("What it asks, in a few words.")
    rule: str = column("The rule, in CEL.")
    rationale: str = column("Why it is there.")
    remediation: str = column("What to do when it is not kept.")
    severity: Severity = column("How bad it is when it is not kept.")
    enforcement: Enforcement = column("What a failed check does.")
    decision_points: list[DecisionPoint] = column("When it is asked.")
    tiers: list[RiskTier] = column("The risk tiers it binds; none means all.")
    stages: list[Stage] = column("The stages it is asked for; none means all.")
    registries: list[str] = column("The registries, by key, whose models it binds; none means all.")
    model_types: list[str] = column("The types of model it binds, as tags type or model.type say; none means all.")
    data_categories: list[str] = column("It binds models made from data of one of these categories; none means any.")
    model_tags: list[str] = column("It binds models with one of these tags, by key or key=value; none means all.")
    tags: list[str] = column("Words to find it by.")
    principle: str = column("The risk principle it serves.")
    citations: JSON = column("Where it comes from: a list of framework, reference, title and url.")
    schedule: JSON = column(
        "Planned enforcement: a list of enforcement, severity, tiers, stages and starts_on; of those that match and"
        " have begun, the last counts."
    )
    service_levels: JSON = column("Days within which a failure is to be mended, by severity.")
    service_level_days: int = column("Days within which a failure of any other severity is to be mended.")
    longest_exception_days: int = column("Days that an exception from it may last at most.")
    review_on: date | None = column("The day on which it is to be looked at again.")
    validators: list[str] = column("The heavy validators that a version is put through.")
    safe_rollback: bool = column("Whether a violation may be remedied by going back without a person.")
    reads: list[str] = column("What its rule looks at, such as metrics or model.owner.")
    digest: str = column("SHA-256 of the wording.")
    published_at: datetime = column("When it was published.")
    published_by: Person | None = one("Who published it.", by="published_by", implied=True)
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)


@strawberry.input(description="Which bindings.")
class PolicyBindingFilter:
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "Of this policy.", cast="uuid", node="Policy")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")


@planned(
    tables.PolicyBinding,
    visible=through_model(),
    orders={"BOUND_AT": "bound_at"},
    default="-BOUND_AT",
    filter=PolicyBindingFilter,
)
class PolicyBinding:
    """That a policy applies to a model, and why."""

    why: str = column("What makes it apply.")
    bound_at: datetime = column("Since when it applies.")
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)


@extends(Model)
class ModelPolicies:
    policies: Connection[PolicyBinding] = many("The policies that apply to it.", by="model_id", implied=True)


@extends(Query)
class PoliciesQuery:
    policy: Policy | None = one(
        "The policy of this key.", on="{t}.key = {key}", args={"key": (str, "text", "The short name.")}
    )
    policies: Connection[Policy] = many("Every policy.")
