"""A stored result says the same when it is evaluated again, and a change is seen."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from hub.checks import rules
from hub.checks.again import Stored, again
from hub.checks.context import activated
from hub.checks.documents import written
from hub.checks.tables import Outcome
from hub.errors import Code, Refused
from hub.models.tables import Stage
from hub.policies.cel import Document
from hub.policies.tables import DecisionPoint, Enforcement

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXCEPTION = UUID(int=7)
DOCUMENT: dict[str, Any] = {
    "metrics": {"recall": 0.83, "auc": 1},
    "segments": {"recall": {"age<50": 0.7}},
    "version": {"created_at": "2026-11-01T00:00:00.000000Z"},
    "evidence": {"fairness": {"measured_at": "2026-10-01T00:00:00.000000Z", "figures": {"gap": 1}, "verdict": "PASS"}},
}


def stored(rule: str, *, exception: UUID | None = None, enforcement: Enforcement = Enforcement.BLOCKING) -> Stored:
    kept = written(DOCUMENT)
    asked = {"stage": Stage.PRODUCTION, "decision_point": DecisionPoint.DEPLOY}
    verdict = rules.ask(rule, Document(activated(kept.values, now=NOON, **asked)))  # type: ignore[arg-type]
    notes = {"f1": "was measured, but NaN is no number"}
    outcome = rules.judge(verdict, enforcement, exception)
    return Stored(
        outcome=outcome,
        explanation=rules.explain(outcome, verdict, notes, exception=exception),
        inputs=rules.inputs(verdict, notes),
        enforcement=enforcement,
        decision_point=DecisionPoint.DEPLOY,
        stage=Stage.PRODUCTION,
        evaluated_at=NOON,
        exception=exception,
        rule=rule,
        document=kept.values,
        digest=kept.digest,
    )


@pytest.mark.parametrize(
    ("rule", "exception", "enforcement", "outcome"),
    [
        ("metrics.recall >= 0.8 && metrics.auc >= 1.0", None, Enforcement.BLOCKING, Outcome.PASS),
        ("metrics.recall >= 0.9", None, Enforcement.BLOCKING, Outcome.FAIL),
        ("metrics.recall >= 0.9", None, Enforcement.ADVISORY, Outcome.WARN),
        ("metrics.recall >= 0.9", EXCEPTION, Enforcement.BLOCKING, Outcome.WAIVED),
        ("metrics.f1 >= 0.9", None, Enforcement.BLOCKING, Outcome.ERROR),
        ("evidence.fairness.age_days <= 30", None, Enforcement.BLOCKING, Outcome.FAIL),
        ("version.age_days < 21 && evidence.fairness.figures.gap > 0.5", None, Enforcement.BLOCKING, Outcome.PASS),
        ("now < timestamp('2026-11-22T00:00:00Z') && stage == 'PRODUCTION'", None, Enforcement.BLOCKING, Outcome.PASS),
    ],
)
def test_it_says_the_same(rule: str, exception: UUID | None, enforcement: Enforcement, outcome: Outcome) -> None:
    then = stored(rule, exception=exception, enforcement=enforcement)
    now = again(then)
    assert (then.outcome, now.outcome, now.explanation, now.differs) == (outcome, outcome, then.explanation, ())


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"document": {**DOCUMENT, "metrics": {"recall": 0.95}}}, ("document", "outcome", "explanation", "inputs")),
        ({"document": {**DOCUMENT, "card": {"factors": "x"}}}, ("document",)),
        ({"rule": "metrics.recall >= 0.99"}, ("explanation", "inputs")),
        ({"outcome": Outcome.PASS}, ("outcome",)),
        ({"explanation": "all is well"}, ("explanation",)),
        ({"enforcement": Enforcement.ADVISORY}, ("outcome", "explanation")),
        ({"inputs": {"clauses": [], "notes": {}}}, ("inputs",)),
    ],
)
def test_what_was_altered_is_named(change: dict[str, Any], differs: tuple[str, ...]) -> None:
    assert again(replace(stored("metrics.recall >= 0.9"), **change)).differs == differs


def test_what_was_not_asked_needs_no_document() -> None:
    then = replace(
        stored("true == true"), outcome=Outcome.SKIP, explanation="not asked for this stage", document=None, digest=None
    )
    assert again(then).differs == ()


def test_a_result_without_its_document_is_refused() -> None:
    with pytest.raises(Refused, match="before documents were kept") as refused:
        again(replace(stored("metrics.recall >= 0.9"), document=None, digest=None))
    assert refused.value.code is Code.NOT_FOUND
