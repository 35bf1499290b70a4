"""Time-limited, approved deviations from a policy, and what lowers the risk meanwhile."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, Index, SQLModel, desc

from hub.db import choice, id_field, instant
from hub.models.tables import Stage


class ExceptionKind(StrEnum):
    """What sort of deviation it is."""

    EXCEPTION = "EXCEPTION"
    WAIVER = "WAIVER"
    RISK_ACCEPTANCE = "RISK_ACCEPTANCE"
    FALSE_POSITIVE = "FALSE_POSITIVE"


class ExceptionStatus(StrEnum):
    """Where an exception stands; APPROVED, ACTIVE and EXPIRED follow from its dates at the time of asking."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    UNDER_REVIEW = "UNDER_REVIEW"
    INFO_REQUESTED = "INFO_REQUESTED"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    RESOLVED = "RESOLVED"


class RiskTreatment(StrEnum):
    """What is done about the risk."""

    ACCEPT = "ACCEPT"
    AVOID = "AVOID"
    MITIGATE = "MITIGATE"
    FIX = "FIX"
    TRANSFER = "TRANSFER"


class PolicyException(SQLModel, table=True):
    """A deviation; without a version it covers every version of its model, without a stage every stage.

    `state` is what people decided (APPROVED once granted); the status of the day is the database's
    `exception_status(state, starts_at, expires_at, at)`.
    """

    __tablename__ = "policy_exceptions"
    __table_args__ = (
        Index("ix_policy_exceptions_model", "model_id", desc("requested_at"), desc("id")),
        Index("ix_policy_exceptions_policy", "policy_id", "model_id"),
        Index("ix_policy_exceptions_requested", desc("requested_at"), desc("id")),
        Index("ix_policy_exceptions_expiry", "expires_at", "id"),
    )

    id: UUID = id_field()
    policy_id: UUID = Field(foreign_key="policies.id")
    model_id: UUID = Field(foreign_key="models.id")
    version_id: UUID | None = Field(default=None, foreign_key="model_versions.id")
    stage: Stage | None = choice(Stage, default=None, nullable=True)
    kind: ExceptionKind = choice(ExceptionKind)
    state: ExceptionStatus = choice(ExceptionStatus)
    treatment: RiskTreatment = choice(RiskTreatment)
    justification: str = Field(sa_type=Text)
    acceptance_criteria: str = Field(default="", sa_type=Text)
    owner_id: UUID = Field(foreign_key="people.id")
    requested_by: UUID = Field(foreign_key="people.id")
    requested_at: datetime = instant()
    starts_at: datetime = instant()
    expires_at: datetime = instant()
    review_at: datetime | None = instant(nullable=True)
    decided_by: UUID | None = Field(default=None, foreign_key="people.id")
    decided_at: datetime | None = instant(nullable=True)
    decision_note: str = Field(default="", sa_type=Text)


class CompensatingControl(SQLModel, table=True):
    __tablename__ = "compensating_controls"
    __table_args__ = (Index("ix_compensating_controls_exception", "exception_id", "id"),)

    id: UUID = id_field()
    exception_id: UUID = Field(foreign_key="policy_exceptions.id")
    description: str = Field(sa_type=Text)
