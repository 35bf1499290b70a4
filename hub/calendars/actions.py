"""The verb on calendars.

`who` is None when the machine's operator acts through the command line: they hold the database anyway.
"""

import asyncio
from dataclasses import asdict

from hub.calendars import rules, store
from hub.calendars.rules import Change, Hours
from hub.calendars.tables import Calendar
from hub.db import Tx, new_id
from hub.events.record import Subject, record
from hub.people.access import Permission, Principal
from hub.people.acting import acting


async def set_calendar(tx: Tx, who: Principal | None, key: str, asked: Change) -> Calendar:
    """Make a calendar, or change what it says; nothing happens when it says so already.

    Terms that were counted before stay as they were counted: a deadline is an instant.
    """
    if who is not None:
        acting(tx, who, Permission.MANAGE_PEOPLE)
    rules.check_key(key)
    before = await store.locked(tx, key)
    if before is None:
        made = await _row(tx, key, None, asked)
        if await store.add(tx, made):
            await _told(tx, made, None)
            return made
        # Somebody made it in the meantime.
        before = await store.locked(tx, key)
        assert before is not None
    held = store.hours(before)
    made = await _row(tx, key, before, asked)
    if store.hours(made) == held:
        return before
    await store.change(tx, made)
    await _told(tx, made, held)
    return made


async def _row(tx: Tx, key: str, before: Calendar | None, asked: Change) -> Calendar:
    held = store.hours(before) if before is not None else None
    # Other requests go on while the holidays of a country are looked up.
    said = await asyncio.to_thread(rules.said, key, held, asked)
    values = {**asdict(said), "days": list(said.days), "closed_on": list(said.closed_on)}
    made = before.created_at if before is not None else tx.at
    return Calendar(
        id=before.id if before is not None else new_id(), key=key, **values, created_at=made, changed_at=tx.at
    )


async def _told(tx: Tx, row: Calendar, before: Hours | None) -> None:
    now = store.hours(row)
    was = set(before.closed_on) if before is not None else set()
    told = {
        "key": row.key,
        "zone": row.zone,
        "days": row.days,
        "opens": row.opens,
        "closes": row.closes,
        "country": row.country,
        "subdivision": row.subdivision,
        "closed_dates": len(row.closed_on),
        "closed_added": [day.isoformat() for day in row.closed_on if day not in was],
        "closed_removed": [day.isoformat() for day in sorted(was - set(row.closed_on))],
        "digest_before": rules.digest(row.key, before) if before is not None else None,
    }
    await record(tx, "calendar.set", Subject("calendar", row.id, rules.digest(row.key, now)), told)
