"""The wish to take a version to a stage, the permit that follows, and where versions run."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, id_field, instant, name_field
from hub.models.tables import Stage


class DeploymentStatus(StrEnum):
    """What was last seen of a deployment."""

    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    UNKNOWN = "UNKNOWN"


class Deployment(SQLModel, table=True):
    """A version observed at an endpoint; `traffic_percent` is the share of requests it answers."""

    __tablename__ = "deployments"
    __table_args__ = (
        UniqueConstraint("registry_id", "external_id"),
        Index("ix_deployments_model", "model_id", desc("observed_at"), desc("id")),
        Index("ix_deployments_version", "version_id", desc("observed_at"), desc("id")),
        Index("ix_deployments_observed", desc("observed_at"), desc("id")),
    )

    id: UUID = id_field()
    registry_id: UUID = Field(foreign_key="registries.id")
    external_id: str = Field(max_length=600)
    model_id: UUID = Field(foreign_key="models.id")
    version_id: UUID | None = Field(default=None, foreign_key="model_versions.id")
    endpoint: str = name_field(500)
    environment: str = Field(default="", max_length=200)
    status: DeploymentStatus = choice(DeploymentStatus)
    traffic_percent: float | None = None
    observed_at: datetime = instant()
    missing_since: datetime | None = instant(nullable=True)


class IntentStatus(StrEnum):
    """Where a wish to deploy stands."""

    CHECKING = "CHECKING"
    BLOCKED = "BLOCKED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    STALE = "STALE"
    DEPLOYED = "DEPLOYED"
    HALTED = "HALTED"
    ROLLED_BACK = "ROLLED_BACK"


LIVE = (
    IntentStatus.CHECKING,
    IntentStatus.BLOCKED,
    IntentStatus.AWAITING_APPROVAL,
    IntentStatus.APPROVED,
    IntentStatus.DEPLOYED,
)
"""While one of these holds, the same version is not asked for the same stage anew: it is this intent that is asked."""


class DeploymentIntent(SQLModel, table=True):
    """The wish to take a version to a stage; `subject_digest` is that of the dossier the last decision looked at."""

    __tablename__ = "deployment_intents"
    __table_args__ = (
        Index("ix_deployment_intents_version", "version_id", desc("requested_at"), desc("id")),
        Index("ix_deployment_intents_model", "model_id", desc("requested_at"), desc("id")),
        Index("ix_deployment_intents_status", "status", desc("requested_at"), desc("id")),
        Index("ix_deployment_intents_requested", desc("requested_at"), desc("id")),
        Index("ix_deployment_intents_approval", "approval_request_id"),
        Index(
            "uq_deployment_intents_live",
            "version_id",
            "stage",
            unique=True,
            postgresql_where=text("status IN ('CHECKING','BLOCKED','AWAITING_APPROVAL','APPROVED','DEPLOYED')"),
        ),
    )

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    stage: Stage = choice(Stage)
    status: IntentStatus = choice(IntentStatus, default=IntentStatus.CHECKING)
    status_why: str = Field(default="", sa_type=Text)
    reason: str = Field(default="", sa_type=Text)
    subject_digest: str = Field(max_length=64)
    approval_request_id: UUID | None = Field(default=None, foreign_key="approval_requests.id")
    rollback_version_id: UUID | None = Field(default=None, foreign_key="model_versions.id")
    requested_by: UUID = Field(foreign_key="people.id")
    requested_at: datetime = instant()
    decided_at: datetime | None = instant(nullable=True)
    expires_at: datetime | None = instant(nullable=True)


class SigningKey(SQLModel, table=True):
    """A pair of Ed25519 keys that permits are signed with; the private one is sealed under a key of the process."""

    __tablename__ = "signing_keys"

    id: UUID = id_field()
    key_id: str = Field(max_length=64, unique=True)
    public_key: str = Field(max_length=200)
    sealed_by: str = Field(max_length=40)
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = instant()
    retired_at: datetime | None = instant(nullable=True)


class Permit(SQLModel, table=True):
    """The signed statement that an intent was allowed: an in-toto statement in a DSSE envelope, byte for byte.

    With `break_glass_id` people were not waited for. It rests on its exceptions: once one of them has ended or is
    suspended it is worth nothing, whether or not anybody has revoked it yet (the database's `exceptions_lapsed`).
    """

    __tablename__ = "permits"
    __table_args__ = (
        Index("ix_permits_intent", "intent_id", desc("issued_at"), desc("id")),
        Index("ix_permits_model", "model_id", desc("issued_at"), desc("id")),
        Index("ix_permits_issued", desc("issued_at"), desc("id")),
        Index("ix_permits_revoked", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
        Index(
            "ix_permits_resting",
            "expires_at",
            postgresql_where=text("revoked_at IS NULL AND exception_ids <> '{}'"),
        ),
    )

    id: UUID = id_field()
    intent_id: UUID = Field(foreign_key="deployment_intents.id")
    version_id: UUID = Field(foreign_key="model_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    stage: Stage = choice(Stage)
    key_id: str = Field(max_length=64)
    envelope: str = Field(sa_type=Text)
    digest: str = Field(max_length=64)
    break_glass_id: UUID | None = Field(default=None, foreign_key="break_glasses.id")
    exception_ids: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False))
    issued_at: datetime = instant()
    expires_at: datetime = instant()
    revoked_at: datetime | None = instant(nullable=True)
    revoked_why: str | None = Field(default=None, sa_type=Text)
