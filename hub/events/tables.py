"""The audit trail and the memory of answered mutations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, LargeBinary
from sqlmodel import Field, Index, SQLModel

from hub.db import document, id_field, instant


class Event(SQLModel, table=True):
    """One line of the audit trail; `body` holds the exact canonical bytes."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_subject", "subject_id", "seq"),
        Index("ix_events_scope", "scope_id", "seq"),
        Index("ix_events_kind", "kind", "seq"),
        Index("ix_events_actor", "actor_id", "seq"),
    )

    id: UUID = id_field()
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True))
    kind: str = Field(max_length=100)
    at: datetime = instant()
    actor_id: UUID | None = Field(default=None, foreign_key="people.id")
    subject_kind: str = Field(max_length=40)
    subject_id: UUID
    subject_digest: str | None = Field(default=None, max_length=80)
    scope_id: UUID | None = Field(default=None)
    operation: str = Field(max_length=64)
    data: dict[str, object] = document()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Answered(SQLModel, table=True):
    """What a mutation answered under a client's idempotency key."""

    __tablename__ = "answered"

    actor_id: UUID = Field(primary_key=True, foreign_key="people.id")
    key: str = Field(primary_key=True, max_length=200)
    mutation: str = Field(max_length=100)
    asked_digest: str = Field(max_length=64)
    answer: dict[str, object] = document()
    at: datetime = instant(index=True)
