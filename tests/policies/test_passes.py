"""One question, one by one, ten at once, or the bare engine: they say the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.policies.cel import Document, compile_rule, evaluate_all
from hub.policies.engine import Unknown, compiled, value_of

SEEN: dict[str, Any] = {
    "model": {"owner": None, "tier": "HIGH", "tags": {"odd": float("nan"), "one": 1}, "name": "wdbc"},
    "metrics": {"recall": 0.83, "nan": float("nan"), "whole": 1},
    "segments": {"recall": {"a": 0.7, "b": 0.9, "c": float("nan")}},
    "datasets": [{"name": "x", "role": "TRAINING"}, {"name": "y", "role": "EVALUATION"}, {"name": "x", "role": ""}],
    "card": {"factors": "x"},
    "stage": "PRODUCTION",
}
CLAUSES = (
    "metrics.recall >= 0.8",
    "0.9 <= metrics.recall",
    "metrics.nan > 0.5",
    "metrics.nan == metrics.nan",
    "metrics.whole == 1.0",
    "metrics.nope > 0.5",
    "model.tags.one == 1.0",
    "model.tags.odd != 1.0",
    "model.owner == null",
    "model.name > 3",
    "model.tags.nope == 1",
    "size(model.name) > 3",
    "stage in ['PRODUCTION', 'STAGING']",
    "'recall' in metrics",
    "'nope' in metrics",
    "has(card.factors)",
    "has(card.caveats_and_recommendations)",
    "card.caveats_and_recommendations != ''",
    "segments.recall.all(s, segments.recall[s] >= 0.8)",
    "segments.recall.all(s, segments.recall[s] >= 0.1)",
    "segments.nope.all(s, segments.nope[s] >= 0.1)",
    "datasets.exists(d, d.role == 'TRAINING')",
    "datasets.exists(d, d.role == 'DERIVED')",
    "datasets.exists(d, d.legal_basis != '')",
    "segments.recall.exists(s, segments.recall[s] < 0.8)",
    "segments.recall.exists(s, segments.recall[s] < 0.1)",
    "datasets.exists_one(d, d.name == 'x')",
    "datasets.all(d, d.role != '' && size(d.name) == 1)",
    "datasets.all(d, d.legal_basis != '')",
    "1 / (size(datasets) - 3) > 0",
    "(stage == 'STAGING' ? metrics.nope > 1.0 : metrics.recall > 0.5)",
)

_rules = some.recursive(
    some.sampled_from(CLAUSES),
    lambda inner: some.one_of(
        some.tuples(inner, some.sampled_from(["&&", "||"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        some.tuples(inner, inner, inner).map(lambda t: f"(({t[0]}) ? ({t[1]}) : ({t[2]}))"),
        inner.map(lambda rule: f"!({rule})"),
    ),
    max_leaves=7,
)


def bare(rule: str) -> bool | None:
    try:
        return value_of(compiled(rule), Document(SEEN)) is True
    except Unknown:
        return None


@given(_rules)
def test_what_is_told_is_what_the_bare_engine_says(rule: str) -> None:
    verdict = compile_rule(rule).evaluate(Document(SEEN))
    if verdict.holds is not None or all(one.holds is not None for one in verdict.told):
        assert verdict.holds is bare(rule)
    for one in verdict.told:
        assert one.holds is bare(one.clause)


@given(_rules)
def test_passes_says_no_more_than_evaluate(rule: str) -> None:
    document = Document(SEEN)
    assert compile_rule(rule).passes(document) is (compile_rule(rule).evaluate(document).holds is True)


@given(some.lists(_rules, max_size=25))
def test_many_at_once_say_what_each_says(rules: list[str]) -> None:
    document = Document(SEEN)
    asked = [compile_rule(rule) for rule in rules]
    each = [rule.evaluate(document) for rule in asked]
    for at_once, alone in zip(evaluate_all(asked, document), each, strict=True):
        assert at_once.holds is alone.holds
        assert at_once.words() == alone.words()
        assert at_once.told == alone.told


@given(_rules)
def test_the_quick_words_are_those_of_every_clause(rule: str) -> None:
    verdict = compile_rule(rule).evaluate(Document(SEEN))
    quick = verdict.words()
    told = [one for one in verdict.told if one.decides]
    assert sorted(quick) == sorted(one.words or f"{one.clause} is {str(one.holds).lower()}" for one in told) or any(
        one.holds is None for one in told
    )


@pytest.mark.parametrize(
    "rule",
    [
        "!(metrics.nope > 0.5 && metrics.recall > 0.9)",
        "(metrics.nope > 0.5 && metrics.recall > 0.9) ? false : true",
        "!(has(card.factors) && (metrics.nope > 0.5 && metrics.recall > 0.9))",
    ],
)
def test_an_error_that_the_engine_hides_does_not_pass(rule: str) -> None:
    document = Document(SEEN)
    assert bare(rule) is True
    assert compile_rule(rule).evaluate(document).holds is None
    assert compile_rule(rule).passes(document) is False


def test_a_comment_does_not_end_what_is_asked_together() -> None:
    rules = [compile_rule("true // one"), compile_rule("false || true // two"), compile_rule("!false // three")]
    assert [verdict.holds for verdict in evaluate_all(rules, Document(SEEN))] == [True, True, True]
    assert [rule.evaluate(Document(SEEN)).holds for rule in rules] == [True, True, True]
