"""How a check ends, and its words."""

from uuid import UUID

import pytest

from hub.checks.rules import ask, explain, inputs, judge
from hub.checks.tables import Outcome
from hub.policies.cel import Document, Verdict
from hub.policies.tables import Enforcement

SEEN = Document(
    {
        "metrics": {"recall": 0.83, "auc": 0.97},
        "segments": {"recall": {"age<50": 0.71, "sex=f": 0.5, "x": 0.9}},
        "card": {},
    }
)
EXCEPTION = UUID(int=5)


@pytest.mark.parametrize(
    ("holds", "enforcement", "exception", "outcome"),
    [
        (True, Enforcement.BLOCKING, None, Outcome.PASS),
        (True, Enforcement.BLOCKING, EXCEPTION, Outcome.PASS),
        (False, Enforcement.BLOCKING, None, Outcome.FAIL),
        (False, Enforcement.WARNING, None, Outcome.WARN),
        (False, Enforcement.ADVISORY, None, Outcome.WARN),
        (False, Enforcement.BLOCKING, EXCEPTION, Outcome.WAIVED),
        (False, Enforcement.WARNING, EXCEPTION, Outcome.WAIVED),
        (None, Enforcement.BLOCKING, None, Outcome.ERROR),
        (None, Enforcement.BLOCKING, EXCEPTION, Outcome.ERROR),
        (None, Enforcement.ADVISORY, None, Outcome.ERROR),
    ],
)
def test_an_outcome(holds: bool | None, enforcement: Enforcement, exception: UUID | None, outcome: Outcome) -> None:
    assert judge(Verdict(holds, ()), enforcement, exception) is outcome


@pytest.mark.parametrize(
    ("rule", "outcome", "words"),
    [
        ("metrics.recall >= 0.8", Outcome.PASS, "kept: metrics.recall is 0.83, allowed >= 0.8"),
        (
            "metrics.recall >= 0.9 && metrics.auc > 0.5",
            Outcome.FAIL,
            "not kept: metrics.recall is 0.83, allowed >= 0.9",
        ),
        ("has(card.factors)", Outcome.FAIL, "not kept: has(card.factors) is false"),
        (
            "metrics.recall >= 0.9",
            Outcome.WARN,
            "not kept, which does not close the gate: metrics.recall is 0.83, allowed >= 0.9",
        ),
        (
            "metrics.recall >= 0.9",
            Outcome.WAIVED,
            f"not kept, waived by exception {EXCEPTION}: metrics.recall is 0.83, allowed >= 0.9",
        ),
        (
            "segments.recall.all(s, segments.recall[s] >= 0.8)",
            Outcome.FAIL,
            "not kept: segments.recall[s] is 0.71 for age<50, 0.5 for sex=f, allowed >= 0.8",
        ),
        (
            "segments.recall.all(s, segments.recall[s] >= 0.1)",
            Outcome.PASS,
            "kept: segments.recall.all(s, segments.recall[s] >= 0.1) is true",
        ),
        ("!(metrics.recall >= 0.8)", Outcome.FAIL, "not kept: metrics.recall is 0.83, not allowed >= 0.8"),
        (
            "metrics.f1 > 0.5",
            Outcome.ERROR,
            "could not be told: metrics.f1 > 0.5: f1 was measured, but NaN is no number",
        ),
        ("metrics.f2 > 0.5", Outcome.ERROR, "could not be told: metrics.f2 > 0.5: f2 is missing"),
        ("metrics.f2 >", Outcome.ERROR, "could not be told: metrics.f2 >: line 1, column 13: mismatched input '<EOF>'"),
    ],
)
def test_an_explanation(rule: str, outcome: Outcome, words: str) -> None:
    verdict = ask(rule, SEEN)
    assert explain(outcome, verdict, {"f1": "was measured, but NaN is no number"}, exception=EXCEPTION) == words


def test_what_was_looked_at_is_kept_with_the_result() -> None:
    verdict = ask("metrics.recall >= 0.9 && metrics.f1 > 0.5", SEEN)
    assert inputs(verdict, {"f1": "was odd", "other": "was odd"}) == {
        "clauses": [
            {
                "clause": "metrics.recall >= 0.9",
                "holds": False,
                "wanted": True,
                "looked_at": "metrics.recall",
                "found": 0.83,
                "allowed": ">= 0.9",
            },
            {"clause": "metrics.f1 > 0.5", "wanted": True, "why": "f1 is missing"},
        ],
        "notes": {"f1": "was odd"},
    }


def test_a_long_explanation_is_cut() -> None:
    rule = " && ".join(f"metrics.recall >= 0.{'9' * 60}" for _ in range(45))
    assert len(explain(Outcome.FAIL, ask(rule, SEEN), {})) == 2_000
