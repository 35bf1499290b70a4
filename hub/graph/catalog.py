"""What the compiler knows of the schema: every planned type, its source and how each field is read."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, cast

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from sqlmodel import SQLModel
from strawberry.types.base import get_object_definition

from hub.graph.declare import (
    PLANNED,
    READ,
    WHERE,
    AnyOf,
    ById,
    Column,
    DirectionEnum,
    Many,
    One,
    Read,
    Source,
    Where,
    argument,
)
from hub.graph.types import Connection

DEFINITION = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One readable field: how it is read, what it yields, whether it may be null."""

    name: str
    read: Read
    yields: str
    nullable: bool
    listed: bool
    enum: bool
    column: str | None
    kind: str
    graphql: GraphQLField


@dataclass(frozen=True, slots=True)
class TypePlan:
    """One planned type: where its rows come from and its readable fields by GraphQL name."""

    name: str
    source: Source
    fields: Mapping[str, FieldPlan]


class Catalog:
    """Every planned type of a schema; refuses at start what could not be read safely."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.types: dict[str, TypePlan] = {}
        self.filters: dict[str, dict[str, Where]] = {}
        for graphql_type in schema.type_map.values():
            if isinstance(graphql_type, GraphQLInputObjectType):
                self._read_input(graphql_type)
            elif isinstance(graphql_type, GraphQLObjectType):
                self._read_type(graphql_type)

    def possible(self, name: str) -> tuple[str, ...]:
        """The planned object types that a field of type `name` may yield."""
        found = self.schema.type_map[name]
        if isinstance(found, GraphQLInterfaceType | GraphQLUnionType):
            return tuple(t.name for t in self.schema.get_possible_types(found) if t.name in self.types)
        return (name,)

    @cache  # noqa: B019 - one catalog lives as long as the process
    def matches(self, condition: str, name: str) -> bool:
        """Whether an object of type `name` meets the type condition of a fragment."""
        if condition == name:
            return True
        found = self.schema.type_map[condition]
        if not isinstance(found, GraphQLInterfaceType | GraphQLUnionType):
            return False
        return any(t.name == name for t in self.schema.get_possible_types(found))

    def _read_input(self, graphql_type: GraphQLInputObjectType) -> None:
        definition = graphql_type.extensions.get(DEFINITION)
        if definition is None:
            return
        read = {f.graphql_name or f.python_name: f for f in definition.fields}
        wheres = {}
        for name, graphql_field in graphql_type.fields.items():
            made = graphql_field.extensions.get(DEFINITION) or read.get(name)
            if made is not None and WHERE in made.metadata:
                wheres[name] = made.metadata[WHERE]
        if wheres:
            self.filters[graphql_type.name] = wheres

    def _read_type(self, graphql_type: GraphQLObjectType) -> None:
        definition = graphql_type.extensions.get(DEFINITION)
        source = getattr(definition and definition.origin, "__hub_source__", None)
        if definition is None or source is None:
            return
        fields = {}
        for name, graphql_field in graphql_type.fields.items():
            made = graphql_field.extensions[DEFINITION]
            where = f"{graphql_type.name}.{name}"
            read = made.metadata.get(READ)
            if read is None:
                if source.sql:
                    raise TypeError(f"{where} does not say how it is read")
                continue
            if made.permission_classes or made.extensions:
                raise TypeError(f"{where} has a Strawberry permission, which compiled reads skip: use needs=")
            fields[name] = self._field(where, name, read, graphql_field, source, made.python_name)
        self.types[graphql_type.name] = TypePlan(graphql_type.name, source, fields)

    def _field(
        self, where: str, name: str, read: Read, graphql_field: GraphQLField, source: Source, python_name: str
    ) -> FieldPlan:
        outer = graphql_field.type
        inner = outer.of_type if is_non_null_type(outer) else outer
        named = get_named_type(outer)
        yields, column_name, kind = named.name, None, ""
        if isinstance(read, Many):
            yields = _node_type(named)
        if isinstance(read, Column) and read.sql is None and source.table is not None:
            found = SQLModel.metadata.tables[str(source.table.__tablename__)].columns.get(python_name)
            if found is None:
                raise TypeError(f"{where}: the table has no column {python_name}")
            if found.nullable and is_non_null_type(outer):
                raise TypeError(f"{where} is never null in the schema, but its column may be")
            column_name, kind = python_name, type(found.type).__name__.upper()
        if isinstance(read, One | AnyOf | ById) and is_non_null_type(outer) and not getattr(read, "implied", False):
            raise TypeError(f"{where} may be invisible to a reader: make it nullable, or say implied")
        return FieldPlan(
            name=name,
            read=read,
            yields=yields,
            nullable=not is_non_null_type(outer),
            listed=is_list_type(inner),
            enum=isinstance(named, GraphQLEnumType),
            column=column_name,
            kind=kind,
            graphql=graphql_field,
        )


def _node_type(connection: Any) -> str:
    return str(get_named_type(connection.fields["nodes"].type).name)


def source_of(cls: type) -> Source | None:
    return getattr(cls, "__hub_source__", None)


def planned_types() -> list[type]:
    return list(PLANNED)


def with_lists(types: Iterable[type]) -> None:
    """Give every connection of these types its page, filter and order arguments; call before the schema is made."""
    for cls in types:
        definition = get_object_definition(cls, strict=True)
        for made in definition.fields:
            if not isinstance(made.metadata.get(READ), Many):
                continue
            if made.arguments and made.arguments[-1].python_name == "order_by":
                continue
            node = _connection_node(made.resolve_type())
            made.arguments = [*made.arguments, *_page_arguments(node)]


def _connection_node(connection: Any) -> type:
    definition = get_object_definition(connection, strict=True)
    if not issubclass(definition.origin, Connection):
        raise TypeError(f"{connection} is not a Connection")
    found = definition.type_var_map["T"]
    return cast(type, getattr(found, "resolve_type", lambda: found)())


def _page_arguments(node: type) -> list[Any]:
    source = source_of(node)
    assert source is not None, f"{node} is no planned type"
    given = [
        argument("first", int | None, "How many, from the start: 1 to 100."),
        argument("after", str | None, "Only what comes after this cursor."),
        argument("last", int | None, "How many, from the end: 1 to 100."),
        argument("before", str | None, "Only what comes before this cursor."),
    ]
    if source.filter is not None:
        given.append(argument("filter", source.filter | None, "Only what matches."))
    if source.orders:
        given.append(argument("order_by", list[order_input(node)] | None, "Up to three orderings."))  # type: ignore[misc]
    return given


@cache
def order_input(node: type) -> type:
    """The input type that orders a list of this type: `ModelOrder{by, direction}`."""
    source = source_of(node)
    assert source is not None
    name = get_object_definition(node, strict=True).name
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
    keys: Any = Enum(f"{name}OrderBy", {k: k for k in source.orders})  # type: ignore[misc]
    by = strawberry.enum(keys, description=f"What a list of type {name} can be ordered by.")
    body = {
        "__annotations__": {"by": by, "direction": DirectionEnum},
        "by": strawberry.field(description="The key."),
        "direction": strawberry.field(description="Which end comes first.", default=DirectionEnum.ASC),
    }
    return strawberry.input(name=f"{name}Order", description=f"One ordering of a list of {words}s.")(
        type(f"{name}Order", (), body)
    )
