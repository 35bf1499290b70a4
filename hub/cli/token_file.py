"""The token of whoever sits at this machine: made on the first start, kept in the data folder, replaced in time."""

import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli import place, store

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.db import Db

FILE = "token"
HANDLE = "local-admin"
SPARE = timedelta(hours=12)


async def local_token(db: "Db", clock: "Clock", data: Path) -> tuple[str, datetime]:
    """The kept token while it is good for half a day more, else a new one of the local admin; with its end."""
    from hub.people import tokens
    from hub.people.actions import principal_of

    kept = place.remembered(data, FILE)
    if kept is not None and await principal_of(db.reads, kept, clock.now() + SPARE) is not None:
        found = await store.token(db.reads, tokens.prefix_of(kept))
        if found is not None:
            return kept, found[1]
    secret, ends = await _made(db)
    place.remember(data, FILE, secret)
    return secret, ends


async def _made(db: "Db") -> tuple[str, datetime]:
    import hub.wiring  # noqa: F401
    from hub.people import actions
    from hub.people.access import Scope
    from hub.people.tables import Role

    person = await store.person(db.reads, HANDLE)
    async with db.write(actor=None, operation="start") as tx:
        if person is None:
            person = (await actions.create_person(tx, None, handle=HANDLE, name="Local admin")).id
        if Role.ADMIN not in await store.roles(db.reads, person):
            await actions.grant_role(tx, None, person_id=person, role=Role.ADMIN)
        label = f"hub up on {socket.gethostname()}"[:200]
        made, secret = await actions.create_token(tx, None, person_id=person, label=label, scopes=list(Scope))
    return secret, made.expires_at
