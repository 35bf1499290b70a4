"""Where versions run."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, id_field, instant, name_field


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
