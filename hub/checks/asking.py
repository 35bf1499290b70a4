"""Asking wordings about a version: what is news of it, and what is as it was."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter_ns
from typing import Any
from uuid import UUID

from hub.checks import rules
from hub.checks.context import Subject, activated, context
from hub.checks.documents import Written, written
from hub.checks.findings import Asked, Finding, Held
from hub.checks.tables import Outcome
from hub.db import new_id
from hub.exceptions.covers import Cover
from hub.models.rules import treated_as
from hub.models.tables import Stage
from hub.policies.cel import Document, Verdict, evaluate_all
from hub.policies.document import touches
from hub.policies.tables import DecisionPoint, Enforcement, Severity

MENDED = (Outcome.FAIL, Outcome.WARN)
"""What an exception may waive."""


@dataclass(slots=True)
class Told:
    """A finding that may be news, with what its words are made of and what counted before."""

    finding: Finding
    verdict: Verdict
    notes: Mapping[str, str]
    asked: Asked
    before: Held | None
    digest: str | None

    def waive(self, exception: UUID) -> None:
        """Let an exception cover the failure."""
        self.finding.outcome, self.finding.exception_id = Outcome.WAIVED, exception
        self.finding.explanation = rules.explain(Outcome.WAIVED, self.verdict, self.notes, exception=exception)

    def hang(self, cover: Cover) -> None:
        """Say which exception would cover the failure, and which of its controls does not hold."""
        finding = self.finding
        finding.explanation = rules.explain(finding.outcome, self.verdict, self.notes, suspended=cover.said())
        finding.inputs = {**finding.inputs, "suspended": cover.kept()}

    def may_be_known(self) -> bool:
        """Whether what counted before ended the same way, by the same document, wording and exception."""
        was, now = self.before, self.finding
        return was is not None and (
            (was.outcome, was.enforcement, was.severity, was.exception_id, was.digest)
            == (now.outcome, now.enforcement, now.severity, now.exception_id, self.digest)
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A version's document as it is now, and why something is not in it."""

    written: Written
    notes: Mapping[str, str]


@dataclass(slots=True)
class Answered:
    """What was said of one version: what may be news, and the wordings that say what they said.

    `still` are those that say it of another document, which is the same in all that they read.
    """

    subject: Subject
    stage: Stage
    written: Written | None = None
    told: list[Told] = field(default_factory=list)
    kept: list[Asked] = field(default_factory=list)
    still: list[Asked] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of one version: the wordings, what counted before by wording, and the document they are asked of.

    There is no document where none of them is asked for this stage.
    """

    subject: Subject
    stage: Stage
    wordings: Collection[Asked]
    before: Mapping[UUID, Held]
    document: Seen | None

    def passed_before(self) -> set[str]:
        """The digests of other documents that some of the wordings passed."""
        if self.document is None:
            return set()
        held = (self.before.get(one.policy_version_id) for one in self.wordings)
        passed = {one.digest for one in held if one is not None and one.outcome is Outcome.PASS}
        return {digest for digest in passed if digest is not None and digest != self.document.written.digest}


def ask(subject: Subject, stage: Stage, wordings: Collection[Asked], before: Mapping[UUID, Held]) -> Ask:
    """What is asked of one version; its document is made once, for all of the wordings."""
    if not any(not one.stages or stage in one.stages for one in wordings):
        return Ask(subject, stage, wordings, before, None)
    made = context(subject)
    return Ask(subject, stage, wordings, before, Seen(written(made.values), made.notes))


def answers(ask: Ask, changed: Mapping[str, frozenset[str]], *, point: DecisionPoint, at: datetime) -> Answered:
    """Ask wordings about one version.

    A wording that passed the same document before passes it still, and is not asked, unless it looks at the instant; so
    does one that passed a document of which nothing that it reads changed. `changed` says what did, by the digest of
    the document before. Where one that is asked is kept as before, no words are made.
    """
    subject, stage, document = ask.subject, ask.stage, ask.document
    found = Answered(subject, stage, None if document is None else document.written)
    treated, on = treated_as(subject.tier), at.date()
    wanted: list[tuple[Asked, Enforcement, Severity, Held | None]] = []
    digest = None if document is None else document.written.digest
    for one in ask.wordings:
        enforcement, severity = one.force(treated, stage, on) if one.schedule else (one.enforcement, one.severity)
        was = ask.before.get(one.policy_version_id)
        if one.stages and stage not in one.stages:
            if _same(was, enforcement, severity, Outcome.SKIP, None):
                found.kept.append(one)
            else:
                each = (one, enforcement, severity, was)
                found.told.append(_told(found, point, at, each, Outcome.SKIP, Verdict(None, ()), {}, None))
            continue
        if not one.timely and was is not None and _same(was, enforcement, severity, Outcome.PASS, was.digest):
            if was.digest == digest:
                found.kept.append(one)
                continue
            other = None if was.digest is None else changed.get(was.digest)
            if other is not None and not touches(one.looks_at, other):
                found.still.append(one)
                continue
        wanted.append((one, enforcement, severity, was))
    if not wanted or document is None:
        return found
    ready = Document(activated(document.written.values, stage=stage, decision_point=point, now=at))
    begin = perf_counter_ns()
    compiled = [one.rule for one, *_ in wanted]
    if None in compiled:
        verdicts = rules.ask_all([one.text for one, *_ in wanted], ready)
    else:
        verdicts = evaluate_all([rule for rule in compiled if rule is not None], ready)
    took_us = (perf_counter_ns() - begin) // (1000 * len(wanted))
    for each, verdict in zip(wanted, verdicts, strict=True):
        asked_now, enforcement, severity, was = each
        if verdict.holds is True and _same(was, enforcement, severity, Outcome.PASS, digest):
            found.kept.append(asked_now)
            continue
        outcome = rules.judge(verdict, enforcement, None)
        found.told.append(_told(found, point, at, each, outcome, verdict, document.notes, digest, took_us))
    return found


def _same(was: Held | None, enforcement: Enforcement, severity: Severity, outcome: Outcome, digest: str | None) -> bool:
    """Whether the same wording ended so before, on the same document and with the same consequences."""
    return (
        was is not None
        and was.outcome is outcome
        and was.digest == digest
        and was.enforcement is enforcement
        and was.severity is severity
    )


def _told(
    of: Answered,
    point: DecisionPoint,
    at: datetime,
    each: tuple[Asked, Enforcement, Severity, Held | None],
    outcome: Outcome,
    verdict: Verdict,
    notes: Mapping[str, str],
    digest: str | None,
    took_us: int = 0,
) -> Told:
    asked, enforcement, severity, was = each
    finding = Finding(
        id=new_id(),
        policy_id=asked.policy_id,
        policy_version_id=asked.policy_version_id,
        model_id=of.subject.model_id,
        version_id=of.subject.version_id,
        subject_digest=of.subject.digest,
        decision_point=point,
        stage=of.stage,
        tier=of.subject.tier,
        outcome=outcome,
        enforcement=enforcement,
        severity=severity,
        explanation=rules.explain(outcome, verdict, notes),
        inputs=rules.inputs(verdict, notes),
        took_us=took_us,
        evaluated_at=at,
        days=asked.days(severity),
    )
    return Told(finding, verdict, notes, asked, was, digest)


def news(told: Told, looked_at: Mapping[UUID, Mapping[str, Any]]) -> bool:
    """Whether a finding says something else than the result before it; `looked_at` is what such results saw.

    What follows from the instant alone, such as an age that is a day more, is no news while the same clauses decide.
    """
    was = told.before
    if was is None or not told.may_be_known():
        return True
    if was.result_id is None:  # kept then and now, by the same wording and document
        return False
    return _deciding(looked_at[was.result_id]) != _deciding(told.finding.inputs)


def _deciding(inputs: Mapping[str, Any]) -> tuple[object, list[tuple[object, ...]]]:
    return inputs.get("suspended"), [
        (clause.get("clause"), clause.get("holds"), clause.get("why"))
        for clause in inputs.get("clauses", ())
        if clause.get("decides", True)
    ]
