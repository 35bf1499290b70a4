"""Whatever documents hold: the remembered weights are those of the document with every fragment written out."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from graphql import GraphQLError
from graphql.language import ast
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.graph.limit import Limits, choose_operation, inspect, read_document

ENDLESS = Limits(**dict.fromkeys(Limits.__dataclass_fields__, 10**18))
NAMES = st.sampled_from("abc")
SIZES = st.sampled_from(["", "", "(first: 2)", "(last: 3)", "(first: $n)", "(last: $m)", "(first: $n, last: 2)"])


def selection(spreads: list[str], depth: int) -> st.SearchStrategy[str]:
    leaf = st.builds(str.__add__, st.sampled_from(["", "x: ", "y: "]), NAMES)
    options = [leaf, *([st.sampled_from(spreads).map(lambda name: f"...{name}")] if spreads else [])]
    if depth:
        below = selections(spreads, depth - 1)
        options.append(st.builds("{}{} {{{}}}".format, leaf, SIZES, below))
        options.append(below.map(lambda text: f"... on Query {{{text}}}"))
    return st.one_of(options)


def selections(spreads: list[str], depth: int) -> st.SearchStrategy[str]:
    return st.lists(selection(spreads, depth), min_size=1, max_size=3).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> str:
    names = [f"F{n}" for n in range(draw(st.integers(0, 4)))]
    fragments = [f"fragment {name} on Query {{{draw(selections(names[n + 1 :], 2))}}}" for n, name in enumerate(names)]
    order = draw(st.permutations(fragments))
    return " ".join([f"query Q($n: Int = 4, $m: Int) {{{draw(selections(names, 3))}}}", *order])


class Naive:
    """The same numbers by writing every fragment out, again for each spread."""

    def __init__(self, document: ast.DocumentNode, variables: Mapping[str, int]) -> None:
        self.sizes = {"n": 4, **variables}
        self.fragments = {d.name.value: d for d in document.definitions if isinstance(d, ast.FragmentDefinitionNode)}
        self.selections = self.aliases = self.cost = self.depth = self.roots = 0
        operation = next(d for d in document.definitions if isinstance(d, ast.OperationDefinitionNode))
        self.walk(operation.selection_set, 1, 1)

    def walk(self, node: ast.SelectionSetNode, around: int, depth: int) -> None:
        for each in node.selections:
            self.selections += 1
            if isinstance(each, ast.FragmentSpreadNode):
                self.walk(self.fragments[each.name.value].selection_set, around, depth)
            elif isinstance(each, ast.InlineFragmentNode):
                self.walk(each.selection_set, around, depth)
            elif isinstance(each, ast.FieldNode):
                self.aliases += each.alias is not None
                self.roots += depth == 1
                self.depth = max(self.depth, depth)
                if each.selection_set:
                    self.cost += around
                    self.walk(each.selection_set, around * self.size(each), depth + 1)

    def size(self, node: ast.FieldNode) -> int:
        size = 1
        for argument in node.arguments or ():
            value = argument.value
            if isinstance(value, ast.VariableNode):
                size *= self.sizes.get(value.name.value, 1)
            elif isinstance(value, ast.IntValueNode):
                size *= int(value.value)
        return size


@settings(max_examples=150, deadline=None)
@given(documents(), st.dictionaries(st.sampled_from("nm"), st.integers(1, 100)))
def test_remembered_weights_equal_writing_every_fragment_out(text: str, variables: dict[str, int]) -> None:
    document = read_document(text, ENDLESS)
    seen = inspect(document, choose_operation(document, "Q"), ENDLESS)
    naive = Naive(document, variables)
    assert seen.selections == naive.selections
    assert seen.aliases == naive.aliases
    assert seen.depth == naive.depth
    assert seen.root_fields == naive.roots
    assert seen.cost(variables) == naive.cost


@settings(max_examples=60, deadline=None)
@given(documents(), st.integers(0, 30))
def test_selections_are_refused_exactly_above_the_limit(text: str, most: int) -> None:
    document = read_document(text, ENDLESS)
    operation = choose_operation(document, "Q")
    reached = {"Q": Naive(document, {}).selections}
    for name, fragment in Naive(document, {}).fragments.items():
        alone = Naive(document, {})
        alone.selections = 0
        alone.walk(fragment.selection_set, 1, 1)
        reached[name] = alone.selections
    if max(reached.values()) > most:
        with pytest.raises(GraphQLError) as refused:
            inspect(document, operation, replace(ENDLESS, selections=most))
        assert (refused.value.extensions or {})["limit"] == "selections"
    else:
        inspect(document, operation, replace(ENDLESS, selections=most))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='{}()[]:$@.!=|&#"\\ \nabc019_-', max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = read_document(text)
        inspect(document, choose_operation(document, None))
    except GraphQLError as error:
        assert (error.extensions or {})["code"] in ("TOO_COSTLY", "PAGE_SIZE", "BAD_INPUT")
        assert len(error.message) <= 300
