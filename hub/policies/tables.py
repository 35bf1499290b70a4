"""The catalog of policies, their published versions, and which models each one binds."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant, name_field


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


class ChangeKind(StrEnum):
    """What a policy change asks for."""

    WORDING = "WORDING"
    RESTORE = "RESTORE"
    DEPRECATE = "DEPRECATE"
    RETIRE = "RETIRE"


class ChangeStatus(StrEnum):
    """What became of a policy change; STALE when another one was published since it was written."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    STALE = "STALE"


def words(longest: int = 40) -> Column[list[str]]:
    return Column(ARRAY(String(longest)), nullable=False)


class Policy(SQLModel, table=True):
    """A rule by its lasting name; its current wording is its newest published version.

    `bundle` names the Git bundle that owns it: such a policy is changed from there only.
    """

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
    bundle: str | None = Field(default=None, max_length=100)
    review_on: date | None = None
    created_at: datetime = instant()


class PolicyVersion(SQLModel, table=True):
    """One wording of a policy; never changed once published. An empty selector means all.

    `schedule` is a list of {enforcement, severity, tiers, stages, starts_on}: the last that matches and has begun wins.
    `reads` are the parts of the document that the rule looks at, such as `metrics` or `model.owner`.
    """

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
    registries: list[str] = Field(default_factory=list, sa_column=words(100))
    model_types: list[str] = Field(default_factory=list, sa_column=words(100))
    data_categories: list[str] = Field(default_factory=list, sa_column=words(100))
    model_tags: list[str] = Field(default_factory=list, sa_column=words(700))
    tags: list[str] = Field(default_factory=list, sa_column=words(100))
    title: str = Field(default="", max_length=300)
    principle: str = Field(default="", max_length=100)
    citations: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    schedule: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    service_levels: dict[str, int] = document()
    service_level_days: int = 30
    longest_exception_days: int = 90
    review_on: date | None = None
    validators: list[str] = Field(default_factory=list, sa_column=words(100))
    safe_rollback: bool = False
    reads: list[str] = Field(default_factory=list, sa_column=words(200))
    digest: str = Field(max_length=64)
    published_by: UUID = Field(foreign_key="people.id")
    published_at: datetime = instant()


class PolicyChange(SQLModel, table=True):
    """A proposed edit of a policy, under peer review; `wording` is what it would say, `changed` which fields differ."""

    __tablename__ = "policy_changes"
    __table_args__ = (
        Index("ix_policy_changes_policy", "policy_id", desc("created_at"), desc("id")),
        Index("ix_policy_changes_status", "status", desc("created_at"), desc("id")),
        Index("ix_policy_changes_created", desc("created_at"), desc("id")),
        Index("ix_policy_changes_shadow", "policy_id", postgresql_where=text("shadow")),
    )

    id: UUID = id_field()
    policy_id: UUID = Field(foreign_key="policies.id")
    kind: ChangeKind = choice(ChangeKind)
    status: ChangeStatus = choice(ChangeStatus, default=ChangeStatus.DRAFT)
    base_version_id: UUID | None = Field(default=None, foreign_key="policy_versions.id")
    restores_id: UUID | None = Field(default=None, foreign_key="policy_versions.id")
    published_version_id: UUID | None = Field(default=None, foreign_key="policy_versions.id")
    wording: dict[str, Any] | None = document(nullable=True)
    changed: list[str] = Field(default_factory=list, sa_column=words(100))
    digest: str = Field(max_length=64)
    summary: str = Field(sa_type=Text)
    bundle: str | None = Field(default=None, max_length=100)
    shadow: bool = False
    author_id: UUID = Field(foreign_key="people.id")
    created_at: datetime = instant()
    submitted_at: datetime | None = instant(nullable=True)
    decided_by: UUID | None = Field(default=None, foreign_key="people.id")
    decided_at: datetime | None = instant(nullable=True)
    decision_note: str = Field(default="", sa_type=Text)


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
