"""Handing a control to another attestor: while nobody can confirm it, its exception stays suspended for good."""

from uuid import UUID

from hub.db import Tx
from hub.deadlines import store as deadlines
from hub.deadlines.tables import DeadlineKind
from hub.exceptions import holding
from hub.exceptions.controls import rules, store
from hub.exceptions.controls.actions import control_held
from hub.exceptions.tables import PolicyException
from hub.exceptions.telling import tell
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import PersonKind, Role


async def hand(tx: Tx, who: Principal, control_id: UUID, *, attestor_id: UUID) -> PolicyException:
    """Have somebody else confirm a control; nothing happens when they do already.

    What was confirmed stays, and until when: whoever takes over is told what is due of it.
    """
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    row, control = await control_held(tx, who, control_id)
    rules.check_granted(row, tx.at, "control")
    rules.check_attested(control)
    now = await holding.standing(tx, who)
    before = control.attestor_id or row.owner_id
    involved = await people_store.alike(tx, [row.owner_id, row.requested_by])
    rules.check_hander(
        is_owner=now.person_id == row.owner_id,
        decides=now.person_id not in involved
        and (Permission.DECIDE_EXCEPTION in now.permissions or Role.ADMIN in now.roles),
        is_service=now.kind is PersonKind.SERVICE,
        lost=await store.lost(tx, row.model_id, before),
    )
    await people.answerable(tx, attestor_id, "attestor")
    rules.check_successor(
        lost=await store.lost(tx, row.model_id, attestor_id),
        involved=attestor_id in involved,
        was_apart=before not in involved,
    )
    if before == attestor_id:
        return row
    await store.change_control(tx, control_id, attestor_id=attestor_id)
    await deadlines.anew(tx, DeadlineKind.ATTESTATION, control_id)
    await tell(tx, "exception.control_handed", row, control=control_id, was_attestor=before, attestor=attestor_id)
    return row
