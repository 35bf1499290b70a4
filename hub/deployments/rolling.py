"""Going back: a release that broke its rules makes room for the version that it took the place of."""

from collections.abc import Sequence
from uuid import UUID

from hub.checks import actions as checks
from hub.checks import store as check_store
from hub.checks.dossier import Dossier, dossier
from hub.checks.store import Standing
from hub.db import Tx, new_id
from hub.deployments import gate, halting, rules, store
from hub.deployments.gate import People
from hub.deployments.permits import actions as permits
from hub.deployments.rules import Answer
from hub.deployments.tables import DeploymentIntent, IntentStatus
from hub.errors import Code, Refused
from hub.events.record import Entry, Subject, record
from hub.models.tables import RiskTier
from hub.policies.tables import DecisionPoint

BACK = (IntentStatus.APPROVED, IntentStatus.DEPLOYED, IntentStatus.HALTED)
"""Intents that can be rolled back: the gate was opened for them."""


async def hold(tx: Tx, intent: DeploymentIntent) -> DeploymentIntent:
    """The intent as it is once its version and its rollback target are held."""
    versions = [id for id in (intent.version_id, intent.rollback_version_id) if id is not None]
    await store.hold(tx, intent.model_id, versions)
    found = await store.one(tx, intent.id)
    assert found is not None
    return found


async def by_itself(tx: Tx, intent_id: UUID) -> None:
    """Roll a halted release back without a person, if that is safe still; what cannot be done waits for one."""
    found = await store.one(tx, intent_id)
    if found is None or found.status is not IntentStatus.HALTED:
        return
    intent = await hold(tx, found)
    if intent.status is not IntentStatus.HALTED:
        return
    standings = await check_store.standings(tx, intent.version_id, intent.stage)
    failing = rules.closing(rules.answered(standings))
    version = (await store.named(tx, [intent.version_id]))[intent.version_id]
    target = None if intent.rollback_version_id is None else "known"
    if not rules.mends_itself(failing, RiskTier(version["tier"]), target):
        return
    try:
        await back(tx, intent, intent.requested_by, f"automatic rollback of version {version['name']}", by_itself=True)
    except Refused as refused:
        why = f"{intent.status_why}; not rolled back by itself: {refused.why}"
        if refused.why not in intent.status_why:
            await store.change(tx, [intent.id], status_why=why)
            entry = halting.entry(intent, {"rollback": intent.rollback_version_id})
            await record(tx, "deployment.rollback_refused", entry.subject, entry.data, scope_id=entry.scope_id)


async def back(
    tx: Tx, intent: DeploymentIntent, requested_by: UUID, reason: str, *, by_itself: bool = False
) -> DeploymentIntent:
    """Roll back: the intent ends, and the version it names to go back to is let to its stage again.

    That version was let there before, which is why nobody is asked anew. Refuses when it breaks the rules itself.
    """
    looked_at, standings = await _target(tx, intent)
    answer = Answer(IntentStatus.ROLLED_BACK, reason if not intent.status_why else f"{reason}; {intent.status_why}")
    await halting.stop(
        tx, [intent], answer, "rolled back", {"rollback": intent.rollback_version_id, "by_itself": by_itself}
    )
    assert intent.rollback_version_id is not None
    made = await store.live(tx, intent.rollback_version_id, intent.stage)
    if made is None:
        made = DeploymentIntent(
            id=new_id(),
            version_id=intent.rollback_version_id,
            model_id=intent.model_id,
            stage=intent.stage,
            status=IntentStatus.CHECKING,
            reason=reason,
            subject_digest=looked_at.digest,
            requested_by=requested_by,
            requested_at=tx.at,
        )
        await store.add(tx, made)
        told = {"version": made.version_id, "stage": made.stage, "remedies": intent.id}
        requested = Entry(Subject("deployment_intent", made.id), told, made.model_id)
        await record(tx, "deployment.requested", requested.subject, requested.data, scope_id=requested.scope_id)
    said = await gate.standing_approval(tx, made, looked_at.digest)
    await gate.admit(tx, made, looked_at, standings, said or People(None), remedies=intent.id)
    found = await store.one(tx, made.id)
    assert found is not None
    return found


async def _target(tx: Tx, intent: DeploymentIntent) -> tuple[Dossier, Sequence[Standing]]:
    if intent.rollback_version_id is None:
        raise Refused(
            Code.WRONG_STATE,
            "no rollback target is known; take the release out of use, then ask for the deployment of another version",
            field="intent",
        )
    target = (await store.named(tx, [intent.rollback_version_id]))[intent.rollback_version_id]
    if target["tier"] == RiskTier.PROHIBITED or target["missing"]:
        why = "its model is PROHIBITED" if target["tier"] == RiskTier.PROHIBITED else "its registry no longer shows it"
        raise Refused(Code.WRONG_STATE, f"version {target['name']} is not gone back to: {why}", field="intent")
    # Otherwise naming a version as the target would be a way around its approval.
    proof = await store.proof(tx, intent.rollback_version_id, intent.stage)
    if proof is None or permits.version_digest(proof) != target["digest"]:
        raise Refused(
            Code.WRONG_STATE,
            f"version {target['name']} as it is was never let to {intent.stage} other than by break-glass, or was"
            " halted there; ask for it with requestDeployment",
            field="intent",
        )
    for point in (DecisionPoint.PROMOTE, DecisionPoint.DEPLOY):
        await checks.evaluate(tx, [intent.rollback_version_id], point, intent.stage)
    standings = await check_store.standings(tx, intent.rollback_version_id, intent.stage)
    if (shut := rules.gate(standings, ())) is not None:
        raise Refused(
            Code.WRONG_STATE,
            f"version {target['name']} is not gone back to either: {shut.why}; mend it, or ask for another version",
            field="intent",
        )
    return await dossier(tx, intent.rollback_version_id, intent.stage), standings
