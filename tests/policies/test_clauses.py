"""Rules are taken apart where CEL itself would, and nowhere else."""

import pytest

from hub.policies.clauses import (
    AllOf,
    AnyOf,
    Clause,
    Comparison,
    Either,
    Loop,
    Not,
    Part,
    apart,
    clauses,
    place,
    reaches,
    unquoted,
)


def shown(part: Part) -> object:
    """The tree in words."""
    if isinstance(part, Clause):
        return part.text
    if isinstance(part, Not):
        return ["!", shown(part.part)]
    if isinstance(part, Either):
        return ["?", shown(part.asked), shown(part.then), shown(part.otherwise)]
    return ["&&" if isinstance(part, AllOf) else "||", *(shown(inner) for inner in part.parts)]


@pytest.mark.parametrize(
    ("rule", "tree"),
    [
        ("a > 1.0", "a > 1.0"),
        ("a && b", ["&&", "a", "b"]),
        ("a || b && c", ["||", "a", ["&&", "b", "c"]]),
        ("(a || b) && c", ["&&", ["||", "a", "b"], "c"]),
        ("((a && (b)))", ["&&", "a", "b"]),
        ("(a) + (b) > c", "(a) + (b) > c"),
        ("!(a && b)", ["!", ["&&", "a", "b"]]),
        ("!!a", ["!", ["!", "a"]]),
        ("!a == b", "!a == b"),
        ("a && b ? c : d", ["?", ["&&", "a", "b"], "c", "d"]),
        ("a ? b ? c : d : e ? f : g", ["?", "a", ["?", "b", "c", "d"], ["?", "e", "f", "g"]]),
        ("a && (b ? c || d : e)", ["&&", "a", ["?", "b", ["||", "c", "d"], "e"]]),
        ("(a ? 1 : 2) > x", "(a ? 1 : 2) > x"),
        ("m[a ? 'b' : 'c']", "m[a ? 'b' : 'c']"),
        ("x == 'a && b' && y", ["&&", "x == 'a && b'", "y"]),
        (r"x == 'it\'s && so' && y", ["&&", r"x == 'it\'s && so'", "y"]),
        (r"x == r'\' && y", ["&&", r"x == r'\'", "y"]),
        ('x == """a" && b""" && y', ["&&", 'x == """a" && b"""', "y"]),
        ("a // && b\n && c", ["&&", "a", "c"]),
        ("l.all(x, x > 1 && x < 3) && d", ["&&", "l.all(x, x > 1 && x < 3)", "d"]),
        ("m['a && b'] > 1.0", "m['a && b'] > 1.0"),
        ("a.?b.orValue(false) || m[?'k'].hasValue()", ["||", "a.?b.orValue(false)", "m[?'k'].hasValue()"]),
        ("{'a': b && c}.a", "{'a': b && c}.a"),
    ],
)
def test_a_rule_is_taken_apart(rule: str, tree: object) -> None:
    assert shown(apart(rule)) == tree


@pytest.mark.parametrize(
    ("rule", "shape"),
    [
        ("metrics.recall >= 0.9", Comparison("metrics.recall", ">=", "0.9")),
        ("size(card.x) < 3", Comparison("size(card.x)", "<", "3")),
        ("tier in ['HIGH', 'LIMITED']", Comparison("tier", "in", "['HIGH', 'LIMITED']")),
        ("a < b == c", None),
        ("a", None),
        ("s.all(k, s[k] >= 0.8)", Loop("all", "s", "k", "s[k] >= 0.8", Comparison("s[k]", ">=", "0.8"))),
        ("s.all(k, k && v)", Loop("all", "s", "k", "k && v", None)),
        ("s.exists(k, k > 1)", Loop("exists", "s", "k", "k > 1", Comparison("k", ">", "1"))),
        ("s.exists_one(k, f(k))", Loop("exists_one", "s", "k", "f(k)", None)),
        ("s.map(k, k > 1)", None),
        ("!s.all(k, k > 1) == true", Comparison("!s.all(k, k > 1)", "==", "true")),
    ],
)
def test_the_form_of_a_clause_is_seen(rule: str, shape: object) -> None:
    (clause,) = clauses(apart(rule))
    assert clause.shape == shape


def test_a_clause_that_asks_whether_something_is_there_names_it() -> None:
    assert clauses(apart("has(card.factors)"))[0].presence == ("card", "factors")
    assert clauses(apart("'recall' in metrics"))[0].presence == ("metrics", "recall")
    assert clauses(apart("card.factors != ''"))[0].presence == ()


def test_a_dot_and_an_index_reach_for_the_same() -> None:
    for rule in ("metrics.recall > 1.0", "metrics['recall'] > 1.0", "metrics.?recall.orValue(0.0) > 1.0"):
        assert reaches(clauses(apart(rule))[0].path, ("metrics", "recall"))
    assert not reaches(clauses(apart("metrics.auc > 1.0"))[0].path, ("metrics", "recall"))


def test_places_are_counted_from_one() -> None:
    assert place("ab\ncd", 0) == (1, 1)
    assert place("ab\ncd", 4) == (2, 2)


def test_or_and_and_are_told_apart() -> None:
    assert isinstance(apart("a || b"), AnyOf)
    assert isinstance(apart("a && b"), AllOf)


@pytest.mark.parametrize("text", ["'it'", '"it"', "r'it'", "b'it'", "'''it'''", '"""it"""', 'Rb"it"'])
def test_a_quoted_text_loses_its_quotes(text: str) -> None:
    assert unquoted(text) == "it"


def test_quotes_within_a_text_stay() -> None:
    assert unquoted('''"say \'so\'"''') == "say 'so'"
