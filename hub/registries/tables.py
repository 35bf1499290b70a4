"""The registries the hub syncs with, and every sync of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, LargeBinary, Text, text
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant, name_field


class SyncStatus(StrEnum):
    """How a sync stands; HELD waits for a person, because too much was gone."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    HELD = "HELD"


class SyncTrigger(StrEnum):
    """Who or what started a sync."""

    SCHEDULE = "SCHEDULE"
    PERSON = "PERSON"
    PUSH = "PUSH"


class Registry(SQLModel, table=True):
    """An external model registry; its credentials are encrypted, with this row's id as associated data."""

    __tablename__ = "registries"

    id: UUID = id_field()
    key: str = Field(max_length=100, unique=True)
    kind: str = Field(max_length=40)
    name: str = name_field(200)
    base_url: str = Field(sa_type=Text)
    enabled: bool = True
    every_s: int = 300
    next_sync_at: datetime | None = instant(nullable=True, index=True)
    credentials: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    credentials_key_id: str | None = Field(default=None, max_length=40)
    options: dict[str, Any] = document()
    created_at: datetime = instant()


class SyncRun(SQLModel, table=True):
    """One sweep of a registry: how far it came, what it found, how it ended.

    `beat_at` is the worker's last sign of life; `tries` counts the workers that took the run up, and only the last of
    them may write. `details_tries` counts attempts at the next batch of details since one last succeeded.
    """

    __tablename__ = "sync_runs"
    __table_args__ = (
        UniqueConstraint("registry_id", "number"),
        Index("ix_sync_runs_started", desc("queued_at"), desc("id")),
        Index(
            "ix_sync_runs_open",
            "registry_id",
            unique=True,
            postgresql_where=text("status IN ('QUEUED', 'RUNNING')"),
        ),
    )

    id: UUID = id_field()
    registry_id: UUID = Field(foreign_key="registries.id")
    number: int
    trigger: SyncTrigger = choice(SyncTrigger)
    status: SyncStatus = choice(SyncStatus, default=SyncStatus.QUEUED)
    step: str = Field(default="", max_length=200)
    scope_digest: str = Field(default="", max_length=64)
    tries: int = 0
    models_seen: int = 0
    versions_seen: int = 0
    versions_expected: int | None = None
    created: int = 0
    changed: int = 0
    missing: int = 0
    rejected: int = 0
    details_pending: int = 0
    details_tries: int = 0
    why: str | None = Field(default=None, sa_type=Text)
    requested_by: UUID | None = Field(default=None, foreign_key="people.id")
    queued_at: datetime = instant()
    started_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    beat_at: datetime | None = instant(nullable=True)


class SyncSeen(SQLModel, table=True):
    """What one sync run saw, kept while its registry's next run may compare with it."""

    __tablename__ = "sync_seen"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    run_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=10)
    key: str = Field(primary_key=True, max_length=1200)
    digest: str = Field(max_length=64)
