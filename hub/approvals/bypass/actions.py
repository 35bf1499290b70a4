"""Breaking the glass: a person goes ahead without the approval that was asked for, and answers for it."""

from datetime import timedelta
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals.bypass import review, rules, store
from hub.approvals.tables import ApprovalStatus, BreakGlass
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.models import actions as models
from hub.models.tables import RiskTier
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import PersonKind


async def break_glass(
    tx: Tx,
    who: Principal,
    request_id: UUID,
    *,
    reason: str,
    hours: int = rules.USUAL_HOURS,
    digest_seen: str | None = None,
) -> BreakGlass:
    """Go past a pending approval for a few hours; two uninvolved people review it afterwards.

    Whoever asked, or made the version, may do it: it replaces people's yes and never counts as one.
    """
    acting(tx, who, Permission.BREAK_GLASS)
    written = rules.reason(reason)
    rules.check_hours(hours)
    # Before the request, which is what everybody else waits for.
    await store.hold(tx)
    asked = await approvals.held(tx, who, request_id)
    await _check_standing(tx, who)
    rules.check_breakable(asked)
    assert asked.scope_id is not None
    model = await models.visible_model(tx, who, asked.scope_id)
    if model.tier is RiskTier.PROHIBITED:
        raise Refused(
            Code.FORBIDDEN, "this model is PROHIBITED: no emergency lets it through; roll back instead", field="request"
        )
    await approvals.check_content(tx, asked, digest_seen)
    accounts = await people.alike(tx, {who.person_id})
    rules.check_reviewed(await store.unreviewed(tx, asked.scope_id, accounts))
    made = BreakGlass(
        id=new_id(),
        request_id=asked.id,
        scope_id=asked.scope_id,
        person_id=who.person_id,
        reason=written,
        at=tx.at,
        expires_at=tx.at + timedelta(hours=hours),
        review_due_at=tx.at,
    )
    question = await review.ask(tx, who, made, asked)
    made.review_id, made.review_due_at = question.id, question.due_at
    await store.add(tx, made)
    # All that an alert needs stands in this one event.
    told = {
        "break_glass": made.id,
        "person": who.person_id,
        "hours": hours,
        "expires_at": made.expires_at,
        "reason_digest": digest_of_text(written),
        "review": question.id,
        "review_due_at": question.due_at,
    }
    why = f"gone past by break-glass until {rules.said(made.expires_at)}"
    await approvals.settle(tx, asked, ApprovalStatus.BYPASSED, why=why, told=told)
    return made


async def _check_standing(tx: Tx, who: Principal) -> None:
    # As of now: what the reader of the token knew may have been taken away since.
    now = await people.standing(tx, who.person_id, who.scopes)
    if now is None:
        raise Refused(Code.FORBIDDEN, "your account is not active; nothing was bypassed")
    if now.kind is PersonKind.SERVICE:
        raise Refused(Code.FORBIDDEN, "a service account breaks no glass; a person who answers for it must")
    now.require(Permission.BREAK_GLASS)
