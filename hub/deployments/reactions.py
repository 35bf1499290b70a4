"""What follows for deployments when people answer, content changes, policies speak, or something is seen to run."""

from collections.abc import Sequence
from uuid import UUID

from hub.approvals import store as approval_store
from hub.approvals.tables import ApprovalStatus
from hub.checks import store as check_store
from hub.checks.dossier import dossiers, refresh
from hub.checks.store import Standing
from hub.db import Tx
from hub.deployments import bypassing, gate, halting, rules, store
from hub.deployments.halting import GO_ON
from hub.deployments.permits import actions as permits
from hub.deployments.permits import store as permit_store
from hub.deployments.rules import Answer
from hub.deployments.tables import DeploymentIntent, IntentStatus
from hub.events.jobs import enqueue
from hub.events.reactions import Happened, on
from hub.events.record import record_all
from hub.models.tables import RiskTier, Stage
from hub.policies import store as policies


@on("approval.approved", "approval.bypassed")
async def go_on(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Whatever waited for the approval is decided further, and what a break-glass let through may rest on it."""
    requests = [event.subject.id for event in happened]
    for intent in await store.going_on(tx, requests):
        # This transaction holds the approval request, and whoever holds the version may be waiting for just that.
        if await store.try_hold(tx, intent.model_id, intent.version_id):
            await gate.proceed(tx, intent)
        else:
            await enqueue(tx, GO_ON, {"intent": intent.id}, dedupe_key=f"{intent.id}:{happened[0].id}")


@on("approval.rejected", "approval.changes_requested", "approval.withdrawn", "approval.expired", "approval.stale")
async def end(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Whatever waited for the approval waits no more."""
    status, why = rules.ENDS[ApprovalStatus(happened[0].kind.partition(".")[2].upper())]
    changed = {event.subject.id: event.data.get("changed") for event in happened}
    stale: dict[UUID, str] = {}
    ended: list[DeploymentIntent] = []
    for intent in await store.awaiting(tx, list(changed)):
        names = changed[intent.approval_request_id] if intent.approval_request_id is not None else None
        if gate.is_decided_now(intent.version_id, intent.stage):
            continue
        if status is IntentStatus.STALE:
            stale[intent.id] = ", ".join(map(str, names)) if isinstance(names, list) else "content"
        else:
            ended.append(intent)
    await halting.stale(tx, stale)
    await halting.stop(tx, ended, Answer(status, why), why)


@on("break_glass.reviewed")
async def disown(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A release whose break-glass was not justified is halted."""
    for event in happened:
        if event.data["justified"] is False:
            answers = await approval_store.answers(tx, UUID(str(event.data["review"])))
            await bypassing.disown(tx, UUID(str(event.data["request"])), answers[-1].comment)


@on("check.evaluated")
async def watch(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A release whose blocking policies are not kept any more is halted; one whose content is another is stale."""
    seen = {(event.subject.id, Stage(str(event.data["stage"]))) for event in happened}
    settled = [
        one
        for one in await store.standing_so(tx, {version for version, _ in seen}, rules.SETTLED)
        if (one.version_id, one.stage) in seen and not gate.is_decided_now(one.version_id, one.stage)
    ]
    broken: list[tuple[DeploymentIntent, Sequence[Standing]]] = []
    for intent in settled:
        standings = await check_store.standings(tx, intent.version_id, intent.stage)
        if failing := rules.closing(rules.answered(standings)):
            broken.append((intent, failing))
    halted = {intent.id for intent, _ in broken}
    if broken:
        await _hold_all(tx, [intent for intent, _ in broken])
        await halting.halt(tx, broken)
    await _check_content(tx, [one for one in settled if one.id not in halted])


@on("validator.done", "validator.failed")
async def check_on(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Whatever waits for a validator is decided further, in a job: its evidence is looked at anew."""
    versions = {UUID(str(event.data["version"])) for event in happened}
    for intent in await store.standing_so(tx, versions, (IntentStatus.CHECKING,)):
        await enqueue(tx, GO_ON, {"intent": intent.id}, dedupe_key=f"{intent.id}:{happened[0].id}")


@on("model.classified")
async def forbid(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What runs of a model that becomes PROHIBITED is halted; no permit of it counts any more."""
    models = {event.subject.id for event in happened if event.data.get("tier") == RiskTier.PROHIBITED}
    running = await store.of_models(tx, models, rules.SETTLED) if models else []
    answer = Answer(IntentStatus.HALTED, "its model is PROHIBITED now; take it out of use")
    await halting.stop(tx, running, answer, "halted: its model is PROHIBITED", {"by_itself": False})


@on(
    "version.changed",
    "version.missing",
    "version.returned",
    "card.changed",
    "evidence.added",
    "model.changed",
    "model.classified",
    "model.rebound",
    "approval_matrix.changed",
    "policy.published",
    "policy.deprecated",
    "policy.retired",
)
async def check_content(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Whatever was allowed on other content than there is now is stale, and its permit revoked."""
    models = {event.scope_id for event in happened if event.scope_id is not None}
    await _check_content(tx, await store.of_models(tx, models or None, (IntentStatus.APPROVED,)))


@on("deployment.observed", "deployment.changed", "deployment.returned")
async def see(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A version that is seen to run where it was allowed to is deployed."""
    found = await store.observed(tx, [event.subject.id for event in happened])
    fitting = {intent for intent, stage, environment in found if rules.is_for(environment, stage)}
    seen = await store.these(tx, fitting, IntentStatus.APPROVED) if fitting else []
    if seen:
        ids = [one.id for one in seen]
        await store.change(tx, ids, status=IntentStatus.DEPLOYED, decided_at=tx.at)
        await record_all(tx, "deployment.deployed", [halting.entry(one, {}) for one in seen])


async def _check_content(tx: Tx, intents: Sequence[DeploymentIntent]) -> None:
    approved = [
        one
        for one in intents
        if one.status is IntentStatus.APPROVED and not gate.is_decided_now(one.version_id, one.stage)
    ]
    now = await dossiers(tx, {(one.version_id, one.stage) for one in approved})
    other = {one.id: one for one in approved if now[one.version_id, one.stage].digest != one.subject_digest}
    if not other:
        return
    held = await permit_store.unrevoked(tx, list(other))
    whys: dict[UUID, str] = {}
    for intent in other.values():
        before = permits.parts(held[intent.id]) if intent.id in held else {}
        parts = now[intent.version_id, intent.stage].parts
        whys[intent.id] = rules.changed(before, dict(parts)) if before else "content"
    await halting.stale(tx, whys)


async def _hold_all(tx: Tx, intents: Sequence[DeploymentIntent]) -> None:
    """What is locked before intents are, everywhere in the same order: bindings, then approval requests."""
    await policies.share_bindings(tx)
    await refresh(tx, {one.model_id for one in intents})
