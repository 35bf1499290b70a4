"""Releases that were let through by break-glass: what is said of them, and what ends them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from hub.approvals.bypass import rules as bypass_rules
from hub.approvals.bypass import store as bypasses
from hub.approvals.tables import ApprovalRequest, BreakGlass
from hub.db import Tx
from hub.deployments import halting, rules, store
from hub.deployments.rules import Answer
from hub.deployments.tables import DeploymentIntent, IntentStatus
from hub.events.record import record


async def in_force(tx: Tx, request_ids: Collection[UUID]) -> BreakGlass | None:
    """The break-glass of these requests that lets a version through now, for the longest; its review waits for us."""
    found = await bypasses.of_requests(tx, request_ids)
    return next((one for one in found if bypass_rules.counts(one, tx.at)), None)


async def note(tx: Tx, intent: DeploymentIntent, question: ApprovalRequest) -> None:
    """Say on a release that people are asked beside its break-glass."""
    assert intent.expires_at is not None
    why = rules.asked_beside(intent.expires_at, question.id)
    if intent.status_why != why:
        await store.change(tx, [intent.id], status_why=why)
        entry = halting.entry(intent, {"approval": question.id, "expires_at": intent.expires_at})
        await record(tx, "deployment.approval_asked", entry.subject, entry.data, scope_id=entry.scope_id)


async def lapse(tx: Tx, intents: Sequence[DeploymentIntent]) -> bool:
    """Halt what runs of these by a break-glass that is over and that no approval took the place of; tells whether."""
    running = {
        one.approval_request_id: one
        for one in intents
        if one.status is IntentStatus.DEPLOYED and one.approval_request_id is not None
    }
    over = [one for one in await bypasses.of_requests(tx, running) if one.expires_at <= tx.at]
    names = await _targets(tx, list(running.values())) if over else {}
    for one in over:
        intent = running[one.request_id]
        why = rules.lapsed(one.expires_at, names.get(intent.rollback_version_id))
        await _halt(tx, intent, one, why, "its break-glass is over")
    return bool(over)


async def disown(tx: Tx, request_id: UUID, note: str) -> None:
    """Halt what rests on a break-glass that was not justified; an approval given since holds without it."""
    intents = await store.resting_on(tx, [request_id], rules.SETTLED)
    names = await _targets(tx, intents) if intents else {}
    for one in await bypasses.of_requests(tx, [request_id]) if intents else ():
        for intent in intents:
            why = rules.unjustified(note, names.get(intent.rollback_version_id))
            await _halt(tx, intent, one, why, f"its break-glass was not justified: {note}")


async def _halt(tx: Tx, intent: DeploymentIntent, one: BreakGlass, why: str, revoked: str) -> None:
    told = {"break_glass": one.id, "rollback": intent.rollback_version_id, "by_itself": False}
    await halting.stop(tx, [intent], Answer(IntentStatus.HALTED, why), revoked, told)


async def _targets(tx: Tx, intents: Sequence[DeploymentIntent]) -> Mapping[UUID | None, str]:
    """The names of the versions to go back to."""
    wanted = [one.rollback_version_id for one in intents if one.rollback_version_id is not None]
    return {id: row["name"] for id, row in (await store.named(tx, wanted)).items()}
