"""What a version was made from: data sets, runs, and the edges between them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant, name_field


class LineageKind(StrEnum):
    """What stands at an end of a lineage edge."""

    DATASET = "DATASET"
    RUN = "RUN"
    VERSION = "VERSION"


class LineageRole(StrEnum):
    """What an edge says: data that trained, data that evaluated, data made from data, or a run's product."""

    TRAINING = "TRAINING"
    EVALUATION = "EVALUATION"
    DERIVED = "DERIVED"
    PRODUCED = "PRODUCED"


class Dataset(SQLModel, table=True):
    __tablename__ = "datasets"
    __table_args__ = (
        UniqueConstraint("namespace", "name", "digest"),
        Index("ix_datasets_name", "name", "id"),
    )

    id: UUID = id_field()
    namespace: str = Field(max_length=300)
    name: str = name_field(500)
    digest: str = Field(default="", max_length=200)
    source_kind: str | None = Field(default=None, max_length=100)
    source: str | None = Field(default=None, sa_type=Text)
    columns: dict[str, Any] | None = document(nullable=True)
    profile: dict[str, Any] | None = document(nullable=True)
    created_at: datetime = instant()


class DatasetDescription(SQLModel, table=True):
    """What a data steward says of a data set, whatever its digest: kinds of data, consent, licence, may it be used."""

    __tablename__ = "dataset_descriptions"
    __table_args__ = (UniqueConstraint("namespace", "name"),)

    id: UUID = id_field()
    namespace: str = Field(max_length=300)
    name: str = name_field(500)
    categories: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(String(100)), nullable=False))
    source_name: str = Field(default="", sa_type=Text)
    legal_basis: str = Field(default="", max_length=300)
    consent: str = Field(default="", max_length=300)
    licence: str = Field(default="", max_length=300)
    prohibited: bool = False
    note: str = Field(default="", sa_type=Text)
    described_by: UUID = Field(foreign_key="people.id")
    described_at: datetime = instant()


class Run(SQLModel, table=True):
    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("registry_id", "external_id"),
        Index("ix_runs_started", desc("started_at"), desc("id")),
    )

    id: UUID = id_field()
    registry_id: UUID = Field(foreign_key="registries.id")
    external_id: str = Field(max_length=300)
    name: str = Field(default="", max_length=500)
    status: str = Field(default="", max_length=100)
    author: str | None = Field(default=None, max_length=300)
    code_commit: str | None = Field(default=None, max_length=200)
    params: dict[str, Any] = document()
    started_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class LineageEdge(SQLModel, table=True):
    """From what was used to what was made of it; its ends are known by kind and id."""

    __tablename__ = "lineage_edges"
    __table_args__ = (
        UniqueConstraint("to_id", "from_id", "role"),
        Index("ix_lineage_edges_from", "from_id", "to_id"),
    )

    id: UUID = id_field()
    from_kind: LineageKind = choice(LineageKind, rule="from_kind")
    from_id: UUID
    to_kind: LineageKind = choice(LineageKind, rule="to_kind")
    to_id: UUID
    role: LineageRole = choice(LineageRole)
    created_at: datetime = instant()
