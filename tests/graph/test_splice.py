"""Planned types inside Strawberry's own execution: payloads, introspection beside reads, subscriptions' events."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from hub.graph.splice import Ref, SplicingContext, splice

ONE, TWO, HIDDEN = UUID(int=1), UUID(int=2), UUID(int=3)


@strawberry.type
class Thing:
    id: strawberry.ID
    name: str


@strawberry.type
class Done:
    thing: Thing | None
    things: int = 7


@strawberry.type
class Sorry:
    why: str


@strawberry.type
class Query:
    thing: Thing | None = None
    count: int = 0


Payload = Annotated[Done | Sorry, strawberry.union("Payload")]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self, which: int) -> Payload:
        if which == 0:
            return Sorry(why="nothing to touch")
        return Done(thing=None if which == 9 else Ref(UUID(int=which)))  # type: ignore[arg-type]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def things(self, which: list[int]) -> AsyncIterator[Thing]:
        for number in which:
            yield Ref(UUID(int=number))  # type: ignore[misc]


class Context:
    """Reads without a database, and remembers what it was asked."""

    reader = None

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def read_node(
        self, type_name: str, id: UUID, nodes: Any, fragments: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> bytes | None:
        self.asked.append((type_name, id, [node.name.value for node in nodes], sorted(fragments), dict(variables)))
        return None if id == HIDDEN else b'{"id":"%d","name":"\xc3\xbc \\"q\\""}' % id.int

    async def read_root(self, name: str, nodes: Any, fragments: Any, variables: Any) -> bytes:
        self.asked.append((name, len(nodes), dict(variables)))
        return b"null" if variables.get("none") else b'{"raw": 1}' if name == "thing" else b"5"


@pytest.fixture
def schema() -> strawberry.Schema:
    made = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(),
        execution_context_class=SplicingContext,
    )
    splice(made._schema, {"Thing", "Query"}.__contains__)
    return made


async def test_a_payload_is_read_by_one_statement_with_the_documents_own_selection(schema: strawberry.Schema) -> None:
    context = Context()
    document = """
        mutation M($n: Int!) { touch(which: $n) { __typename ... on Done { t: thing { ...F } things } } }
        fragment F on Thing { id name }
    """
    result = await schema.execute(document, {"n": 1}, context_value=context)
    assert result.errors is None
    assert orjson.dumps(result.data) == (
        '{"touch":{"__typename":"Done","t":{"id":"1","name":"ü \\"q\\""},"things":7}}'.encode()
    )
    assert context.asked == [("Thing", ONE, ["thing"], ["F"], {"n": 1})]


async def test_a_field_asked_twice_is_read_once_with_both_selections(schema: strawberry.Schema) -> None:
    context = Context()
    document = "mutation { touch(which: 2) { ... on Done { thing { id } } ... on Done { thing { name } } } }"
    assert (await schema.execute(document, context_value=context)).errors is None
    assert context.asked == [("Thing", TWO, ["thing", "thing"], [], {})]


@pytest.mark.parametrize("which", [HIDDEN.int, 9])
async def test_what_is_not_there_or_not_seen_is_null(schema: strawberry.Schema, which: int) -> None:
    document = "mutation($n: Int!) { touch(which: $n) { ... on Done { thing { id } } } }"
    result = await schema.execute(document, {"n": which}, context_value=Context())
    assert (result.errors, result.data) == (None, {"touch": {"thing": None}})


async def test_a_refusal_reads_nothing(schema: strawberry.Schema) -> None:
    context = Context()
    document = "mutation { touch(which: 0) { ... on Done { thing { id } } ... on Sorry { why } } }"
    result = await schema.execute(document, context_value=context)
    assert (result.data, context.asked) == ({"touch": {"why": "nothing to touch"}}, [])


async def test_introspection_stands_beside_reads(schema: strawberry.Schema) -> None:
    context = Context()
    document = """
        query Q($none: Boolean!) {
          __schema { subscriptionType { name } } a: thing { id } count @skip(if: $none) __typename
          __type(name: "Thing") { fields { name } }
        }
    """
    result = await schema.execute(document, {"none": False}, context_value=context)
    assert result.errors is None
    assert orjson.dumps(result.data) == (
        b'{"__schema":{"subscriptionType":{"name":"Subscription"}},"a":{"raw": 1},"count":5,"__typename":"Query",'
        b'"__type":{"fields":[{"name":"id"},{"name":"name"}]}}'
    )
    assert context.asked == [("thing", 1, {"none": False}), ("count", 1, {"none": False})]
    nothing = await schema.execute(
        "query($none: Boolean!) { thing { id @skip(if: $none) name } }", {"none": True}, context_value=Context()
    )
    assert nothing.data == {"thing": None}


async def test_events_are_read_one_by_one_and_unseen_ones_passed_over(schema: strawberry.Schema) -> None:
    context = Context()
    document = "subscription($w: [Int!]!) { e: things(which: $w) { ...F } } fragment F on Thing { name id }"
    results = await schema.subscribe(document, {"w": [1, 3, 2]}, context_value=context)
    shown = [orjson.dumps(result.data) async for result in results]
    assert shown == ['{"e":{"id":"%d","name":"ü \\"q\\""}}'.encode().replace(b"%d", n) for n in (b"1", b"2")]
    assert [id for _, id, *_ in context.asked] == [ONE, HIDDEN, TWO]
    assert {(name, *rest[0], *rest[1]) for name, _, *rest in context.asked} == {("Thing", "things", "F")}


async def test_a_read_that_fails_ends_the_subscription_with_its_error(schema: strawberry.Schema) -> None:
    class Failing(Context):
        async def read_node(self, *_: Any) -> bytes | None:
            raise RuntimeError("gone")

    results = await schema.subscribe("subscription { things(which: [1, 2]) { id } }", context_value=Failing())
    [result] = [result async for result in results]
    assert result.data is None and result.errors is not None
    assert [str(error.original_error) for error in result.errors] == ["gone"]
