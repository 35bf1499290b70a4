"""The decision about an intent: policies first, then people, then policies about the deployment, then the permit.

Whoever calls holds the version and shares the bindings (see the store): nothing that is looked at changes meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.rules import changed as parts_changed
from hub.approvals.rules import no_rule
from hub.approvals.steps import Given, is_approved, steps_of
from hub.approvals.tables import ApprovalRequest, ApprovalStatus, BreakGlass, SubjectKind
from hub.checks import actions as checks
from hub.checks import store as check_store
from hub.checks.dossier import Dossier, dossier
from hub.checks.store import Standing
from hub.checks.validators import actions as validators
from hub.db import Tx
from hub.deployments import bypassing, halting, rules, store
from hub.deployments.permits import actions as permits
from hub.deployments.permits import store as permit_store
from hub.deployments.rules import Answer
from hub.deployments.tables import DeploymentIntent, IntentStatus, Permit
from hub.models.rules import treated_as
from hub.models.tables import Stage
from hub.people.access import Principal
from hub.policies.tables import DecisionPoint

_deciding: ContextVar[tuple[UUID, Stage] | None] = ContextVar("deciding", default=None)


@contextmanager
def deciding(intent: DeploymentIntent) -> Iterator[None]:
    """While an intent is decided about, what its own questions bring to light is the decision's affair."""
    token = _deciding.set((intent.version_id, intent.stage))
    try:
        yield
    finally:
        _deciding.reset(token)


def is_decided_now(version_id: UUID, stage: Stage) -> bool:
    """Whether this transaction is just deciding about this version and stage."""
    return _deciding.get() == (version_id, stage)


@dataclass(frozen=True, slots=True)
class People:
    """What people say of a dossier: the answer while it is not yes, the request, and whose approvals count.

    With `bypass` they say nothing: somebody went ahead without them.
    """

    answer: Answer | None
    request: ApprovalRequest | None = None
    given: Sequence[Given] = field(default_factory=tuple)
    bypass: BreakGlass | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What this transaction has read of a version under its locks: true until it records something of it."""

    dossier: Dossier
    standings: Sequence[Standing]


async def decide(tx: Tx, who: Principal, intent: DeploymentIntent) -> None:
    """Decide about an intent anew; where everything is as it was, nothing is written."""
    with deciding(intent):
        standings, shut = await _ask(tx, intent, DecisionPoint.PROMOTE)
        if shut is not None:
            return await _shut(tx, intent, standings, shut)
        looked_at = await dossier(tx, intent.version_id, intent.stage)
        if intent.status in rules.SETTLED:
            if looked_at.digest != intent.subject_digest:
                # What is asked at both points may have been answered for the deployment last.
                standings, shut = await _ask(tx, intent, DecisionPoint.DEPLOY)
                if shut is not None:
                    return await _shut(tx, intent, standings, shut)
                looked_at = await dossier(tx, intent.version_id, intent.stage)
            held = await _still_held(tx, intent, looked_at)
            if held is not None:
                return await _ask_beside(tx, who, intent, looked_at) if held.break_glass_id is not None else None
            # What the clock would find next.
            if await bypassing.lapse(tx, [intent]):
                return None
        said = await _people(tx, who, intent, looked_at)
        if said.answer is not None:
            return await halting.write(tx, intent, said.answer, looked_at, said.request)
        return await _deploy(tx, intent, said, Known(looked_at, standings))


async def proceed(tx: Tx, intent: DeploymentIntent) -> None:
    """Go on with an intent whose approval was given, or not waited for: what was asked about must be what is there."""
    request = await approval_store.request(tx, intent.approval_request_id) if intent.approval_request_id else None
    if request is None or request.status not in (ApprovalStatus.APPROVED, ApprovalStatus.BYPASSED):
        return None
    with deciding(intent):
        if intent.status in rules.SETTLED:
            return await _supersede(tx, intent)
        looked_at = await dossier(tx, intent.version_id, intent.stage)
        standings = await check_store.standings(tx, intent.version_id, intent.stage)
        shut = rules.gate(rules.before_deployment(standings), await _outstanding(tx, intent, standings))
        if shut is not None:
            return await _shut(tx, intent, standings, shut)
        asked = await store.approvals(tx, intent.version_id, intent.stage, looked_at.digest)
        said = await _approved(tx, intent, asked) or await _bypassed(tx, asked)
        if said is not None:
            return await _deploy(tx, intent, said, Known(looked_at, standings))
        if request.subject_digest != looked_at.digest:
            names = rules.changed(request.parts or {}, dict(looked_at.parts))
            return await halting.stale(tx, {intent.id: names})
        answer = Answer(IntentStatus.AWAITING_APPROVAL, "who signed may no longer sign for it; ask again")
        if request.status is ApprovalStatus.BYPASSED:
            answer = Answer(IntentStatus.EXPIRED, "its break-glass counts no more; ask again")
        return await halting.write(tx, intent, answer, looked_at, request)


async def _supersede(tx: Tx, intent: DeploymentIntent) -> None:
    """Let what is there by break-glass rest on what was said since, if that is more than it rests on already."""
    looked_at = await dossier(tx, intent.version_id, intent.stage)
    asked = await store.approvals(tx, intent.version_id, intent.stage, looked_at.digest)
    said = await _approved(tx, intent, asked) or await _bypassed(tx, asked)
    if said is not None and said.request is not None and said.request.id != intent.approval_request_id:
        await _deploy(tx, intent, said)


async def _ask_beside(tx: Tx, who: Principal, intent: DeploymentIntent, looked_at: Dossier) -> None:
    """Ask people whether what is there by break-glass may stay; until they say yes it has no more than it had."""
    said = await _people(tx, who, intent, looked_at, beside=True)
    if said.answer is None:
        await _deploy(tx, intent, said)
    elif said.request is not None:
        await bypassing.note(tx, intent, said.request)


async def _deploy(tx: Tx, intent: DeploymentIntent, said: People, known: Known | None = None) -> None:
    """Ask policies about the deployment itself and open the gate; what is known is read anew where that was news."""
    if await _evaluate(tx, intent, DecisionPoint.DEPLOY):
        known = None
    standings, shut = await _heard(tx, intent, DecisionPoint.DEPLOY, None if known is None else known.standings)
    if shut is not None:
        return await _shut(tx, intent, standings, shut, said.request)
    looked_at = await dossier(tx, intent.version_id, intent.stage) if known is None else known.dossier
    return await admit(tx, intent, looked_at, standings, said)


async def admit(
    tx: Tx,
    intent: DeploymentIntent,
    looked_at: Dossier,
    standings: Sequence[Standing],
    said: People,
    *,
    remedies: UUID | None = None,
) -> None:
    """Open the gate: a permit is issued, and the intent is approved; one that runs already goes on running."""
    permit = await permits.issue(
        tx, intent, looked_at, standings, said.request, said.given, remedies=remedies, bypass=said.bypass
    )
    status = IntentStatus.DEPLOYED if intent.status is IntentStatus.DEPLOYED else IntentStatus.APPROVED
    why = "" if said.bypass is None else rules.unwaited(permit.expires_at)
    await halting.write(
        tx, intent, Answer(status, why), looked_at, said.request, expires_at=permit.expires_at, permit=permit.id
    )


async def standing_approval(tx: Tx, intent: DeploymentIntent, digest: str) -> People | None:
    """The approval that stands on this digest by people who still may give it; None when there is none."""
    return await _approved(tx, intent, await store.approvals(tx, intent.version_id, intent.stage, digest))


async def _approved(tx: Tx, intent: DeploymentIntent, asked: Sequence[ApprovalRequest]) -> People | None:
    """The newest approval of these, if those who gave it still may."""
    for one in asked:
        if one.status is ApprovalStatus.APPROVED:
            # Whoever wants it does not approve it, also where another's question was answered.
            given = await approvals.counted(tx, one, but=[intent.requested_by])
            return People(None, one, given) if is_approved(steps_of(one.rule["steps"]), given) else None
    return None


async def _bypassed(tx: Tx, asked: Sequence[ApprovalRequest]) -> People | None:
    """The break-glass that is in force on these, without whom it went ahead."""
    by_id = {one.id: one for one in asked if one.status is ApprovalStatus.BYPASSED}
    found = await bypassing.in_force(tx, by_id)
    return None if found is None else People(None, by_id[found.request_id], bypass=found)


async def _ask(tx: Tx, intent: DeploymentIntent, point: DecisionPoint) -> tuple[Sequence[Standing], Answer | None]:
    """Ask policies at this point; gives how all of them stand by now, and why the gate stays shut if it does."""
    await _evaluate(tx, intent, point)
    return await _heard(tx, intent, point)


async def _evaluate(tx: Tx, intent: DeploymentIntent, point: DecisionPoint) -> bool:
    """Ask policies at this point; whether one of them said something new."""
    # Once the gate was opened, finding everything as it was leaves no trace.
    since = tx.at if intent.status in rules.SETTLED else None
    return bool(await checks.evaluate(tx, [intent.version_id], point, intent.stage, since=since))


async def _heard(
    tx: Tx, intent: DeploymentIntent, point: DecisionPoint, known: Sequence[Standing] | None = None
) -> tuple[Sequence[Standing], Answer | None]:
    standings = known or await check_store.standings(tx, intent.version_id, intent.stage)
    settled = intent.status in rules.SETTLED
    if point is DecisionPoint.DEPLOY:
        heard = list(standings)
    else:
        heard = rules.answered(standings) if settled else rules.before_deployment(standings)
    return standings, rules.gate(heard, await _outstanding(tx, intent, standings))


async def _shut(
    tx: Tx,
    intent: DeploymentIntent,
    standings: Sequence[Standing],
    answer: Answer,
    request: ApprovalRequest | None = None,
) -> None:
    failing = rules.closing(rules.answered(standings))
    if intent.status in rules.SETTLED and failing:
        return await halting.halt(tx, [(intent, failing)])
    looked_at = await dossier(tx, intent.version_id, intent.stage)
    return await halting.write(tx, intent, answer, looked_at, request)


async def _still_held(tx: Tx, intent: DeploymentIntent, looked_at: Dossier) -> Permit | None:
    """The permit that goes on; one for other content is taken back.

    Before a permit ends a fresh one takes its place, but not before one by break-glass: that would end no later.
    """
    held = (await permit_store.in_force(tx, [intent.id])).get(intent.id)
    if held is None:
        return None
    if looked_at.digest == intent.subject_digest:
        is_kept = held.break_glass_id is not None or rules.is_fresh(held.issued_at, held.expires_at, tx.at)
        return held if is_kept else None
    names = rules.changed(permits.parts(held), dict(looked_at.parts))
    await permits.revoke(tx, {intent.id: f"content changed: {names}"})
    return None


async def _people(
    tx: Tx, who: Principal, intent: DeploymentIntent, looked_at: Dossier, *, beside: bool = False
) -> People:
    """What people say; whoever has not been asked is asked now, `beside` a break-glass that is in force too."""
    tier = treated_as(looked_at.tier)
    rule = await approval_store.rule(tx, SubjectKind.VERSION, tier, intent.stage, intent.model_id)
    if rule is None:
        return People(Answer(IntentStatus.BLOCKED, no_rule(SubjectKind.VERSION, tier, intent.stage)))
    if not rule.steps:
        # The matrix lets it pass on checks alone.
        return People(None)
    asked = await store.approvals(tx, intent.version_id, intent.stage, looked_at.digest)
    said = await _approved(tx, intent, asked) or (None if beside else await _bypassed(tx, asked))
    if said is not None:
        return said
    pending = next((one for one in asked if one.status is ApprovalStatus.PENDING), None)
    if pending is not None and pending.subject_digest != looked_at.digest:
        # Locked first: a signature may be deciding it at this moment, and what is decided stays so.
        pending = await approvals.again(tx, pending.id)
        if pending.status is ApprovalStatus.PENDING:
            await approvals.void(tx, {pending.id: (pending, parts_changed(pending.parts or {}, looked_at.parts))})
        pending = None
    if pending is None:
        # Whoever wants it does not approve it, also where another asks once more.
        subject = looked_at.subject()
        subject = replace(subject, author_ids=(*subject.author_ids, intent.requested_by))
        pending = await approvals.request(
            tx, who, subject, tier=looked_at.tier, stage=intent.stage, reason=intent.reason, rule=rule
        )
    signed = any(one.status is ApprovalStatus.APPROVED for one in asked)
    again = "; who signed before may no longer sign for it" if signed else ""
    return People(Answer(IntentStatus.AWAITING_APPROVAL, f"waits for approval{again}"), pending)


async def _outstanding(tx: Tx, intent: DeploymentIntent, standings: Sequence[Standing]) -> tuple[str, ...]:
    """The validators that the policies want and that have not ended."""
    if not any(one.validators for one in standings):
        return ()
    return await validators.outstanding(tx, intent.version_id)
