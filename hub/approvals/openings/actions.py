"""The verb of looking at what is to be approved."""

from collections.abc import Sequence
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals.openings import store
from hub.approvals.tables import ApprovalRequest, ApprovalStatus, Channel
from hub.approvals.telling import tell
from hub.db import Tx
from hub.errors import Code, Refused
from hub.people.access import Permission, Principal
from hub.people.acting import acting

MOST_OPENED = 100
"""Pieces of evidence in one call."""


async def look(
    tx: Tx, who: Principal, request_id: UUID, evidence: Sequence[UUID] = (), *, channel: Channel = Channel.API
) -> ApprovalRequest:
    """Record that somebody who may sign opened the dossier, and these pieces of evidence in it; each the first time.

    Once the request is decided nothing is recorded: that is reading, and no more a review.
    """
    acting(tx, who, Permission.SIGN_APPROVAL)
    asked = await approvals.held(tx, who, request_id)
    things = list(dict.fromkeys(evidence))
    if len(things) > MOST_OPENED:
        raise Refused(
            Code.BAD_INPUT,
            f"{len(things)} pieces of evidence given, {MOST_OPENED} at most; call again for the others",
            field="evidence",
        )
    if strange := await store.not_shown(tx, asked.id, things):
        raise Refused(
            Code.NOT_FOUND,
            f"{len(strange)} of {len(things)} are no evidence in this request's dossier, the first being {strange[0]};"
            " take the ids from its dossier",
            field="evidence",
        )
    if asked.status is not ApprovalStatus.PENDING:
        return asked
    new = await store.add(tx, asked.id, who.person_id, [None, *things], channel)
    if new:
        told = {"dossier": None in new, "evidence": [one for one in things if one in new], "channel": channel}
        await tell(tx, "opened", asked, told)
    return asked
