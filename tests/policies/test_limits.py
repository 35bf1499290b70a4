"""What a rule may not ask, what it may not ask of too much, and what it gets for an answer."""

from typing import Any

import pytest

from hub.errors import Code, Refused
from hub.policies import limits
from hub.policies.cel import Document, Told, compile_rule, evaluate_all
from hub.policies.document import VARIABLES


def refusal(rule: str) -> str:
    with pytest.raises(Refused) as refused:
        compile_rule(rule)
    assert (refused.value.code, refused.value.field) == (Code.BAD_RULE, "rule")
    return refused.value.why


def why(rule: str, **values: Any) -> str | None:
    asked = compile_rule(rule)
    document = Document(values)
    verdict = asked.evaluate(document)
    assert verdict.holds is None
    assert asked.passes(document) is False
    assert evaluate_all([asked, compile_rule("true")], document)[0].told == verdict.told
    (told,) = (one for one in verdict.told if one.decides)
    return told.why


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("a" * 1_000_000, "1000000 characters; at most 4000 are allowed"),
        ("(" * 3_000 + "true" + ")" * 900, "recursion limit"),
        (
            "datasets.all(a, datasets.all(b, datasets.all(c, a.name != c.name)))",
            "line 1, column 42: all within 2 others; walks may stand 2 deep",
        ),
        (
            "segments.all(m,\n segments[m].map(s, metrics.filter(x, x == s)).size() > 0)",
            "line 2, column 29: filter within 2 others; walks may stand 2 deep",
        ),
        (
            "datasets.map(d, version.aliases + version.aliases).size() > 0",
            "line 1, column 33: + within map; what is walked cannot be added up, so compare each entry",
        ),
        ("model.a" + " + model.a" * 21 + " == 'x'", "line 1, column 209: 21 additions; at most 20 are allowed"),
        ("model.name.matches('(')", "line 1, column 12: invalid regular expression: missing ): ("),
        (r"model.name.matches(r'(a)\1')", r"invalid regular expression: invalid escape sequence: \1"),
        ("matches(model.name, '(x{1000}){1000}')", "invalid regular expression: invalid repetition size: {1000}"),
        ("model.name.matches(version.name)", "line 1, column 12: matches takes a pattern that is written out"),
        ("evidence.fairnes.verdict == 'PASS'", "column 10: evidence has no kind fairnes; it has data_validation,"),
        ("evidence['fairnes'].verdict == 'PASS'", "line 1, column 10: evidence has no kind fairnes"),
        ("'fairnes' in evidence", "line 1, column 1: evidence has no kind fairnes"),
        ("evidence.fairness.verdit == 'PASS'", "column 19: each of evidence has no field verdit; it has age_days,"),
        ("datasets.all(d, d.rol == 'x')", "line 1, column 19: each of datasets has no field rol; it has categories,"),
        ("datasets[0].rol == 'x'", "line 1, column 13: each of datasets has no field rol"),
        ("deployment.aproved == true", "line 1, column 12: deployment has no field aproved; it has approved,"),
        ("lineage.overlaps == 0", "line 1, column 9: lineage has no field overlaps"),
        ("stage > 1", "line 1, column 7: found no matching overload for '_>_' applied to '(string, int)'"),
        ("metrics.recall > '0.9'", "found no matching overload for '_>_' applied to '(double, string)'"),
        ("now > 1", "found no matching overload for '_>_' applied to '(google.protobuf.Timestamp, int)'"),
    ],
)  # fmt: skip
def test_a_rule_is_refused_with_its_place(rule: str, said: str) -> None:
    assert said in refusal(rule)


@pytest.mark.parametrize("secret", ["settings.secret_keys == ''", "HUB_SECRET_KEYS == ''", "env.HOME != ''", "os != 1"])
def test_a_rule_reads_the_document_and_nothing_else(secret: str) -> None:
    said = refusal(secret)
    assert said.startswith("line 1, column ")
    assert said.endswith(f"; a rule may look at {', '.join(VARIABLES)}")


def test_a_name_that_only_looks_like_a_walk_or_an_addition_is_none() -> None:
    assert (
        compile_rule("model.tags.all == 'a + b'").evaluate(Document({"model": {"tags": {"all": "x"}}})).holds is False
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("1 / lineage.runs > 1", "line 1, column 3: divide by zero"),
        ("true && 1 / lineage.runs > 1", "line 1, column 11: divide by zero"),
        ("7 % lineage.runs == 1", "line 1, column 3: modulus by zero"),
        ("true &&\n  model.name > 3", "line 2, column 14: > cannot compare a string with an int"),
        ("3 < model.name", "line 1, column 3: < cannot compare an int with a string"),
        ("model.owner >= 1.5", "line 1, column 13: >= cannot compare null with a double"),
        ("model.name - 1 == 2", "line 1, column 12: - cannot be asked of a string and an int"),
        ("model.name.all(x, x != '')", "line 1, column 12: only a list or a map has entries to walk"),
        ("version.aliases[3] == 'x'", "line 1, column 16: position 3 of a list of 1 is missing"),
        ("evidence.fairness.verdict == 'PASS'", "evidence.fairness is missing"),
        ("evidence.security.figures['worst'] < 0.1", "evidence.security.figures.worst is missing"),
        ("version.tags['review.by'] != ''", "version.tags['review.by'] is missing"),
        ("segments.recall.all(s, segments.recall[s] > 0.1)", "segments.recall is missing"),
        ("segments[stage].size() > 0", "segments.PRODUCTION is missing"),
        ("datasets.all(d, d.legal_basis != '')", "datasets[1].legal_basis is missing"),
        ("size(metrics) > 0", "metrics is missing"),
    ],
)
def test_what_cannot_be_told_says_where_and_names_the_kinds(rule: str, said: str) -> None:
    values = {
        "lineage": {"runs": 0},
        "model": {"name": "wdbc", "owner": None},
        "version": {"aliases": ["champion"], "tags": {}},
        "evidence": {"security": {"figures": {"mean": 0.1}}},
        "segments": {},
        "datasets": [{"legal_basis": "consent"}, {"name": "x"}],
        "stage": "PRODUCTION",
    }
    assert why(rule, **values) == said


def test_a_hostile_pattern_takes_time_that_grows_with_the_text_only() -> None:
    # A backtracking engine would need 2 ** 50_000 steps.
    document = Document({"model": {"name": "a" * 50_000 + "!"}})
    assert compile_rule("model.name.matches('^(a+)+$')").evaluate(document).holds is False


def test_the_engine_itself_stops_a_walk() -> None:
    hundred = "[" + ", ".join(["1"] * 110) + "]"
    assert why(f"{hundred}.all(a, {hundred}.all(b, a == b))") == (
        "the rule walks more than 10,000 entries in all; ask for less"
    )


def test_too_large_a_document_is_not_walked_but_may_be_looked_at() -> None:
    values = {"metrics": {f"m{i}": 1.0 for i in range(limits.MOST_ENTRIES + 1)}}
    rule = "metrics.all(m, m != '')"
    assert why(rule, **values) == "metrics has more than 10,000 entries, too many for a rule that walks them"
    assert compile_rule("metrics.m7 == 1.0").evaluate(Document(values)).holds is True


@pytest.mark.parametrize(
    "rule",
    [
        "metrics.all(a, metrics[a] > 0.0 && metrics == metrics)",
        "metrics.all(a, metrics.exists(b, a == b))",
        "metrics.map(a, metrics).size() > 0",
        "datasets.all(a, datasets.exists(b, a.categories == b.categories))",
    ],
)
def test_the_worst_rule_on_the_largest_document_is_not_begun(rule: str) -> None:
    values = {
        "metrics": {f"m{i}": 1.0 for i in range(limits.MOST_ENTRIES)},
        "datasets": [{"categories": ["x"] * 8} for _ in range(limits.MOST_ENTRIES // 10)],
    }
    said = why(rule, **values)
    assert said is not None
    assert said.startswith("the rule would touch ")
    assert said.endswith(f" entries; at most {limits.MOST_STEPS:,} are allowed; walk less at once")


def test_a_rule_that_is_begun_touches_a_bounded_number_of_entries() -> None:
    # Greatest number of turns, times the entries that each turn may pass over: no more is ever begun.
    for entries in (10, 1_000, limits.MOST_ENTRIES):
        document = Document({"metrics": {f"m{i}": 1.0 for i in range(entries)}})
        asked = compile_rule("metrics.all(a, metrics.exists(b, metrics[a] == metrics[b]))")
        turns = min(entries**2, limits.MOST_ENTRIES)
        refused = asked.too_heavy(document) is not None
        assert refused is (turns * entries * 3 > limits.MOST_STEPS)


def test_a_text_counts_as_entries_too() -> None:
    assert why("card.all(section, card[section].contains('x'))", card={"factors": "x" * 2_000_000}) == (
        "card has more than 10,000 entries, too many for a rule that walks them"
    )


def test_too_heavy_a_rule_leaves_those_beside_it_alone() -> None:
    document = Document({"metrics": {f"m{i}": 1.0 for i in range(9_999)}})
    heavy, light = compile_rule("metrics.all(a, metrics[a] > 0.0)"), compile_rule("metrics.m1 > 0.0")
    assert [one.holds for one in evaluate_all([heavy, light], document)] == [None, True]


def test_told_is_one_for_each_clause() -> None:
    told = compile_rule("1 / lineage.runs > 1 && lineage.runs == 0").evaluate(Document({"lineage": {"runs": 0}})).told
    assert told == (
        Told("1 / lineage.runs > 1", None, why="line 1, column 3: divide by zero"),
        Told(
            "lineage.runs == 0", True, True, "lineage.runs", 0, "== 0", None, False, "lineage.runs is 0, allowed == 0"
        ),
    )
