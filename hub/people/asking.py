"""How a mutation becomes an action: the permission first, then one transaction, then its payload read anew."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from graphql import FieldNode, FragmentDefinitionNode
from strawberry.types import Info

from hub.db import Db, Tx
from hub.errors import Code, Refused
from hub.events.answers import Answer, once
from hub.graph.execute import Engine
from hub.graph.splice import Ref
from hub.graph.types import Refusal
from hub.graph.values import Reader, no_id, uuid_in
from hub.people.access import Permission, Principal

NEEDS = "hub.needs"
ARGUMENTS = {
    "input": "What is asked.",
    "idempotency_key": "Any text of yours; the same request under the same key is done once, and answered alike.",
}
Success = TypeVar("Success")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and with what it is answered; the context of every resolver."""

    who: Principal
    reader: Reader
    db: Db
    engine: Engine
    operation: str

    async def read_node(
        self,
        type_name: str,
        id: UUID,
        nodes: list[FieldNode],
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> bytes | None:
        return await self.engine.read_node(type_name, id, nodes, fragments, variables, self.reader)

    async def read_root(
        self,
        name: str,
        nodes: list[FieldNode],
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> bytes:
        return await self.engine.read_root(name, nodes, fragments, variables, self.reader)


Asked = Info[Asking, None]
Act = Callable[[Tx, Principal], Awaitable[Answer]]


def mutation(needs: Permission, description: str) -> Callable[[Callable[..., Any]], Any]:
    """A mutation field that only who holds this permission may use."""

    def declare(resolver: Callable[..., Any]) -> Any:
        made = strawberry.mutation(resolver, description=description, metadata={NEEDS: needs})
        for argument in made.arguments:
            argument.description = ARGUMENTS[argument.python_name]
        return made

    return declare


def showing(success: Callable[..., Success], field: str) -> Callable[[Ref], Success]:
    """A payload whose one field shows what the mutation made or changed."""
    return lambda ref: success(**{field: ref})


async def act(
    info: Asked, given: object, key: str | None, success: Callable[[Ref], Success], do: Act
) -> Success | Refusal:
    """Do it in one transaction, or say why not: a refusal has written nothing."""
    answer = await answered(info, given, key, do)
    return answer if isinstance(answer, Refusal) else success(Ref(answer.id))


async def answered(info: Asked, given: object, key: str | None, do: Act) -> Answer | Refusal:
    """The same, for a payload that shows more than the one thing made or changed."""
    asking = info.context
    try:
        asking.who.require(info._field.metadata[NEEDS])
        async with asking.db.write(actor=asking.who.person_id, operation=asking.operation) as tx:
            asked = plain(given) if key is not None else {}
            return await once(tx, key, info.field_name, asked, lambda: do(tx, asking.who))
    except Refused as refused:
        return Refusal.of(refused)


def plain(given: object) -> dict[str, object]:
    """An input as it was given, for comparing a repeated request with the first."""
    assert is_dataclass(given) and not isinstance(given, type)
    return {key: _simple(value) for key, value in asdict(given).items()}


def _simple(value: Any) -> Any:
    if isinstance(value, list):
        return [_simple(item) for item in value]
    if isinstance(value, dict):
        return {key: _simple(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def uuid_of(value: str, node: str, field: str) -> UUID:
    """The UUID in a global id given as an input. Refuses one of another type."""
    found = uuid_in(value, node)
    if found is None:
        raise Refused(Code.BAD_ID, no_id(value, node), field=field)
    return found
