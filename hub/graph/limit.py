"""What a document asks for, weighed in one pass over its syntax, before validation or anything else looks at it.

Counted as written: characters, tokens, fragments, directives, repeated fields.
Counted with fragments expanded, each as often as it is spread: selections, aliases, root fields, nesting, depth, cost.

Every fragment is weighed once and remembered, so the pass is linear in the document however its fragments multiply;
one that spreads itself ends there, and validation reports it. Cost is an upper bound on the objects in the answer: a
field with a selection set counts once for every object around it, and `first`/`last` multiply all that stands below.
Fields that execution would merge count each time, @skip and @include are taken as passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import GraphQLError, GraphQLSyntaxError, OperationType, SourceLocation, TokenKind, parse
from graphql.language import ast

from hub.errors import Code

PAGE_ARGUMENTS: Final = frozenset({"first", "last"})
INTROSPECTION: Final = frozenset({"__schema", "__type"})
# Introspection has lists without a page size. These are what a large schema holds on average: with them the standard
# introspection query costs 35,000 objects, and the same query asked for twice under aliases is refused.
SCHEMA_LISTS: Final = {"types": 100, "directives": 8, "fields": 10, "args": 2, "inputFields": 2, "enumValues": 2}
WAYS_OUT: Final = {
    "characters": "pass long texts as variables",
    "tokens": "ask for fewer fields, pass values as variables",
    "fragments": "merge some of them",
    "directives": "leave some out",
    "repeats": "name each field once in a selection set",
    "selections": "spread fewer fragments",
    "nesting": "flatten it",
    "depth": "ask for the innermost lists in a request of their own, by id",
    "introspectionDepth": "follow fewer `ofType`",
    "aliases": "use a list with a filter, or split the request",
    "rootFields": "split it into several requests",
    "mutations": "send each in a request of its own",
    "cost": "lower `first` or `last`, or ask for inner lists in a request of their own",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may ask for."""

    characters: int = 100_000
    tokens: int = 2_000
    fragments: int = 50
    directives: int = 50
    # Fields that say again what their own selection set already says. Harmless to execute, but validation compares all
    # of them in pairs: 480 twins take it 0.4 s.
    repeats: int = 50
    selections: int = 2_000
    nesting: int = 100
    depth: int = 12
    # The standard introspection query needs 15: it follows nine `ofType` below the arguments of a field.
    introspection_depth: int = 16
    aliases: int = 30
    root_fields: int = 10
    page: int = 100
    cost: int = 50_000


DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class Inspection:
    """One operation within its limits. Holds no syntax: keep it with the document, ask `cost` for each request."""

    depth: int
    selections: int
    aliases: int
    root_fields: int
    size_variables: tuple[str, ...]
    _objects: tuple[tuple[tuple[str, ...], int], ...]
    _defaults: Mapping[str, int]
    _limits: Limits

    def cost(self, variables: Mapping[str, object]) -> int:
        """The most objects the operation may return with these raw (not yet coerced) variables.

        Raises GraphQLError PAGE_SIZE for a size outside 1 to 100, TOO_COSTLY above the limit. One multiplication for
        each different combination of size variables; a document without any has one.
        """
        sizes = {name: self._size(name, variables) for name in self.size_variables}
        cost = 0
        for names, objects in self._objects:
            for name in names:
                objects *= sizes[name]
            cost += objects
        if cost > self._limits.cost:
            raise _over("cost", f"The operation may return {_number(cost)} objects", self._limits.cost)
        return cost

    def _size(self, name: str, variables: Mapping[str, object]) -> int:
        asked = variables[name] if name in variables else self._defaults.get(name)
        # Coercion takes 5.0 for an Int; whatever is no number is coercion's to refuse.
        if isinstance(asked, float) and asked.is_integer():
            asked = int(asked)
        if isinstance(asked, bool) or not isinstance(asked, int):
            return 1
        _check_page(asked, f"${clip(name, 40)}", self._limits, None)
        return asked


def read_document(text: str, limits: Limits = DEFAULT) -> ast.DocumentNode:
    """Parse. Raises GraphQLError for a syntax error, too many characters or tokens, nesting, a NUL in a string."""
    if len(text) > limits.characters:
        raise _over("characters", f"The document has {len(text):,} characters", limits.characters)
    try:
        document = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        raise _unreadable(error, limits) from None
    if "\\u" in text:
        _refuse_nul(document)
    return document


def choose_operation(document: ast.DocumentNode, name: str | None) -> ast.OperationDefinitionNode:
    """The operation to execute; None and the empty name mean the only one. Raises GraphQLError BAD_INPUT."""
    operations = [node for node in document.definitions if isinstance(node, ast.OperationDefinitionNode)]
    names = [node.name.value for node in operations if node.name]
    known = clip(", ".join(names)) or "only one without a name"
    if not operations:
        raise _bad("The document holds no operation; add a query or a mutation")
    if not name and len(operations) > 1:
        held = f"The document holds {len(operations)} operations and the request chooses none"
        raise _bad(f"{held}; send operationName, one of: {known}")
    chosen = [node for node in operations if not name or (node.name and node.name.value == name)]
    if not chosen:
        raise _bad(f"No operation is called {clip(name or '', 40)}; the document holds: {known}")
    return chosen[0]


def inspect(document: ast.DocumentNode, operation: ast.OperationDefinitionNode, limits: Limits = DEFAULT) -> Inspection:
    """Hold all operations of the document to the limits and weigh the one to execute.

    Raises GraphQLError with the code TOO_COSTLY, PAGE_SIZE or BAD_INPUT; the extensions `limit` and `allowed` name the
    limit and its value. Cost is checked here only if no variable sets a page size, otherwise by `Inspection.cost`.
    """
    found = next(inspection for node, inspection in inspect_all(document, limits) if node is operation)
    if not found.size_variables:
        found.cost({})
    return found


def inspect_all(
    document: ast.DocumentNode, limits: Limits = DEFAULT
) -> list[tuple[ast.OperationDefinitionNode, Inspection]]:
    """Every operation of the document in one pass; like `inspect`, but costs are left to `Inspection.cost`."""
    whole = _Pass(document, limits)
    found = [node for node in document.definitions if isinstance(node, ast.OperationDefinitionNode)]
    return [(node, whole.operation(node)) for node in found]


def clip(text: str, most: int = 200) -> str:
    """A client's own words, cut to what may go into a message or a log line."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


@dataclass(slots=True)
class _Weight:
    """A selection set with all that stands below it."""

    selections: int = 0
    aliases: int = 0
    # Selection sets on the longest way down, this one included; none in a fragment that does not exist.
    nesting: int = 0
    depth: int = 0
    schema_depth: int = 0
    root_fields: int = 0
    actions: int = 0
    # Objects by the variables whose values multiply them: {("n", "n"): 3} is 3·n².
    objects: dict[tuple[str, ...], int] = field(default_factory=dict)

    def add(self, below: "_Weight") -> None:
        """Take in what a fragment selects, as if it stood here."""
        self._count(below)
        self.depth = max(self.depth, below.depth)
        self.root_fields += below.root_fields
        self.actions += below.actions
        for names, objects in below.objects.items():
            self.objects[names] = self.objects.get(names, 0) + objects

    def add_field(self, below: "_Weight", size: int, by: tuple[str, ...]) -> None:
        """Take in a field's selection set; the field itself is one object, `size` and `by` multiply what is below."""
        self._count(below)
        self.objects[()] = self.objects.get((), 0) + 1
        for names, objects in below.objects.items():
            key = tuple(sorted((*names, *by))) if by else names
            self.objects[key] = self.objects.get(key, 0) + objects * size

    def _count(self, below: "_Weight") -> None:
        self.selections += below.selections
        self.aliases += below.aliases
        self.nesting = max(self.nesting, below.nesting + 1)
        self.schema_depth = max(self.schema_depth, below.schema_depth + 1 if below.schema_depth else 0)


class _Pass:
    def __init__(self, document: ast.DocumentNode, limits: Limits) -> None:
        self.limits = limits
        self.directives = self.repeats = 0
        self.weights: dict[str, _Weight] = {}
        written = [node for node in document.definitions if isinstance(node, ast.FragmentDefinitionNode)]
        self.fragments = {node.name.value: node for node in written}
        if len(written) > limits.fragments:
            extra = written[limits.fragments]
            raise _over("fragments", f"The document defines {len(written):,} fragments", limits.fragments, extra)
        for name in self.fragments:
            self._fragment(name, 0)

    def operation(self, node: ast.OperationDefinitionNode) -> Inspection:
        weight = self._operation(node)
        defaults = {
            variable.variable.name.value: _integer(variable.default_value)
            for variable in node.variable_definitions or ()
            if isinstance(variable.default_value, ast.IntValueNode)
        }
        return Inspection(
            depth=max(weight.depth, weight.schema_depth),
            selections=weight.selections,
            aliases=weight.aliases,
            root_fields=weight.root_fields,
            size_variables=tuple(sorted({name for names in weight.objects for name in names})),
            _objects=tuple(weight.objects.items()),
            _defaults=defaults,
            _limits=self.limits,
        )

    def _operation(self, node: ast.OperationDefinitionNode) -> _Weight:
        most = self.limits
        self._directives(node.directives)
        for variable in node.variable_definitions or ():
            self._directives(variable.directives)
        weight = self._selection_set(node.selection_set, in_schema=False, level=1)
        who = f"The {node.operation.value} {clip(node.name.value, 40) if node.name else 'without a name'}"
        if weight.nesting > most.nesting:
            raise _nested(most, node)
        if weight.depth > most.depth:
            raise _over("depth", f"{who} nests fields {weight.depth} deep", most.depth, node)
        if weight.schema_depth > most.introspection_depth:
            asked = f"{who} nests introspection {weight.schema_depth} deep"
            raise _over("introspectionDepth", asked, most.introspection_depth, node)
        if weight.root_fields > most.root_fields:
            raise _over("rootFields", f"{who} asks for {weight.root_fields:,} root fields", most.root_fields, node)
        # One field for each request, so that no request tries two answers to one question.
        if node.operation is OperationType.MUTATION and weight.actions > 1:
            raise _over("mutations", f"{who} asks for {weight.actions:,} mutations", 1, node, code=Code.BAD_INPUT)
        if weight.aliases > most.aliases:
            raise _over("aliases", f"{who} uses {weight.aliases:,} aliases, fragments expanded", most.aliases, node)
        return weight

    def _fragment(self, name: str, level: int) -> _Weight:
        known = self.weights.get(name)
        if known is not None:
            return known
        # What a cycle finds when it comes back here, and what an unknown name gets.
        self.weights[name] = _Weight()
        node = self.fragments.get(name)
        if node is not None:
            self._directives(node.directives)
            in_schema = node.type_condition.name.value.startswith("__")
            self.weights[name] = self._selection_set(node.selection_set, in_schema=in_schema, level=level + 1)
        return self.weights[name]

    def _selection_set(self, node: ast.SelectionSetNode, *, in_schema: bool, level: int) -> _Weight:
        # Also keeps this recursion off the interpreter's limit: the way here is as deep as the document is.
        if level > self.limits.nesting:
            raise _nested(self.limits, node)
        total = _Weight(nesting=1)
        seen: set[str] = set()
        for selection in node.selections:
            total.selections += 1
            self._directives(selection.directives)
            if isinstance(selection, ast.FieldNode):
                said = (selection.alias or selection.name).value
                if said in seen:
                    self._repeat(selection)
                seen.add(said)
                self._field(total, selection, in_schema=in_schema, level=level)
            elif isinstance(selection, ast.FragmentSpreadNode):
                total.add(self._fragment(selection.name.value, level))
            elif isinstance(selection, ast.InlineFragmentNode):
                on = selection.type_condition
                inside = in_schema or (on is not None and on.name.value.startswith("__"))
                total.add(self._selection_set(selection.selection_set, in_schema=inside, level=level + 1))
            if total.selections > self.limits.selections:
                asked = f"The document makes at least {total.selections:,} selections, fragments expanded"
                raise _over("selections", asked, self.limits.selections, selection)
        return total

    def _field(self, total: _Weight, node: ast.FieldNode, *, in_schema: bool, level: int) -> None:
        name = node.name.value
        size, by = self._page(node)
        total.root_fields += 1
        total.actions += name != "__typename"
        total.aliases += node.alias is not None
        total.depth = max(total.depth, 1)
        if node.selection_set is None:
            return
        opens = name in INTROSPECTION
        below = self._selection_set(node.selection_set, in_schema=in_schema or opens, level=level + 1)
        total.add_field(below, size * SCHEMA_LISTS.get(name, 1) if in_schema else size, by)
        if opens:
            total.schema_depth = max(total.schema_depth, below.depth + 1)
        else:
            total.depth = max(total.depth, below.depth + 1)

    def _page(self, node: ast.FieldNode) -> tuple[int, tuple[str, ...]]:
        size, by = 1, []
        for argument in node.arguments or ():
            if argument.name.value not in PAGE_ARGUMENTS:
                continue
            if isinstance(argument.value, ast.VariableNode):
                by.append(argument.value.name.value)
            elif isinstance(argument.value, ast.IntValueNode):
                asked = _integer(argument.value)
                where = f"`{argument.name.value}` of {clip(node.name.value, 40)}"
                _check_page(asked, where, self.limits, argument)
                size *= asked
        return size, tuple(by)

    def _directives(self, nodes: tuple[ast.DirectiveNode, ...] | None) -> None:
        if nodes:
            self.directives += len(nodes)
            if self.directives > self.limits.directives:
                asked = f"The document uses at least {self.directives:,} directives"
                raise _over("directives", asked, self.limits.directives, nodes[-1])

    def _repeat(self, node: ast.FieldNode) -> None:
        self.repeats += 1
        if self.repeats > self.limits.repeats:
            asked = f"The document repeats at least {self.repeats:,} fields beside themselves"
            raise _over("repeats", asked, self.limits.repeats, node)


def _integer(node: ast.IntValueNode) -> int:
    # Python refuses to read thousands of digits; these are enough to be far out of range, with the sign kept.
    return int(node.value[:14])


def _check_page(asked: int, where: str, limits: Limits, node: ast.Node | None) -> None:
    if not 1 <= asked <= limits.page:
        why = f"{where} is {_number(asked)}, a page holds 1 to {limits.page} objects"
        extensions = {"code": Code.PAGE_SIZE.value, "limit": "page", "allowed": limits.page}
        raise _refusal(f"{why}; ask for a size in that range and follow pageInfo to the next", extensions, node)


def _number(value: int) -> str:
    if abs(value) < 10**12:
        return f"{value:,}"
    return "more than 10^12" if value > 0 else "less than -10^12"


def _nested(limits: Limits, node: ast.Node | None) -> GraphQLError:
    asked = f"The document nests selections, fragments or values more than {limits.nesting} deep"
    return _over("nesting", asked, limits.nesting, node)


def _over(
    limit: str, asked: str, allowed: int, node: ast.Node | None = None, *, code: Code = Code.TOO_COSTLY
) -> GraphQLError:
    why = f"{asked}, {allowed:,} {'is' if allowed == 1 else 'are'} allowed; {WAYS_OUT[limit]}"
    return _refusal(why, {"code": code.value, "limit": limit, "allowed": allowed}, node)


def _bad(why: str) -> GraphQLError:
    return _refusal(why, {"code": Code.BAD_INPUT.value}, None)


def _refusal(why: str, extensions: dict[str, object], node: ast.Node | None) -> GraphQLError:
    # Given the node or the source, the error's text would quote the document's lines at any length.
    error = GraphQLError(why, extensions=extensions)
    if node is not None and node.loc is not None:
        token = node.loc.start_token
        error.locations = [SourceLocation(token.line, token.column)]
    return error


def _unreadable(error: GraphQLSyntaxError, limits: Limits) -> GraphQLError:
    said = error.description
    if "nested too deeply" in said:
        refused = _nested(limits, None)
    elif said.startswith("Document contains more than"):
        refused = _over("tokens", f"The document has more than {limits.tokens:,} tokens or comments", limits.tokens)
    else:
        refused = _bad(clip(error.message))
    refused.locations = error.locations
    return refused


def _refuse_nul(document: ast.DocumentNode) -> None:
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind is TokenKind.STRING and "\0" in (token.value or ""):
            raise _bad("A text in the document holds the character NUL, which no text here may hold; leave it out")
        token = token.next
