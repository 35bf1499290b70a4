"""What follows for pending requests when somebody may sign now who might not before, or the other way round."""

from collections.abc import Collection
from uuid import UUID

from hub.approvals import actions, store
from hub.approvals.asked import store as asked_store
from hub.approvals.steps import progress, steps_of
from hub.approvals.tables import ApprovalRequest
from hub.db import Tx
from hub.events.jobs import Job, Lane, enqueue
from hub.people import store as people_store

COUNT = Job("count_approvals", Lane.URGENT)
"""Payload: request. Decides a request that has all it needs since somebody may sign again."""


async def ask_anew(tx: Tx, people: Collection[UUID]) -> None:
    """Have requests ask whoever may sign now, and count anew where these people have signed."""
    await store.hold_people(tx)
    await asked_store.refresh(tx, people=people)
    await _count(tx, await store.answered_by(tx, people))


async def find_out(tx: Tx, person_id: UUID) -> None:
    """An outside name is somebody's from now on: what it made, and what their other accounts did, is their own work."""
    await store.hold_people(tx)
    accounts = await people_store.alike(tx, [person_id])
    found = await asked_store.found_out(tx, accounts, await people_store.names(tx, person_id))
    if found:
        await asked_store.refresh(tx, requests=found)
    await _count(tx, await store.answered_by(tx, accounts))


async def _count(tx: Tx, answered: Collection[ApprovalRequest]) -> None:
    """What these requests want still. Whatever they set free is decided in a job: its subject is to be locked first."""
    changed = []
    for asked in answered:
        far = progress(steps_of(asked.rule["steps"]), await actions.counted(tx, asked))
        if writes := actions.moved(asked, far):
            await tx.send(*writes)
            changed.append(asked.id)
        if far.is_approved:
            await enqueue(tx, COUNT, {"request": asked.id})
    if changed:
        await asked_store.refresh(tx, requests=changed)
