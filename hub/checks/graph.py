"""Check results in the graph."""

from datetime import datetime

import strawberry

from hub.approvals.graph import ApprovalRequest
from hub.checks import tables
from hub.checks.store import DECIDES
from hub.checks.tables import Outcome
from hub.exceptions.graph import PolicyException
from hub.graph.declare import about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.tables import RiskTier, Stage
from hub.models.visible import through_model
from hub.policies.graph import Policy, PolicyVersion
from hub.policies.tables import DecisionPoint, Enforcement, Severity

strawberry.enum(
    Outcome, description="How a check ended; ERROR means that it could not be told, and never counts as PASS."
)


@planned(tables.CheckInput, visible=through_model(), orders={"AT": "at"}, default="-AT")
class CheckInput:
    """The exact document that rules saw of one version, for one stage and decision point.

    It leaves out what follows from when it is asked: stage, decision point, now and ages.
    """

    stage: Stage = column("The stage that was asked for.")
    decision_point: DecisionPoint = column("When it was asked.")
    tier: RiskTier = column("The model's risk tier.")
    digest: str = column("SHA-256 of the document in canonical JSON.")
    document: JSON = column("The document.", sql="{t}.document::json")
    at: datetime = column("When it was last asked of.")


@strawberry.input(description="Which check results.")
class CheckResultFilter:
    outcome: list[Outcome] | None = where("{t}.outcome = ANY({v})", "That ended so.", cast="text[]")
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "Of this policy.", cast="uuid", node="Policy")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    version: strawberry.ID | None = where("{t}.version_id = {v}", "Of this version.", cast="uuid", node="ModelVersion")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these stages.", cast="text[]")
    tier: list[RiskTier] | None = where(
        "EXISTS (SELECT 1 FROM models tm WHERE tm.id = {t}.model_id AND tm.tier = ANY({v}))",
        "Whose model is in one of these risk tiers.",
        cast="text[]",
    )
    latest: bool | None = where(
        "EXISTS (SELECT 1 FROM compliance n WHERE n.version_id = {t}.version_id AND n.policy_id = {t}.policy_id"
        " AND n.stage = {t}.stage AND n.result_id = {t}.id) = {v}",
        "Only what counts today: the newest for each policy, version and stage, of policies that still apply.",
        cast="bool",
    )
    evaluated: InstantRange | None = about("{t}.evaluated_at", "When they were made.")
    any: "list[CheckResultFilter] | None" = either("At least one of these holds.")
    not_: "CheckResultFilter | None" = neither("This does not hold.")


@planned(
    tables.CheckResult,
    visible=through_model(),
    orders={"EVALUATED_AT": "evaluated_at"},
    default="-EVALUATED_AT",
    filter=CheckResultFilter,
)
class CheckResult(Node):
    """One evaluation of one policy version on one model version, with what it saw."""

    outcome: Outcome = column("How it ended.")
    enforcement: Enforcement = column("What a failure did, on the day it was made.")
    severity: Severity = column("How bad a failure was, on the day it was made.")
    explanation: str = column("Why, in words: the value found beside the value allowed.")
    decides: JSON = column(
        "The smallest parts of the rule that decided, each with the value found beside the value allowed.",
        sql=DECIDES.replace("{inputs}", "{t}.inputs"),
    )
    inputs: JSON = column("What the rule looked at.")
    decision_point: DecisionPoint = column("When it was asked.")
    stage: Stage = column("The stage it was asked for.")
    subject_digest: str = column("The version's digest at the time.")
    took_us: int = column("Microseconds that asking took; an even share where policies were asked together.")
    evaluated_at: datetime = column("When it was made.")
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)
    policy_version: PolicyVersion | None = one("The wording that was asked.", by="policy_version_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    exception: PolicyException | None = one("The exception that waived it.", by="exception_id", implied=True)
    input: CheckInput | None = one(
        "The document that the rule saw; none where it was not asked.", by="input_id", implied=True
    )


@extends(ModelVersion)
class VersionChecks:
    check_results: Connection[CheckResult] = many("What policies said of it.", by="version_id", implied=True)
    card_approval: ApprovalRequest | None = one(
        "The newest question about its card.",
        on="{t}.id = (SELECT n.id FROM approval_requests n WHERE n.subject_kind = 'card' AND n.subject_id = {p}.id"
        " ORDER BY n.requested_at DESC, n.id DESC LIMIT 1)",
        implied=True,
    )


@extends(Model)
class ModelChecks:
    check_results: Connection[CheckResult] = many("What policies said of its versions.", by="model_id", implied=True)


@extends(Policy)
class PolicyChecks:
    check_results: Connection[CheckResult] = many("What it said of versions.", by="policy_id")


@extends(Query)
class ChecksQuery:
    check_results: Connection[CheckResult] = many("Every check result.")
