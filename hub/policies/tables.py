"""The catalog of policies, their published versions, and which models each one binds."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, id_field, instant, name_field


class PolicyStatus(StrEnum):
    """Where in its life a policy stands."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    PUBLISHED = "PUBLISHED"
    DEPRECATED = "DEPRECATED"
    RETIRED = "RETIRED"


class Severity(StrEnum):
    """How bad it is when a policy is not kept."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    INFO = "INFO"


class Enforcement(StrEnum):
    """What a failed check does: it is recorded, it alerts, or it closes the gate."""

    ADVISORY = "ADVISORY"
    WARNING = "WARNING"
    BLOCKING = "BLOCKING"


class DecisionPoint(StrEnum):
    """When a policy is asked."""

    REGISTER = "REGISTER"
    PROMOTE = "PROMOTE"
    DEPLOY = "DEPLOY"
    MONITOR = "MONITOR"


def words() -> Column[list[str]]:
    return Column(ARRAY(String(40)), nullable=False)


class Policy(SQLModel, table=True):
    """A rule by its lasting name; its current wording is its newest published version."""

    __tablename__ = "policies"
    __table_args__ = (Index("ix_policies_title", "title", "id"),)

    id: UUID = id_field()
    key: str = name_field(100, unique=True)
    title: str = name_field(300)
    status: PolicyStatus = choice(PolicyStatus, default=PolicyStatus.DRAFT)
    severity: Severity = choice(Severity)
    enforcement: Enforcement = choice(Enforcement)
    owner_id: UUID = Field(foreign_key="people.id")
    current_version_id: UUID | None = Field(default=None)
    created_at: datetime = instant()


class PolicyVersion(SQLModel, table=True):
    """One wording of a policy; never changed once published. Empty tiers or stages mean all of them."""

    __tablename__ = "policy_versions"
    __table_args__ = (UniqueConstraint("policy_id", "number"),)

    id: UUID = id_field()
    policy_id: UUID = Field(foreign_key="policies.id")
    number: int
    rule: str = Field(sa_type=Text)
    rationale: str = Field(sa_type=Text)
    remediation: str = Field(sa_type=Text)
    severity: Severity = choice(Severity)
    enforcement: Enforcement = choice(Enforcement)
    decision_points: list[str] = Field(sa_column=words())
    tiers: list[str] = Field(sa_column=words())
    stages: list[str] = Field(sa_column=words())
    service_level_days: int = 30
    longest_exception_days: int = 90
    digest: str = Field(max_length=64)
    published_by: UUID = Field(foreign_key="people.id")
    published_at: datetime = instant()


class PolicyBinding(SQLModel, table=True):
    """That a policy applies to a model, and why."""

    __tablename__ = "policy_bindings"
    __table_args__ = (
        UniqueConstraint("model_id", "policy_id"),
        Index("ix_policy_bindings_newest", "model_id", desc("bound_at"), desc("id")),
        Index("ix_policy_bindings_policy", "policy_id", desc("bound_at"), desc("id")),
    )

    id: UUID = id_field()
    policy_id: UUID = Field(foreign_key="policies.id")
    model_id: UUID = Field(foreign_key="models.id")
    why: str = Field(sa_type=Text)
    bound_at: datetime = instant()
