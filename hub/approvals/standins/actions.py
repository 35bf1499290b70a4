"""Verbs on delegations and absences."""

from datetime import datetime
from uuid import UUID

from hub import words
from hub.approvals.asked import actions as asked_actions
from hub.approvals.standins import rules, store
from hub.approvals.standins.rules import Lent
from hub.approvals.tables import Absence, Delegation
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Subject, record
from hub.models import actions as models
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Permission, Principal
from hub.people.acting import acting


async def delegate(tx: Tx, who: Principal, asked: Lent) -> Delegation:
    """Give one's say to another approver for a while; they sign in one's place, and it counts once.

    The same again changes nothing, and gives the delegation that stands.
    """
    acting(tx, who, Permission.DELEGATE)
    starts_at = asked.starts_at or tx.at
    rules.check_span(starts_at, asked.ends_at, tx.at)
    written = words.optional(asked.reason, "reason")
    if asked.to_id == who.person_id:
        raise Refused(Code.SAME_PERSON, "nobody stands in for themselves; choose somebody else", field="to")
    await people.answerable(tx, asked.to_id, "to")
    if asked.model_id is not None:
        await models.visible_model(tx, who, asked.model_id)
    await store.hold_people(tx, who.person_id, asked.to_id)
    now = await people_store.standing(tx, who.person_id, who.scopes)
    if now is None:
        raise Refused(Code.FORBIDDEN, "your account is not active; nothing was delegated")
    rules.check_held(asked.disciplines, now.disciplines)
    holds, gave, approves = await store.chained(tx, who.person_id, asked.to_id, starts_at, asked.ends_at)
    rules.check_direct(giver_holds=holds, taker_gave=gave, taker_approves=approves)
    made = Delegation(
        id=new_id(),
        from_id=who.person_id,
        to_id=asked.to_id,
        disciplines=sorted(asked.disciplines),
        stages=sorted(asked.stages),
        scope_id=asked.model_id,
        reason=written,
        starts_at=starts_at,
        ends_at=asked.ends_at,
        created_at=tx.at,
    )
    if stands := await store.same_delegation(tx, made, within=rules.SAME_WITHIN):
        return stands
    await store.add_delegation(tx, made)
    told = {
        "to": made.to_id,
        "disciplines": made.disciplines,
        "stages": made.stages,
        "starts_at": made.starts_at,
        "ends_at": made.ends_at,
        "reason_digest": digest_of_text(written),
    }
    await record(tx, "delegation.given", Subject("delegation", made.id), told, scope_id=made.scope_id)
    await asked_actions.ask_anew(tx, [who.person_id])
    return made


async def revoke(tx: Tx, who: Principal, delegation_id: UUID) -> Delegation:
    """End a delegation now, as who gave it or as an ADMIN: what was signed by it counts no more while undecided.

    Nothing happens when it was revoked before.
    """
    acting(tx, who, Permission.READ)
    found = await store.delegation(tx, delegation_id)
    may = found is not None and (who.person_id == found.from_id or Permission.MANAGE_PEOPLE in who.permissions)
    if found is None or not may:
        raise Refused(Code.NOT_FOUND, "you gave no such delegation", field="delegation")
    if found.revoked_at is None:
        await store.change_delegation(tx, delegation_id, revoked_at=tx.at)
        found.revoked_at = tx.at
        await record(tx, "delegation.revoked", Subject("delegation", found.id), {"to": found.to_id})
        await asked_actions.ask_anew(tx, [found.from_id])
    return found


async def be_away(tx: Tx, who: Principal, *, starts_at: datetime | None, ends_at: datetime) -> Absence:
    """Say that one is away: reminders go to one's delegate, or to the next in the path.

    The same again changes nothing, and gives the absence that stands.
    """
    acting(tx, who, Permission.DELEGATE)
    begins = starts_at or tx.at
    rules.check_span(begins, ends_at, tx.at)
    made = Absence(id=new_id(), person_id=who.person_id, starts_at=begins, ends_at=ends_at, created_at=tx.at)
    await store.hold_people(tx, who.person_id)
    if stands := await store.same_absence(tx, made, within=rules.SAME_WITHIN):
        return stands
    await store.add_absence(tx, made)
    told = {"starts_at": begins, "ends_at": ends_at}
    await record(tx, "absence.said", Subject("absence", made.id), told)
    return made


async def be_back(tx: Tx, who: Principal, absence_id: UUID) -> Absence:
    """Say that one is there again; nothing happens when that was said before."""
    acting(tx, who, Permission.DELEGATE)
    found = await store.absence(tx, absence_id)
    if found is None or found.person_id != who.person_id:
        raise Refused(Code.NOT_FOUND, "you said of no such absence", field="absence")
    if found.cancelled_at is None:
        await store.cancel_absence(tx, absence_id)
        found.cancelled_at = tx.at
        await record(tx, "absence.ended", Subject("absence", found.id), {})
    return found
