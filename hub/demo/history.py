"""Tells the year of exceptions before one looks: asked for, decided, extended and ended, each at its time."""

from datetime import timedelta

from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.tables import SignOffDecision
from hub.db import Tx
from hub.demo.cast import OWNERS
from hub.demo.company import Company, Seen
from hub.demo.past import CANCER, PAST, End, Past
from hub.exceptions import actions
from hub.exceptions.life import actions as life
from hub.exceptions.life import extending
from hub.exceptions.rules import Control, Criterion, Deviation
from hub.exceptions.tables import ExceptionStatus, PolicyException

DECIDERS = ("lea.brandt", "priya.raman")
ASKED_BY = {CANCER: "tomas.lindqvist"}
"""Who asks, where it is not the owner."""


async def remember(company: Company) -> None:
    """All of it in one transaction, so that a start that was cut off tells it from the beginning."""
    seen = await company.seen()
    if (PAST[0].policy, PAST[0].model, "") in seen.excepted:
        return
    async with company.acting(DECIDERS[0]) as (tx, _):
        for past in PAST:
            await _tell(company, tx, seen, past)
    company.say(f"{len(PAST)} exceptions of the past year")


async def _tell(company: Company, tx: Tx, seen: Seen, past: Past) -> None:
    owner, _ = OWNERS[past.model]
    then, who = await company.meanwhile(tx, seen.people[ASKED_BY.get(past.model, owner)], days_ago=past.days_ago)
    asked = Deviation(
        policy_id=seen.policies[past.policy],
        model_id=seen.models[past.model],
        kind=past.kind,
        recommended_treatment=past.treatment,
        justification=past.why,
        controls=(Control(past.control),),
        criteria=(Criterion(past.criterion),),
        risk_before=past.before,
        risk_after=past.after,
        owner_id=seen.people[owner],
        expires_at=then.at + timedelta(days=past.days),
    )
    made = await actions.request(then, who, asked)
    if past.end is End.WITHDRAWN:
        later, who = await company.meanwhile(tx, seen.people[owner], days_ago=past.days_ago - past.decided_after)
        await life.withdraw(later, who, made.id, note="Not needed after all.")
        return
    await _decide(company, tx, seen, past, made)
    if past.extended_by:
        await _extend(company, tx, seen, past, made)
    if past.end in (End.RESOLVED, End.REVOKED):
        later, lea = await company.meanwhile(tx, seen.people[DECIDERS[0]], days_ago=past.days_ago - past.ended_after)
        if past.end is End.RESOLVED:
            await life.resolve(later, lea, made.id, note=past.criterion)
        else:
            await life.revoke(later, lea, made.id, reason="The controls were not kept in two weeks of four.")


async def _decide(company: Company, tx: Tx, seen: Seen, past: Past, made: PolicyException) -> None:
    granted = past.end is not End.REJECTED
    note = "Granted with the controls as written." if granted else "The controls do not lower the risk; retrain first."
    for handle in DECIDERS:
        later, who = await company.meanwhile(tx, seen.people[handle], days_ago=past.days_ago - past.decided_after)
        decided = await actions.decide(later, who, made.id, approve=granted, note=note)
        if decided.state in (ExceptionStatus.APPROVED, ExceptionStatus.REJECTED):
            return


async def _extend(company: Company, tx: Tx, seen: Seen, past: Past, made: PolicyException) -> None:
    days_ago = past.days_ago - past.days + 9
    then, who = await company.meanwhile(tx, made.owner_id, days_ago=days_ago)
    until = made.expires_at + timedelta(days=past.extended_by)
    why = "It is nearly done; the data come later than was said."
    extension = await extending.extend(then, who, made.id, until=until, justification=why)
    question = await approval_store.newest(tx, extending.KIND, extension.id)
    assert question is not None
    later, lea = await company.meanwhile(tx, seen.people[DECIDERS[0]], days_ago=days_ago - 2)
    await approvals.sign(later, lea, question.id, decision=SignOffDecision.APPROVE, comment="Once, to the day named.")
