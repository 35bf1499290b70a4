"""The schema's common words: Node, connections, scalars, ranges, refusals."""

from datetime import datetime
from typing import Any, Generic, NewType, TypeVar

import strawberry

from hub.errors import Code, Refused
from hub.graph.declare import by_id, column, planned, where

T = TypeVar("T")

JSON = NewType("JSON", object)
BigInt = NewType("BigInt", int)

SCALARS: dict[Any, Any] = {
    JSON: strawberry.scalar(name="JSON", description="Any JSON value.", serialize=lambda v: v, parse_value=lambda v: v),
    BigInt: strawberry.scalar(
        name="BigInt", description="A whole number of up to 64 bits.", serialize=int, parse_value=int
    ),
}

CodeEnum = strawberry.enum(Code, name="RefusalCode", description="Why something was refused, for machines.")


@strawberry.interface(description="Anything with a global id.")
class Node:
    id: strawberry.ID = column("Global id: the type's name, a colon, and a UUID. Treat it as opaque.")


@planned()
class Query:
    """Every question that can be asked of the hub; each is answered by one statement."""

    node: Node | None = by_id("Whatever has this id; null when there is none, or none that you may see.")


@strawberry.type(description="Everything that can be done; one mutation in each request.")
class Mutation:
    pass


@strawberry.type(description="What can be watched as it happens.")
class Subscription:
    pass


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follow after this page.")
    has_previous_page: bool = strawberry.field(description="Whether any come before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first node.")
    end_cursor: str | None = strawberry.field(description="Cursor of the page's last node.")


@strawberry.type(description="A node and its place in the list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Give it as `after` or `before` to go on from here.")
    node: T = strawberry.field(description="What stands here.")


@strawberry.type(description="One page of a list, in keyset order.")
class Connection(Generic[T]):
    nodes: list[T] = strawberry.field(description="The page's nodes.")
    edges: list[Edge[T]] = strawberry.field(description="The page's nodes with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many there are in all, under the same filter.")


@strawberry.input(description="A span of time; both ends are optional.")
class InstantRange:
    since: datetime | None = where("{x} >= {v}", "At or after.", cast="timestamptz")
    before: datetime | None = where("{x} < {v}", "Strictly before.", cast="timestamptz")


@strawberry.input(description="A tag, by its key and, if given, its value.")
class TagMatch:
    key: str = where("{x}.key = {v}", "The tag's key.")
    value: str | None = where("{x}.value = {v}", "The tag's value.")


@strawberry.type(description="Why something was not done: nothing was written.")
class Refusal:
    code: CodeEnum = strawberry.field(description="For machines.")  # type: ignore[valid-type]
    why: str = strawberry.field(description="For people: what was asked, what is allowed, the way out.")
    field: str | None = strawberry.field(description="The input field it is about.")

    @classmethod
    def of(cls, refused: Refused) -> "Refusal":
        return cls(code=refused.code, why=refused.why, field=refused.field)
