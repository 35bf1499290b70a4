"""Verbs of people on a granted exception's controls and criteria. The exception is locked first, then its parts."""

from uuid import UUID

from hub import words
from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.exceptions import store as exceptions
from hub.exceptions.controls import rules, store
from hub.exceptions.tables import AcceptanceCriterion, CompensatingControl, PolicyException
from hub.exceptions.telling import tell
from hub.models import actions as models
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import PersonKind
from hub.policies import store as policies


async def attest(tx: Tx, who: Principal, control_id: UUID, *, note: str, evidence_url: str = "") -> PolicyException:
    """Say that a control holds, as its attestor; it counts as attested for as many days as its rhythm has."""
    acting(tx, who, Permission.ATTEST)
    written, link = words.wanted(note, "note"), rules.link(evidence_url, "evidenceUrl")
    row, control = await control_held(tx, who, control_id)
    rules.check_granted(row, tx.at, "control")
    rules.check_attested(control, await _key(tx, control.policy_id))
    now = await _standing(tx, who)
    rules.check_attestor(control, row, now.person_id, is_service=now.kind is PersonKind.SERVICE)
    assert control.attest_every_days is not None
    due_at, was_suspended = rules.due(tx.at, row.starts_at, control.attest_every_days), _is_suspended(tx, row)
    await store.change_control(
        tx,
        control_id,
        attested_by=who.person_id,
        attested_at=tx.at,
        attestation_due_at=due_at,
        attestation_note=written,
        attestation_evidence_url=link or None,
    )
    after = await _now(tx, row.id)
    told = {"control": control_id, "due_at": due_at, **_said(written, link)}
    await tell(tx, "exception.attested", after, **told)
    if was_suspended and not _is_suspended(tx, after):
        await tell(tx, "exception.resumed", after, control=control_id, why={"attested_until": due_at})
    return after


async def confirm(tx: Tx, who: Principal, criterion_id: UUID, *, note: str, evidence_url: str = "") -> PolicyException:
    """Say that a criterion is met, as the exception's owner, with what shows it."""
    acting(tx, who, Permission.ATTEST)
    written, link = words.wanted(note, "note"), rules.link(evidence_url, "evidenceUrl")
    row, criterion = await _criterion(tx, who, criterion_id)
    now = await _standing(tx, who)
    rules.check_confirmer(row, now.person_id, is_service=now.kind is PersonKind.SERVICE)
    rules.check_met(criterion, met=False)
    await store.change_criterion(
        tx, criterion_id, met_at=tx.at, met_by=who.person_id, met_note=written, evidence_url=link
    )
    await tell(tx, "exception.criterion_met", row, criterion=criterion_id, **_said(written, link))
    return row


async def reopen(tx: Tx, who: Principal, criterion_id: UUID, *, note: str) -> PolicyException:
    """Say that a criterion is not met after all, as the exception's owner or whoever may decide exceptions."""
    acting(tx, who, Permission.ATTEST)
    written = words.wanted(note, "note")
    row, criterion = await _criterion(tx, who, criterion_id)
    now = await _standing(tx, who)
    decides = Permission.DECIDE_EXCEPTION in now.permissions
    rules.check_reopener(row, now.person_id, decides=decides, is_service=now.kind is PersonKind.SERVICE)
    rules.check_met(criterion, met=True)
    await store.change_criterion(tx, criterion_id, met_at=None, met_by=None, met_note="", evidence_url="")
    await tell(tx, "exception.criterion_reopened", row, criterion=criterion_id, **_said(written, ""))
    return row


async def control_held(tx: Tx, who: Principal, control_id: UUID) -> tuple[PolicyException, CompensatingControl]:
    """A control with its exception, which is locked; refused alike when it is hidden and when it is absent."""
    found = await store.control(tx, control_id)
    row = None if found is None else await _held(tx, who, found.exception_id)
    # Read anew, now that nobody else changes it.
    found = await store.control(tx, control_id)
    if row is None or found is None:
        raise Refused(Code.NOT_FOUND, "there is no such control", field="control")
    return row, found


async def _criterion(tx: Tx, who: Principal, criterion_id: UUID) -> tuple[PolicyException, AcceptanceCriterion]:
    """A criterion that a person tells, of a granted exception."""
    found = await store.criterion(tx, criterion_id)
    row = None if found is None else await _held(tx, who, found.exception_id)
    found = await store.criterion(tx, criterion_id)
    if row is None or found is None:
        raise Refused(Code.NOT_FOUND, "there is no such criterion", field="criterion")
    rules.check_granted(row, tx.at, "criterion")
    rules.check_by_hand(found, await _key(tx, found.policy_id))
    return row, found


async def _held(tx: Tx, who: Principal, exception_id: UUID) -> PolicyException | None:
    """The exception, locked; none where this person does not see its model."""
    row = await exceptions.one(tx, exception_id, lock=True)
    assert row is not None
    try:
        await models.visible_model(tx, who, row.model_id)
    except Refused:
        return None
    return row


async def _standing(tx: Tx, who: Principal) -> Principal:
    # As of now: what the reader of the token knew may have been taken away since.
    now = await people.standing(tx, who.person_id, who.scopes)
    if now is None:
        raise Refused(Code.FORBIDDEN, "your account is not active; nothing was changed")
    return now


async def _key(tx: Tx, policy_id: UUID | None) -> str | None:
    policy = None if policy_id is None else await policies.policy(tx, policy_id)
    return None if policy is None else policy.key


async def _now(tx: Tx, exception_id: UUID) -> PolicyException:
    found = await exceptions.one(tx, exception_id)
    assert found is not None
    return found


def _is_suspended(tx: Tx, row: PolicyException) -> bool:
    return row.suspended_from is not None and row.suspended_from <= tx.at


def _said(note: str, link: str) -> dict[str, object]:
    """What was said, by its digest: texts are not in the trail."""
    return {"note_digest": digest_of_text(note), "evidence_digest": digest_of_text(link) if link else None}
