"""Verbs on exceptions."""

from uuid import UUID

from hub import words
from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.tables import SignOffDecision
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Subject, record
from hub.exceptions import review, rules, store
from hub.exceptions.rules import Deviation
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.models import actions as models
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import PersonKind
from hub.policies import store as policies
from hub.policies.tables import Policy, PolicyVersion


async def request(tx: Tx, who: Principal, asked: Deviation) -> PolicyException:
    """Ask that a model need not keep a policy for a while."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    wanted = rules.checked(asked)
    await models.visible_model(tx, who, wanted.model_id)
    if wanted.version_id is not None:
        _, version = await models.visible_version(tx, who, wanted.version_id)
        if version.model_id != wanted.model_id:
            raise Refused(Code.NOT_FOUND, "there is no such version of this model", field="version")
    policy, wording = await _policy(tx, wanted.policy_id)
    if not await policies.is_bound(tx, policy.id, wanted.model_id):
        raise Refused(
            Code.BAD_INPUT, f"{policy.key} does not apply to this model; nothing is to be excepted", field="policy"
        )
    await people.answerable(tx, wanted.owner_id, "owner")
    starts_at = wanted.starts_at or tx.at
    rules.check_dates(wanted, at=tx.at)
    rules.check_term(
        starts_at, wanted.expires_at, at=tx.at, longest_days=wording.longest_exception_days, policy=policy.key
    )
    made = PolicyException(
        id=new_id(),
        policy_id=policy.id,
        model_id=wanted.model_id,
        version_id=wanted.version_id,
        stage=wanted.stage,
        kind=wanted.kind,
        state=ExceptionStatus.SUBMITTED,
        treatment=wanted.treatment,
        justification=wanted.justification,
        acceptance_criteria=wanted.acceptance_criteria,
        owner_id=wanted.owner_id,
        requested_by=who.person_id,
        requested_at=tx.at,
        starts_at=starts_at,
        expires_at=wanted.expires_at,
        review_at=wanted.review_at,
    )
    await store.add(tx, made, wanted.controls)
    told = {
        "policy": policy.id,
        "version": wanted.version_id,
        "stage": wanted.stage,
        "exception_kind": wanted.kind,
        "starts_at": starts_at,
        "expires_at": wanted.expires_at,
        "controls": len(wanted.controls),
        "justification_digest": digest_of_text(wanted.justification),
    }
    await record(tx, "exception.requested", Subject("exception", made.id), told, scope_id=wanted.model_id)
    await review.ask(tx, who, made)
    return made


async def decide(tx: Tx, who: Principal, exception_id: UUID, *, approve: bool, note: str = "") -> PolicyException:
    """Answer the question about an exception; never as the one who asked, owns it, or made what it covers."""
    acting(tx, who, Permission.DECIDE_EXCEPTION)
    written = words.optional(note, "note") if approve else words.wanted(note, "note")
    found = await store.one(tx, exception_id, lock=True)
    if found is None:
        raise _absent()
    try:
        await models.visible_model(tx, who, found.model_id)
    except Refused as error:
        raise _absent() from error
    rules.check_decidable(found.state)
    await _check_decider(tx, who, found)
    if approve:
        await _check_term(tx, found)
    asked = await approval_store.newest(tx, review.KIND, exception_id)
    if asked is None:
        raise Refused(
            Code.WRONG_STATE,
            "this exception was asked for before exceptions were put to people; ask for it anew",
            field="exception",
        )
    decision = SignOffDecision.APPROVE if approve else SignOffDecision.REJECT
    await approvals.sign(tx, who, asked.id, decision=decision, comment=written)
    decided = await store.one(tx, exception_id)
    assert decided is not None
    return decided


async def settled(tx: Tx, exception_id: UUID, state: ExceptionStatus, *, by: UUID | None, note: str) -> None:
    """Do what people decided about an exception; whoever calls holds it."""
    found = await store.one(tx, exception_id, lock=True)
    if found is None or found.state not in rules.DECIDABLE:
        return
    if state is ExceptionStatus.APPROVED:
        await _check_term(tx, found)
    await store.change(tx, exception_id, state=state, decided_by=by, decided_at=tx.at, decision_note=note)
    told = {
        "policy": found.policy_id,
        "version": found.version_id,
        "stage": found.stage,
        "expires_at": found.expires_at,
    }
    kind = f"exception.{state.lower()}"
    await record(tx, kind, Subject("exception", exception_id), told, scope_id=found.model_id)


async def _check_term(tx: Tx, found: PolicyException) -> None:
    # Time has passed and the policy may have changed since it was asked for.
    policy, wording = await _policy(tx, found.policy_id)
    rules.check_term(
        found.starts_at, found.expires_at, at=tx.at, longest_days=wording.longest_exception_days, policy=policy.key
    )


async def _check_decider(tx: Tx, who: Principal, found: PolicyException) -> None:
    # As of now: what the reader of the token knew may have been taken away since.
    now = await people_store.standing(tx, who.person_id, who.scopes)
    if now is None:
        raise Refused(Code.FORBIDDEN, "your account is not active; nothing was decided")
    now.require(Permission.DECIDE_EXCEPTION)
    names = await store.authors(tx, found.model_id, found.version_id)
    rules.check_decider(
        who.person_id,
        is_service=now.kind is PersonKind.SERVICE,
        requested_by=found.requested_by,
        owner_id=found.owner_id,
        authors=await people_store.alike(tx, (), names),
    )


async def _policy(tx: Tx, policy_id: UUID) -> tuple[Policy, PolicyVersion]:
    policy = await policies.policy(tx, policy_id)
    if policy is None or policy.current_version_id is None:
        raise Refused(Code.NOT_FOUND, "there is no such published policy", field="policy")
    wording = await policies.version(tx, policy.current_version_id)
    assert wording is not None
    return policy, wording


def _absent() -> Refused:
    return Refused(Code.NOT_FOUND, "there is no such exception", field="exception")
