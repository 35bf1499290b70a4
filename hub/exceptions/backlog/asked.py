"""A filter as a client gave it, and what it finds: for actions on a selection, and for views that are kept."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLError
from strawberry import UNSET
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from hub.errors import Code, Refused
from hub.exceptions.backlog.graph import PolicyExceptionFilter
from hub.graph.values import uuid_in
from hub.people.asking import Asking

FIND = """query Find($filter: PolicyExceptionFilter, $after: String) {
  exceptions(first: 100, after: $after, filter: $filter) { totalCount pageInfo { hasNextPage endCursor } nodes { id } }
}"""

TRY = """query Try($filter: PolicyExceptionFilter, $orderBy: [PolicyExceptionOrder!]) {
  exceptions(first: 1, filter: $filter, orderBy: $orderBy) { nodes { id } }
}"""


def plain(filter: PolicyExceptionFilter) -> dict[str, Any]:
    """The filter as a client would send it, in JSON's own types."""
    found = _plain(filter)
    assert isinstance(found, dict)
    return found


def plain_orders(order_by: list[Any] | None) -> list[dict[str, Any]]:
    """Orderings as a client would send them."""
    return [_plain(one) for one in order_by or ()]


async def check(asking: Asking, filter: PolicyExceptionFilter, order_by: list[Any] | None) -> None:
    """Refuse what a list of exceptions would not take, before it is kept."""
    engine = asking.engine
    operation = engine.operation(engine.document(TRY), None)
    try:
        asked = {"filter": plain(filter), "orderBy": plain_orders(order_by) or None}
        await engine.read(operation, engine.variables(operation, asked), asking.reader)
    except GraphQLError as error:
        raise Refused(Code.BAD_INPUT, error.message, field="filter") from error


async def selected(asking: Asking, filter: PolicyExceptionFilter, most: int) -> list[UUID]:
    """The exceptions that a filter finds for whoever asks; refused when there are more than `most`."""
    engine, given = asking.engine, plain(filter)
    operation = engine.operation(engine.document(FIND), None)
    ids: list[UUID] = []
    after = None
    while True:
        variables = engine.variables(operation, {"filter": given, "after": after})
        page = orjson.loads(await engine.read(operation, variables, asking.reader))["exceptions"]
        if page["totalCount"] > most:
            raise Refused(
                Code.BAD_INPUT, f"the filter finds {page['totalCount']}; narrow it to at most {most}", field="filter"
            )
        ids += [id for node in page["nodes"] if (id := uuid_in(node["id"], "PolicyException"))]
        if not page["pageInfo"]["hasNextPage"]:
            return ids
        after = page["pageInfo"]["endCursor"]


def _plain(value: Any) -> Any:
    definition = get_object_definition(type(value))
    if definition is not None:
        named = {
            f.graphql_name or to_camel_case(f.python_name): getattr(value, f.python_name) for f in definition.fields
        }
        return {name: _plain(inner) for name, inner in named.items() if inner is not UNSET}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
