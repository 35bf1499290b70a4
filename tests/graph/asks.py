"""Random documents of a schema: any field, alias, fragment, argument, filter, ordering, page, variable, directive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from hub.graph.catalog import Catalog
from hub.graph.declare import Many

DEEPEST = 5


@dataclass
class Pools:
    """Values that mean something in the data: ids by type, texts, instants, cursors by type and ordering."""

    ids: dict[str, list[str]]
    texts: list[str]
    instants: list[str]
    cursors: dict[tuple[str, str], list[str]]


@dataclass
class Ask:
    """A document and its variables, as they grow."""

    catalog: Catalog
    pools: Pools
    draw: Any
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    names: int = 0

    @property
    def schema(self) -> GraphQLSchema:
        return self.catalog.schema

    def fresh(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) < percent)

    def lifted(self, kind: Any, value: Any) -> str:
        """The value as a literal, or as a variable."""
        if not self.chance(40):
            return literal(value, kind)
        name = self.fresh("v")
        self.declared.append(f"${name}: {kind}")
        self.variables[name] = plain(value)
        return f"${name}"


class Word(str):
    """An enum value: written bare in a document."""


def literal(value: Any, kind: Any) -> str:
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {literal(v, None)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item, None) for item in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


@st.composite
def asks(draw: Any, catalog: Catalog, pools: Pools) -> tuple[str, dict[str, Any]]:
    """A valid document and its variables."""
    ask = Ask(catalog, pools, draw)
    root = catalog.schema.query_type
    assert root is not None
    body = selection(ask, root, 0)
    declared = f"({', '.join(ask.declared)})" if ask.declared else ""
    return f"query Asked{declared} {body}\n" + "\n".join(ask.fragments), ask.variables


def selection(ask: Ask, kind: Any, depth: int, *, renamed: bool = False) -> str:
    """A selection set on a composite type, with unique response keys; `renamed`: unique among sibling types too."""
    if isinstance(kind, GraphQLInterfaceType):
        parts = ["__typename", "id"] if ask.chance(70) else ["__typename"]
        for name in ask.draw(st.lists(st.sampled_from(ask.catalog.possible(kind.name)), max_size=3, unique=True)):
            parts.append(f"... on {name} {selection(ask, ask.schema.type_map[name], depth + 1, renamed=True)}")
        return "{ " + " ".join(parts) + " }"
    assert isinstance(kind, GraphQLObjectType)
    leaves = [n for n, f in kind.fields.items() if is_leaf_type(get_named_type(f.type)) and n != "email"]
    # What a resolver of its own answers is neither compiled nor walked.
    read = ask.catalog.types[kind.name].fields if kind.name in ask.catalog.types else kind.fields
    deep = [n for n, f in kind.fields.items() if not is_leaf_type(get_named_type(f.type)) and n in read]
    if kind.name == "PageInfo":
        deep = []
    chosen = ask.draw(st.lists(st.sampled_from(leaves), max_size=4)) if leaves else []
    if depth < DEEPEST and deep:
        most = 3 if depth == 0 else 2
        chosen += ask.draw(st.lists(st.sampled_from(deep), min_size=0 if leaves else 1, max_size=most))
    parts, used = [], set()
    for name in chosen:
        text, key = one_field(ask, kind, name, depth, renamed or name in used)
        used.add(key)
        parts.append(text)
    if not parts or ask.chance(15):
        parts.append("__typename")
    body = " ".join(parts)
    if ask.chance(12):
        return "{ ... on " + kind.name + " { " + body + " } }"
    if ask.chance(8):
        name = ask.fresh("F")
        ask.fragments.append(f"fragment {name} on {kind.name} {{ {body} }}")
        return f"{{ ...{name} }}"
    return "{ " + body + " }"


def one_field(ask: Ask, kind: GraphQLObjectType, name: str, depth: int, renamed: bool) -> tuple[str, str]:
    found = kind.fields[name]
    key = name
    if renamed or found.args or ask.chance(10):
        key = ask.fresh("k")
    text = name if key == name else f"{key}: {name}"
    planned = ask.catalog.types.get(kind.name)
    read = planned.fields[name].read if planned and name in planned.fields else None
    node = planned.fields[name].yields if planned and isinstance(read, Many) else None
    given = arguments(ask, found.args, node, getattr(read, "args", {}))
    if given:
        text += "(" + ", ".join(f"{k}: {v}" for k, v in given.items()) + ")"
    if ask.chance(6):
        word, value = ask.pick(["skip", "include"]), ask.chance(50)
        text += f" @{word}(if: {ask.lifted('Boolean!', value)})"
    inner = get_named_type(found.type)
    if not is_leaf_type(inner):
        text += " " + selection(ask, inner, depth + 1)
    return text, key


def arguments(ask: Ask, args: dict[str, GraphQLArgument], node: str | None, casts: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, arg in args.items():
        if name in ("first", "last", "after", "before", "filter", "orderBy") and node is not None:
            continue
        if isinstance(arg.type, GraphQLNonNull) or ask.chance(50):
            given[name] = ask.lifted(arg.type, by_kind(ask, arg.type, casts.get(name, "").partition(" ")[2]))
    if node is None:
        return given
    source = ask.catalog.types[node].source
    orderings = list(source.default)
    if "orderBy" in args and ask.chance(40):
        names = ask.draw(st.lists(st.sampled_from(sorted(source.orders)), min_size=1, max_size=2, unique=True))
        orderings = [(n, ask.chance(50)) for n in names]
        asked = [{"by": Word(n), "direction": Word("DESC" if falls else "ASC")} for n, falls in orderings]
        given["orderBy"] = ask.lifted(args["orderBy"].type, asked)
    given[ask.pick(["first", "first", "last"])] = ask.lifted("Int", ask.pick([1, 2, 3, 6, 7, 100]))
    signature = ",".join(("-" if falls else "") + n for n, falls in orderings)
    for word in ("after", "before"):
        options = ask.pools.cursors.get((node, signature))
        if options and ask.chance(20):
            given[word] = ask.lifted("String", ask.pick(options))
    if "filter" in args and ask.chance(35):
        kind = args["filter"].type
        assert isinstance(kind, GraphQLInputObjectType)
        given["filter"] = ask.lifted(kind, a_filter(ask, kind, 0))
    return given


def by_kind(ask: Ask, kind: Any, node: str) -> Any:
    """A value of this type; of an id, of this type of node if one is said."""
    inner = get_named_type(kind)
    if inner.name == "ID":
        return ask.pick(ask.pools.ids[node] if node else [i for ids in ask.pools.ids.values() for i in ids[:3]])
    if inner.name == "Int":
        return ask.pick([0, 1, 2, 5])
    if inner.name == "DateTime":
        return ask.pick(ask.pools.instants)
    if isinstance(inner, GraphQLEnumType):
        return Word(ask.pick(inner.values))
    return ask.pick(ask.pools.texts)


def a_filter(ask: Ask, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
    wheres = ask.catalog.filters[kind.name]
    made: dict[str, Any] = {}
    needed = [n for n, f in kind.fields.items() if isinstance(f.type, GraphQLNonNull)]
    chosen = ask.draw(st.lists(st.sampled_from(list(kind.fields)), max_size=2, unique=True))
    for name in {*needed, *chosen}:
        found = kind.fields[name]
        inner = get_named_type(found.type)
        where = wheres[name]
        if name not in needed and ask.chance(8):
            made[name] = None
        elif isinstance(inner, GraphQLInputObjectType):
            if depth < 2:
                one = a_filter(ask, inner, depth + 1)
                made[name] = [one, a_filter(ask, inner, depth + 1)] if _listed(found.type) else one
        elif isinstance(inner, GraphQLEnumType):
            words = [Word(w) for w in ask.draw(st.lists(st.sampled_from(list(inner.values)), min_size=1, max_size=3))]
            made[name] = words if _listed(found.type) else words[0]
        elif where.node is not None:
            pool = ask.pools.ids.get(where.node) or [i for ids in ask.pools.ids.values() for i in ids]
            made[name] = ask.pick(pool[:6])
        elif inner.name == "Boolean":
            made[name] = ask.chance(50)
        elif inner.name == "Int":
            made[name] = ask.pick([0, 1, 2, 3])
        elif inner.name == "DateTime":
            made[name] = ask.pick(ask.pools.instants)
        else:
            text = ask.pick(ask.pools.texts)
            made[name] = [text] if _listed(found.type) else text
    return made


def _listed(kind: Any) -> bool:
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return isinstance(inner, GraphQLList)
