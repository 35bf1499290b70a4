"""Governed models, their versions, and what is written about them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text, text
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant, name_field


class RiskTier(StrEnum):
    """How much harm a model could do; an UNCLASSIFIED one is treated as HIGH."""

    PROHIBITED = "PROHIBITED"
    HIGH = "HIGH"
    LIMITED = "LIMITED"
    MINIMAL = "MINIMAL"
    UNCLASSIFIED = "UNCLASSIFIED"


class Stage(StrEnum):
    """Where in its life a version stands."""

    PROPOSAL = "PROPOSAL"
    DEVELOPMENT = "DEVELOPMENT"
    STAGING = "STAGING"
    PRODUCTION = "PRODUCTION"
    ARCHIVED = "ARCHIVED"


class Model(SQLModel, table=True):
    """A governed asset; `restricted` ones are seen by their team, owner, auditors and admins only."""

    __tablename__ = "models"
    __table_args__ = (
        UniqueConstraint("registry_id", "external_id"),
        Index("ix_models_name", "name", "id"),
        Index("ix_models_created", desc("created_at"), desc("id")),
        Index("ix_models_tier", "tier", "name", "id"),
        Index("ix_models_owner", "owner_id", "name", "id"),
        Index("ix_models_team", "team_id", "name", "id"),
    )

    id: UUID = id_field()
    registry_id: UUID = Field(foreign_key="registries.id")
    external_id: str = Field(max_length=500)
    name: str = name_field(500)
    description: str = Field(default="", sa_type=Text)
    tier: RiskTier = choice(RiskTier, default=RiskTier.UNCLASSIFIED)
    tier_why: str = Field(default="", sa_type=Text)
    owner_id: UUID | None = Field(default=None, foreign_key="people.id")
    team_id: UUID | None = Field(default=None, foreign_key="teams.id")
    owner_hint: str | None = Field(default=None, max_length=300)
    restricted: bool = False
    seen_digest: str = Field(max_length=64)
    created_at: datetime = instant()
    updated_at: datetime = instant()
    missing_since: datetime | None = instant(nullable=True)
    raw: dict[str, Any] = document()


class ModelVersion(SQLModel, table=True):
    """One immutable version; `digest` is what a decision binds to, `seen_digest` tells a sync what changed.

    `details_at` is empty as long as run, data sets and metrics of a version are still to be read from its registry.
    """

    __tablename__ = "model_versions"
    __table_args__ = (
        UniqueConstraint("model_id", "external_id"),
        Index("ix_model_versions_newest", "model_id", desc("created_at"), desc("id")),
        Index("ix_model_versions_created", desc("created_at"), desc("id")),
        Index("ix_model_versions_stage", "stage", desc("created_at"), desc("id")),
        Index("ix_model_versions_run", "run_id"),
        Index(
            "ix_model_versions_pending",
            desc("created_at"),
            desc("id"),
            postgresql_where=text("details_at IS NULL AND missing_since IS NULL"),
        ),
    )

    id: UUID = id_field()
    model_id: UUID = Field(foreign_key="models.id")
    external_id: str = Field(max_length=600)
    name: str = name_field(100)
    stage: Stage = choice(Stage, default=Stage.DEVELOPMENT)
    status: str = Field(default="READY", max_length=100)
    description: str = Field(default="", sa_type=Text)
    author: str | None = Field(default=None, max_length=300)
    source_uri: str | None = Field(default=None, sa_type=Text)
    artifact_uri: str | None = Field(default=None, sa_type=Text)
    run_id: UUID | None = Field(default=None, foreign_key="runs.id")
    signature: dict[str, Any] | None = document(nullable=True)
    params: dict[str, Any] = document()
    digest: str = Field(max_length=64)
    seen_digest: str = Field(max_length=64)
    created_at: datetime = instant()
    updated_at: datetime = instant()
    missing_since: datetime | None = instant(nullable=True)
    details_at: datetime | None = instant(nullable=True)
    raw: dict[str, Any] = document()


class ModelTag(SQLModel, table=True):
    __tablename__ = "model_tags"
    __table_args__ = (Index("ix_model_tags_key", "key", "model_id"), UniqueConstraint("model_id", "key"))

    id: UUID = id_field()
    model_id: UUID = Field(foreign_key="models.id")
    key: str = name_field(300)
    value: str = Field(sa_type=Text)


class VersionTag(SQLModel, table=True):
    __tablename__ = "version_tags"
    __table_args__ = (Index("ix_version_tags_key", "key", "version_id"), UniqueConstraint("version_id", "key"))

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id")
    key: str = name_field(300)
    value: str = Field(sa_type=Text)


class VersionAlias(SQLModel, table=True):
    __tablename__ = "version_aliases"
    __table_args__ = (UniqueConstraint("model_id", "name"), Index("ix_version_aliases_version", "version_id", "name"))

    id: UUID = id_field()
    model_id: UUID = Field(foreign_key="models.id")
    version_id: UUID = Field(foreign_key="model_versions.id")
    name: str = Field(max_length=300)


class VersionMetric(SQLModel, table=True):
    """One measured value; `segment` names the part of the data it was measured on, empty for all of it."""

    __tablename__ = "version_metrics"
    __table_args__ = (
        UniqueConstraint("version_id", "name", "segment", "dataset_id", postgresql_nulls_not_distinct=True),
    )

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id")
    name: str = name_field(300)
    segment: str = name_field(300)
    value: float | None = None
    value_text: str | None = Field(default=None, max_length=100)
    dataset_id: UUID | None = Field(default=None, foreign_key="datasets.id")


class ModelCard(SQLModel, table=True):
    """The nine sections of a model card (Mitchell et al. 2019) for one version."""

    __tablename__ = "model_cards"

    id: UUID = id_field()
    version_id: UUID = Field(foreign_key="model_versions.id", unique=True)
    model_details: str | None = Field(default=None, sa_column=Column(Text))
    intended_use: str | None = Field(default=None, sa_column=Column(Text))
    factors: str | None = Field(default=None, sa_column=Column(Text))
    metrics: str | None = Field(default=None, sa_column=Column(Text))
    evaluation_data: str | None = Field(default=None, sa_column=Column(Text))
    training_data: str | None = Field(default=None, sa_column=Column(Text))
    quantitative_analyses: str | None = Field(default=None, sa_column=Column(Text))
    ethical_considerations: str | None = Field(default=None, sa_column=Column(Text))
    caveats_and_recommendations: str | None = Field(default=None, sa_column=Column(Text))
    digest: str = Field(max_length=64)
    updated_at: datetime = instant()
