"""The rule language: what compiles, what a rule says, and how it says why."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.errors import Code, Refused
from hub.policies.cel import Document, Told, compile_rule

SEEN: dict[str, Any] = {
    "model": {
        "name": "breast",
        "tier": "HIGH",
        "classified": True,
        "owner": None,
        "restricted": False,
        "tags": {"a": "b"},
    },
    "version": {"name": "3", "stage": "STAGING", "author": "ada", "tags": {"risk": "low"}, "aliases": ["champion"]},
    "card": {"intended_use": "Second reader."},
    "metrics": {"recall": 0.83, "auc": 0.97},
    "segments": {"recall": {"age<50": 0.71, "age>=50": 0.9}},
    "datasets": [{"name": "wdbc", "role": "TRAINING", "digest": "d1"}],
    "lineage": {"runs": 1, "datasets": 1, "training_datasets": 1, "evaluation_datasets": 0},
    "stage": "PRODUCTION",
    "decision_point": "PROMOTE",
}


def says(rule: str) -> bool | None:
    return compile_rule(rule).evaluate(Document(SEEN)).holds


def told(rule: str) -> tuple[Told, ...]:
    return compile_rule(rule).evaluate(Document(SEEN)).told


def refusal(rule: str) -> str:
    with pytest.raises(Refused) as refused:
        compile_rule(rule)
    assert (refused.value.code, refused.value.field) == (Code.BAD_RULE, "rule")
    return refused.value.why


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("metrics.recall >= 0.8", True),
        ("metrics.recall >= 0.9", False),
        ("0.8 <= metrics.recall && model.tier == 'HIGH'", True),
        ("model.owner != null", False),
        ("stage == 'PRODUCTION' ? metrics.recall >= 0.9 : true", False),
        ("datasets.exists(d, d.role == 'TRAINING')", True),
        ("'champion' in version.aliases", True),
        ("version.tags.risk == 'low'", True),
        ("!(metrics.recall >= 0.9)", True),
        ("lineage.evaluation_datasets > 0", False),
    ],
)
def test_a_rule_holds_or_not(rule: str, holds: bool) -> None:
    assert says(rule) is holds


@pytest.mark.parametrize(
    "rule",
    [
        "metrics.precision >= 0.9",
        "metrics.precision >= 0.9 && metrics.recall >= 0.9",
        "metrics.recall >= 0.9 && metrics.precision >= 0.9",
        "!(metrics.precision >= 0.9 && metrics.recall >= 0.9)",
        "metrics.precision >= 0.9 || metrics.recall >= 0.9",
        "(metrics.precision >= 0.9 && metrics.recall >= 0.9) || model.tier == 'LOW'",
        "size(card.factors) > 3",
        "version.tags.reviewed == 'yes'",
    ],
)
def test_what_is_missing_is_an_error_and_never_a_false_or_a_true(rule: str) -> None:
    assert says(rule) is None


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("has(card.factors) && card.factors.size() > 3", False),
        ("'precision' in metrics && metrics['precision'] > 0.5", False),
        ("!has(card.factors) || card.factors.size() > 3", True),
        ("has(card.factors) && metrics.precision > 0.5", None),
        ("card.factors.size() > 3 && has(card.factors)", None),
    ],
)
def test_a_clause_may_guard_what_comes_after_it(rule: str, holds: bool | None) -> None:
    assert says(rule) is holds


def test_each_clause_tells_the_value_found_beside_the_value_allowed() -> None:
    assert told("metrics.recall >= 0.9 && 0.95 < metrics.auc") == (
        Told(
            "metrics.recall >= 0.9",
            False,
            True,
            "metrics.recall",
            0.83,
            ">= 0.9",
            words="metrics.recall is 0.83, allowed >= 0.9",
        ),
        Told(
            "0.95 < metrics.auc",
            True,
            True,
            "metrics.auc",
            0.97,
            "> 0.95",
            decides=False,
            words="metrics.auc is 0.97, allowed > 0.95",
        ),
    )
    assert told("metrics.recall > metrics.auc") == (
        Told(
            "metrics.recall > metrics.auc", False, True, "metrics.recall", 0.83, "> 0.97",
            words="metrics.recall is 0.83, allowed > 0.97 (metrics.auc)",
        ),
    )  # fmt: skip


def test_the_segments_that_fail_are_named() -> None:
    rule = "segments.recall.all(s, segments.recall[s] >= 0.8)"
    words = "segments.recall[s] is 0.71 for age<50, allowed >= 0.8"
    assert told(rule) == (Told(rule, False, True, "segments.recall[s]", {"age<50": 0.71}, ">= 0.8", words=words),)


def test_values_are_told_in_an_order_that_does_not_change() -> None:
    found = told("segments.recall.map(s, [s]) == []")[0].found
    assert found == [["age<50"], ["age>=50"]]
    everything = told("segments.recall.all(s, segments.recall[s] > 1.0)")[0].found
    assert isinstance(everything, dict)
    assert list(everything) == ["age<50", "age>=50"]


def test_a_missing_value_is_named() -> None:
    (clause,) = told("metrics.precision >= 0.9")
    assert (clause.why, clause.missed) == ("metrics.precision is missing", "precision")


def test_a_clause_behind_a_not_wants_the_opposite() -> None:
    assert [one.wanted for one in told("!(metrics.recall >= 0.9 || !(metrics.auc > 0.5))")] == [False, True]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("metrics.recall >= 1", "line 1, column 16: found no matching overload for '_>=_' applied to '(double, int)'"),
        ("metrics.recall >= 0.9 &&\n  model.tier > ", "line 2, column 16: mismatched input '<EOF>'"),
        ("metrics.recall >= 0.9 &&\n model.teir == 'HIGH'", "line 2, column 8: model has no field teir; it has "),
        ("metrcs.recall >= 0.9", "line 1, column 7: undeclared reference to 'metrcs.recall'; a rule may look at "),
        ("metrics.recall", "the rule gives double, not true or false"),
        ("model.restricted", "the rule gives anything, not true or false"),
        ("metrics.recall > 0.9 && model.restricted", "line 1, column 25: model.restricted may be anything"),
        ("", "the rule is empty"),
        ("  \n", "the rule is empty"),
        ("true // " + "x" * 4000, "4008 characters; at most 4000 are allowed"),
        (" && ".join(["true"] * 61), "61 clauses; at most 60 are allowed"),
        ("(" * 200 + "true" + ")" * 200, "recursion limit"),
        ("true\x00", "a NUL character"),
    ],
)  # fmt: skip
def test_a_bad_rule_is_refused_with_its_place_and_a_way_out(rule: str, why: str) -> None:
    assert why in refusal(rule)


def test_values_that_json_cannot_hold_are_told_as_text() -> None:
    (clause,) = told("duration('60s') > duration(stage == '' ? '1s' : '120s')")
    assert (clause.found, clause.allowed) == ("1 minute", "> 2 minutes")


def test_a_long_value_is_cut() -> None:
    seen = {**SEEN, "datasets": [{"name": "x" * 5_000}]}
    (clause,) = compile_rule("datasets[0].name == 'y'").evaluate(Document(seen)).told
    assert len(str(clause.found)) == 1_001


_facts = {
    "metrics.recall >= 0.8": True,
    "metrics.recall >= 0.9": False,
    "model.tier == 'HIGH'": True,
    "stage == ''": False,
}
_rules = some.recursive(
    some.sampled_from(sorted(_facts)),
    lambda inner: some.one_of(
        some.tuples(inner, some.sampled_from(["&&", "||"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda rule: f"!({rule})"),
    ),
    max_leaves=8,
)


@given(_rules)
def test_asked_in_parts_a_rule_says_what_it_says_whole(rule: str) -> None:
    whole = compile_rule(f"({rule}) == true")
    assert says(rule) is whole.evaluate(Document(SEEN)).holds
