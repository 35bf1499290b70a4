"""Arguments, variables and bound parameters of a plan.

A plan is made for the shape of a request: which filter keys are there, which page size, which class of reader.
Whatever the planner looks at to decide the shape, it observes; the observations, in order, are the plan's key.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    value_from_ast,
)

from hub.errors import Code

Variables = Mapping[str, Any]
Binds = Mapping[str, Any]
Getter = Callable[[Variables, Binds], Any]

ANY_NODE = "Node"

SIZES = (1, 2, 3, 4, 5, 8, 10, 15, 20, 25, 30, 40, 50, 75, 100)


def refusal(code: Code, why: str) -> GraphQLError:
    return GraphQLError(why, extensions={"code": code.value})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the class that picks visibility predicates, the values bound into them, what they may see."""

    visibility: str
    binds: Binds
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Const:
    """A value written in the document."""

    value: Any


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that comes with the variables, by name and path inside."""

    name: str
    path: tuple[str | int, ...] = ()

    def read(self, variables: Variables) -> Any:
        value = variables.get(self.name, Undefined)
        for step in self.path:
            value = value[step]
        return value


Arg = Const | Slot | dict[str, Any] | list[Any]
Aspect = Literal["state", "value", "keys", "length", "single", "size", "type", "class", "permission"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at a request."""

    aspect: Aspect
    slot: Slot

    def look(self, variables: Variables, reader: Reader) -> Hashable:
        match self.aspect:
            case "class":
                return reader.visibility
            case "permission":
                return self.slot.name in reader.permissions
        value = self.slot.read(variables)
        match self.aspect:
            case "state":
                return "absent" if value is Undefined else "null" if value is None else "set"
            case "keys":
                return tuple(value)
            case "length":
                return len(value)
            case "single":
                return isinstance(value, list) and len(value) == 1
            case "size":
                return page_bucket(value)
            case "type":
                return str(value).partition(":")[0]
            case "value":
                return tuple(value) if isinstance(value, list) else value
        raise AssertionError(self.aspect)


def page_bucket(size: Any) -> int:
    """The smallest quantised page size that holds `size`."""
    check_size(size)
    return next(bucket for bucket in SIZES if bucket >= size)


def check_size(size: Any) -> None:
    if not isinstance(size, int) or not 1 <= size <= SIZES[-1]:
        raise refusal(Code.PAGE_SIZE, f"a page of {size} was asked; give first or last, from 1 to {SIZES[-1]}")


def to_arg(node: ValueNode, kind: GraphQLInputType) -> Arg:
    """An argument's tree: constants coerced now, variables left as slots."""
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(node, VariableNode):
        return Slot(node.name.value)
    if isinstance(node, NullValueNode):
        return Const(None)
    if isinstance(kind, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        made = {f.name.value: to_arg(f.value, kind.fields[f.name.value].type) for f in node.fields or ()}
        for name, field in kind.fields.items():
            if name not in made and field.default_value is not Undefined:
                made[name] = Const(field.default_value)
        return made
    if isinstance(kind, GraphQLList):
        items = (node.values or ()) if isinstance(node, ListValueNode) else (node,)
        made_items = [to_arg(item, kind.of_type) for item in items]
        constants = [item.value for item in made_items if isinstance(item, Const)]
        if len(constants) == len(made_items):
            return Const(constants)
        return made_items
    return Const(value_from_ast(node, kind))


def getter(arg: Arg, convert: Callable[[Any], Any]) -> Getter:
    if isinstance(arg, Const):
        value = convert(arg.value)
        return lambda variables, binds: value
    if isinstance(arg, Slot):
        if not arg.path:
            name = arg.name
            return lambda variables, binds: convert(variables[name])
        return lambda variables, binds: convert(arg.read(variables))
    if isinstance(arg, list):
        parts = [getter(item, lambda value: value) for item in arg]
        return lambda variables, binds: convert([part(variables, binds) for part in parts])
    raise AssertionError(arg)


def converter(cast: str, node: str | None) -> Callable[[Any], Any]:
    """Turns a coerced GraphQL value into what asyncpg takes for this SQL type."""
    one = _one_uuid(node) if node else SIMPLE.get(cast.removesuffix("[]"), _plain)
    if not cast.endswith("[]"):
        return one
    return lambda value: [one(item) for item in value]


def _one_uuid(node: str) -> Callable[[Any], Any]:
    return lambda value: split_id(value, node)


def split_id(value: Any, node: str) -> UUID:
    """The UUID of a global id of type `node`."""
    found = uuid_in(value, node)
    if found is None:
        raise refusal(Code.BAD_ID, no_id(value, node))
    return found


def uuid_in(value: Any, node: str) -> UUID | None:
    """The UUID in a global id; None when it is none, or of another type."""
    name, _, rest = str(value).partition(":")
    try:
        return UUID(rest) if node in (name, ANY_NODE) else None
    except ValueError:
        return None


def no_id(value: Any, node: str) -> str:
    return f"{str(value)[:80]!r} is not the id of a {node}; ids look like {node}:01234567-…"


def _plain(value: Any) -> Any:
    value = getattr(value, "value", value)
    if isinstance(value, str) and "\x00" in value:
        raise refusal(Code.BAD_INPUT, "a text holds a NUL character; leave it out")
    return value


def _instant(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _whole(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise refusal(Code.BAD_INPUT, f"{value} does not fit 64 bits")
    return value


SIMPLE: dict[str, Callable[[Any], Any]] = {"timestamptz": _instant, "int8": _whole, "text": _plain}


class Params:
    """The bound parameters of one plan, numbered as they are asked for."""

    def __init__(self) -> None:
        self.getters: list[Getter] = []
        self._shared: dict[str, str] = {}

    def add(self, get: Getter, cast: str) -> str:
        self.getters.append(get)
        return f"${len(self.getters)}::{cast}"

    def context(self, name: str, cast: str) -> str:
        if name not in self._shared:
            self._shared[name] = self.add(lambda variables, binds: binds[name], cast)
        return self._shared[name]


class Watch:
    """What the planner looks at, remembered in order."""

    def __init__(self, variables: Variables, reader: Reader) -> None:
        self._variables = variables
        self._reader = reader
        self.seen: dict[Probe, Hashable] = {}

    def look(self, aspect: Aspect, slot: Slot) -> Any:
        probe = Probe(aspect, slot)
        if probe not in self.seen:
            self.seen[probe] = probe.look(self._variables, self._reader)
        return self.seen[probe]

    def visibility(self) -> str:
        return str(self.look("class", Slot("")))

    def permitted(self, permission: str) -> bool:
        return bool(self.look("permission", Slot(permission)))

    def is_set(self, arg: Arg | None) -> bool:
        """Whether an argument is there and not null."""
        if arg is None:
            return False
        if isinstance(arg, Slot):
            return bool(self.look("state", arg) == "set")
        return not (isinstance(arg, Const) and arg.value is None)

    def value(self, arg: Arg) -> Any:
        if isinstance(arg, Slot):
            found = self.look("value", arg)
            return list(found) if isinstance(found, tuple) else found
        assert isinstance(arg, Const)
        return arg.value

    def fields(self, arg: Arg) -> dict[str, Arg]:
        """An input object's given fields."""
        if isinstance(arg, Slot):
            return {key: Slot(arg.name, (*arg.path, key)) for key in self.look("keys", arg)}
        if isinstance(arg, Const):
            return {key: Const(value) for key, value in arg.value.items()}
        assert isinstance(arg, dict)
        return arg

    def single(self, arg: Arg) -> bool:
        """Whether an argument is a list of one item."""
        if isinstance(arg, Slot):
            return bool(self.look("single", arg))
        value = arg.value if isinstance(arg, Const) else arg
        return isinstance(value, list) and len(value) == 1

    def items(self, arg: Arg) -> Sequence[Arg]:
        if isinstance(arg, Slot):
            return [Slot(arg.name, (*arg.path, i)) for i in range(self.look("length", arg))]
        if isinstance(arg, Const):
            return [Const(value) for value in arg.value]
        assert isinstance(arg, list)
        return arg
