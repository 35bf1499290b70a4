"""Asking policies about versions."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals.tables import ApprovalRequest
from hub.checks import dossier, rules, store
from hub.checks.context import Subject, context
from hub.checks.store import Wording
from hub.checks.tables import CheckResult, Outcome
from hub.db import Tx, new_id
from hub.events.canonical import Plain, plain
from hub.events.record import Entry, record_all
from hub.events.record import Subject as Thing
from hub.exceptions import store as exceptions
from hub.models import actions as models
from hub.models.tables import Stage
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.policies import store as policies
from hub.policies.cel import Document, Verdict
from hub.policies.tables import DecisionPoint


async def evaluate(
    tx: Tx,
    version_ids: Collection[UUID],
    decision_point: DecisionPoint,
    stage: Stage | None = None,
    *,
    since: datetime | None = None,
) -> list[CheckResult]:
    """Ask every policy that applies about these versions, for one stage or each for its own; gives what was recorded.

    A fixed number of statements for any number of versions; a few hundred at once is plenty. With `since`, a result
    that says what the newest one has said since then is not recorded again: a job may run twice.
    """
    await store.hold(tx, version_ids)
    subjects = await store.subjects(tx, version_ids)
    asked = await store.wordings(tx, {subject.model_id for subject in subjects}, decision_point)
    told = [
        one
        for subject in subjects
        for one in _told(tx, subject, asked.get(subject.model_id, ()), stage or subject.stage, decision_point)
    ]
    results = [result for result, _, _ in told]
    covered = await exceptions.covering(
        tx,
        [
            (result.policy_id, result.model_id, result.version_id, result.stage)
            for result in results
            if result.outcome in (Outcome.FAIL, Outcome.WARN)
        ],
        tx.at,
    )
    for result, verdict, notes in told:
        exception = covered.get((result.policy_id, result.version_id))
        if exception is not None and result.outcome in (Outcome.FAIL, Outcome.WARN):
            result.outcome, result.exception_id = Outcome.WAIVED, exception
            result.explanation = rules.explain(Outcome.WAIVED, verdict, notes, exception=exception)
    if since is not None:
        results = await _new(tx, results, decision_point, since)
    await store.add(tx, results)
    await record_all(tx, "check.evaluated", _entries(results, decision_point))
    if results:
        await dossier.refresh(tx, {result.model_id for result in results})
    return results


async def ask_approval(tx: Tx, who: Principal, version_id: UUID, *, stage: Stage, reason: str) -> ApprovalRequest:
    """Ask people whether a version may go to a stage; policies are asked now, and the request binds to all of it."""
    acting(tx, who, Permission.REQUEST_APPROVAL)
    await models.visible_version(tx, who, version_id)
    await evaluate(tx, [version_id], DecisionPoint.PROMOTE, stage)
    # After the version's lock, as syncs do: from here on no publication changes what the request is about to bind to.
    await policies.share_bindings(tx)
    looked_at = await dossier.dossier(tx, version_id, stage)
    return await approvals.request(tx, who, looked_at.subject(), tier=looked_at.tier, stage=stage, reason=reason)


def _told(
    tx: Tx, subject: Subject, asked: Iterable[Wording], stage: Stage, point: DecisionPoint
) -> Iterable[tuple[CheckResult, Verdict, dict[str, str]]]:
    """What each policy says of one version; its document is made ready once, for all of them."""
    document: Document | None = None
    notes: dict[str, str] = {}
    for wording in asked:
        verdict, outcome = Verdict(None, ()), Outcome.SKIP
        if not wording.stages or stage in wording.stages:
            if document is None:
                seen = context(subject, stage=stage, decision_point=point)
                document, notes = Document(seen.values), dict(seen.notes)
            verdict = rules.ask(wording.rule, document)
            outcome = rules.judge(verdict, wording.enforcement, None)
        yield _result(tx, subject, wording, stage, point, outcome, verdict, notes), verdict, notes


def _result(
    tx: Tx,
    subject: Subject,
    wording: Wording,
    stage: Stage,
    point: DecisionPoint,
    outcome: Outcome,
    verdict: Verdict,
    notes: dict[str, str],
) -> CheckResult:
    return CheckResult(
        id=new_id(),
        policy_id=wording.policy_id,
        policy_version_id=wording.policy_version_id,
        model_id=subject.model_id,
        version_id=subject.version_id,
        subject_digest=subject.digest,
        decision_point=point,
        stage=stage,
        outcome=outcome,
        explanation=rules.explain(outcome, verdict, notes),
        inputs=rules.inputs(verdict, notes),
        evaluated_at=tx.at,
    )


async def _new(tx: Tx, results: list[CheckResult], point: DecisionPoint, since: datetime) -> list[CheckResult]:
    """The results that say something else than the newest ones, or are the first to say it since then."""
    before = await store.newest(tx, {result.version_id for result in results}, point)

    def said(result: CheckResult) -> bool:
        last = before.get((result.version_id, result.policy_version_id, result.stage))
        return last is not None and last["evaluated_at"] >= since and _says(last) == _says(result.model_dump())

    return [result for result in results if not said(result)]


def _says(result: Mapping[str, Any]) -> Plain:
    return plain([result[name] for name in ("outcome", "exception_id", "subject_digest", "inputs")])


def _entries(results: list[CheckResult], point: DecisionPoint) -> list[Entry]:
    """One event for each version and stage, with how each policy ended."""
    entries: dict[tuple[UUID, Stage], Entry] = {}
    for result in results:
        told: dict[str, object] = {"decision_point": point, "stage": result.stage, "outcomes": {}}
        subject = Thing("version", result.version_id, result.subject_digest)
        entry = entries.setdefault((result.version_id, result.stage), Entry(subject, told, result.model_id))
        outcomes = entry.data["outcomes"]
        assert isinstance(outcomes, dict)
        outcomes[str(result.policy_id)] = result.outcome
    return list(entries.values())
