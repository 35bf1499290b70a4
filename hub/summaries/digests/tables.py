"""Who gets digests and when, and the digests that were made."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, desc

from hub.db import choice, document, id_field, instant


class Audience(StrEnum):
    """For whom a digest is made."""

    EXECUTIVES = "EXECUTIVES"
    POLICY_OWNERS = "POLICY_OWNERS"
    TEAM = "TEAM"


class Rhythm(StrEnum):
    """How long the periods of a digest are."""

    WEEK = "WEEK"
    MONTH = "MONTH"


class DigestSubscription(SQLModel, table=True):
    """That digests are made, at `hour` o'clock of a day after the period: `on_day` of the week (1 is Monday) or month.

    `next_begins` is the first day of the next period to be told of, `next_at` when that is due; null once ended.
    """

    __tablename__ = "digest_subscriptions"
    __table_args__ = (
        Index("ix_digest_subscriptions_next", "next_at", "id", postgresql_where=text("next_at IS NOT NULL")),
        Index(
            "uq_digest_subscriptions_live",
            "audience",
            "team_id",
            "period",
            "zone",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("enabled"),
        ),
    )

    id: UUID = id_field()
    audience: Audience = choice(Audience)
    team_id: UUID | None = Field(default=None, foreign_key="teams.id")
    period: Rhythm = choice(Rhythm)
    zone: str = Field(max_length=100)
    on_day: int
    hour: int
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    people: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    enabled: bool = True
    next_begins: date
    next_at: datetime | None = instant(nullable=True)
    created_by_id: UUID = Field(foreign_key="people.id")
    created_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class Digest(SQLModel, table=True):
    """One summary that was made, never changed: its facts, their digest, and what it said had changed.

    `ends` is the first day after its period, in the zone of its subscription.
    """

    __tablename__ = "digests"
    __table_args__ = (
        UniqueConstraint("subscription_id", "begins"),
        Index("ix_digests_made", desc("begins"), desc("id")),
        Index("ix_digests_team", "team_id", desc("begins")),
    )

    id: UUID = id_field()
    subscription_id: UUID = Field(foreign_key="digest_subscriptions.id")
    team_id: UUID | None = Field(default=None, foreign_key="teams.id")
    begins: date
    ends: date
    zone: str = Field(max_length=100)
    as_of: datetime = instant()
    facts: dict[str, object] = document()
    facts_digest: str = Field(max_length=64)
    changes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    made_at: datetime = instant()
    late: bool
