"""Verbs on deployment intents and permits."""

from uuid import UUID

from hub import words
from hub.db import Tx, new_id
from hub.deployments import gate, halting, rolling, rules, store
from hub.deployments.permits import store as permit_store
from hub.deployments.rules import Answer
from hub.deployments.tables import DeploymentIntent, IntentStatus, Permit
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Subject, record
from hub.models import actions as models
from hub.models import store as model_store
from hub.models.tables import Stage
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import PersonKind, Role


async def request(
    tx: Tx,
    who: Principal,
    version_id: UUID,
    stage: Stage,
    *,
    reason: str,
    rollback_version_id: UUID | None = None,
) -> DeploymentIntent:
    """Ask whether a version may be deployed to a stage; the intent that is there already is asked again."""
    acting(tx, who, Permission.REQUEST_DEPLOYMENT)
    written = words.wanted(reason, "reason")
    model, _ = await models.visible_version(tx, who, version_id)
    # From here on no publication and no other tier changes what the decision is about to bind to.
    await store.hold(tx, model.id, [version_id])
    model, version = await models.visible_version(tx, who, version_id)
    rules.check_askable(model.tier, stage, missing=(version.missing_since or model.missing_since) is not None)
    if rollback_version_id is not None:
        await _check_rollback(tx, who, version_id, model.id, rollback_version_id)
    intent = await store.live(tx, version_id, stage)
    if intent is None:
        target = rollback_version_id or await store.before(tx, model.id, stage, version_id)
        intent = await _opened(tx, who, version_id, model.id, stage, written, target)
    elif rollback_version_id is not None and rollback_version_id != intent.rollback_version_id:
        await store.change(tx, [intent.id], rollback_version_id=rollback_version_id)
        told = {"rollback": rollback_version_id, "before": intent.rollback_version_id}
        await record(tx, "deployment.target_named", _subject(intent), told, scope_id=model.id)
        intent.rollback_version_id = rollback_version_id
    await gate.decide(tx, who, intent)
    return await _now(tx, intent.id)


async def withdraw(tx: Tx, who: Principal, intent_id: UUID) -> DeploymentIntent:
    """Take a wish back, as the one who asked, the model's owner or an ADMIN; a permit ends with it."""
    acting(tx, who, Permission.REQUEST_DEPLOYMENT)
    intent = await _held(tx, who, intent_id)
    model = await model_store.model(tx, intent.model_id)
    assert model is not None
    if who.person_id not in (intent.requested_by, model.owner_id) and Role.ADMIN not in who.roles:
        raise Refused(
            Code.FORBIDDEN,
            "only whoever asked for it, the model's owner or an ADMIN takes it back; to stop a release, halt it",
            field="intent",
        )
    if intent.status not in rules.WITHDRAWABLE:
        raise _wrong_state(intent, "taken back", rules.WITHDRAWABLE)
    # Approval requests are locked before intents, here as everywhere.
    question = await halting.question(tx, intent)
    await halting.stop(tx, [intent], Answer(IntentStatus.WITHDRAWN, "taken back"), "withdrawn")
    await halting.take_back(tx, question)
    return await _now(tx, intent_id)


async def halt(tx: Tx, who: Principal, intent_id: UUID, why: str) -> DeploymentIntent:
    """Stop a release by a person's decision; its permits are revoked, and it is approved anew before it may go on."""
    acting(tx, who, Permission.HALT_DEPLOYMENT)
    written = words.wanted(why, "why")
    intent = await _held(tx, who, intent_id)
    if intent.status not in rules.SETTLED:
        raise _wrong_state(intent, "halted", rules.SETTLED)
    target = (await store.named(tx, [intent.rollback_version_id] if intent.rollback_version_id else [])).get(
        intent.rollback_version_id or intent.id
    )
    way_out = f"; roll back to version {target['name']}" if target is not None else ""
    answer = Answer(IntentStatus.HALTED, f"halted by a person: {written}{way_out}")
    told = {"why_digest": digest_of_text(written), "rollback": intent.rollback_version_id, "by_itself": False}
    await halting.stop(tx, [intent], answer, f"halted by a person: {written}", told)
    return await _now(tx, intent_id)


async def roll_back(tx: Tx, who: Principal, intent_id: UUID, reason: str) -> DeploymentIntent:
    """Go back to the version that an intent names, by a person's decision; gives that version's intent."""
    acting(tx, who, Permission.HALT_DEPLOYMENT)
    written = words.wanted(reason, "reason")
    intent = await _held(tx, who, intent_id, with_target=True)
    # As of now: what the reader of the token knew may have been taken away since.
    now = await people.standing(tx, who.person_id, who.scopes)
    if now is None or now.kind is PersonKind.SERVICE:
        raise Refused(Code.FORBIDDEN, "going back waits for an active person's decision; nothing was changed")
    now.require(Permission.HALT_DEPLOYMENT)
    if intent.status not in rolling.BACK:
        raise _wrong_state(intent, "rolled back", rolling.BACK)
    return await rolling.back(tx, intent, who.person_id, written)


async def revoke(tx: Tx, who: Principal, permit_id: UUID, why: str) -> Permit:
    """Take a permit back by a person's decision: the release that rests on it is halted."""
    acting(tx, who, Permission.HALT_DEPLOYMENT)
    absent = Refused(Code.NOT_FOUND, "there is no such permit", field="permit")
    permit = await permit_store.permit(tx, permit_id)
    if permit is None:
        raise absent
    try:
        await models.visible_model(tx, who, permit.model_id)
    except Refused as error:
        raise absent from error
    if permit.revoked_at is not None or permit.expires_at <= tx.at:
        ended = "was revoked already" if permit.revoked_at is not None else "has expired by itself"
        raise Refused(Code.WRONG_STATE, f"this permit {ended}; there is nothing to take back", field="permit")
    await halt(tx, who, permit.intent_id, why)
    found = await permit_store.permit(tx, permit_id)
    assert found is not None
    return found


async def _opened(
    tx: Tx, who: Principal, version_id: UUID, model_id: UUID, stage: Stage, reason: str, target: UUID | None
) -> DeploymentIntent:
    intent = DeploymentIntent(
        id=new_id(),
        version_id=version_id,
        model_id=model_id,
        stage=stage,
        status=IntentStatus.CHECKING,
        reason=reason,
        subject_digest="",
        rollback_version_id=target,
        requested_by=who.person_id,
        requested_at=tx.at,
    )
    # Before anything is asked: rules look at the rollback target that it names.
    await store.add(tx, intent)
    told = {"version": version_id, "stage": stage, "rollback": target, "reason_digest": digest_of_text(reason)}
    await record(tx, "deployment.requested", _subject(intent), told, scope_id=model_id)
    return intent


async def _check_rollback(tx: Tx, who: Principal, version_id: UUID, model_id: UUID, target_id: UUID) -> None:
    try:
        _, target = await models.visible_version(tx, who, target_id)
    except Refused as error:
        raise Refused(error.code, "there is no such version to go back to", field="rollbackVersion") from error
    missing = target.missing_since is not None
    rules.check_rollback(version_id, model_id, target_id, target.model_id, missing=missing)


async def _held(tx: Tx, who: Principal, intent_id: UUID, *, with_target: bool = False) -> DeploymentIntent:
    """An intent that this person sees, and that nobody else decides about meanwhile."""
    absent = Refused(Code.NOT_FOUND, "there is no such deployment intent", field="intent")
    intent = await store.one(tx, intent_id)
    if intent is None:
        raise absent
    try:
        await models.visible_model(tx, who, intent.model_id)
    except Refused as error:
        raise absent from error
    if with_target:
        return await rolling.hold(tx, intent)
    await store.hold(tx, intent.model_id, [intent.version_id])
    return await _now(tx, intent_id)


async def _now(tx: Tx, intent_id: UUID) -> DeploymentIntent:
    found = await store.one(tx, intent_id)
    assert found is not None
    return found


def _wrong_state(intent: DeploymentIntent, verb: str, may: tuple[IntentStatus, ...]) -> Refused:
    return Refused(
        Code.WRONG_STATE, f"this intent is {intent.status}; only {', '.join(may)} ones are {verb}", field="intent"
    )


def _subject(intent: DeploymentIntent) -> Subject:
    return Subject("deployment_intent", intent.id, intent.subject_digest or None)
