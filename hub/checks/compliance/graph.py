"""What counts now, and how much of it there is, in the graph."""

from datetime import datetime

import strawberry

from hub.checks import tables
from hub.checks.graph import CheckResult
from hub.checks.tables import Outcome
from hub.exceptions.graph import PolicyException
from hub.graph.declare import Order, about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.tables import RiskTier, Stage
from hub.models.visible import BY_SIGHT, SEES_RESTRICTED, through_model
from hub.people.access import Sight
from hub.policies.graph import Policy, PolicyVersion
from hub.policies.tables import DecisionPoint, Enforcement, Severity

SEVERITY_RANK = Order("array_position(ARRAY['CRITICAL','HIGH','MEDIUM','LOW','INFO'], {t}.severity::text)", "int8")


@strawberry.input(description="Which rows of compliance.")
class ComplianceFilter:
    outcome: list[Outcome] | None = where("{t}.outcome = ANY({v})", "That stand so.", cast="text[]")
    enforcement: list[Enforcement] | None = where(
        "{t}.enforcement = ANY({v})", "Of one of these enforcements.", cast="text[]"
    )
    severity: list[Severity] | None = where("{t}.severity = ANY({v})", "Of one of these severities.", cast="text[]")
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "Of this policy.", cast="uuid", node="Policy")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    version: strawberry.ID | None = where("{t}.version_id = {v}", "Of this version.", cast="uuid", node="ModelVersion")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these stages.", cast="text[]")
    tier: list[RiskTier] | None = where(
        "{t}.tier = ANY({v})", "Whose model is in one of these risk tiers.", cast="text[]"
    )
    overdue: bool | None = where(
        "coalesce({t}.due_at < {now}, false) = {v}", "Whether the time to mend it has run out.", cast="bool"
    )
    since: InstantRange | None = about("{t}.since", "Since when it stands so.")
    due: InstantRange | None = about("{t}.due_at", "By when it is to be mended.")
    any: "list[ComplianceFilter] | None" = either("At least one of these holds.")
    not_: "ComplianceFilter | None" = neither("This does not hold.")


@planned(
    tables.Compliance,
    visible=through_model(),
    orders={
        "EVALUATED_AT": "evaluated_at",
        "SINCE": "since",
        "SEVERITY": SEVERITY_RANK,
        "DUE_AT": Order("coalesce({t}.due_at, 'infinity')", "timestamptz"),
    },
    default="-EVALUATED_AT",
    filter=ComplianceFilter,
)
class Compliance(Node):
    """What counts now for one version, policy and stage, of policies that apply."""

    stage: Stage = column("The stage it was asked for.")
    outcome: Outcome = column("How it stands.")
    enforcement: Enforcement = column("What a failure does, by the day it was asked.")
    severity: Severity = column("How bad a failure is, by the day it was asked.")
    tier: RiskTier = column("The model's risk tier.")
    decision_point: DecisionPoint = column("When it was asked last.")
    since: datetime = column("Since when the outcome is what it is.")
    due_at: datetime | None = column("By when a failure is to be mended.")
    overdue: bool = column("Whether the time to mend it has run out.", sql="coalesce({t}.due_at < {now}, false)")
    evaluated_at: datetime = column("When it was asked last.")
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)
    policy_version: PolicyVersion | None = one("The wording that was asked.", by="policy_version_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    result: CheckResult | None = one("The result that counts: why it stands so.", by="result_id", implied=True)
    exception: PolicyException | None = one("The exception that waives it.", by="exception_id", implied=True)


# The ledger's sums, once for each class of readers: lines of models that not everybody sees are for those who see them,
# and are found from the few models that a reader sees. The class that does not read is left out by the planner.
_KEYS = "c.sum_id, c.policy_id, c.stage, c.tier, c.outcome, c.enforcement"
_SUM = (
    f"SELECT '{{sight}}' AS sight, {{id}} AS id, {_KEYS}, sum(c.n)::bigint AS n FROM {{lines}} c GROUP BY {_KEYS}"
    " HAVING sum(c.n) > 0"
)
_SEEN = f"""(SELECT {_KEYS}, c.n FROM compliance_counts c WHERE c.restricted_model_id IS NULL
 UNION ALL SELECT {_KEYS}, c.n FROM models vm JOIN compliance_counts c ON c.restricted_model_id = vm.id
 WHERE vm.restricted AND {SEES_RESTRICTED.replace("{t}", "vm")})"""
_ID = "md5({of})::uuid"
_ALL = _SUM.format(sight=Sight.ALL, id=_ID.format(of="'ALL' || c.sum_id"), lines="compliance_counts")
COUNTS = f"({_ALL} UNION ALL {_SUM.format(sight=Sight.MEMBER, id='c.sum_id', lines=_SEEN)})"
FAILING = "('FAIL', 'WARN')"
_TOTALS = f"""SELECT l.sight, l.tier, sum(l.n) FILTER (WHERE l.outcome = 'PASS') AS compliant,
       sum(l.n) FILTER (WHERE l.outcome = 'WAIVED') AS waived, sum(l.n) FILTER (WHERE l.outcome = 'FAIL') AS failing,
       sum(l.n) FILTER (WHERE l.outcome = 'ERROR') AS errors, sum(l.n) FILTER (WHERE l.outcome = 'WARN') AS warnings,
       sum(l.n) FILTER (WHERE l.outcome <> 'SKIP') AS total
FROM {COUNTS} l GROUP BY l.sight, l.tier"""
SUMMARY = f"(SELECT {_ID.format(of='s.sight || s.tier')} AS id, s.* FROM ({_TOTALS}) s)"


@strawberry.input(description="Which counts.")
class ComplianceCountFilter:
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "Of this policy.", cast="uuid", node="Policy")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these stages.", cast="text[]")
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "In one of these risk tiers.", cast="text[]")
    outcome: list[Outcome] | None = where("{t}.outcome = ANY({v})", "That ended so.", cast="text[]")
    enforcement: list[Enforcement] | None = where(
        "{t}.enforcement = ANY({v})", "Of one of these enforcements.", cast="text[]"
    )


@planned(
    sql=COUNTS,
    visible=BY_SIGHT,
    orders={"COUNT": Order("{t}.n", "int8"), "TIER": Order("{t}.tier", "text"), "STAGE": Order("{t}.stage", "text")},
    default="-COUNT",
    filter=ComplianceCountFilter,
)
class ComplianceCount:
    """How many versions stand so under one policy, for one stage, tier and enforcement."""

    stage: Stage = column("The stage.", sql="{t}.stage")
    tier: RiskTier = column("The models' risk tier.", sql="{t}.tier")
    outcome: Outcome = column("How they stand.", sql="{t}.outcome")
    enforcement: Enforcement = column("What a failure does.", sql="{t}.enforcement")
    count: int = column("How many versions stand so.", sql="{t}.n")
    reported: int = column(
        "How many of them are failures that no exception waives.",
        sql=f"CASE WHEN {{t}}.outcome IN {FAILING[:-1]}, 'ERROR') THEN {{t}}.n ELSE 0 END",
    )
    not_kept: int = column(
        "How many of them are failures, waived or not.",
        sql=f"CASE WHEN {{t}}.outcome IN {FAILING[:-1]}, 'ERROR', 'WAIVED') THEN {{t}}.n ELSE 0 END",
    )
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)


@strawberry.input(description="Which tiers.")
class ComplianceSummaryFilter:
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "One of these risk tiers.", cast="text[]")


@planned(
    sql=SUMMARY,
    visible=BY_SIGHT,
    orders={"TIER": Order("{t}.tier", "text")},
    default="TIER",
    filter=ComplianceSummaryFilter,
)
class ComplianceSummary:
    """How one risk tier's versions stand under every policy that was asked of them."""

    tier: RiskTier = column("The risk tier.", sql="{t}.tier")
    compliant: int = column("Kept.", sql="coalesce({t}.compliant, 0)")
    waived: int = column("Not kept, and covered by an exception.", sql="coalesce({t}.waived, 0)")
    failing: int = column("Not kept, which closes the gate.", sql="coalesce({t}.failing, 0)")
    errors: int = column("Could not be told, which never counts as kept.", sql="coalesce({t}.errors, 0)")
    warnings: int = column("Not kept, which does not close the gate.", sql="coalesce({t}.warnings, 0)")
    total: int = column("All that was asked.", sql="coalesce({t}.total, 0)")
    reported_percent: float | None = column(
        "The share that is kept or covered by an exception; null when nothing was asked.",
        sql="round(100.0 * (coalesce({t}.compliant, 0) + coalesce({t}.waived, 0)) / nullif({t}.total, 0), 1)::float8",
    )
    true_percent: float | None = column(
        "The share that is kept; null when nothing was asked.",
        sql="round(100.0 * coalesce({t}.compliant, 0) / nullif({t}.total, 0), 1)::float8",
    )


@extends(ModelVersion)
class VersionCompliance:
    compliance: Connection[Compliance] = many("What counts of it now.", by="version_id", implied=True)


@extends(Model)
class ModelCompliance:
    compliance: Connection[Compliance] = many("What counts of its versions now.", by="model_id", implied=True)


@extends(Policy)
class PolicyCompliance:
    compliance: Connection[Compliance] = many("What counts under it now.", by="policy_id")


@extends(Query)
class ComplianceQuery:
    compliance: Connection[Compliance] = many("All that counts now.")
    compliance_counts: Connection[ComplianceCount] = many(
        "How many versions stand how; a few hundred lines, however many versions there are."
    )
    compliance_summary: Connection[ComplianceSummary] = many("How each risk tier stands.")
