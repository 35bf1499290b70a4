"""Verbs on exceptions."""

from uuid import UUID

from hub import words
from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.tables import SignOffDecision
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.exceptions import holding, renewing, review, rules, store
from hub.exceptions.rules import Deviation
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.exceptions.telling import tell
from hub.models import actions as models
from hub.people import actions as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.policies import store as policies


async def request(tx: Tx, who: Principal, asked: Deviation) -> PolicyException:
    """Ask that a model need not keep a policy for a while."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    wanted = rules.checked(asked)
    model = await models.visible_model(tx, who, wanted.model_id)
    if wanted.version_id is not None:
        _, version = await models.visible_version(tx, who, wanted.version_id)
        if version.model_id != wanted.model_id:
            raise Refused(Code.NOT_FOUND, "there is no such version of this model", field="version")
    policy, wording = await holding.policy_of(tx, wanted.policy_id)
    if not await policies.is_bound(tx, policy.id, wanted.model_id):
        raise Refused(
            Code.BAD_INPUT, f"{policy.key} does not apply to this model; nothing is to be excepted", field="policy"
        )
    if wanted.renewed_from_id is not None:
        await renewing.check(tx, who, wanted.renewed_from_id, policy.id, wanted.model_id)
    await people.answerable(tx, wanted.owner_id, "owner")
    starts_at = wanted.starts_at or tx.at
    rules.check_dates(wanted, at=tx.at)
    rules.check_term(
        starts_at, wanted.expires_at, at=tx.at, longest_days=wording.longest_exception_days, policy=policy.key
    )
    made = PolicyException(
        id=new_id(),
        policy_id=policy.id,
        policy_version_id=wording.id,
        model_id=wanted.model_id,
        version_id=wanted.version_id,
        stage=wanted.stage,
        kind=wanted.kind,
        state=ExceptionStatus.SUBMITTED,
        template=wanted.template,
        justification=wanted.justification,
        risk_before=wanted.risk_before,
        risk_after=wanted.risk_after,
        recommended_treatment=wanted.recommended_treatment,
        ticket_url=wanted.ticket_url,
        tier=model.tier,
        team_id=model.team_id,
        owner_id=wanted.owner_id,
        requested_by=who.person_id,
        requested_at=tx.at,
        weighted_since=rules.weighted_since(tx.at, wanted.risk_after, model.tier),
        starts_at=starts_at,
        expires_at=wanted.expires_at,
        review_every_days=wanted.review_every_days,
        review_at=wanted.review_at,
        extensions_allowed=rules.extensions(model.tier),
        renewed_from_id=wanted.renewed_from_id,
        batch_id=wanted.batch_id,
    )
    await store.add(tx, made, wanted.controls, wanted.criteria)
    said = digest_of_text(wanted.justification)
    await tell(tx, "exception.requested", made, controls=len(wanted.controls), justification_digest=said)
    await review.ask(tx, who, made)
    return made


async def decide(tx: Tx, who: Principal, exception_id: UUID, *, approve: bool, note: str = "") -> PolicyException:
    """Answer the question about an exception; never as the one who asked, owns it, or made what it covers."""
    acting(tx, who, Permission.DECIDE_EXCEPTION)
    written = words.optional(note, "note") if approve else words.wanted(note, "note")
    found = await holding.held(tx, who, exception_id)
    rules.check_decidable(found.state)
    await holding.check_uninvolved(tx, await holding.standing(tx, who), found)
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
    treatment = found.recommended_treatment if state is ExceptionStatus.APPROVED else None
    if state is ExceptionStatus.WITHDRAWN:
        await store.end(tx, exception_id, state, by=by, note=note)
    else:
        decided = {"state": state, "decided_by": by, "decided_at": tx.at, "decision_note": note}
        await store.change(tx, exception_id, decided_treatment=treatment, **decided)
    now = await store.one(tx, exception_id)
    assert now is not None
    await tell(tx, f"exception.{state.lower()}", now)


async def _check_term(tx: Tx, found: PolicyException) -> None:
    # Time has passed and the policy may have changed since it was asked for.
    policy, wording = await holding.policy_of(tx, found.policy_id)
    rules.check_term(
        found.starts_at, found.expires_at, at=tx.at, longest_days=wording.longest_exception_days, policy=policy.key
    )
