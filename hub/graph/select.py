"""Which fields a selection asks of one concrete type, with fragments opened and directives applied."""

from collections.abc import Iterable, Mapping

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    value_from_ast_untyped,
)

from hub.graph.catalog import Catalog
from hub.graph.values import Slot, Watch

Selected = dict[str, list[FieldNode]]


class Selector:
    """Collects fields by response key."""

    def __init__(self, catalog: Catalog, fragments: Mapping[str, FragmentDefinitionNode], watch: Watch) -> None:
        self._catalog = catalog
        self._fragments = fragments
        self._watch = watch

    def fields(self, nodes: Iterable[SelectionSetNode | None], type_name: str) -> Selected:
        found: Selected = {}
        opened: set[str] = set()
        for node in nodes:
            if node is not None:
                self._collect(node, type_name, found, opened)
        return found

    def below(self, nodes: list[FieldNode], type_name: str) -> Selected:
        return self.fields((node.selection_set for node in nodes), type_name)

    def _collect(self, selection: SelectionSetNode, type_name: str, found: Selected, opened: set[str]) -> None:
        for node in selection.selections:
            if node.directives and not self._included(node.directives):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._catalog.matches(condition.name.value, type_name):
                    self._collect(node.selection_set, type_name, found, opened)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in opened:
                opened.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if self._catalog.matches(fragment.type_condition.name.value, type_name):
                    self._collect(fragment.selection_set, type_name, found, opened)

    def _included(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name not in ("skip", "include"):
                continue
            given = (directive.arguments or ())[0].value
            if isinstance(given, VariableNode):
                value = self._watch.look("value", Slot(given.name.value))
            else:
                value = value_from_ast_untyped(given)
            if bool(value) == (name == "skip"):
                return False
        return True
