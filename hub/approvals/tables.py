"""The approval matrix, the questions put to people, and their recorded answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Discipline


class ApprovalStatus(StrEnum):
    """What became of a request."""

    PENDING = "PENDING"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    STALE = "STALE"
    BYPASSED = "BYPASSED"


class SignOffDecision(StrEnum):
    """One person's answer to a request."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    REQUEST_CHANGES = "REQUEST_CHANGES"


class ApprovalRule(SQLModel, table=True):
    """A row of the matrix: for this tier and stage, so many signatures, from these disciplines, in this term."""

    __tablename__ = "approval_rules"
    __table_args__ = (UniqueConstraint("tier", "stage"),)

    id: UUID = id_field()
    tier: RiskTier = choice(RiskTier)
    stage: Stage = choice(Stage)
    quorum: int
    disciplines: list[str] = document()
    term_days: int


class ApprovalRequest(SQLModel, table=True):
    """The question whether a subject may take a step; knows its subject by kind, id and digest only.

    `parts` holds the digests that the subject's digest was made of, so that a change can be named; `authors` whose
    work it is: outside names, which are looked up at each signature, and people.
    """

    __tablename__ = "approval_requests"
    __table_args__ = (
        Index("ix_approval_requests_subject", "subject_id", desc("requested_at"), desc("id")),
        Index("ix_approval_requests_scope", "scope_id", desc("requested_at"), desc("id")),
        Index("ix_approval_requests_status", "status", desc("requested_at"), desc("id")),
        Index("ix_approval_requests_requested", desc("requested_at"), desc("id")),
    )

    id: UUID = id_field()
    subject_kind: str = Field(max_length=40)
    subject_id: UUID
    subject_digest: str = Field(max_length=64)
    parts: dict[str, str] | None = document(nullable=True)
    authors: dict[str, list[str]] | None = document(nullable=True)
    scope_id: UUID = Field(foreign_key="models.id")
    stage: Stage = choice(Stage)
    status: ApprovalStatus = choice(ApprovalStatus, default=ApprovalStatus.PENDING)
    rule: dict[str, Any] = document()
    reason: str = Field(default="", sa_type=Text)
    requested_by: UUID = Field(foreign_key="people.id")
    requested_at: datetime = instant()
    due_at: datetime = instant()
    decided_at: datetime | None = instant(nullable=True)
    status_why: str | None = Field(default=None, sa_type=Text)


class SignOff(SQLModel, table=True):
    """One person's recorded answer, bound to the digest that was looked at."""

    __tablename__ = "sign_offs"
    __table_args__ = (
        UniqueConstraint("request_id", "person_id"),
        Index("ix_sign_offs_newest", "request_id", desc("signed_at"), desc("id")),
        Index("ix_sign_offs_person", "person_id", desc("signed_at"), desc("id")),
    )

    id: UUID = id_field()
    request_id: UUID = Field(foreign_key="approval_requests.id")
    person_id: UUID = Field(foreign_key="people.id")
    discipline: Discipline | None = choice(Discipline, default=None, nullable=True)
    decision: SignOffDecision = choice(SignOffDecision)
    comment: str = Field(default="", sa_type=Text)
    subject_digest: str = Field(max_length=64)
    signed_at: datetime = instant()
