"""What summaries are counted from: derived from the audit trail, and made anew from it at any time."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, SmallInteger, String, text
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from hub.db import instant

COUNTS = ("opened", "granted", "rejected", "withdrawn", "extended", "expired", "revoked", "resolved", "decided")
"""What happened, in lines and in their sums."""
DELTAS = ("open_delta", "in_force_delta", "opened_epoch_delta")
"""What is open, what is in force, and the instants in seconds at which the open ones were asked for, summed."""
SUMS = (*COUNTS, "decide_seconds", *DELTAS)


def _word(*, nullable: bool = False) -> "Column[str]":
    return Column(String(40), nullable=nullable)


def _large() -> "Column[int]":
    return Column(BigInteger, nullable=False)


def _folded() -> "Column[bool]":
    return Column(Boolean, nullable=False, server_default=text("false"))


class ExceptionLine(SQLModel, table=True):
    """One effect of one event on what is counted, written by the database's `exception_lines_of`.

    It counts from `effective_at`, which is never before `recorded_at`: so what stood at an instant follows from the
    lines in effect by then, and nothing that is recorded later changes it. Lines that are in the sums are `folded`.
    """

    __tablename__ = "exception_lines"
    __table_args__ = (
        UniqueConstraint("event_id", "place"),
        Index("ix_exception_lines_effective", "effective_at"),
        Index("ix_exception_lines_exception", "exception_id", "effective_at"),
        Index("ix_exception_lines_policy", "policy_id", "effective_at"),
        Index("ix_exception_lines_team", "team_id", "effective_at"),
        Index("ix_exception_lines_model", "model_id"),
        Index("ix_exception_lines_added", "id", postgresql_where=text("NOT folded")),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    event_id: UUID
    place: int = Field(sa_type=SmallInteger)
    exception_id: UUID
    model_id: UUID
    recorded_at: datetime = instant()
    effective_at: datetime = instant()
    policy_id: UUID
    team_id: UUID | None = None
    tier: str = Field(sa_column=_word())
    kind: str = Field(sa_column=_word())
    risk: str = Field(sa_column=_word())
    stage: str | None = Field(default=None, sa_column=_word(nullable=True))
    opened: int
    granted: int
    rejected: int
    withdrawn: int
    extended: int
    expired: int
    revoked: int
    resolved: int
    decided: int
    decide_seconds: int = Field(sa_column=_large())
    open_delta: int
    in_force_delta: int
    opened_epoch_delta: int = Field(sa_column=_large())
    folded: bool = Field(default=False, sa_column=_folded())


class ExceptionDay(SQLModel, table=True):
    """The sum of the lines in effect on one day, in UTC, of one value of what a trend is told apart by.

    A ledger: sums are added to by further rows, and the clock folds them together. `restricted_model_id` is given for
    models that not everybody sees.
    """

    __tablename__ = "exception_days"
    __table_args__ = (
        Index("ix_exception_days_key", "dimension", "day", "value", "restricted_model_id"),
        Index("ix_exception_days_open", "dimension", "day", postgresql_where=text("restricted_model_id IS NULL")),
        Index(
            "ix_exception_days_model",
            "restricted_model_id",
            "dimension",
            "day",
            postgresql_where=text("restricted_model_id IS NOT NULL"),
        ),
        Index("ix_exception_days_added", "id", postgresql_where=text("NOT folded")),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    dimension: str = Field(sa_column=_word())
    day: date
    value: str = Field(sa_column=_word())
    restricted_model_id: UUID | None = None
    opened: int
    granted: int
    rejected: int
    withdrawn: int
    extended: int
    expired: int
    revoked: int
    resolved: int
    decided: int
    decide_seconds: int = Field(sa_column=_large())
    open_delta: int
    in_force_delta: int
    opened_epoch_delta: int = Field(sa_column=_large())
    folded: bool = Field(default=False, sa_column=_folded())


class ComplianceDay(SQLModel, table=True):
    """What changed on a day, in UTC, in how a model stands under a policy: how much was asked, is kept, is waived.

    The sum up to a day is how it stood at the day's end. Tier and team are the model's at the time.
    """

    __tablename__ = "compliance_days"
    __table_args__ = (Index("ix_compliance_days_day", "day"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    day: date
    model_id: UUID
    policy_id: UUID
    team_id: UUID | None = None
    tier: str = Field(sa_column=_word())
    asked: int
    kept: int
    waived: int


class ComplianceTold(SQLModel, table=True):
    """A day whose end is in `compliance_days`, also when nothing changed on it."""

    __tablename__ = "compliance_told"

    day: date = Field(primary_key=True)
    told_at: datetime = instant()
