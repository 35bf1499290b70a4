"""The SQL of calendars."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from hub.calendars import rules
from hub.calendars.rules import Hours
from hub.calendars.tables import Calendar
from hub.db import Tx
from hub.errors import Code, Refused
from hub.working_time import WorkingWeek

if TYPE_CHECKING:
    from hub.db import ReadPool

DEFAULT = "default"
"""The key of the calendar that is there from the start: Monday to Friday, 09:00 to 17:00 UTC, no holidays."""


async def week(tx: Tx, which: str | UUID) -> WorkingWeek:
    """When people work under the calendar of this key or id."""
    known = col(Calendar.id) == which if isinstance(which, UUID) else col(Calendar.key) == which
    found = (await tx.session.execute(select(Calendar).where(known))).scalar_one_or_none()
    if found is None:
        raise Refused(Code.NOT_FOUND, f"there is no calendar {which}; make it with setCalendar", field="calendar")
    # The holidays of a country take a second the first time; the loop goes on meanwhile.
    return await asyncio.to_thread(rules.week, hours(found))


async def locked(tx: Tx, key: str) -> Calendar | None:
    """The calendar of this key, locked."""
    statement = select(Calendar).where(col(Calendar.key) == key).with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def add(tx: Tx, row: Calendar) -> bool:
    """Add a calendar; false when the key is taken."""
    statement = insert(Calendar).values(**row.model_dump()).on_conflict_do_nothing(index_elements=["key"])
    return (await tx.session.execute(statement.returning(col(Calendar.id)))).first() is not None


async def change(tx: Tx, row: Calendar) -> None:
    """Write a calendar anew."""
    values = row.model_dump(exclude={"id", "key", "created_at"})
    statement = update(Calendar).where(col(Calendar.id) == row.id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def every(reads: "ReadPool") -> list[Calendar]:
    """Every calendar, by key."""
    return [Calendar(**dict(row)) for row in await reads.fetch("SELECT * FROM calendars ORDER BY key")]


def hours(row: Calendar) -> Hours:
    """What a calendar says."""
    return Hours(
        name=row.name,
        zone=row.zone,
        days=tuple(row.days),
        opens=row.opens,
        closes=row.closes,
        country=row.country,
        subdivision=row.subdivision,
        closed_on=tuple(row.closed_on),
    )
