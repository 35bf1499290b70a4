"""The approval matrix, the questions put to people, who is asked, and their recorded answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text, text
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Discipline, Role


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
    """One person's answer to a request; WITHDRAW takes the answer before it back."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    REQUEST_CHANGES = "REQUEST_CHANGES"
    WITHDRAW = "WITHDRAW"


class SubjectKind(StrEnum):
    """What a request can be about; the concepts say what each of theirs is (hub/approvals/subjects.py)."""

    VERSION = "version"
    EXCEPTION = "exception"
    EXTENSION = "extension"
    POLICY_CHANGE = "policy_change"
    MATRIX_CHANGE = "matrix_change"
    CARD = "card"
    BREAK_GLASS = "break_glass"


class TermEnd(StrEnum):
    """What happens to a request that nobody decided within its term."""

    EXPIRE = "EXPIRE"
    KEEP = "KEEP"


class Channel(StrEnum):
    """Through which door somebody answered."""

    API = "API"
    CLI = "CLI"
    CONSOLE = "CONSOLE"
    SLACK = "SLACK"


class ApprovalRule(SQLModel, table=True):
    """A row of the matrix: what is asked of people about this kind of subject, for this tier, stage and model tag.

    An empty selector means any; the most specific row that fits applies (SQL function approval_rule). `steps` come one
    after the other; without any, checks alone suffice. See hub/approvals/steps.py for what a step says.
    """

    __tablename__ = "approval_rules"
    __table_args__ = (UniqueConstraint("subject_kind", "tier", "stage", "tag", postgresql_nulls_not_distinct=True),)

    id: UUID = id_field()
    subject_kind: str = Field(default=SubjectKind.VERSION, max_length=40)
    tier: RiskTier | None = choice(RiskTier, default=None, nullable=True)
    stage: Stage | None = choice(Stage, default=None, nullable=True)
    tag: str | None = Field(default=None, max_length=700)
    steps: list[dict[str, Any]] = document()
    term_days: int
    reminders_h: list[int] = document()
    escalation: list[dict[str, Any]] = document()
    at_end: TermEnd = choice(TermEnd, default=TermEnd.EXPIRE)
    calendar: str = Field(default="default", max_length=100)
    rationale: str = Field(default="", sa_type=Text)
    set_at: datetime = instant()


class ApprovalRequest(SQLModel, table=True):
    """The question whether a subject may take a step; knows its subject by kind, id and digest only.

    `parts` holds the digests that the subject's digest was made of, so that a change can be named; `authors` whose
    work it is: outside names, which are looked up at each signature, and people. `wants` says who may answer at this
    moment: roles, disciplines that are still open, group, team. `ladder` are the instants at which something is to
    happen while nobody decides, `rung` how many of them are behind, `next_at` the one ahead.
    """

    __tablename__ = "approval_requests"
    __table_args__ = (
        Index("ix_approval_requests_subject", "subject_id", desc("requested_at"), desc("id")),
        Index("ix_approval_requests_scope", "scope_id", desc("requested_at"), desc("id")),
        Index("ix_approval_requests_status", "status", desc("requested_at"), desc("id")),
        Index("ix_approval_requests_requested", desc("requested_at"), desc("id")),
        Index("ix_approval_requests_asker", "requested_by", desc("requested_at"), desc("id")),
        Index("ix_approval_requests_next", "next_at", "id", postgresql_where=text("status = 'PENDING'")),
        Index(
            "uq_approval_requests_live",
            "subject_kind",
            "subject_id",
            "stage",
            unique=True,
            postgresql_where=text("status = 'PENDING'"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: UUID = id_field()
    subject_kind: str = Field(max_length=40)
    subject_id: UUID
    subject_digest: str = Field(max_length=64)
    title: str = Field(default="", sa_type=Text)
    parts: dict[str, str] | None = document(nullable=True)
    authors: dict[str, list[str]] | None = document(nullable=True)
    scope_id: UUID | None = Field(default=None, foreign_key="models.id")
    tier: RiskTier | None = choice(RiskTier, default=None, nullable=True)
    stage: Stage | None = choice(Stage, default=None, nullable=True)
    status: ApprovalStatus = choice(ApprovalStatus, default=ApprovalStatus.PENDING)
    rule: dict[str, Any] = document()
    wants: dict[str, Any] = document()
    step: int = 0
    reason: str = Field(default="", sa_type=Text)
    acknowledgement: str = Field(default="", sa_type=Text)
    requested_by: UUID = Field(foreign_key="people.id")
    requested_at: datetime = instant()
    due_at: datetime = instant()
    ladder: list[dict[str, Any]] = document()
    rung: int = 0
    next_at: datetime | None = instant(nullable=True)
    paused_at: datetime | None = instant(nullable=True)
    late: bool = False
    decided_at: datetime | None = instant(nullable=True)
    status_why: str | None = Field(default=None, sa_type=Text)


class SignOff(SQLModel, table=True):
    """One person's recorded answer, bound to the digest that was looked at; added to, never changed.

    `entry` counts a person's answers to one request: the last one is what they say. `on_behalf_of` is whoever gave
    their say to the signer by `delegation_id`. `opened` counts what they had opened of what was put before them.
    """

    __tablename__ = "sign_offs"
    __table_args__ = (
        UniqueConstraint("request_id", "person_id", "entry"),
        Index("ix_sign_offs_newest", "request_id", desc("signed_at"), desc("id")),
        Index("ix_sign_offs_person", "person_id", desc("signed_at"), desc("id")),
    )

    id: UUID = id_field()
    request_id: UUID = Field(foreign_key="approval_requests.id")
    person_id: UUID = Field(foreign_key="people.id")
    entry: int = 1
    step: int = 0
    role: Role | None = choice(Role, default=None, nullable=True)
    discipline: Discipline | None = choice(Discipline, default=None, nullable=True)
    decision: SignOffDecision = choice(SignOffDecision)
    comment: str = Field(default="", sa_type=Text)
    acknowledgement: str = Field(default="", sa_type=Text)
    subject_digest: str = Field(max_length=64)
    channel: Channel = choice(Channel, default=Channel.API)
    on_behalf_of: UUID | None = Field(default=None, foreign_key="people.id")
    delegation_id: UUID | None = Field(default=None, foreign_key="delegations.id")
    opened_at: datetime | None = instant(nullable=True)
    opened: int = 0
    signed_at: datetime = instant()


class ApprovalAsk(SQLModel, table=True):
    """That somebody is asked now: what their inbox shows. Gone once they answered, or need not any more.

    With `delegation_id` they are asked in the place of `via_id`, from `from_at` until `until_at`.
    """

    __tablename__ = "approval_asks"
    __table_args__ = (
        UniqueConstraint("request_id", "person_id", "via_id", postgresql_nulls_not_distinct=True),
        Index("ix_approval_asks_person", "person_id", "due_at", "id"),
        Index("ix_approval_asks_delegation", "delegation_id", postgresql_where=text("delegation_id IS NOT NULL")),
    )

    id: UUID = id_field()
    request_id: UUID = Field(foreign_key="approval_requests.id")
    person_id: UUID = Field(foreign_key="people.id")
    discipline: Discipline | None = choice(Discipline, default=None, nullable=True)
    via_id: UUID | None = Field(default=None, foreign_key="people.id")
    delegation_id: UUID | None = Field(default=None, foreign_key="delegations.id")
    asked_at: datetime = instant()
    due_at: datetime = instant()
    from_at: datetime | None = instant(nullable=True)
    until_at: datetime | None = instant(nullable=True)


class Delegation(SQLModel, table=True):
    """That somebody gives their say to another for a while: for these disciplines, stages, one model, or for all."""

    __tablename__ = "delegations"
    __table_args__ = (
        Index("ix_delegations_from", "from_id", "ends_at"),
        Index("ix_delegations_to", "to_id", "ends_at"),
        Index("ix_delegations_newest", desc("created_at"), desc("id")),
    )

    id: UUID = id_field()
    from_id: UUID = Field(foreign_key="people.id")
    to_id: UUID = Field(foreign_key="people.id")
    disciplines: list[str] = document()
    stages: list[str] = document()
    scope_id: UUID | None = Field(default=None, foreign_key="models.id")
    reason: str = Field(default="", sa_type=Text)
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    created_at: datetime = instant()
    revoked_at: datetime | None = instant(nullable=True)


class Absence(SQLModel, table=True):
    """That somebody is away for a while: what is asked meanwhile goes to their delegate, or to the next in the path."""

    __tablename__ = "absences"
    __table_args__ = (Index("ix_absences_person", "person_id", "ends_at"),)

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="people.id")
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    created_at: datetime = instant()
    cancelled_at: datetime | None = instant(nullable=True)


class CommentKind(StrEnum):
    """What a comment does: QUESTION stops the clock of its request, ANSWER starts it again."""

    NOTE = "NOTE"
    QUESTION = "QUESTION"
    ANSWER = "ANSWER"


class ApprovalComment(SQLModel, table=True):
    """One entry of the discussion that everybody asked shares; `internal` ones are not for the requester's side."""

    __tablename__ = "approval_comments"
    __table_args__ = (Index("ix_approval_comments_request", "request_id", "at", "id"),)

    id: UUID = id_field()
    request_id: UUID = Field(foreign_key="approval_requests.id")
    person_id: UUID = Field(foreign_key="people.id")
    kind: CommentKind = choice(CommentKind)
    internal: bool = False
    body: str = Field(sa_type=Text)
    at: datetime = instant()


class ApprovalMention(SQLModel, table=True):
    """That a comment calls somebody by their handle."""

    __tablename__ = "approval_mentions"
    __table_args__ = (
        UniqueConstraint("comment_id", "person_id"),
        Index("ix_approval_mentions_person", "person_id", desc("at"), desc("id")),
    )

    id: UUID = id_field()
    comment_id: UUID = Field(foreign_key="approval_comments.id")
    person_id: UUID = Field(foreign_key="people.id")
    at: datetime = instant()


class ApprovalOpening(SQLModel, table=True):
    """When somebody first opened what was put before them: the dossier, or a piece of evidence by its id."""

    __tablename__ = "approval_openings"
    __table_args__ = (
        UniqueConstraint("request_id", "person_id", "thing_id", postgresql_nulls_not_distinct=True),
        Index("ix_approval_openings_request", "request_id", desc("opened_at"), desc("id")),
    )

    id: UUID = id_field()
    request_id: UUID = Field(foreign_key="approval_requests.id")
    person_id: UUID = Field(foreign_key="people.id")
    thing_id: UUID | None = None
    channel: Channel = choice(Channel, default=Channel.API)
    opened_at: datetime = instant()


class BreakGlass(SQLModel, table=True):
    """That somebody went ahead without the approval that was asked for, for a few hours, and what became of it.

    `review_id` is the request in which two uninvolved people review it.
    """

    __tablename__ = "break_glasses"
    __table_args__ = (
        Index("ix_break_glasses_newest", desc("at"), desc("id")),
        Index("ix_break_glasses_open", "scope_id", postgresql_where=text("reviewed_at IS NULL")),
    )

    id: UUID = id_field()
    request_id: UUID = Field(foreign_key="approval_requests.id", unique=True)
    scope_id: UUID | None = Field(default=None, foreign_key="models.id")
    person_id: UUID = Field(foreign_key="people.id")
    reason: str = Field(sa_type=Text)
    at: datetime = instant()
    expires_at: datetime = instant()
    review_due_at: datetime = instant()
    review_id: UUID | None = Field(default=None, foreign_key="approval_requests.id")
    reviewed_at: datetime | None = instant(nullable=True)
    justified: bool | None = None


class MatrixChangeStatus(StrEnum):
    """What became of a proposed change of the matrix; STALE when the row it was written over is another by now."""

    IN_REVIEW = "IN_REVIEW"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    STALE = "STALE"


class MatrixChange(SQLModel, table=True):
    """A proposed row of the approval matrix; without `proposed` the row is to go. Approved under the row in force."""

    __tablename__ = "matrix_changes"
    __table_args__ = (Index("ix_matrix_changes_created", desc("created_at"), desc("id")),)

    id: UUID = id_field()
    subject_kind: str = Field(max_length=40)
    tier: RiskTier | None = choice(RiskTier, default=None, nullable=True)
    stage: Stage | None = choice(Stage, default=None, nullable=True)
    tag: str | None = Field(default=None, max_length=700)
    proposed: dict[str, Any] | None = document(nullable=True)
    before: dict[str, Any] | None = document(nullable=True)
    status: MatrixChangeStatus = choice(MatrixChangeStatus, default=MatrixChangeStatus.IN_REVIEW)
    digest: str = Field(max_length=64)
    summary: str = Field(sa_type=Text)
    author_id: UUID = Field(foreign_key="people.id")
    created_at: datetime = instant()
    decided_at: datetime | None = instant(nullable=True)
