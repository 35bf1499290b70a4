"""Which exceptions, and in which order: what those who work off the backlog ask by.

Conditions that a partial index is made for are written as the index writes them (migrations/sql/backlog.sql). A row
that the clock noted as over is passed by; whether one is over is still told by its dates.
"""

import strawberry

import hub.policies.graph  # noqa: F401  the words of severities, tiers and stages are declared before they are asked by
from hub.exceptions.tables import ExceptionKind, ExceptionStatus
from hub.graph.declare import Order, about, either, flag, neither, where
from hub.graph.types import InstantRange
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import Severity

strawberry.enum(ExceptionKind, description="What sort of deviation it is.")
strawberry.enum(
    ExceptionStatus,
    description="Where an exception stands; APPROVED, ACTIVE, SUSPENDED and EXPIRED follow at the time of asking.",
)
STATUS = "exception_status({t}.state, {t}.starts_at, {t}.expires_at, {t}.suspended_from, {now})"

_UNDECIDED = "{t}.state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED')"
_KEPT = "{t}.state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND {t}.expiry_noted_at IS NULL"
_LASTS = "{t}.expires_at > {now}"

OPEN = f"({_KEPT} AND ({{t}}.state <> 'APPROVED' OR {_LASTS}))"
"""To be decided, or granted and not over."""

UNDECIDED = f"({_KEPT} AND {_UNDECIDED})"
GRANTED = f"({_KEPT} AND {{t}}.state = 'APPROVED' AND {_LASTS})"
"""Granted and not over: in force, suspended, or about to start."""

ENDED = f"({{t}}.state IN ('REVOKED', 'REJECTED', 'WITHDRAWN', 'RESOLVED') OR {STATUS} = 'EXPIRED')"

REVIEW_AT = "coalesce({t}.review_at, 'infinity')"
OVERDUE = f"({GRANTED} AND {REVIEW_AT} < {{now}})"
"""Granted, and its look again has not come."""

WITHIN_DAYS = f"({GRANTED} AND {{t}}.expires_at <= {{now}} + make_interval(days => least({{v}}, 36500)::int))"

ORPHANED = f"""({GRANTED} AND EXISTS (SELECT 1 FROM compensating_controls ok
 WHERE ok.exception_id = {{t}}.id AND ok.attest_every_days IS NOT NULL
 AND attestor_lost({{t}}.model_id, coalesce(ok.attestor_id, {{t}}.owner_id)) IS NOT NULL))"""

SAID = """(strpos(lower({t}.justification), lower({v})) > 0 OR EXISTS (SELECT 1 FROM compensating_controls ck
 WHERE ck.exception_id = {t}.id AND strpos(lower(ck.description), lower({v})) > 0))"""

# A batch is no node: what cannot be the name of one names none.
BATCH = "{t}.batch_id = CASE WHEN {v} ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN {v}::uuid END"

ORDERS: dict[str, str | Order] = {
    "REQUESTED_AT": "requested_at",
    "EXPIRES_AT": "expires_at",
    "WEIGHTED_AGE": "weighted_since",
    "REVIEW_AT": Order(REVIEW_AT, "timestamptz"),
}


@strawberry.input(description="Which exceptions.")
class PolicyExceptionFilter:
    status: list[ExceptionStatus] | None = where(f"{STATUS} = ANY({{v}})", "That stand so today.", cast="text[]")
    open: bool | None = flag(OPEN, f"NOT {OPEN}", "Whether they are to be decided, or granted and not over.")
    undecided: bool | None = flag(UNDECIDED, f"NOT {UNDECIDED}", "Whether they wait for a decision.")
    ended: bool | None = flag(ENDED, f"NOT {ENDED}", "Whether they are over: past, taken back, rejected or closed.")
    suspended: bool | None = flag(
        f"{STATUS} = 'SUSPENDED'", f"{STATUS} <> 'SUSPENDED'", "Whether a control that does not hold suspends them."
    )
    control_orphaned: bool | None = flag(
        ORPHANED,
        f"NOT {ORPHANED}",
        "Whether they have a control that its attestor cannot confirm any more.",
    )
    resolution_suggested: bool | None = where(
        "({t}.resolution_suggested_at IS NOT NULL) = {v}",
        "Whether what they waive passes again, so that they could be closed.",
        cast="bool",
    )
    review_overdue: bool | None = flag(
        OVERDUE, f"NOT {OVERDUE}", "Whether they are granted, and were to be looked at again before now."
    )
    within_days: int | None = where(WITHIN_DAYS, "That are granted and end within so many days from now.", cast="int8")
    kind: list[ExceptionKind] | None = where("{t}.kind = ANY({v})", "Of one of these kinds.", cast="text[]")
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "From this policy.", cast="uuid", node="Policy")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    version: strawberry.ID | None = where(
        "{t}.version_id = {v}", "Of exactly this version.", cast="uuid", node="ModelVersion"
    )
    tier: list[RiskTier] | None = where(
        "EXISTS (SELECT 1 FROM models tm WHERE tm.id = {t}.model_id AND tm.tier = ANY({v}))",
        "Whose model is in one of these risk tiers.",
        cast="text[]",
    )
    risk_after: list[Severity] | None = where(
        "{t}.risk_after = ANY({v})", "As bad as this with their controls.", cast="text[]"
    )
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these stages.", cast="text[]")
    owner: strawberry.ID | None = where("{t}.owner_id = {v}", "Owned by this person.", cast="uuid", node="Person")
    requester: strawberry.ID | None = where(
        "{t}.requested_by = {v}", "Asked for by this person.", cast="uuid", node="Person"
    )
    team: strawberry.ID | None = where("{t}.team_id = {v}", "Of this team's models.", cast="uuid", node="Team")
    template: str | None = where("{t}.template = {v}", "Written from exactly this template.")
    batch: str | None = where(BATCH, "Asked for together, under this batch.")
    has_ticket: bool | None = flag("{t}.ticket_url <> ''", "{t}.ticket_url = ''", "Whether they name a ticket.")
    text: str | None = where(SAID, "Part of the justification, or of what a control does.")
    expires: InstantRange | None = about("{t}.expires_at", "When they end.")
    requested: InstantRange | None = about("{t}.requested_at", "When they were asked for.")
    any: "list[PolicyExceptionFilter] | None" = either("At least one of these holds.")
    not_: "PolicyExceptionFilter | None" = neither("This does not hold.")
