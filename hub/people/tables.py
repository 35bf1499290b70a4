"""People and what they may do: identities, teams, role grants, tokens."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, LargeBinary, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from hub.db import choice, id_field, instant, name_field


class PersonKind(StrEnum):
    """Whether a person is a human being or a service account."""

    HUMAN = "HUMAN"
    SERVICE = "SERVICE"


class Role(StrEnum):
    """What somebody is here for."""

    MODEL_OWNER = "MODEL_OWNER"
    DEVELOPER = "DEVELOPER"
    MODEL_APPROVER = "MODEL_APPROVER"
    POLICY_OWNER = "POLICY_OWNER"
    DATA_STEWARD = "DATA_STEWARD"
    INCIDENT_RESPONDER = "INCIDENT_RESPONDER"
    AUDITOR = "AUDITOR"
    EXECUTIVE = "EXECUTIVE"
    ADMIN = "ADMIN"
    SERVICE = "SERVICE"


class Discipline(StrEnum):
    """The field an approver speaks for."""

    DATA_SCIENCE = "DATA_SCIENCE"
    ENGINEERING = "ENGINEERING"
    PRODUCT = "PRODUCT"
    LEGAL = "LEGAL"
    COMPLIANCE = "COMPLIANCE"
    RISK = "RISK"
    BUSINESS = "BUSINESS"
    OPERATIONS = "OPERATIONS"


class Person(SQLModel, table=True):
    __tablename__ = "people"
    # Two people on one address would be one person under two names.
    __table_args__ = (
        Index("uq_people_email", func.lower(text("email")), unique=True),
        Index("ix_people_handle_lower", func.lower(text("handle"))),
    )

    id: UUID = id_field()
    handle: str = name_field(100, unique=True)
    name: str = name_field(200)
    email: str | None = Field(default=None, max_length=320)
    kind: PersonKind = choice(PersonKind, default=PersonKind.HUMAN)
    active: bool = True
    created_at: datetime = instant()


class Identity(SQLModel, table=True):
    """One name under which an outside system knows a person; two identities are still one person."""

    __tablename__ = "identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        Index("ix_identities_subject_lower", func.lower(text("subject"))),
    )

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="people.id", index=True)
    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=300)


class Team(SQLModel, table=True):
    __tablename__ = "teams"

    id: UUID = id_field()
    key: str = Field(max_length=100, unique=True)
    name: str = name_field(200)
    created_at: datetime = instant()


class TeamMember(SQLModel, table=True):
    __tablename__ = "team_members"

    team_id: UUID = Field(foreign_key="teams.id", primary_key=True)
    person_id: UUID = Field(foreign_key="people.id", primary_key=True, index=True)


class RoleGrant(SQLModel, table=True):
    __tablename__ = "role_grants"
    __table_args__ = (
        UniqueConstraint("person_id", "role", "discipline", postgresql_nulls_not_distinct=True),
        Index("ix_role_grants_role", "role", "discipline", "person_id"),
    )

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="people.id")
    role: Role = choice(Role)
    discipline: Discipline | None = choice(Discipline, default=None, nullable=True)
    granted_at: datetime = instant()


class Token(SQLModel, table=True):
    """A bearer token; its secret is known to the hub by its SHA-256 alone."""

    __tablename__ = "tokens"

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="people.id", index=True)
    label: str = Field(max_length=200)
    prefix: str = Field(max_length=20)
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    scopes: list[str] = Field(sa_column=Column(ARRAY(String(20)), nullable=False))
    created_at: datetime = instant()
    expires_at: datetime = instant()
    revoked_at: datetime | None = instant(nullable=True)
