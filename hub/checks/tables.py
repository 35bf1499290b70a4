"""What was asked of each version and what was found: documents, results, compliance as of now, evidence, replays."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Computed, Text, Uuid, text
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import DecisionPoint, Enforcement, Severity


class Outcome(StrEnum):
    """How a check ended; ERROR means that it could not be told, and never counts as PASS."""

    PASS = "PASS"
    FAIL = "FAIL"
    WARN = "WARN"
    ERROR = "ERROR"
    SKIP = "SKIP"
    WAIVED = "WAIVED"


class EvidenceKind(StrEnum):
    """What a test report is about."""

    PERFORMANCE = "PERFORMANCE"
    SEGMENTS = "SEGMENTS"
    FAIRNESS = "FAIRNESS"
    ROBUSTNESS = "ROBUSTNESS"
    EXPLAINABILITY = "EXPLAINABILITY"
    DATA_VALIDATION = "DATA_VALIDATION"
    SECURITY = "SECURITY"
    PRIVACY = "PRIVACY"
    LOAD = "LOAD"


class Verdict(StrEnum):
    """What a test report concludes; NONE when it only gives figures."""

    PASS = "PASS"
    FAIL = "FAIL"
    NONE = "NONE"


class EvidenceSource(StrEnum):
    """How a test report came in."""

    SENT = "SENT"
    JUNIT = "JUNIT"
    SARIF = "SARIF"
    REGISTRY = "REGISTRY"
    VALIDATOR = "VALIDATOR"


class BacktestStatus(StrEnum):
    """How far a backtest is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    DONE = "DONE"
    FAILED = "FAILED"


class RunStatus(StrEnum):
    """How far a validator is with a version."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class CheckInput(SQLModel, table=True):
    """The exact document that rules saw of one version for one stage and decision point; `at` is when last asked.

    `document` is canonical JSON and leaves out what follows from when it is asked: stage, decision point, now, ages.
    """

    __tablename__ = "check_inputs"
    __table_args__ = (
        UniqueConstraint("version_id", "stage", "decision_point", "digest"),
        Index("ix_check_inputs_at", "at", "id"),
    )

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    stage: Stage = choice(Stage)
    decision_point: DecisionPoint = choice(DecisionPoint)
    tier: RiskTier = choice(RiskTier)
    digest: str = Field(max_length=64)
    document: str = Field(sa_type=Text)
    at: datetime = instant()


class CheckResult(SQLModel, table=True):
    """One evaluation of one policy version on one model version; `input_id` is the document it saw."""

    __tablename__ = "check_results"
    __table_args__ = (
        Index("ix_check_results_version", "version_id", desc("evaluated_at"), desc("id")),
        Index("ix_check_results_policy", "policy_id", desc("evaluated_at"), desc("id")),
        Index("ix_check_results_model", "model_id", desc("evaluated_at"), desc("id")),
        Index("ix_check_results_evaluated", desc("evaluated_at"), desc("id")),
        Index("ix_check_results_outcome", "outcome", desc("evaluated_at"), desc("id")),
    )

    id: UUID = id_field()
    policy_id: UUID = Field(foreign_key="policies.id")
    policy_version_id: UUID = Field(foreign_key="policy_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    version_id: UUID = Field(foreign_key="model_versions.id")
    exception_id: UUID | None = Field(default=None, foreign_key="policy_exceptions.id")
    input_id: UUID | None = Field(default=None, foreign_key="check_inputs.id")
    subject_digest: str = Field(max_length=64)
    decision_point: DecisionPoint = choice(DecisionPoint)
    stage: Stage = choice(Stage)
    outcome: Outcome = choice(Outcome)
    enforcement: Enforcement = choice(Enforcement)
    severity: Severity = choice(Severity)
    explanation: str = Field(sa_type=Text)
    inputs: dict[str, Any] = document()
    took_us: int = 0
    evaluated_at: datetime = instant()


class Compliance(SQLModel, table=True):
    """What counts now for one version, policy and stage: the newest result, as one row.

    `result_digest` is that of all that the result says; `since` is when the outcome became what it is; `due_at` by when
    a failure is to be mended.
    """

    __tablename__ = "compliance"
    __table_args__ = (
        UniqueConstraint("version_id", "policy_id", "stage"),
        Index("ix_compliance_model", "model_id", desc("evaluated_at"), desc("id")),
        Index("ix_compliance_policy", "policy_id", "outcome", desc("evaluated_at"), desc("id")),
        Index("ix_compliance_outcome", "outcome", desc("evaluated_at"), desc("id")),
        Index("ix_compliance_due", "due_at", "id"),
        Index("ix_compliance_exception", "exception_id", postgresql_where=text("exception_id IS NOT NULL")),
    )

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id")
    policy_id: UUID = Field(foreign_key="policies.id")
    stage: Stage = choice(Stage)
    model_id: UUID = Field(foreign_key="models.id")
    policy_version_id: UUID = Field(foreign_key="policy_versions.id")
    result_id: UUID = Field(foreign_key="check_results.id")
    result_digest: str = Field(max_length=64)
    exception_id: UUID | None = Field(default=None, foreign_key="policy_exceptions.id")
    input_id: UUID | None = Field(default=None, foreign_key="check_inputs.id")
    decision_point: DecisionPoint = choice(DecisionPoint)
    tier: RiskTier = choice(RiskTier)
    outcome: Outcome = choice(Outcome)
    enforcement: Enforcement = choice(Enforcement)
    severity: Severity = choice(Severity)
    since: datetime = instant()
    due_at: datetime | None = instant(nullable=True)
    evaluated_at: datetime = instant()


_SUM_ID = "md5(policy_id::text || stage || tier || outcome || enforcement)::uuid"


class ComplianceCount(SQLModel, table=True):
    """A line of a ledger whose sums are the compliance rows' counts; kept by a trigger, folded together by the clock.

    `restricted_model_id` is given for models that not everybody sees; lines that were added up are `folded`. `sum_id`
    is the id of the sum that a line is part of: made here, once, and not by everybody who reads the counts.
    """

    __tablename__ = "compliance_counts"
    __table_args__ = (
        Index(
            "ix_compliance_counts_key", "policy_id", "stage", "tier", "outcome", "enforcement", "restricted_model_id"
        ),
        Index("ix_compliance_counts_added", "id", postgresql_where=text("NOT folded")),
        Index(
            "ix_compliance_counts_open",
            "policy_id",
            "stage",
            "tier",
            "outcome",
            "enforcement",
            "n",
            "sum_id",
            postgresql_where=text("restricted_model_id IS NULL"),
        ),
        Index(
            "ix_compliance_counts_model",
            "restricted_model_id",
            postgresql_where=text("restricted_model_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    policy_id: UUID
    stage: Stage = choice(Stage)
    tier: RiskTier = choice(RiskTier)
    outcome: Outcome = choice(Outcome)
    enforcement: Enforcement = choice(Enforcement)
    restricted_model_id: UUID | None = None
    n: int = Field(sa_type=BigInteger)
    folded: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    sum_id: UUID | None = Field(default=None, sa_column=Column(Uuid, Computed(_SUM_ID, persisted=True), nullable=False))


class CheckSchedule(SQLModel, table=True):
    """When a version that is in use is to be asked about again."""

    __tablename__ = "check_schedule"
    __table_args__ = (Index("ix_check_schedule_due", "due_at"),)

    version_id: UUID = Field(foreign_key="model_versions.id", primary_key=True)
    due_at: datetime = instant()


class Evidence(SQLModel, table=True):
    """A test report about one version, as it was sent: figures, verdict, and what reproduces it.

    `digest` is that of all it says; `experiment` that of what reproduces it. `disagrees_with` is the first report of
    the same experiment when this one says something else, `repeats` when it says the same.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("version_id", "digest"),
        Index("ix_evidence_version", "version_id", desc("measured_at"), desc("id")),
        Index("ix_evidence_model", "model_id", desc("measured_at"), desc("id")),
        Index("ix_evidence_measured", desc("measured_at"), desc("id")),
        Index("ix_evidence_experiment", "version_id", "kind", "experiment", "added_at"),
    )

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    kind: EvidenceKind = choice(EvidenceKind)
    verdict: Verdict = choice(Verdict)
    source: EvidenceSource = choice(EvidenceSource)
    title: str = Field(default="", max_length=300)
    tool: str = Field(default="", max_length=300)
    figures: dict[str, float] = document()
    details: dict[str, Any] = document()
    version_digest: str = Field(max_length=64)
    code_commit: str | None = Field(default=None, max_length=200)
    data_digest: str | None = Field(default=None, max_length=200)
    seed: str | None = Field(default=None, max_length=100)
    environment: str | None = Field(default=None, sa_type=Text)
    command: str | None = Field(default=None, sa_type=Text)
    digest: str = Field(max_length=64)
    experiment: str | None = Field(default=None, max_length=64)
    repeats_id: UUID | None = Field(default=None, foreign_key="evidence.id")
    disagrees_with_id: UUID | None = Field(default=None, foreign_key="evidence.id")
    added_by: UUID | None = Field(default=None, foreign_key="people.id")
    measured_at: datetime = instant()
    added_at: datetime = instant()


class FrozenDossier(SQLModel, table=True):
    """What was put before reviewers when approval was asked for; added to, never changed.

    `digest` is that of what their decision binds to, `content_digest` that of the document's exact text, `bytes` its
    length.
    """

    __tablename__ = "dossiers"
    __table_args__ = (UniqueConstraint("version_id", "stage", "digest"),)

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    stage: Stage = choice(Stage)
    digest: str = Field(max_length=64)
    content: dict[str, Any] = document()
    content_digest: str = Field(max_length=64)
    bytes: int
    made_at: datetime = instant()


class Backtest(SQLModel, table=True):
    """A draft asked of the documents of the last days, beside the wording in force; `counts` are what it found."""

    __tablename__ = "backtests"
    __table_args__ = (Index("ix_backtests_change", "change_id", desc("queued_at"), desc("id")),)

    id: UUID = id_field()
    change_id: UUID = Field(foreign_key="policy_changes.id")
    digest: str = Field(max_length=64)
    status: BacktestStatus = choice(BacktestStatus, default=BacktestStatus.QUEUED)
    days: int
    cursor: str = Field(default="", max_length=100)
    total: int = 0
    done: int = 0
    counts: dict[str, Any] = document()
    why: str | None = Field(default=None, sa_type=Text)
    asked_by: UUID = Field(foreign_key="people.id")
    queued_at: datetime = instant()
    started_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)


class BacktestFinding(SQLModel, table=True):
    """A version that a draft would newly fail, or could newly not be told of, by its newest document; one per stage.

    `before` is empty where the wording in force does not ask.
    """

    __tablename__ = "backtest_findings"
    __table_args__ = (
        UniqueConstraint("backtest_id", "version_id", "stage"),
        Index("ix_backtest_findings_backtest", "backtest_id", "id"),
    )

    id: UUID = id_field()
    backtest_id: UUID = Field(foreign_key="backtests.id")
    version_id: UUID = Field(foreign_key="model_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    stage: Stage = choice(Stage)
    decision_point: DecisionPoint = choice(DecisionPoint)
    tier: RiskTier = choice(RiskTier)
    before: Outcome | None = choice(Outcome, default=None, nullable=True, rule="before")
    after: Outcome = choice(Outcome, rule="after")
    enforcement: Enforcement = choice(Enforcement)
    needs_exception: bool
    explanation: str = Field(sa_type=Text)
    asked_at: datetime = instant()


class ValidatorRun(SQLModel, table=True):
    """A heavy check of one version by one validator; `subject_digest` is that of all that the validator is given."""

    __tablename__ = "validator_runs"
    __table_args__ = (
        UniqueConstraint("version_id", "name", "subject_digest"),
        Index("ix_validator_runs_version", "version_id", desc("queued_at"), desc("id")),
        Index("ix_validator_runs_queued", desc("queued_at"), desc("id")),
    )

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    name: str = Field(max_length=100)
    subject_digest: str = Field(max_length=64)
    status: RunStatus = choice(RunStatus, default=RunStatus.QUEUED)
    tries: int = 0
    why: str | None = Field(default=None, sa_type=Text)
    queued_at: datetime = instant()
    started_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)


class ShadowResult(SQLModel, table=True):
    """What a draft that runs beside the wording in force said of a version, beside what that said."""

    __tablename__ = "shadow_results"
    __table_args__ = (
        UniqueConstraint("change_id", "version_id", "stage"),
        Index("ix_shadow_results_change", "change_id", desc("evaluated_at"), desc("id")),
    )

    id: UUID = id_field()
    change_id: UUID = Field(foreign_key="policy_changes.id")
    version_id: UUID = Field(foreign_key="model_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    stage: Stage = choice(Stage)
    decision_point: DecisionPoint = choice(DecisionPoint)
    published_outcome: Outcome | None = choice(Outcome, default=None, nullable=True, rule="published_outcome")
    draft_outcome: Outcome = choice(Outcome, rule="draft_outcome")
    explanation: str = Field(sa_type=Text)
    evaluated_at: datetime = instant()
