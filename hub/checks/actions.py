"""Asking policies about versions."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals.matrix import store as matrix
from hub.approvals.tables import ApprovalRequest
from hub.checks import dossier, store
from hub.checks.asking import MENDED, Answered, Ask, Told, answers, ask, news
from hub.checks.compliance import store as compliance
from hub.checks.controls import actions as controls
from hub.checks.documents import changes
from hub.checks.findings import Asked, Finding
from hub.checks.inputs import store as inputs
from hub.checks.inputs.store import Input
from hub.checks.replays import shadows
from hub.db import Tx
from hub.events.record import Entry, record_all
from hub.events.record import Subject as Thing
from hub.exceptions import store as exceptions
from hub.models import actions as models
from hub.models.tables import Stage
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.policies import store as policies
from hub.policies.document import touches
from hub.policies.tables import DecisionPoint

NOTED_FOR = timedelta(hours=1)
"""How long it need not be noted again that a document was asked of."""


async def evaluate(
    tx: Tx,
    version_ids: Collection[UUID],
    decision_point: DecisionPoint,
    stage: Stage | None = None,
    *,
    since: datetime | None = None,
    touched: frozenset[str] | None = None,
    only: Collection[UUID] | None = None,
    beside: Collection[UUID] | None = None,
) -> list[Finding]:
    """Ask every policy that applies about these versions, for one stage or each for its own; gives what was recorded.

    A fixed number of statements for any number of versions; a few hundred at once is plenty. A result is recorded when
    it says something new. With `touched`, only rules that read what was touched are asked; with `only`, these policies.
    With `since`, it is a job that asks, which leaves no trace of having found everything as it was. `beside` are all
    versions that the transaction asks about, when these are not all.
    """
    if not version_ids:
        return []
    await store.hold(tx, version_ids)
    subjects = await store.subjects(tx, version_ids, stage)
    asked = await store.wordings(tx, {one.model_id for one in subjects}, decision_point, policies=only)
    by_model: dict[UUID, list[Asked]] = {}
    for wording, of_models in asked:
        if touched is None or touches(wording.looks_at, touched):
            for model_id in of_models:
                by_model.setdefault(model_id, []).append(wording)
    # What is asked again for the sake of some policies is nothing new to a draft.
    drafts = await shadows.drafts(tx, touched) if only is None else []
    if not by_model and not drafts:
        return []
    before = await compliance.current(tx, version_ids, stage)
    asks = [
        ask(
            one,
            stage or one.stage,
            by_model.get(one.model_id, ()),
            before.get((one.version_id, stage or one.stage), {}),
        )
        for one in subjects
    ]
    changed = await _changed(tx, asks)
    answered = [answers(one, changed.get(one.subject.version_id, {}), point=decision_point, at=tx.at) for one in asks]
    told = [each for one in answered for each in one.told]
    await controls.follow(tx, told, version_ids if beside is None else beside)
    await _waive(tx, told)
    new = await _news(tx, told)
    await _keep(tx, answered, new, decision_point, quiet=since is not None)
    await shadows.compare(tx, drafts, answered, before, decision_point)
    return [each.finding for each in new]


async def ask_approval(tx: Tx, who: Principal, version_id: UUID, *, stage: Stage, reason: str) -> ApprovalRequest:
    """Ask people whether a version may go to a stage; policies are asked now, and the request binds to all of it."""
    acting(tx, who, Permission.REQUEST_APPROVAL)
    await models.visible_version(tx, who, version_id)
    await evaluate(tx, [version_id], DecisionPoint.PROMOTE, stage)
    # Held to the end: from here on no publication, and no change of the matrix, changes what the request binds to.
    await policies.share_bindings(tx)
    await matrix.share(tx)
    looked_at = await dossier.dossier(tx, version_id, stage)
    return await approvals.request(tx, who, looked_at.subject(), tier=looked_at.tier, stage=stage, reason=reason)


async def _changed(tx: Tx, asks: Collection[Ask]) -> dict[UUID, dict[str, frozenset[str]]]:
    """By version and the digest of a document that one of its wordings passed: what is another in the document now."""
    now = {one.subject.version_id: one.document.written for one in asks if one.document is not None}
    others = {(one.subject.version_id, digest) for one in asks for digest in one.passed_before()}
    found: dict[UUID, dict[str, frozenset[str]]] = {}
    for (version_id, digest), was in (await inputs.documents(tx, others)).items():
        found.setdefault(version_id, {})[digest] = changes(was, now[version_id].values)
    return found


async def _waive(tx: Tx, told: Collection[Told]) -> None:
    """Put under its exception whatever is not kept and covered by one, or say why that covers nothing for now."""
    failed = [one for one in told if one.finding.outcome in MENDED]
    covered = await exceptions.covering(
        tx, [(f.policy_id, f.model_id, f.version_id, f.stage) for f in (one.finding for one in failed)], tx.at
    )
    for one in failed:
        cover = covered.get((one.finding.policy_id, one.finding.version_id))
        if cover is not None and cover.suspended:
            one.hang(cover)
        elif cover is not None:
            one.waive(cover.exception)


async def _news(tx: Tx, told: Collection[Told]) -> list[Told]:
    """What says something else than what counted before."""
    alike = [one.before.result_id for one in told if one.before is not None and one.may_be_known()]
    looked_at = await compliance.decided(tx, [id for id in alike if id is not None])
    return [one for one in told if news(one, looked_at)]


async def _keep(tx: Tx, answered: Collection[Answered], new: list[Told], point: DecisionPoint, *, quiet: bool) -> None:
    """Write what is new, with the documents behind it and one event for each version; and what was asked again."""
    fresh = {one.finding.version_id for one in new if one.digest is not None}
    fresh |= {one.subject.version_id for one in answered if one.still}
    asked_of = [
        Input(one.subject.version_id, one.subject.model_id, one.stage, one.subject.tier, one.written)
        for one in answered
        if one.written is not None
    ]
    again = [one for one in asked_of if one.version_id not in fresh]
    lately = await inputs.asked_lately(tx, again, point, tx.at - NOTED_FOR)
    unnoted = [
        one
        for one in asked_of
        if one.version_id in fresh or (one.version_id, one.stage, one.written.digest) not in lately
    ]
    ids = await inputs.keep(tx, unnoted, point)
    for one in new:
        if one.digest is not None:
            one.finding.input_id = ids[one.finding.version_id]
    found = [one.finding for one in new]
    await compliance.add(tx, found, point)
    if not quiet:
        recorded = {id(one) for one in new}
        same = [
            (one.subject.version_id, one.stage, asked)
            for one in answered
            for asked in (*one.kept, *(each.asked for each in one.told if id(each) not in recorded))
        ]
        await compliance.move(tx, same, point)
    still = [(one.subject.version_id, one.stage, asked) for one in answered for asked in one.still]
    await compliance.move(tx, still, point, ids, quiet=quiet)
    if found:
        await record_all(tx, "check.evaluated", _entries(found, point))
        await dossier.refresh(tx, {one.model_id for one in found})


def _entries(found: Collection[Finding], point: DecisionPoint) -> list[Entry]:
    """One event for each version and stage, with how each policy ended."""
    outcomes: dict[UUID, dict[str, str]] = {}
    of: dict[UUID, Finding] = {}
    for one in found:
        of[one.version_id] = one
        outcomes.setdefault(one.version_id, {})[str(one.policy_id)] = one.outcome
    return [
        Entry(
            Thing("version", id, one.subject_digest),
            {"decision_point": point, "stage": one.stage, "outcomes": outcomes[id]},
            one.model_id,
        )
        for id, one in of.items()
    ]
