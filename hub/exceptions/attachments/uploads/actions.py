"""Verbs on files that wait. The trail tells of them once they are put with something."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from hub.db import Tx, new_id
from hub.exceptions import holding
from hub.exceptions.attachments import rules as attachment_rules
from hub.exceptions.attachments import store as attachments
from hub.exceptions.attachments.uploads import rules, store
from hub.exceptions.attachments.uploads.store import Waiting
from hub.exceptions.tables import ExceptionUpload, PolicyException
from hub.exceptions.telling import tell_all
from hub.people.access import Permission, Principal
from hub.people.acting import acting


async def upload(tx: Tx, who: Principal, *, name: str, media_type: str, content: bytes) -> Waiting:
    """Keep a file until whoever sends it puts it with an exception; the same one again waits anew, once."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    clean = attachment_rules.file_name(name)
    attachment_rules.check_size(len(content), clean)
    now = await holding.standing(tx, who)
    row = ExceptionUpload(
        id=new_id(),
        name=clean,
        media_type=attachment_rules.media_type(media_type),
        size=len(content),
        sha256=sha256(content).hexdigest(),
        content=content,
        added_by=now.person_id,
        added_at=tx.at,
    )
    await store.hold(tx, now.person_id)
    rules.check_waiting(await store.others(tx, row, rules.waits_since(tx.at)))
    return Waiting(await store.add(tx, row), clean, row.media_type, row.size, row.sha256)


async def take(tx: Tx, who: Principal, found: PolicyException, ids: Sequence[UUID]) -> int:
    """Put files that wait with an exception, which whoever calls holds: all of them, or none where one is refused.

    Gives how many it did not have yet.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return 0
    attachment_rules.check_number(0, len(wanted))
    waiting = await store.held(tx, who.person_id, wanted, rules.waits_since(tx.at))
    rules.check_there(wanted, {one.id for one in waiting})
    there = await attachments.contents(tx, found.id)
    put = [one for one in waiting if [one.name, one.sha256] not in there]
    attachment_rules.check_number(len(there), len(put))
    await store.take(tx, found.id, wanted, [one.id for one in put])
    if not put:
        return 0
    told = [(found, {"attachment": one.id, "sha256": one.sha256, "size": one.size}) for one in put]
    await tell_all(tx, "exception.attached", told)
    return len(put)
