"""The cost pass: exact numbers for what documents ask for, and a refusal with numbers for what is too much."""

from collections.abc import Mapping

import pytest
from graphql import GraphQLError, get_introspection_query

from hub.graph.limit import DEFAULT, Inspection, Limits, choose_operation, clip, inspect, inspect_all, read_document
from tests.effort import counted

DASHBOARD = """
query Dashboard($models: Int = 50, $after: String) {
  models(first: $models, after: $after, filter: {tier: [HIGH]}) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id name tier
      owner { id name }
      versions(first: 5) { nodes { id number stage datasets(first: 3) { nodes { id name digest } } } }
      policies(first: 4) { nodes { id title severity } }
      exceptions(first: 2) { nodes { id status expiresAt } }
      approvals(first: 3) { nodes { id status requestedBy { id name } } }
    }
  }
}
"""


def weigh(text: str, limits: Limits = DEFAULT, name: str | None = None) -> Inspection:
    document = read_document(text, limits)
    return inspect(document, choose_operation(document, name), limits)


def refusal(text: str, variables: Mapping[str, object] | None = None, limits: Limits = DEFAULT) -> GraphQLError:
    with pytest.raises(GraphQLError) as refused:
        weigh(text, limits).cost(variables or {})
    assert len(str(refused.value)) <= 500
    return refused.value


def limit_of(error: GraphQLError) -> tuple[object, object, object]:
    said = error.extensions or {}
    return said.get("code"), said.get("limit"), said.get("allowed")


def doubling(levels: int, body: str, last: str) -> str:
    fragments = [f"fragment F{n} on Query {{{body.replace('NEXT', f'...F{n + 1}')}}}" for n in range(levels)]
    return "{...F0}" + "".join(fragments) + f"fragment F{levels} on Query {{{last}}}"


def test_dashboard_is_weighed_exactly() -> None:
    seen = weigh(DASHBOARD)
    assert (seen.depth, seen.selections, seen.aliases, seen.root_fields) == (7, 39, 0, 1)
    assert seen.size_variables == ("models",)
    # One connection, and for each place on its page: pageInfo, node, owner, then connection and page of each list.
    below = 3 + (1 + 5 * (1 + 1 + 3 * 1)) + (1 + 4) + (1 + 2) + (1 + 3 * 2)
    assert seen.cost({"models": 10}) == 1 + 10 * below == 441
    assert seen.cost({}) == 1 + 50 * below == 2_201


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{a}", 0),
        ("{a{b}}", 1),
        ("{a b{c} d{e{f}}}", 3),
        ("{a(first: 7){b{c}}}", 8),
        ("{a(last: 7){b{c}}}", 8),
        ("{a(first: 7, last: 2){b{c}}}", 15),
        ("{a(first: 7){b(first: 3){c{d}}}}", 1 + 7 + 21),
        ("{a(first: null){b{c}}}", 2),
        ("{a(other: 7){b{c}}}", 2),
        ("{x: a(first: 7){b{c}} y: a(first: 7){b{c}}}", 16),
        ("{a(first: 7){...F}} fragment F on T{b{c} ...G ...G} fragment G on T{d{e}}", 1 + 7 * 3),
        ("{... @include(if: false) {a{b}} ... on T {a{b}}}", 2),
        ("{a{}}", 1),
    ],
)
def test_cost_counts_objects(text: str, cost: int) -> None:
    assert weigh(text).cost({}) == cost


@pytest.mark.parametrize(
    ("variables", "cost"),
    [
        ({}, 1 + 5),
        ({"n": 9}, 1 + 9),
        ({"n": 9.0}, 1 + 9),
        ({"n": None}, 2),
        ({"n": True}, 2),
        ({"n": "9"}, 2),
        ({"n": [9]}, 2),
        ({"n": 9.5}, 2),
        ({"m": 9}, 1 + 5),
    ],
)
def test_page_size_is_the_variable_or_its_default(variables: dict[str, object], cost: int) -> None:
    assert weigh("query($n: Int = 5) {a(first: $n){b{c}}}").cost(variables) == cost


def test_same_variable_at_two_levels_multiplies_twice() -> None:
    seen = weigh("query($n: Int!, $m: Int!) {a(first: $n){b(first: $m){c(first: $n){d{e}}}}}")
    assert seen.size_variables == ("m", "n")
    assert seen.cost({"n": 3, "m": 10}) == 1 + 3 + 3 * 10 + 3 * 10 * 3


def test_fragment_takes_its_variables_from_the_operation() -> None:
    text = "query A($n: Int = 2){...F} query B($n: Int = 9){...F} fragment F on Query{a(first: $n){b{c}}}"
    assert weigh(text, name="A").cost({}) == 3
    assert weigh(text, name="B").cost({}) == 10


@pytest.mark.parametrize("size", [0, -1, 101, 10**30])
@pytest.mark.parametrize("argument", ["first", "last"])
def test_page_size_outside_1_to_100_names_the_limit(size: int, argument: str) -> None:
    written = refusal(f"{{models({argument}: {size}){{nodes{{id}}}}}}")
    given_ = refusal(f"query($n: Int!) {{models({argument}: $n){{nodes{{id}}}}}}", {"n": size})
    default = refusal(f"query($n: Int = {size}) {{models({argument}: $n){{nodes{{id}}}}}}")
    for error in (written, given_, default):
        assert limit_of(error) == ("PAGE_SIZE", "page", 100)
        assert "a page holds 1 to 100 objects" in error.message
        assert ("more than 10^12" if size == 10**30 else str(size)) in error.message
    assert f"`{argument}` of models" in written.message
    assert "$n" in given_.message


def test_page_size_is_checked_on_a_field_without_selection() -> None:
    assert limit_of(refusal("{models(first: 0)}")) == ("PAGE_SIZE", "page", 100)


def test_edges_of_the_page_size_pass() -> None:
    assert weigh("{a(first: 1){b{c}} d(last: 100){b{c}}}").cost({}) == 2 + 101


def test_cost_above_the_limit_is_refused_with_both_numbers() -> None:
    error = refusal("{a(first:100){b(first:100){c(first:5){d{e}}}}}")
    assert limit_of(error) == ("TOO_COSTLY", "cost", 50_000)
    assert "may return 60,101 objects, 50,000 are allowed" in error.message


def test_cost_by_variables_is_refused_when_they_are_known() -> None:
    seen = weigh("query($n: Int!) {a(first: $n){b(first: $n){c(first: 5){d{e}}}}}")
    assert seen.cost({"n": 90}) == 1 + 90 + 90 * 90 + 90 * 90 * 5
    with pytest.raises(GraphQLError) as refused:
        seen.cost({"n": 100})
    assert limit_of(refused.value) == ("TOO_COSTLY", "cost", 50_000)


def test_depth_counts_fields_through_fragments_only() -> None:
    assert weigh("{a{...F}} fragment F on T{... {b{...G}}} fragment G on T{c}").depth == 3
    assert weigh("{" * 1 + "a{" * 11 + "b" + "}" * 12).depth == 12
    error = refusal("query Deep " + "{a" * 13 + "}" * 13)
    assert limit_of(error) == ("TOO_COSTLY", "depth", 12)
    assert "The query Deep nests fields 13 deep, 12 are allowed" in error.message


def test_standard_introspection_passes() -> None:
    seen = weigh(get_introspection_query(descriptions=True, input_value_deprecation=True))
    assert (seen.depth, seen.cost({})) == (15, 35_474)


def test_introspection_has_a_depth_of_its_own() -> None:
    assert weigh('{__type(name: "A"){' + "ofType{" * 14 + "name" + "}" * 16).depth == 16
    error = refusal('{__type(name: "A"){' + "ofType{" * 15 + "name" + "}" * 17)
    assert limit_of(error) == ("TOO_COSTLY", "introspectionDepth", 16)
    # Below an ordinary field the name means nothing: validation refuses it, and it opens no back door.
    assert limit_of(refusal("{a{types{" + "b{" * 12 + "c" + "}" * 15)) == ("TOO_COSTLY", "depth", 12)


def test_introspection_many_times_over_is_too_costly() -> None:
    one = "types{fields{args{type{kind}}type{fields{args{type{kind}}}}}}"
    assert weigh(f"{{__schema{{{one}}}}}").cost({}) == 2 + 100 * (1 + 10 * (3 + 1 + (1 + 10 * 3)))
    assert limit_of(refusal(f"{{a:__schema{{{one}}} b:__schema{{{one}}}}}")) == ("TOO_COSTLY", "cost", 50_000)


def test_aliases_are_counted_as_often_as_they_are_spread() -> None:
    assert weigh("{p:a ...F b{...F}} fragment F on Query{q:a r:a}").aliases == 5
    assert weigh("{x{" + " ".join(f"a{n}:b" for n in range(30)) + "}}").aliases == 30
    error = refusal("{x{" + " ".join(f"a{n}:b" for n in range(31)) + "}}")
    assert limit_of(error) == ("TOO_COSTLY", "aliases", 30)
    assert "uses 31 aliases, fragments expanded, 30 are allowed" in error.message


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("{" + " ".join(f"a{n}" for n in range(11)) + "}", ("TOO_COSTLY", "rootFields", 10)),
        ("{...F ...F} fragment F on Query{a b c d e f}", ("TOO_COSTLY", "rootFields", 10)),
        ("{a " + "@x " * 51 + "}", ("TOO_COSTLY", "directives", 50)),
        ("query @x {...F} fragment F on Query @x {a" + " @x" * 49 + "}", ("TOO_COSTLY", "directives", 50)),
        ("query(" + "$a: Int @x " * 51 + "){a}", ("TOO_COSTLY", "directives", 50)),
        ("{a}" + "".join(f"fragment F{n} on Query{{a}}" for n in range(51)), ("TOO_COSTLY", "fragments", 50)),
        ("{" + "q{a} " * 52 + "}", ("TOO_COSTLY", "repeats", 50)),
        ("{a " * 1 + "... {" * 100 + "b" + "}" * 101, ("TOO_COSTLY", "nesting", 100)),
        ("{" + "a " * 2_000 + "}", ("TOO_COSTLY", "tokens", 2_000)),
        ("#\n" * 2_001 + "{a}", ("TOO_COSTLY", "tokens", 2_000)),
        (" " * 100_000 + "{a}", ("TOO_COSTLY", "characters", 100_000)),
        ("{a(x: " + "[" * 300 + "]" * 300 + ")}", ("TOO_COSTLY", "nesting", 100)),
        ("mutation {a1: signOff(id: 1){id} a2: signOff(id: 2){id}}", ("BAD_INPUT", "mutations", 1)),
        (
            "mutation {signOff(id: 1){id} ...F} fragment F on Mutation{signOff(id: 2){id}}",
            ("BAD_INPUT", "mutations", 1),
        ),
        ("mutation($x: Boolean!) {a: b @include(if: $x) c: b @skip(if: $x)}", ("BAD_INPUT", "mutations", 1)),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else value[:30],
)
def test_one_too_many_is_refused(text: str, limit: tuple[object, object, object]) -> None:
    assert limit_of(refusal(text)) == limit


@pytest.mark.parametrize(
    "text",
    [
        "{" + " ".join(f"a{n}" for n in range(10)) + "}",
        "{a " + "@x " * 50 + "}",
        "{a}" + "".join(f"fragment F{n} on Query{{a}}" for n in range(50)),
        "{x{" + "q{a} " * 51 + "}}",
        "{a " + "... {" * 99 + "b" + "}" * 100,
        "{x{" + " ".join(f"a{n}" for n in range(1_995)) + "}}",
        "mutation {a: signOff(id: 1){id} __typename}",
    ],
    ids=lambda text: text[:30],
)
def test_just_enough_passes(text: str) -> None:
    assert weigh(text).cost({}) <= 52


def test_every_operation_of_a_document_is_held_to_the_limits() -> None:
    assert limit_of(refusal("query B {a} query A " + "{a" * 13 + "}" * 13))[0] == "BAD_INPUT"
    with pytest.raises(GraphQLError) as refused:
        weigh("query B {a} query A " + "{a" * 13 + "}" * 13, name="B")
    assert limit_of(refused.value) == ("TOO_COSTLY", "depth", 12)


def test_many_operations_are_weighed_in_one_pass() -> None:
    document = read_document(" ".join(f"query Q{n} {{a(first: {n + 1}) {{b {{c}}}}}}" for n in range(100)))
    with counted() as effort:
        found = inspect_all(document)
    assert effort.calls < 100 * 80
    assert [inspection.cost({}) for _, inspection in found] == [2 + n for n in range(100)]
    assert [node for node, _ in found] == list(document.definitions)


def test_an_operation_too_costly_is_refused_only_when_it_is_the_one_asked_for() -> None:
    document = read_document("query A{a} query B{a(first:100){b(first:100){c(first:9){d{e}}}}}")
    assert inspect(document, choose_operation(document, "A")).cost({}) == 0
    with pytest.raises(GraphQLError) as refused:
        inspect(document, choose_operation(document, "B"))
    assert limit_of(refused.value) == ("TOO_COSTLY", "cost", 50_000)
    assert len(inspect_all(document)) == 2


@pytest.mark.parametrize(
    "text",
    [
        doubling(25, "NEXT NEXT", "a"),
        doubling(25, "NEXT NEXT", ""),
        doubling(20, "q{NEXT} q{NEXT}", "a"),
        doubling(14, "p: q{NEXT} r: q{NEXT}", "a"),
        doubling(12, "a(first: $x){NEXT} b(first: $y){NEXT}", "a"),
        doubling(49, "q{NEXT} " * 6, "a"),
        doubling(49, "... {NEXT} " * 5, "a{b}"),
    ],
    ids=lambda text: f"{len(text)} bytes",
)
def test_fragments_that_double_each_other_are_refused_at_once(text: str) -> None:
    with counted() as effort:
        error = refusal(text)
    assert effort.calls < 15 * len(text)
    assert limit_of(error)[0] == "TOO_COSTLY"


@pytest.mark.parametrize(
    "text",
    ["{" * 100_000, "{a" * 50_000, "{a(x:" + "[" * 99_000, "{a(x:" + "{a:" * 33_000, "query($a:" + "[" * 99_000,
     "{" + " ".join(f"a{n}:b" for n in range(10_000)) + "}", "{a " + "@x " * 10_000 + "}", "a" * 100_000,
     "," * 100_000],
    ids=lambda text: text[:10],
)  # fmt: skip
def test_hostile_text_is_refused_in_short_words(text: str) -> None:
    with counted() as effort:
        error = refusal(text)
    assert effort.calls < 4 * len(text)
    assert limit_of(error)[0] in ("TOO_COSTLY", "BAD_INPUT")


def test_cycles_end() -> None:
    assert weigh("{...A} fragment A on Q{...A a{...A}}").cost({}) == 1
    assert weigh("{...A} fragment A on Q{a{...B}} fragment B on Q{b{...A}}").cost({}) == 2
    assert weigh("{a ...Nowhere}").selections == 2


def test_a_refusal_points_at_its_place_and_never_at_the_text() -> None:
    error = refusal("{\n  models(\n    first: 0) {id}\n  " + "x" * 5_000 + "\n}")
    assert error.locations is not None
    assert (error.locations[0].line, error.locations[0].column) == (3, 5)
    assert "xxx" not in str(error)


def test_syntax_error_quotes_at_most_200_characters() -> None:
    error = refusal("{a} " + "b" * 5_000)
    assert error.message.startswith("Syntax Error: Unexpected Name 'bbb")
    assert len(error.message) == 200
    assert error.locations is not None
    assert error.extensions == {"code": "BAD_INPUT"}


def test_nul_in_a_text_is_refused_and_its_spelling_is_not() -> None:
    for nul in ("\\u0000", "\\u{0}", "\\u{000000}"):
        assert refusal('{a(x: "b' + nul + '")}').extensions == {"code": "BAD_INPUT"}
    assert weigh('{a(x: "\\\\u0000 \\u00e9")}').selections == 1


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        (
            "query A{a} query B{b}",
            None,
            "holds 2 operations and the request chooses none; send operationName, one of: A, B",
        ),
        ("query A{a} query B{b}", "", "holds 2 operations"),
        ("query A{a} query B{b}", "C", "No operation is called C; the document holds: A, B"),
        ("{a}", "C", "No operation is called C; the document holds: only one without a name"),
        ("fragment F on Query{a}", None, "holds no operation"),
        ("type A {a: Int}", "A", "holds no operation"),
    ],
)
def test_operation_that_cannot_be_chosen(text: str, name: str | None, why: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        choose_operation(read_document(text), name)
    assert why in refused.value.message
    assert refused.value.extensions == {"code": "BAD_INPUT"}


def test_operation_is_chosen_by_name_or_by_being_the_only_one() -> None:
    both = read_document("query A{a} mutation B{b}")
    assert choose_operation(both, "B") is both.definitions[1]
    only = read_document("query A{a} fragment F on Query{a}")
    assert choose_operation(only, None) is choose_operation(only, "") is choose_operation(only, "A")


def test_operation_names_are_clipped() -> None:
    with pytest.raises(GraphQLError) as refused:
        choose_operation(read_document("query A{a} query " + "B" * 5_000 + "{b}"), "C" * 5_000)
    assert len(refused.value.message) < 300
    assert clip("abc", 3) == "abc"
    assert clip("abcd", 3) == "ab…"
