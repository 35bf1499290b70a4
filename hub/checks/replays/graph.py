"""Backtests and shadow results in the graph; they hang on the change whose draft was asked."""

from datetime import datetime

import strawberry

from hub.checks import tables
from hub.checks.tables import BacktestStatus, Outcome
from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.tables import RiskTier, Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.policies.changes.graph import PolicyChange
from hub.policies.tables import DecisionPoint, Enforcement

strawberry.enum(BacktestStatus, description="How far a backtest is.")

CURRENT = "({t}.digest = (SELECT c.digest FROM policy_changes c WHERE c.id = {t}.change_id))"
RATE = (
    "({t}.done / nullif(extract(epoch FROM coalesce({t}.ended_at, {now}) - {t}.started_at)::float8, 0::float8))::float8"
)
PERCENT = (
    "(CASE WHEN {t}.status = 'DONE' THEN 100 WHEN {t}.total = 0 THEN 0 ELSE 100.0 * {t}.done / {t}.total END)::float8"
)

# A failure that is waived is a failure all the same: the draft is asked without exceptions.
FAILS = "{t}.draft_outcome IN ('FAIL', 'WARN') AND coalesce({t}.published_outcome, 'SKIP') IN ('PASS', 'ERROR', 'SKIP')"
ERRS = "{t}.draft_outcome = 'ERROR' AND {t}.published_outcome IS DISTINCT FROM 'ERROR'"
PASSES = "{t}.draft_outcome = 'PASS' AND coalesce({t}.published_outcome, 'SKIP') IN ('FAIL', 'WARN', 'ERROR', 'WAIVED')"
AGREES = f"(NOT (({FAILS}) OR ({ERRS}) OR ({PASSES})))"
_SUMS = ", ".join(
    f"count(*) FILTER (WHERE {sql.replace('{t}', 's')}) AS {name}"
    for name, sql in {"agree": AGREES, "newly_failing": FAILS, "newly_error": ERRS, "newly_passing": PASSES}.items()
)
COMPARED = f"(SELECT s.change_id AS id, count(*) AS versions, {_SUMS} FROM shadow_results s GROUP BY s.change_id)"


@strawberry.input(description="Which backtests.")
class BacktestFilter:
    status: list[BacktestStatus] | None = where("{t}.status = ANY({v})", "That stand so.", cast="text[]")
    change: strawberry.ID | None = where("{t}.change_id = {v}", "Of this change.", cast="uuid", node="PolicyChange")
    current: bool | None = where(f"{CURRENT} = {{v}}", "Whether the draft still says what was replayed.", cast="bool")
    queued: InstantRange | None = about("{t}.queued_at", "When they were asked for.")


@planned(tables.Backtest, orders={"QUEUED_AT": "queued_at"}, default="-QUEUED_AT", filter=BacktestFilter)
class Backtest(Node):
    """A draft asked of the documents that rules saw in the last days, beside the wording it would replace."""

    status: BacktestStatus = column("How it stands.")
    days: int = column("The days before it was asked for whose documents are looked at.")
    digest: str = column("The digest of the change that is replayed.")
    current: bool = column("Whether the draft still says what was replayed.", sql=CURRENT)
    total: int = column("Documents to be looked at, as counted when it began.")
    done: int = column("Documents looked at so far.")
    percent: float = column("How much of it is done, in percent.", sql=PERCENT)
    rate: float | None = column("Documents a second since it began; null before.", sql=RATE)
    counts: JSON = column(
        "What moved, counted by document in all, by tier and by owner's id; the load on approvers; at its end versions,"
        " models and the exceptions that would be needed, each once."
    )
    why: str | None = column("Why it broke off.")
    queued_at: datetime = column("When it was asked for.")
    started_at: datetime | None = column("When it began.")
    ended_at: datetime | None = column("When it ended.")
    change: PolicyChange | None = one("The change whose draft is replayed.", by="change_id", implied=True)
    asked_by: Person | None = one("Who asked for it.", by="asked_by", implied=True)
    findings: "Connection[BacktestFinding]" = many(
        "The versions that the draft would newly fail, or not be told of; those that you may see.", by="backtest_id"
    )


@strawberry.input(description="Which findings of backtests.")
class BacktestFindingFilter:
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "Of models in one of these tiers.", cast="text[]")
    after: list[Outcome] | None = where("{t}.after = ANY({v})", "Of which the draft says so.", cast="text[]")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    needs_exception: bool | None = where(
        "{t}.needs_exception = {v}", "Whether an exception would be needed.", cast="bool"
    )


@planned(
    tables.BacktestFinding,
    visible=through_model(),
    orders={"ID": "id"},
    default="ID",
    filter=BacktestFindingFilter,
)
class BacktestFinding:
    """A version that a draft would newly fail, or not be told of, by what rules saw of it last."""

    before: Outcome | None = column("What the wording in force says; null where it does not ask.")
    after: Outcome = column("What the draft says.")
    explanation: str = column("Why, in words: the value found beside the value allowed.")
    enforcement: Enforcement = column("What the draft's failure does, for this tier and stage.")
    needs_exception: bool = column("Whether the gate would close for it, and no exception of today covers it.")
    stage: Stage = column("The stage it was asked for.")
    decision_point: DecisionPoint = column("When it was asked.")
    tier: RiskTier = column("The model's risk tier at the time.")
    asked_at: datetime = column("When rules saw the document last.")
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)


@strawberry.input(description="Which shadow results.")
class ShadowResultFilter:
    draft_outcome: list[Outcome] | None = where(
        "{t}.draft_outcome = ANY({v})", "Of which the draft says so.", cast="text[]"
    )
    agrees: bool | None = where(f"{AGREES} = {{v}}", "Whether the draft moves nothing.", cast="bool")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    evaluated: InstantRange | None = about("{t}.evaluated_at", "When both were asked.")


@planned(
    tables.ShadowResult,
    visible=through_model(),
    orders={"EVALUATED_AT": "evaluated_at"},
    default="-EVALUATED_AT",
    filter=ShadowResultFilter,
)
class ShadowResult(Node):
    """What a draft that runs in shadow said of a version, beside what counts."""

    published_outcome: Outcome | None = column("How the wording in force ended; null where it does not ask.")
    draft_outcome: Outcome = column("How the draft ended.")
    agrees: bool = column("Whether the draft moves nothing.", sql=AGREES)
    explanation: str = column("Why the draft says so: the value found beside the value allowed.")
    stage: Stage = column("The stage it was asked for.")
    decision_point: DecisionPoint = column("When it was asked.")
    evaluated_at: datetime = column("When both were asked.")
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)
    change: PolicyChange | None = one("The change whose draft it is.", by="change_id", implied=True)


@planned(sql=COMPARED)
class ShadowSummary:
    """How a draft that runs in shadow compares with the wording in force, counted over versions and stages."""

    versions: int = column("How many were compared.", sql="{t}.versions")
    agree: int = column("Where the draft moves nothing.", sql="{t}.agree")
    newly_failing: int = column("Where only the draft is not kept.", sql="{t}.newly_failing")
    newly_error: int = column("Where only the draft cannot be told.", sql="{t}.newly_error")
    newly_passing: int = column("Where only the draft is kept.", sql="{t}.newly_passing")


@extends(PolicyChange)
class ChangeReplays:
    backtests: Connection[Backtest] = many("What it would have changed in the last days.", by="change_id")
    shadow_results: Connection[ShadowResult] = many("What it says in shadow.", by="change_id")
    shadow_summary: ShadowSummary | None = one(
        "What it says in shadow, counted; null before anything was compared.", on="{t}.id = {p}.id"
    )


@extends(Query)
class ReplaysQuery:
    backtests: Connection[Backtest] = many("Every backtest.")
