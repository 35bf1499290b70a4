"""Time-limited, approved deviations from a policy, and what lowers the risk meanwhile."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant, name_field
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import Severity


class ExceptionKind(StrEnum):
    """What sort of deviation it is."""

    EXCEPTION = "EXCEPTION"
    WAIVER = "WAIVER"
    RISK_ACCEPTANCE = "RISK_ACCEPTANCE"
    FALSE_POSITIVE = "FALSE_POSITIVE"


class ExceptionStatus(StrEnum):
    """Where an exception stands; APPROVED, ACTIVE, SUSPENDED and EXPIRED follow at the time of asking."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    UNDER_REVIEW = "UNDER_REVIEW"
    INFO_REQUESTED = "INFO_REQUESTED"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    RESOLVED = "RESOLVED"


class RiskTreatment(StrEnum):
    """What is done about the risk."""

    ACCEPT = "ACCEPT"
    AVOID = "AVOID"
    MITIGATE = "MITIGATE"
    FIX = "FIX"
    TRANSFER = "TRANSFER"


class ExtensionState(StrEnum):
    """What became of the wish to extend an exception; LAPSED when there was nothing left to extend."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


class ReviewVerdict(StrEnum):
    """What a recurring look at an exception comes to."""

    CONTINUE = "CONTINUE"
    REVOKE = "REVOKE"
    RESOLVE = "RESOLVE"


OPEN = text("state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND expiry_noted_at IS NULL")
"""Rows that lists of the backlog look through."""


END = "least({t}expires_at, {t}suspended_from, {t}ended_at)"
"""From when on an exception that was granted covers nothing, as its row says it by now: as the clock's index has it."""

UNCLEARED = f"{{t}}state IN ('APPROVED', 'REVOKED', 'RESOLVED') AND {{t}}cleared_end IS DISTINCT FROM {END}"
"""Rows by which something may count as waived, now or after their end: what that index holds."""


class PolicyException(SQLModel, table=True):
    """A deviation; without a version it covers every version of its model, without a stage every stage.

    `state` is what people decided (APPROVED once granted); the status of the day is the database's
    `exception_status(state, starts_at, expires_at, suspended_from, at)`. `suspended_from` is the earliest instant at
    which one of its controls does not hold, and is kept by the database itself. `weighted_since` is when it was asked
    for, earlier by a head start for its risk: the order of the backlog. `tier` and `team_id` are the model's.
    `expiry_noted_at` is when the clock saw that it is over: lists of what is open pass it by, and nothing else asks it.
    `cleared_end` is the end after which the clock saw that nothing counts as waived by it any more: until it ends
    otherwise, or anew, the clock passes it by.
    """

    __tablename__ = "policy_exceptions"
    __table_args__ = (
        Index("ix_policy_exceptions_model", "model_id", desc("requested_at"), desc("id")),
        Index("ix_policy_exceptions_policy", "policy_id", "model_id"),
        Index("ix_policy_exceptions_requested", desc("requested_at"), desc("id")),
        Index("ix_policy_exceptions_expiry", "expires_at", "id"),
        Index("ix_policy_exceptions_weighted", "weighted_since", "id"),
        Index("ix_policy_exceptions_backlog", "weighted_since", "id", postgresql_where=OPEN),
        Index("ix_policy_exceptions_ending", "expires_at", "id", postgresql_where=OPEN),
        Index("ix_policy_exceptions_owner", "owner_id", "weighted_since", "id", postgresql_where=OPEN),
        Index("ix_policy_exceptions_team", "team_id", "weighted_since", "id", postgresql_where=OPEN),
        Index(
            "ix_policy_exceptions_review",
            text("coalesce(review_at, 'infinity'::timestamptz)"),
            "id",
            postgresql_where=OPEN,
        ),
        Index("ix_policy_exceptions_end", text(f"({END.format(t='')})"), postgresql_where=text(UNCLEARED.format(t=""))),
        Index("ix_policy_exceptions_batch", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        Index("ix_policy_exceptions_renewed", "renewed_from_id", postgresql_where=text("renewed_from_id IS NOT NULL")),
    )

    id: UUID = id_field()
    policy_id: UUID = Field(foreign_key="policies.id")
    policy_version_id: UUID | None = Field(default=None, foreign_key="policy_versions.id")
    model_id: UUID = Field(foreign_key="models.id")
    version_id: UUID | None = Field(default=None, foreign_key="model_versions.id")
    stage: Stage | None = choice(Stage, default=None, nullable=True)
    kind: ExceptionKind = choice(ExceptionKind)
    state: ExceptionStatus = choice(ExceptionStatus)
    template: str = Field(default="", max_length=100)
    justification: str = Field(sa_type=Text)
    risk_before: Severity = choice(Severity, default=Severity.MEDIUM, rule="risk_before")
    risk_after: Severity = choice(Severity, default=Severity.MEDIUM, rule="risk_after")
    recommended_treatment: RiskTreatment = choice(RiskTreatment, rule="recommended_treatment")
    decided_treatment: RiskTreatment | None = choice(
        RiskTreatment, default=None, nullable=True, rule="decided_treatment"
    )
    ticket_url: str = Field(default="", sa_type=Text)
    tier: RiskTier = choice(RiskTier, default=RiskTier.UNCLASSIFIED)
    team_id: UUID | None = Field(default=None, foreign_key="teams.id")
    owner_id: UUID = Field(foreign_key="people.id")
    requested_by: UUID = Field(foreign_key="people.id")
    requested_at: datetime = instant()
    weighted_since: datetime = instant()
    starts_at: datetime = instant()
    expires_at: datetime = instant()
    suspended_from: datetime | None = instant(nullable=True)
    review_every_days: int | None = None
    review_at: datetime | None = instant(nullable=True)
    reviewed_at: datetime | None = instant(nullable=True)
    extensions_allowed: int = 0
    extensions_used: int = 0
    renewed_from_id: UUID | None = Field(default=None, foreign_key="policy_exceptions.id")
    batch_id: UUID | None = None
    decided_by: UUID | None = Field(default=None, foreign_key="people.id")
    decided_at: datetime | None = instant(nullable=True)
    decision_note: str = Field(default="", sa_type=Text)
    expiry_noted_at: datetime | None = instant(nullable=True)
    cleared_end: datetime | None = instant(nullable=True)
    resolution_suggested_at: datetime | None = instant(nullable=True)
    ended_by: UUID | None = Field(default=None, foreign_key="people.id")
    ended_at: datetime | None = instant(nullable=True)
    end_note: str = Field(default="", sa_type=Text)


class CompensatingControl(SQLModel, table=True):
    """What lowers the risk meanwhile.

    Tied to a check it names the policy that must pass, and is red since it last did not, which `red_why` says in words;
    tied to a person's word it is to be attested every so many days, and is stale from `attestation_due_at` on.
    """

    __tablename__ = "compensating_controls"
    __table_args__ = (
        Index("ix_compensating_controls_exception", "exception_id", "id"),
        Index("ix_compensating_controls_policy", "policy_id", postgresql_where=text("policy_id IS NOT NULL")),
    )

    id: UUID = id_field()
    exception_id: UUID = Field(foreign_key="policy_exceptions.id")
    description: str = Field(sa_type=Text)
    policy_id: UUID | None = Field(default=None, foreign_key="policies.id")
    red_since: datetime | None = instant(nullable=True)
    red_why: str | None = Field(default=None, sa_type=Text)
    attest_every_days: int | None = None
    attestor_id: UUID | None = Field(default=None, foreign_key="people.id")
    attested_by: UUID | None = Field(default=None, foreign_key="people.id")
    attested_at: datetime | None = instant(nullable=True)
    attestation_due_at: datetime | None = instant(nullable=True)
    attestation_note: str = Field(default="", sa_type=Text)
    attestation_evidence_url: str | None = Field(default=None, sa_type=Text)


class AcceptanceCriterion(SQLModel, table=True):
    """What must be true for an exception to be closed: that a policy passes, or what a person confirms."""

    __tablename__ = "acceptance_criteria"
    __table_args__ = (
        Index("ix_acceptance_criteria_exception", "exception_id", "id"),
        Index("ix_acceptance_criteria_policy", "policy_id", postgresql_where=text("policy_id IS NOT NULL")),
    )

    id: UUID = id_field()
    exception_id: UUID = Field(foreign_key="policy_exceptions.id")
    description: str = Field(sa_type=Text)
    policy_id: UUID | None = Field(default=None, foreign_key="policies.id")
    due_at: datetime | None = instant(nullable=True)
    met_at: datetime | None = instant(nullable=True)
    met_by: UUID | None = Field(default=None, foreign_key="people.id")
    met_note: str = Field(default="", sa_type=Text)
    evidence_url: str = Field(default="", sa_type=Text)


class SuggestionStatus(StrEnum):
    """What became of the suggestion that a policy be changed."""

    OPEN = "OPEN"
    TAKEN = "TAKEN"
    DISMISSED = "DISMISSED"


class PolicySuggestion(SQLModel, table=True):
    """That a policy was excepted so often that it had better be changed; one at a time is open.

    With a team the exceptions are of that team's models alone. `facts` are what was known when it was opened.
    """

    __tablename__ = "policy_suggestions"
    __table_args__ = (
        Index("ix_policy_suggestions_newest", desc("opened_at"), desc("id")),
        Index("ix_policy_suggestions_policy", "policy_id", desc("opened_at"), desc("id")),
        Index("uq_policy_suggestions_open", "policy_id", unique=True, postgresql_where=text("status = 'OPEN'")),
    )

    id: UUID = id_field()
    policy_id: UUID = Field(foreign_key="policies.id")
    team_id: UUID | None = Field(default=None, foreign_key="teams.id")
    status: SuggestionStatus = choice(SuggestionStatus, default=SuggestionStatus.OPEN)
    facts: dict[str, Any] = document()
    exception_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    opened_at: datetime = instant()
    settled_by: UUID | None = Field(default=None, foreign_key="people.id")
    settled_at: datetime | None = instant(nullable=True)
    reason: str = Field(default="", sa_type=Text)
    change_id: UUID | None = Field(default=None, foreign_key="policy_changes.id")


class ExceptionExtension(SQLModel, table=True):
    """That an exception is to last longer, and what became of it; one at a time is undecided."""

    __tablename__ = "exception_extensions"
    __table_args__ = (
        Index("ix_exception_extensions_exception", "exception_id", desc("requested_at"), desc("id")),
        Index(
            "uq_exception_extensions_open",
            "exception_id",
            unique=True,
            postgresql_where=text("state = 'REQUESTED'"),
        ),
    )

    id: UUID = id_field()
    exception_id: UUID = Field(foreign_key="policy_exceptions.id")
    was_expires_at: datetime = instant()
    until: datetime = instant()
    justification: str = Field(sa_type=Text)
    requested_by: UUID = Field(foreign_key="people.id")
    requested_at: datetime = instant()
    state: ExtensionState = choice(ExtensionState, default=ExtensionState.REQUESTED)
    decided_by: UUID | None = Field(default=None, foreign_key="people.id")
    decided_at: datetime | None = instant(nullable=True)
    note: str = Field(default="", sa_type=Text)


class ExceptionReview(SQLModel, table=True):
    """One recurring look at an exception, and when it was due, if it was; added to, never changed."""

    __tablename__ = "exception_reviews"
    __table_args__ = (Index("ix_exception_reviews_exception", "exception_id", desc("at"), desc("id")),)

    id: UUID = id_field()
    exception_id: UUID = Field(foreign_key="policy_exceptions.id")
    due_at: datetime | None = instant(nullable=True)
    reviewed_by: UUID = Field(foreign_key="people.id")
    at: datetime = instant()
    verdict: ReviewVerdict = choice(ReviewVerdict)
    note: str = Field(sa_type=Text)


class SavedView(SQLModel, table=True):
    """A filter and an order that somebody keeps under a name, as the graph takes them; a team may see it too."""

    __tablename__ = "saved_views"
    __table_args__ = (
        UniqueConstraint("person_id", "about", "name"),
        Index("ix_saved_views_team", "shared_with_team_id", postgresql_where=text("shared_with_team_id IS NOT NULL")),
    )

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="people.id")
    name: str = name_field(100)
    about: str = Field(max_length=40)
    filter: dict[str, Any] = document()
    order_by: list[dict[str, Any]] = document()
    shared_with_team_id: UUID | None = Field(default=None, foreign_key="teams.id")
    changed_at: datetime = instant()


class ExceptionDraft(SQLModel, table=True):
    """A request that is being written, as its author has it so far; nobody else sees it.

    No row of exceptions: of those every column is known, they are counted, and whoever sees the model sees them.
    """

    __tablename__ = "exception_drafts"
    __table_args__ = (Index("ix_exception_drafts_author", "author_id", desc("updated_at"), desc("id")),)

    id: UUID = id_field()
    author_id: UUID = Field(foreign_key="people.id")
    policy_id: UUID = Field(foreign_key="policies.id")
    model_id: UUID = Field(foreign_key="models.id")
    state: ExceptionStatus = choice(ExceptionStatus, default=ExceptionStatus.DRAFT)
    says: dict[str, Any] = document()
    exception_id: UUID | None = Field(default=None, foreign_key="policy_exceptions.id")
    created_at: datetime = instant()
    updated_at: datetime = instant()


class ExceptionAttachment(SQLModel, table=True):
    """A file that somebody put with an exception; added and taken away, never changed.

    `media_type` is what its sender called it, and `content` may be megabytes: lists leave it where it lies.
    """

    __tablename__ = "exception_attachments"
    __table_args__ = (
        UniqueConstraint("exception_id", "name", "sha256"),
        Index("ix_exception_attachments_exception", "exception_id", "id"),
    )

    id: UUID = id_field()
    exception_id: UUID = Field(foreign_key="policy_exceptions.id")
    name: str = name_field(200)
    media_type: str = Field(max_length=100)
    size: int
    sha256: str = Field(max_length=64)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    added_by: UUID = Field(foreign_key="people.id")
    added_at: datetime = instant()


class ExceptionUpload(SQLModel, table=True):
    """A file that waits to be put with an exception by whoever sent it; nobody else knows of it, and not for long."""

    __tablename__ = "exception_uploads"
    __table_args__ = (
        UniqueConstraint("added_by", "name", "sha256"),
        Index("ix_exception_uploads_added", "added_at"),
    )

    id: UUID = id_field()
    name: str = name_field(200)
    media_type: str = Field(max_length=100)
    size: int
    sha256: str = Field(max_length=64)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    added_by: UUID = Field(foreign_key="people.id")
    added_at: datetime = instant()
