"""Calendars: working hours, the holidays of a country, and days on which a company is closed besides."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Date, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from hub.db import id_field, instant, name_field


class Calendar(SQLModel, table=True):
    """When people of one place work; `days` are ISO's, 1 for Monday, and the times are the wall clock's, as HH:MM."""

    __tablename__ = "calendars"

    id: UUID = id_field()
    key: str = name_field(100, unique=True)
    name: str = name_field(200)
    zone: str = Field(max_length=100)
    days: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))
    opens: str = Field(max_length=5)
    closes: str = Field(max_length=5)
    country: str | None = Field(default=None, max_length=2)
    subdivision: str | None = Field(default=None, max_length=100)
    closed_on: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))
    created_at: datetime = instant()
    changed_at: datetime = instant()
