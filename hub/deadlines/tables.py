"""Deadlines: one row for each, which says when something is next to be told of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from hub.db import choice, id_field, instant


class DeadlineKind(StrEnum):
    """What is due."""

    EXPIRY = "EXPIRY"
    REVIEW = "REVIEW"
    ATTESTATION = "ATTESTATION"
    CRITERION = "CRITERION"
    REVALIDATION = "REVALIDATION"
    ORPHANED_EXCEPTION = "ORPHANED_EXCEPTION"
    ORPHANED_MODEL = "ORPHANED_MODEL"


class Deadline(SQLModel, table=True):
    """One thing that is due, kept by the database's triggers from the rows that say so.

    `about_id` is the exception, control, criterion, version or model; `person_id` is who is told, `in_copy` when
    somebody else is to see to it. Without `ends_at` it is due at once. Nothing is told from `until_at` on. Up to
    `done_at` all is told, or was past before it was known; `next_at` is when more is to be told, none when that is
    all, and 1970 when dates were written that nobody has looked at yet.
    """

    __tablename__ = "deadlines"
    __table_args__ = (
        UniqueConstraint("kind", "about_id", "in_copy"),
        Index("ix_deadlines_next", "kind", "next_at", "id", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_deadlines_told", "kind", "person_id", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_deadlines_ends", "ends_at", "id"),
        Index("ix_deadlines_person", "person_id", "ends_at", "id"),
        Index("ix_deadlines_exception", "exception_id"),
        Index("ix_deadlines_model", "model_id", "ends_at", "id"),
    )

    id: UUID = id_field()
    kind: DeadlineKind = choice(DeadlineKind)
    about_id: UUID
    in_copy: bool = False
    person_id: UUID | None = Field(default=None, foreign_key="people.id")
    model_id: UUID = Field(foreign_key="models.id")
    version_id: UUID | None = Field(default=None, foreign_key="model_versions.id")
    exception_id: UUID | None = Field(default=None, foreign_key="policy_exceptions.id")
    ends_at: datetime | None = instant(nullable=True)
    until_at: datetime | None = instant(nullable=True)
    done_at: datetime | None = instant(nullable=True)
    next_at: datetime | None = instant(nullable=True)
