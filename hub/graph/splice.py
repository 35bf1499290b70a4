"""Planned types inside Strawberry's own execution: a mutation's payload, a subscription's event.

A resolver hands out a `Ref`; the field that shows it is read by one statement, and its JSON text passes through
graphql-core untouched.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from hub.graph.catalog import DEFINITION


@dataclass(frozen=True, slots=True)
class Ref:
    """A row by its id; the field's type says what it is a row of."""

    id: UUID


class SplicingContext(StrawberryGraphQLCoreExecutionContext):
    """Lets JSON text that the read engine made stand as a completed value."""

    def complete_value(self, return_type: Any, details: Any, info: Any, path: Any, result: Any, position: Any) -> Any:
        if isinstance(result, orjson.Fragment):
            return result
        return super().complete_value(return_type, details, info, path, result, position)


def splice(schema: GraphQLSchema, planned: Callable[[str], bool]) -> None:
    """Make every field outside planned types that yields a planned one be read by the engine.

    So is a root field of a query that cannot be compiled whole, because it also asks about the schema, or for a root
    field that has a resolver of its own.
    """
    for found in schema.type_map.values():
        if found is schema.query_type:
            for name, field in schema.query_type.fields.items():
                if field.extensions[DEFINITION].base_resolver is None:
                    field.resolve = _reading_root(name)
        if not isinstance(found, GraphQLObjectType) or planned(found.name):
            continue
        for field in found.fields.values():
            type_name = get_named_type(field.type).name
            if not planned(type_name) or found.name.endswith(("Connection", "Edge")):
                continue
            if found is schema.subscription_type:
                field.subscribe = _reading_each(field.subscribe, type_name)
            else:
                field.resolve = _reading(field.resolve, type_name)


def _reading(inner: Callable[..., Any] | None, type_name: str) -> Callable[..., Any]:
    assert inner is not None

    async def resolve(source: Any, info: Any, **given: Any) -> Any:
        ref = inner(source, info, **given)
        if ref is None:
            return None
        text = await info.context.read_node(type_name, ref.id, info.field_nodes, info.fragments, coerced(info))
        return None if text is None else orjson.Fragment(text)

    return resolve


def _reading_each(inner: Callable[..., Any] | None, type_name: str) -> Callable[..., Any]:
    """Read what each event shows as it comes, so that one the reader may not see is passed over, not shown as null."""
    assert inner is not None

    async def subscribe(source: Any, info: Any, **given: Any) -> AsyncIterator[orjson.Fragment]:
        nodes, variables = info.field_nodes, coerced(info)
        events = inner(source, info, **given)
        async with aclosing(await events if isawaitable(events) else events) as refs:
            async for ref in refs:
                text = await info.context.read_node(type_name, ref.id, nodes, info.fragments, variables)
                if text is not None:
                    yield orjson.Fragment(text)

    return subscribe


def _reading_root(name: str) -> Callable[..., Any]:
    async def resolve(_source: Any, info: Any, **_given: Any) -> Any:
        text = await info.context.read_root(name, info.field_nodes, info.fragments, coerced(info))
        return None if text == b"null" else orjson.Fragment(text)

    return resolve


def coerced(info: Any) -> Mapping[str, Any]:
    """The operation's variables; Strawberry hands them on bare, graphql-core with their sources."""
    found: Mapping[str, Any] = getattr(info.variable_values, "coerced", info.variable_values)
    return found
