"""Deployments, the wishes to deploy and their permits in the graph."""

from datetime import datetime

import strawberry

from hub.approvals.bypass.graph import BreakGlass
from hub.approvals.graph import ApprovalRequest
from hub.checks.graph import CheckResult
from hub.checks.tables import Outcome
from hub.deployments import tables
from hub.deployments.tables import DeploymentStatus, IntentStatus
from hub.exceptions.graph import PolicyException
from hub.graph.declare import Order, about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.tables import RiskTier, Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.policies.graph import Policy, PolicyVersion
from hub.policies.tables import DecisionPoint, Enforcement, Severity

strawberry.enum(DeploymentStatus, description="What was last seen of a deployment.")
strawberry.enum(IntentStatus, description="Where a wish to deploy stands.")

# Every policy that applies to the intent's version at its stage, with what counts of it now; one that was not asked yet
# stands there too, with the decision point at which it will be.
CHECKS = """(
    SELECT i.id AS intent_id, p.id AS policy_id, p.key, w.id AS policy_version_id, w.remediation,
        c.result_id, c.exception_id, c.due_at,
        coalesce(c.outcome, 'SKIP') AS outcome,
        coalesce(c.enforcement, w.enforcement) AS enforcement,
        coalesce(c.severity, w.severity) AS severity,
        coalesce(c.decision_point, CASE WHEN 'PROMOTE' = ANY (w.decision_points) THEN 'PROMOTE' ELSE 'DEPLOY' END)
            AS decision_point,
        coalesce(k.explanation, 'not asked yet') AS explanation, k.inputs -> 'suspended' ->> 'said' AS suspension
    FROM deployment_intents i
    JOIN policy_bindings b ON b.model_id = i.model_id
    JOIN policies p ON p.id = b.policy_id AND p.status IN ('PUBLISHED', 'DEPRECATED')
    JOIN policy_versions w ON w.id = p.current_version_id
    LEFT JOIN compliance c ON c.version_id = i.version_id AND c.policy_id = p.id AND c.stage = i.stage
        AND c.policy_version_id = w.id
    LEFT JOIN check_results k ON k.id = c.result_id
    WHERE c.id IS NOT NULL OR (w.decision_points && ARRAY['PROMOTE', 'DEPLOY']::varchar[]
        AND (cardinality(w.stages) = 0 OR i.stage = ANY (w.stages))))"""

BLOCKING = "({t}.enforcement = 'BLOCKING' AND {t}.outcome IN ('FAIL', 'ERROR'))"


@strawberry.input(description="Which deployments.")
class DeploymentFilter:
    status: list[DeploymentStatus] | None = where("{t}.status = ANY({v})", "That stand so.", cast="text[]")
    environment: str | None = where("{t}.environment = {v}", "In this environment.")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    text: str | None = where("strpos(lower({t}.endpoint), lower({v})) > 0", "Part of the endpoint's name.")
    observed: InstantRange | None = about("{t}.observed_at", "When they were last seen.")


@planned(
    tables.Deployment,
    visible=through_model(),
    orders={"OBSERVED_AT": "observed_at", "ENDPOINT": "endpoint"},
    default="-OBSERVED_AT",
    filter=DeploymentFilter,
)
class Deployment(Node):
    """A version observed at an endpoint."""

    endpoint: str = column("The endpoint's name.")
    environment: str = column("The environment.")
    status: DeploymentStatus = column("What was last seen of it.")
    traffic_percent: float | None = column("The share of requests that it answers.")
    observed_at: datetime = column("When it was last seen.")
    missing_since: datetime | None = column("Since when its registry no longer shows it.")
    model: Model | None = one("The model.", by="model_id", implied=True)
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)


@strawberry.input(description="Which checks of a deployment intent.")
class IntentCheckFilter:
    outcome: list[Outcome] | None = where("{t}.outcome = ANY({v})", "That ended so.", cast="text[]")
    enforcement: list[Enforcement] | None = where("{t}.enforcement = ANY({v})", "Enforced so.", cast="text[]")
    blocking: bool | None = where(f"{BLOCKING} = {{v}}", "Whether they keep the gate shut.", cast="bool")


@planned(
    sql=CHECKS,
    key="{t}.policy_id",
    orders={"POLICY": Order("{t}.key", "text")},
    default="POLICY",
    filter=IntentCheckFilter,
)
class IntentCheck:
    """How one policy that applies stands for the version and stage of a deployment intent."""

    outcome: Outcome = column("How it ended; SKIP, without a result, while it was not asked.", sql="{t}.outcome")
    enforcement: Enforcement = column("What a failure does.", sql="{t}.enforcement")
    severity: Severity = column("How bad a failure is.", sql="{t}.severity")
    explanation: str = column("Why, in words: the value found beside the value allowed.", sql="{t}.explanation")
    remediation: str = column("What to do about a failure.", sql="{t}.remediation")
    blocking: bool = column("Whether it keeps the gate shut.", sql=BLOCKING)
    decision_point: DecisionPoint = column("When it was asked, or will be.", sql="{t}.decision_point")
    due_at: datetime | None = column("By when a failure is to be mended.", sql="{t}.due_at")
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)
    policy_version: PolicyVersion | None = one("Its wording in force.", by="policy_version_id", implied=True)
    result: CheckResult | None = one(
        "The result that counts; null while it was not asked.", by="result_id", implied=True
    )
    exception: PolicyException | None = one("The exception that waived it.", by="exception_id", implied=True)
    suspension: str | None = column(
        "Which exception would waive it but is suspended, and which of its controls does not hold.",
        sql="{t}.suspension",
    )


@strawberry.input(description="Which wishes to deploy.")
class DeploymentIntentFilter:
    status: list[IntentStatus] | None = where("{t}.status = ANY({v})", "That stand so.", cast="text[]")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "To one of these stages.", cast="text[]")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    version: strawberry.ID | None = where("{t}.version_id = {v}", "Of this version.", cast="uuid", node="ModelVersion")
    tier: list[RiskTier] | None = where(
        "EXISTS (SELECT 1 FROM models tm WHERE tm.id = {t}.model_id AND tm.tier = ANY({v}))",
        "Whose model is in one of these risk tiers.",
        cast="text[]",
    )
    requested_by: strawberry.ID | None = where(
        "{t}.requested_by = {v}", "Asked by this person.", cast="uuid", node="Person"
    )
    requested: InstantRange | None = about("{t}.requested_at", "When they were asked.")
    expires: InstantRange | None = about("{t}.expires_at", "When their permit ends.")
    any: "list[DeploymentIntentFilter] | None" = either("At least one of these holds.")
    not_: "DeploymentIntentFilter | None" = neither("This does not hold.")


@planned(
    tables.DeploymentIntent,
    visible=through_model(),
    orders={"REQUESTED_AT": "requested_at"},
    default="-REQUESTED_AT",
    filter=DeploymentIntentFilter,
)
class DeploymentIntent(Node):
    """The wish to take a version to a stage, with all that hangs on it."""

    status: IntentStatus = column("Where it stands.")
    status_why: str = column("Why it stands there.")
    reason: str = column("Why it was asked.")
    stage: Stage = column("The stage it asks for.")
    requested_at: datetime = column("When it was asked first.")
    decided_at: datetime | None = column("When it came to stand where it does.")
    expires_at: datetime | None = column("When its permit ends.")
    subject_digest: str = column("SHA-256 of the dossier that the last decision looked at.")
    model: Model | None = one("The model.", by="model_id", implied=True)
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    requested_by: Person | None = one("Who asked.", by="requested_by", implied=True)
    approval_request: ApprovalRequest | None = one(
        "The question that it waits for, or whose answer it rests on.", by="approval_request_id", implied=True
    )
    rollback_version: ModelVersion | None = one(
        "The version to go back to when it breaks its rules.", by="rollback_version_id", implied=True
    )
    checks: Connection[IntentCheck] = many(
        "How every policy that applies stands now, asked or not.", on="{t}.intent_id = {p}.id", implied=True
    )
    permits: "Connection[Permit]" = many("Its permits, newest first.", by="intent_id", implied=True)


LAPSED = (
    "(SELECT l.{} FROM exceptions_lapsed({{t}}.exception_ids, {{now}}) l"
    " WHERE {{t}}.revoked_at IS NULL AND l.since < {{t}}.expires_at)"
)
REVOKED_AT = f"coalesce({{t}}.revoked_at, {LAPSED.format('since')})"
"""When it was taken back, or what it rests on ended before anybody did: one that expired earlier did so by itself."""
REVOKED_WHY = f"coalesce({{t}}.revoked_why, {LAPSED.format('why')})"


@strawberry.input(description="Which permits.")
class PermitFilter:
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these stages.", cast="text[]")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "For this model.", cast="uuid", node="Model")
    version: strawberry.ID | None = where("{t}.version_id = {v}", "For this version.", cast="uuid", node="ModelVersion")
    revoked: bool | None = where(f"({REVOKED_AT} IS NOT NULL) = {{v}}", "Whether they were revoked.", cast="bool")
    in_force: bool | None = where(
        f"({REVOKED_AT} IS NULL AND {{t}}.expires_at > {{now}}) = {{v}}",
        "Whether they count now: not revoked, not expired.",
        cast="bool",
    )
    key_id: str | None = where("{t}.key_id = {v}", "Signed with this key.")
    issued: InstantRange | None = about("{t}.issued_at", "When they were issued.")


@planned(
    tables.Permit,
    visible=through_model(),
    orders={"ISSUED_AT": "issued_at"},
    default="-ISSUED_AT",
    filter=PermitFilter,
)
class Permit(Node):
    """The signed statement that a deployment was allowed; anybody can verify it without asking the hub."""

    envelope: str = column("The in-toto statement in its DSSE envelope, byte for byte as it was signed.")
    digest: str = column("SHA-256 of the statement; revocation lists name it.")
    key_id: str = column("The key that signed it: SHA-256 of the raw public key.")
    stage: Stage = column("The stage it is for.")
    issued_at: datetime = column("When it was issued.")
    expires_at: datetime = column("When it ends by itself.")
    revoked_at: datetime | None = column(
        "When it was revoked, or an exception that it rests on ended or was suspended.", sql=REVOKED_AT
    )
    revoked_why: str | None = column("Why it counts no more.", sql=REVOKED_WHY)
    intent: DeploymentIntent | None = one("The wish that was granted.", by="intent_id", implied=True)
    break_glass: BreakGlass | None = one(
        "Why people were not waited for; null where they were.", by="break_glass_id", implied=True
    )
    model: Model | None = one("The model.", by="model_id", implied=True)
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)


@planned(tables.SigningKey, orders={"CREATED_AT": "created_at"}, default="-CREATED_AT")
class SigningKey(Node):
    """A key that permits are signed with; its private part never leaves the hub."""

    key_id: str = column("SHA-256 of the raw public key, in hex.")
    public_key: str = column("The raw Ed25519 public key, in hex.")
    created_at: datetime = column("When it was made.")
    retired_at: datetime | None = column("Since when it signs no more; what it signed still verifies.")


@extends(Model)
class ModelDeployments:
    deployments: Connection[Deployment] = many("Where it runs.", by="model_id", implied=True)
    deployment_intents: Connection[DeploymentIntent] = many("Wishes to deploy it.", by="model_id", implied=True)


@extends(ModelVersion)
class VersionDeployments:
    deployments: Connection[Deployment] = many("Where it runs.", by="version_id", implied=True)
    deployment_intents: Connection[DeploymentIntent] = many("Wishes to deploy it.", by="version_id", implied=True)


@extends(Query)
class DeploymentsQuery:
    deployments: Connection[Deployment] = many("Everything that runs.")
    deployment_intents: Connection[DeploymentIntent] = many("Every wish to deploy.")
    permits: Connection[Permit] = many("Every permit.")
    signing_keys: Connection[SigningKey] = many("The keys that permits are signed with.")
