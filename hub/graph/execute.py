"""Runs documents: parsed, limited, validated and planned once, then one statement for each request."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    VariableDefinitionNode,
    get_variable_values,
    type_from_ast,
    validate,
    value_from_ast,
)

from hub.clock import Clock
from hub.graph.catalog import Catalog
from hub.graph.compile import Compiler, Plan
from hub.graph.lend import Lender
from hub.graph.limit import Inspection, Limits, choose_operation, inspect, inspect_all, read_document
from hub.graph.values import Probe, Reader, Watch

if TYPE_CHECKING:
    from hub.db import ReadPool

DOCUMENTS_KEPT = 1000
LONGEST_KEPT = 64_000
"""Characters; a longer document is mostly white space, or an attack."""
ACQUIRE_S = 2.0
"""Seconds to wait for a connection; a full pool is answered with a 503 rather than with silence."""
PLANS_KEPT = 200
"""Plans kept for one operation; a client that sends more shapes than this pays for planning again."""


@dataclass(slots=True)
class Branch:
    """A step of the way to a plan: what to look at next, and where each answer leads."""

    probe: Probe | None = None
    ways: dict[Hashable, "Branch"] = field(default_factory=dict)
    plan: Plan | None = None


@dataclass(slots=True)
class Plans:
    """The plans of one selection, each for another shape of request."""

    first: Branch = field(default_factory=Branch)
    count: int = 0

    def find(self, variables: Mapping[str, Any], reader: Reader) -> Plan | None:
        """The plan for a request; None for a shape that is new."""
        branch = self.first
        while branch.probe is not None:
            way = branch.ways.get(branch.probe.look(variables, reader))
            if way is None:
                return None
            branch = way
        return branch.plan

    def keep(self, watch: Watch, plan: Plan) -> None:
        """Remember a plan by all that was looked at to make it."""
        if self.count >= PLANS_KEPT:
            self.first, self.count = Branch(), 0
        branch = self.first
        for probe, answer in watch.seen.items():
            branch.probe = probe
            branch = branch.ways.setdefault(answer, Branch())
        branch.plan = plan
        self.count += 1


@dataclass(frozen=True, slots=True)
class PlainVariable:
    """A variable of an operation: the Python type whose values coercion leaves as they are, if there is one."""

    name: str
    kind: type | None
    required: bool
    default: Any


PLAIN: dict[str, type] = {"ID": str, "String": str, "Boolean": bool, "Int": int}


@dataclass(slots=True)
class Operation:
    """One operation of a document, ready to run."""

    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    inspection: Inspection
    compiles: bool
    variables: tuple[PlainVariable, ...] = ()
    plans: Plans = field(default_factory=Plans)

    @property
    def kind(self) -> OperationType:
        return self.node.operation

    def plain_variables(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The variables when coercion would leave each as it is; None when it must have its say."""
        made: dict[str, Any] = {}
        for variable in self.variables:
            value: Any = given.get(variable.name, Undefined)
            if type(value) is variable.kind and (type(value) is not int or -(2**31) <= value < 2**31):
                made[variable.name] = value
            elif value is not Undefined or variable.required:
                return None
            elif variable.default is not Undefined:
                made[variable.name] = variable.default
        return made


@dataclass(slots=True)
class Document:
    """A document as it was understood: its operations, or what is wrong with it."""

    node: DocumentNode | None
    errors: list[GraphQLError]
    operations: dict[str | None, Operation] = field(default_factory=dict)


class Engine:
    """The read engine of one schema over one pool that can only read."""

    def __init__(
        self,
        schema: GraphQLSchema,
        pool: "Callable[[], ReadPool]",
        clock: Clock,
        *,
        limits: Limits | None = None,
        hide_suggestions: bool = True,
    ) -> None:
        self.schema = schema
        self.catalog = Catalog(schema)
        self.limits = limits or Limits()
        self._lender = Lender(pool, ACQUIRE_S)
        self._clock = clock
        self._hide = hide_suggestions
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._payloads: OrderedDict[tuple[object, ...], tuple[list[FieldNode], Plans]] = OrderedDict()

    def document(self, text: str) -> Document:
        """The document of this text; wrong ones are remembered too."""
        found = self._documents.get(text)
        if found is None:
            found = self._read(text)
            if len(text) <= LONGEST_KEPT:
                self._documents[text] = found
            if len(self._documents) > DOCUMENTS_KEPT:
                self._documents.popitem(last=False)
        else:
            self._documents.move_to_end(text)
        return found

    def operation(self, document: Document, name: str | None) -> Operation:
        """The operation of this name; the only one when no name is given."""
        found = document.operations.get(name)
        if found is None:
            assert document.node is not None
            node = choose_operation(document.node, name)
            fragments = {d.name.value: d for d in document.node.definitions if isinstance(d, FragmentDefinitionNode)}
            found = Operation(
                node,
                fragments,
                inspect(document.node, node, self.limits),
                self._compiles(node, fragments),
                tuple(self._plain(made) for made in node.variable_definitions or ()),
            )
            document.operations[name] = found
        return found

    def variables(self, operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
        """The operation's variables, coerced; raises the first error of each."""
        definitions = operation.node.variable_definitions
        if not definitions:
            return {}
        plain = operation.plain_variables(given)
        if plain is not None:
            return plain
        made = get_variable_values(self.schema, definitions, dict(given), max_errors=5, hide_suggestions=self._hide)
        if isinstance(made, list):
            raise made[0]
        return dict(made.coerced)

    def _plain(self, made: VariableDefinitionNode) -> PlainVariable:
        kind = type_from_ast(self.schema, made.type)
        required = isinstance(kind, GraphQLNonNull)
        named = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        default: Any = Undefined
        if made.default_value is not None and kind is not None:
            default, required = value_from_ast(made.default_value, kind), False  # type: ignore[arg-type]
        return PlainVariable(made.variable.name.value, PLAIN.get(str(named)), required, default)

    def plan(self, operation: Operation, variables: Mapping[str, Any], reader: Reader) -> Plan:
        """The plan for this shape of request, made when it is new."""
        if (known := operation.plans.find(variables, reader)) is not None:
            return known
        watch = Watch(variables, reader)
        compiler = Compiler(self.catalog, operation.fragments, watch)
        root = self.schema.query_type
        assert root is not None
        selected = compiler.select.fields([operation.node.selection_set], root.name)
        plan = compiler.operation(root.name, selected)
        operation.plans.keep(watch, plan)
        return plan

    async def read(self, operation: Operation, variables: Mapping[str, Any], reader: Reader) -> bytes:
        """The response's data as JSON text, by one statement."""
        found = await self._run(self.plan(operation, variables, reader), variables, reader)
        assert found is not None
        return found

    async def read_node(
        self,
        type_name: str,
        id: UUID,
        nodes: list[FieldNode],
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        reader: Reader,
    ) -> bytes | None:
        """One row as a mutation's payload or a subscription's event shows it; None when the reader may not see it."""
        plans = self._payload(type_name, nodes)
        plan = plans.find(variables, reader)
        if plan is None:
            watch = Watch(variables, reader)
            plan = Compiler(self.catalog, fragments, watch).by_key(
                type_name, lambda _variables, binds: binds["node"], nodes
            )
            plans.keep(watch, plan)
        return await self._run(plan, variables, reader, id)

    async def read_root(
        self,
        name: str,
        nodes: list[FieldNode],
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        reader: Reader,
    ) -> bytes:
        """One root field, for a query that also asks what only Strawberry answers."""
        compiler = Compiler(self.catalog, fragments, Watch(variables, reader))
        assert self.schema.query_type is not None
        found = await self._run(compiler.root(self.schema.query_type.name, name, nodes), variables, reader)
        assert found is not None
        return found

    def _payload(self, type_name: str, nodes: list[FieldNode]) -> Plans:
        """The plans of what a document shows of a type; its nodes are kept too, so that no others take their ids."""
        key = (type_name, *map(id, nodes))
        found = self._payloads.get(key)
        if found is None:
            found = self._payloads[key] = (nodes, Plans())
            if len(self._payloads) > DOCUMENTS_KEPT:
                self._payloads.popitem(last=False)
        else:
            self._payloads.move_to_end(key)
        return found[1]

    async def _run(
        self, plan: Plan, variables: Mapping[str, Any], reader: Reader, node: UUID | None = None
    ) -> bytes | None:
        binds = {**reader.binds, "now": self._clock.now(), "node": node}
        values = [get(variables, binds) for get in plan.getters]
        found: bytes | None = await self._lender.fetchval(plan.sql, values)
        return found

    def _read(self, text: str) -> Document:
        try:
            node = read_document(text, self.limits)
            inspect_all(node, self.limits)
        except GraphQLError as error:
            return Document(None, [error])
        errors = validate(self.schema, node, max_errors=5, hide_suggestions=self._hide)
        return Document(node if not errors else None, errors)

    def _compiles(self, node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
        """Whether every root field is a planned read."""
        root = self.schema.query_type
        if node.operation is not OperationType.QUERY or root is None:
            return False
        readable = self.catalog.types[root.name].fields
        return all(name == "__typename" or name in readable for name in root_names(node.selection_set, fragments))


def root_names(selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
    """The names of an operation's root fields, through fragments."""
    found: set[str] = set()
    for node in selection.selections:
        if isinstance(node, FieldNode):
            found.add(node.name.value)
        elif isinstance(node, InlineFragmentNode):
            found |= root_names(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            found |= root_names(fragments[node.name.value].selection_set, fragments)
    return found
