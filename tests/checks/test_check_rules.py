"""How a check ends, and its words."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from hub.checks.rules import ask, ask_all, explain, inputs, judge
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
        ("has(card.factors)", Outcome.FAIL, "not kept: card.factors is missing"),
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
            "kept: segments.recall[s] >= 0.1 is true for all 3 in segments.recall",
        ),
        ("!(metrics.recall >= 0.8)", Outcome.FAIL, "not kept: metrics.recall is 0.83, not allowed >= 0.8"),
        (
            "metrics.f1 > 0.5",
            Outcome.ERROR,
            "could not be told: metrics.f1 > 0.5: metrics.f1 was measured, but NaN is no number",
        ),
        ("metrics.f2 > 0.5", Outcome.ERROR, "could not be told: metrics.f2 > 0.5: metrics.f2 is missing"),
        ("metrics.f2 >", Outcome.ERROR, "could not be told: metrics.f2 >: line 1, column 13: mismatched input '<EOF>'"),
    ],
)
def test_an_explanation(rule: str, outcome: Outcome, words: str) -> None:
    verdict = ask(rule, SEEN)
    assert explain(outcome, verdict, {"f1": "was measured, but NaN is no number"}, exception=EXCEPTION) == words


SAID = Document(
    {
        "model": {"tier": "HIGH", "owner": None},
        "version": {"aliases": ["champion"], "tags": {"review.by": "ada"}, "author": "ada"},
        "card": {"intended_use": "x"},
        "segments": {"recall": {"age<50": 0.71, "sex=f": 0.5, "x": 0.9}, "none": {}},
        "datasets": [
            {"name": "wdbc", "role": "TRAINING", "categories": ["PERSONAL"], "legal_basis": "", "prohibited": True},
            {"name": "held-out", "role": "EVALUATION", "categories": [], "legal_basis": "", "prohibited": False},
        ],
        "evidence": {"fairness": {"figures": {"dp": 0.3}, "age_days": 120, "measured_at": "2026-01-01T00:00:00Z"}},
        "lineage": {"runs": 0},
        "stage": "PRODUCTION",
        "now": datetime(2026, 3, 1, 5, tzinfo=UTC),
    }
)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("model.owner != null", "model.owner is null, allowed != null"),
        ("model.tier in ['LOW', 'MINIMAL']", "model.tier is \"HIGH\", allowed one of 'LOW', 'MINIMAL'"),
        ("!(model.tier in ['LOW', 'HIGH'])", "model.tier is \"HIGH\", allowed none of 'LOW', 'HIGH'"),
        ("'challenger' in version.aliases", "version.aliases is [\"champion\"], must hold 'challenger'"),
        ("!('champion' in version.aliases)", "version.aliases is [\"champion\"], must not hold 'champion'"),
        ("'oversight' in version.tags", "version.tags.oversight is missing"),
        ("!('review.by' in version.tags)", "version.tags['review.by'] is there, and must not be"),
        ("has(evidence.security) && evidence.security.verdict == 'PASS'", "evidence.security is missing"),
        ("!has(card.intended_use)", "card.intended_use is there, and must not be"),
        (
            "version.tags['review.by'] != version.author",
            'version.tags[\'review.by\'] is "ada", allowed != "ada" (version.author)',
        ),
        ("evidence.fairness.figures['dp'] <= 0.1", "evidence.fairness.figures['dp'] is 0.3, allowed <= 0.1"),
        ("evidence.fairness.age_days <= 90", "evidence.fairness.age_days is 120, allowed <= 90"),
        (
            "now - timestamp(evidence.fairness.measured_at) < duration('720h')",
            "now - timestamp(evidence.fairness.measured_at) is 59 days 5 hours, allowed < 30 days",
        ),
        (
            "timestamp(evidence.fairness.measured_at) > now - duration('720h')",
            "timestamp(evidence.fairness.measured_at) is 2026-01-01T00:00:00Z,"
            " allowed > 2026-01-30T05:00:00Z (now - duration('720h'))",
        ),
        ("size(datasets) > 4", "size(datasets) is 2, allowed > 4"),
        ("datasets.all(d, d.role == 'TRAINING')", "d.role is \"EVALUATION\" for held-out, allowed == 'TRAINING'"),
        (
            "datasets.all(d, !('PERSONAL' in d.categories) || d.legal_basis != '')",
            "!('PERSONAL' in d.categories) || d.legal_basis != '' is false for 1 of 2 in datasets: wdbc",
        ),
        (
            "datasets.exists(d, d.role == 'VALIDATION')",
            "d.role == 'VALIDATION' is true for none of 2 in datasets:"
            ' d.role is "EVALUATION" for held-out, "TRAINING" for wdbc',
        ),
        ("!datasets.exists(d, d.prohibited)", "d.prohibited is true for 1 of 2 in datasets: wdbc"),
        (
            "datasets.exists_one(d, d.legal_basis == '')",
            'd.legal_basis == \'\' is true for 2 of 2 in datasets: d.legal_basis is "" for held-out, "" for wdbc',
        ),
        ("segments.none.exists(s, segments.none[s] > 0.5)", "segments.none is empty"),
        (
            "segments.all(m, segments[m].all(s, segments[m][s] > 0.6))",
            "segments[m].all(s, segments[m][s] > 0.6) is false for 1 of 2 in segments: recall",
        ),
        ("card.intended_use.matches('^y')", "card.intended_use.matches('^y') is false (card.intended_use is \"x\")"),
        (
            "stage == 'PRODUCTION' ? lineage.runs > 0 : model.owner != null",
            'stage is "PRODUCTION"; lineage.runs is 0, allowed > 0',
        ),
        (
            "model.tier != 'HIGH' || lineage.runs > 0",
            "model.tier is \"HIGH\", allowed != 'HIGH'; lineage.runs is 0, allowed > 0",
        ),
    ],
)
def test_what_is_not_kept_is_told_with_what_was_found(rule: str, words: str) -> None:
    assert explain(Outcome.FAIL, ask(rule, SAID), {}) == f"not kept: {words}"
    assert explain(Outcome.FAIL, ask_all([rule, "true"], SAID)[0], {}) == f"not kept: {words}"


def test_a_rule_that_no_longer_compiles_leaves_the_others_alone() -> None:
    asked = ask_all(["lineage.runs == 0", "model.teir == 'HIGH'", "lineage.runs > 0"], SAID)
    assert [verdict.holds for verdict in asked] == [True, None, False]
    assert asked[1].told[0].why is not None
    assert asked[1].told[0].why.startswith("line 1, column 7: model has no field teir")


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
                "decides": False,
            },
            {"clause": "metrics.f1 > 0.5", "wanted": True, "why": "metrics.f1 is missing", "decides": True},
        ],
        "notes": {"f1": "was odd"},
    }


def test_a_long_explanation_is_cut() -> None:
    rule = " && ".join(f"metrics.recall >= 0.{'9' * 60}" for _ in range(45))
    assert len(explain(Outcome.FAIL, ask(rule, SEEN), {})) == 2_000
