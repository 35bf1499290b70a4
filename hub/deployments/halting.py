"""What is written of an intent when it moves, and what ends it: its permits end with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals.tables import ApprovalRequest, ApprovalStatus
from hub.checks.dossier import Dossier
from hub.checks.store import Standing
from hub.db import Tx
from hub.deployments import rules, store
from hub.deployments.permits import actions as permits
from hub.deployments.rules import Answer
from hub.deployments.tables import DeploymentIntent, IntentStatus
from hub.events.jobs import Job, Lane, enqueue
from hub.events.record import Entry, Subject, record, record_all
from hub.models.tables import RiskTier

ROLL_BACK = Job("roll_back", Lane.URGENT)
"""Payload: intent. Rolls a halted release back where its policies call that safe."""

GO_ON = Job("decide_deployment", Lane.URGENT)
"""Payload: intent. Goes on with an intent that waited for something which is there now."""


async def write(
    tx: Tx,
    intent: DeploymentIntent,
    answer: Answer,
    looked_at: Dossier,
    request: ApprovalRequest | None,
    *,
    expires_at: datetime | None = None,
    permit: UUID | None = None,
) -> None:
    """Write what was decided, on which dossier and by whose approval; what is as it was is not written again."""
    decided = {
        "status": answer.status,
        "status_why": answer.why,
        "subject_digest": looked_at.digest,
        "approval_request_id": None if request is None else request.id,
        "expires_at": expires_at,
    }
    if permit is None and all(getattr(intent, name) == value for name, value in decided.items()):
        return
    told = {
        "version": intent.version_id,
        "stage": intent.stage,
        "before": intent.status,
        "approval": decided["approval_request_id"],
        "permit": permit,
        "expires_at": expires_at,
    }
    besides = [store.changed(intent.id, **decided, decided_at=tx.at)]
    if intent.status in rules.SETTLED and answer.status not in rules.SETTLED:
        # Intents before their permits, everywhere.
        await tx.send(*besides)
        await permits.revoke(tx, {intent.id: f"decided anew: {answer.status}"})
        besides = []
    subject = Subject("deployment_intent", intent.id, looked_at.digest)
    kind = f"deployment.{answer.status.lower()}"
    await record(tx, kind, subject, told, scope_id=intent.model_id, besides=besides)


async def halt(tx: Tx, found: Sequence[tuple[DeploymentIntent, Sequence[Standing]]]) -> None:
    """Halt releases whose blocking policies are not kept any more; each names what to go back to.

    Where that is safe the hub goes back by itself, in a job: the version to go back to is to be looked at first.
    """
    targets = [intent.rollback_version_id for intent, _ in found if intent.rollback_version_id is not None]
    named = await store.named(tx, {*targets, *(intent.version_id for intent, _ in found)})
    entries = []
    for intent, failing in found:
        target = named.get(intent.rollback_version_id) if intent.rollback_version_id is not None else None
        name = target["name"] if target is not None else None
        by_itself = rules.mends_itself(failing, RiskTier(named[intent.version_id]["tier"]), name)
        why = rules.halted(failing, name)
        told = {
            "policies": [one.policy_id for one in failing],
            "results": [one.result_id for one in failing],
            "rollback": intent.rollback_version_id,
            "by_itself": by_itself,
        }
        await store.change(tx, [intent.id], status=IntentStatus.HALTED, status_why=why, decided_at=tx.at)
        entries.append(entry(intent, told))
        if by_itself:
            await enqueue(tx, ROLL_BACK, {"intent": intent.id}, dedupe_key=f"{intent.id}:{tx.at.isoformat()}")
    await permits.revoke(
        tx, {intent.id: f"halted: {', '.join(one.key for one in failing)} not kept" for intent, failing in found}
    )
    await record_all(tx, "deployment.halted", entries)


async def stop(
    tx: Tx, intents: Sequence[DeploymentIntent], answer: Answer, revoked: str, told: Mapping[str, object] | None = None
) -> None:
    """End intents alike: their permits count no more."""
    if not intents:
        return
    await store.change(tx, [one.id for one in intents], status=answer.status, status_why=answer.why, decided_at=tx.at)
    await permits.revoke(tx, {one.id: revoked for one in intents})
    await record_all(tx, f"deployment.{answer.status.lower()}", [entry(one, told or {}) for one in intents])


async def stale(tx: Tx, whys: Mapping[UUID, str]) -> None:
    """End intents whose content changed, each with the names of what changed."""
    for intent in await store.these(tx, list(whys), IntentStatus.APPROVED, IntentStatus.AWAITING_APPROVAL):
        names = whys[intent.id]
        answer = Answer(IntentStatus.STALE, f"changed since it was asked: {names}; ask again")
        await stop(tx, [intent], answer, f"content changed: {names}", {"changed": names.split(", ")})


async def question(tx: Tx, intent: DeploymentIntent) -> ApprovalRequest | None:
    """The approval request that an intent asked for and that nobody has decided yet, locked."""
    if intent.approval_request_id is None:
        return None
    asked = await store.approval(tx, intent.approval_request_id)
    return asked if asked is not None and asked.requested_by == intent.requested_by else None


async def take_back(tx: Tx, asked: ApprovalRequest | None) -> None:
    """Withdraw a question that need not be answered any more."""
    if asked is not None:
        await approvals.settle(tx, asked, ApprovalStatus.WITHDRAWN)


def entry(intent: DeploymentIntent, told: Mapping[str, object]) -> Entry:
    """What the trail tells of an intent that moved."""
    said = {"version": intent.version_id, "stage": intent.stage, "before": intent.status, **told}
    return Entry(Subject("deployment_intent", intent.id, intent.subject_digest or None), said, intent.model_id)
