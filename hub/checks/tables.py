"""What each policy said of each version."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, Index, SQLModel, desc

from hub.db import choice, document, id_field, instant
from hub.models.tables import Stage
from hub.policies.tables import DecisionPoint


class Outcome(StrEnum):
    """How a check ended; ERROR means that it could not be told, and never counts as PASS."""

    PASS = "PASS"
    FAIL = "FAIL"
    WARN = "WARN"
    ERROR = "ERROR"
    SKIP = "SKIP"
    WAIVED = "WAIVED"


class CheckResult(SQLModel, table=True):
    """One evaluation of one policy version on one model version, with what it saw."""

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
    subject_digest: str = Field(max_length=64)
    decision_point: DecisionPoint = choice(DecisionPoint)
    stage: Stage = choice(Stage)
    outcome: Outcome = choice(Outcome)
    explanation: str = Field(sa_type=Text)
    inputs: dict[str, Any] = document()
    evaluated_at: datetime = instant()
