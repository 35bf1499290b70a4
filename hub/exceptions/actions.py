"""Verbs on exceptions."""

from uuid import UUID

from hub import words
from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.tables import SignOffDecision
from hub.db import Tx
from hub.errors import Code, Refused
from hub.exceptions import holding, review, rules, store
from hub.exceptions.asking.actions import request as request
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.exceptions.telling import tell
from hub.people.access import Permission, Principal
from hub.people.acting import acting


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
