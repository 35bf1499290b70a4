"""Keeping views and dropping them. A view is its person's; a team that it is shared with sees it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hub import words
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of
from hub.events.record import Subject, record
from hub.exceptions.tables import SavedView
from hub.exceptions.views import store
from hub.people.access import Permission, Principal
from hub.people.acting import acting

ABOUT = "exceptions"
LONGEST_NAME = 100
MOST = 100


async def save(
    tx: Tx,
    who: Principal,
    *,
    name: str,
    filter: Mapping[str, Any],
    order_by: Sequence[Mapping[str, Any]] = (),
    team_id: UUID | None = None,
) -> UUID:
    """Keep a filter and an order under a name; one of one's own of the same name is written anew. Gives its id."""
    acting(tx, who, Permission.READ)
    called = words.wanted(name, "name", most=LONGEST_NAME)
    if team_id is not None and team_id not in who.teams:
        raise Refused(Code.NOT_FOUND, "there is no such team of yours; share it with a team you are in", field="team")
    said: dict[str, Any] = {"filter": dict(filter), "order_by": list(order_by), "shared_with_team_id": team_id}
    told = {"about": ABOUT, "team": team_id, "digest": digest_of([said["filter"], said["order_by"]])}
    found = await store.named(tx, who.person_id, ABOUT, called)
    if found is not None:
        await store.change(tx, found.id, changed_at=tx.at, **said)
        await record(tx, "view.saved", Subject("saved_view", found.id), told)
        return found.id
    if await store.count(tx, who.person_id) >= MOST:
        raise Refused(Code.BAD_INPUT, f"you keep {MOST} views, which is the most; delete one first", field="name")
    made = SavedView(id=new_id(), person_id=who.person_id, name=called, about=ABOUT, changed_at=tx.at, **said)
    if not await store.add(tx, made):
        raise Refused(Code.CONFLICT, "a view of this name was just saved; save it once more", field="name")
    await record(tx, "view.saved", Subject("saved_view", made.id), told)
    return made.id


async def delete(tx: Tx, who: Principal, view_id: UUID) -> UUID:
    """Drop a view of one's own, also for the team that it is shared with."""
    acting(tx, who, Permission.READ)
    found = await store.one(tx, view_id)
    if found is None or (found.person_id != who.person_id and found.shared_with_team_id not in who.teams):
        raise Refused(Code.NOT_FOUND, "there is no such view", field="view")
    if found.person_id != who.person_id:
        raise Refused(Code.FORBIDDEN, "this view is somebody else's; save one of your own", field="view")
    await store.remove(tx, view_id)
    told = {"about": found.about, "team": found.shared_with_team_id}
    await record(tx, "view.deleted", Subject("saved_view", view_id), told)
    return view_id
