"""Which clauses decided, and that they suffice."""

from collections.abc import Mapping
from typing import assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.policies.cel import Document, compile_rule
from hub.policies.clauses import AllOf, AnyOf, Clause, Either, Not, Part, apart, clauses
from hub.policies.decides import deciding, deciding_of, held

SEEN = Document({"metrics": {"a": 1.0, "b": 2.0}, "stage": "PRODUCTION", "card": {}, "lineage": {"runs": 0}})


@pytest.mark.parametrize(
    ("rule", "holds", "decided"),
    [
        ("metrics.a > 0.0 && metrics.b > 0.0", True, ["metrics.a > 0.0", "metrics.b > 0.0"]),
        ("metrics.a > 9.0 && metrics.b > 0.0", False, ["metrics.a > 9.0"]),
        ("metrics.a > 9.0 && metrics.b > 9.0", False, ["metrics.a > 9.0", "metrics.b > 9.0"]),
        ("metrics.a > 9.0 || metrics.b > 0.0 || stage == 'PRODUCTION'", True, ["metrics.b > 0.0"]),
        ("metrics.a > 9.0 || metrics.b > 9.0", False, ["metrics.a > 9.0", "metrics.b > 9.0"]),
        ("metrics.c > 9.0 || metrics.b > 0.0", True, ["metrics.b > 0.0"]),
        ("metrics.c > 9.0 || metrics.b > 9.0", None, ["metrics.c > 9.0"]),
        ("metrics.c > 9.0 && metrics.b > 9.0", None, ["metrics.c > 9.0"]),
        ("!(metrics.a > 0.0 && metrics.b > 9.0)", True, ["metrics.b > 9.0"]),
        ("!(metrics.a > 9.0 || metrics.b > 0.0)", False, ["metrics.b > 0.0"]),
        ("has(card.factors) && card.factors != ''", False, ["has(card.factors)"]),
        ("stage == '' ? metrics.c > 0.0 : metrics.a > 9.0", False, ["stage == ''", "metrics.a > 9.0"]),
        ("stage == 'STAGING' ? metrics.a > 9.0 : metrics.c > 0.0", None, ["stage == 'STAGING'", "metrics.c > 0.0"]),
        ("1 / lineage.runs > 1 ? true : false", None, ["1 / lineage.runs > 1"]),
    ],
)  # fmt: skip
def test_only_the_clauses_that_decided_are_marked(rule: str, holds: bool | None, decided: list[str]) -> None:
    verdict = compile_rule(rule).evaluate(SEEN)
    assert verdict.holds is holds
    assert [one.clause for one in verdict.told if one.decides] == decided
    assert [one.clause for one in verdict.decided()] == decided


_rules = some.recursive(
    some.sampled_from([f"lineage.c{i} > 0" for i in range(6)]),
    lambda inner: some.one_of(
        some.tuples(inner, some.sampled_from(["&&", "||"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        some.tuples(inner, inner, inner).map(lambda t: f"(({t[0]}) ? ({t[1]}) : ({t[2]}))"),
        inner.map(lambda rule: f"!({rule})"),
    ),
    max_leaves=10,
)
_truths = some.lists(some.sampled_from([True, False, None]), min_size=6, max_size=6)


@given(_rules, _truths)
def test_what_decided_suffices_whatever_the_others_say(rule: str, said: list[bool | None]) -> None:
    part = apart(rule)
    truth = _of(part, said)
    outcome = held(part, truth)
    decided = deciding(part, truth)
    for others in (True, False, None):
        known = {clause: truth[clause] if clause in decided else others for clause in truth}
        if outcome is None:
            # An error may hide beside an && that is false, or an || that is true; alone it is one.
            known = {clause: truth[clause] if clause in decided else None for clause in truth}
        assert _kleene(part, known) is outcome


@given(_rules, _truths)
def test_a_clause_less_and_they_no_longer_suffice_or_there_was_another_reason(
    rule: str, said: list[bool | None]
) -> None:
    part = apart(rule)
    truth = _of(part, said)
    outcome = held(part, truth)
    if outcome is None:
        return
    assert all(truth[clause] is not None for clause in deciding(part, truth))
    assert _kleene(part, dict.fromkeys(truth, None)) is None


@given(_rules, some.lists(some.booleans(), min_size=6, max_size=6))
def test_with_every_clause_known_the_quick_way_says_the_same(rule: str, said: list[bool]) -> None:
    part = apart(rule)
    truth = _of(part, said)
    found = clauses(part)
    position = {clause: i for i, clause in enumerate(found)}
    holds, decided = deciding_of(part, position, [truth[clause] is True for clause in found])
    assert holds is held(part, truth)
    assert [found[i] for i in decided] == list(deciding(part, truth))


def _of(part: Part, said: list[bool] | list[bool | None]) -> dict[Clause, bool | None]:
    """What each clause says, by the number in its text."""
    return {clause: said[int(clause.text[len("lineage.c")])] for clause in clauses(part)}


def _kleene(part: Part, truth: Mapping[Clause, bool | None]) -> bool | None:
    """CEL's own && and ||, which a side that decides makes blind for the other."""
    if isinstance(part, Clause):
        return truth[part]
    if isinstance(part, Not):
        inner = _kleene(part.part, truth)
        return None if inner is None else not inner
    if isinstance(part, Either):
        asked = _kleene(part.asked, truth)
        return None if asked is None else _kleene(part.then if asked else part.otherwise, truth)
    said = [_kleene(inner, truth) for inner in part.parts]
    if isinstance(part, AnyOf):
        return True if True in said else None if None in said else False
    if isinstance(part, AllOf):
        return False if False in said else None if None in said else True
    assert_never(part)
