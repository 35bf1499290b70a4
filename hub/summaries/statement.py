"""One statement of a summary while it is written: who reads, what is bound into it, and which lines they see."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.db import Db
from hub.graph.compile import USED
from hub.graph.execute import ACQUIRE_S
from hub.graph.values import Params, Reader
from hub.graph.where import fill
from hub.models.visible import through_model
from hub.summaries.trend.rules import Only

if TYPE_CHECKING:
    import asyncpg


@dataclass(slots=True)
class Statement:
    """One statement while it is written: its reader, and the values bound into it."""

    reader: Reader
    params: Params = field(default_factory=Params)

    def bind(self, value: object, cast: str) -> str:
        """The placeholder of a value."""
        return self.params.add(lambda _variables, _binds: value, cast)

    def filled(self, template: str, **names: str) -> str:
        """A template of the visibility predicates, with what it needs of the reader bound."""
        return fill(template, names, self.params)

    def ready(self, sql: str) -> tuple[str, list[Any]]:
        """The statement and its values, numbered by use: PostgreSQL refuses one that nothing uses."""
        order: dict[str, int] = {}
        numbered = USED.sub(lambda found: f"${order.setdefault(found[1], len(order) + 1)}::", sql)
        return numbered, [self.params.getters[int(number) - 1]({}, self.reader.binds) for number in order]

    def seen(self, alias: str) -> str:
        """Whether the reader sees the model of a line."""
        predicate = through_model().classes[self.reader.visibility]
        return f" AND {self.filled(predicate, t=alias)}" if predicate else ""

    def kept(self, only: Only, alias: str) -> str:
        """Whether a line is among those that are asked for."""
        asked = (
            (only.teams, "team_id", "uuid[]"),
            (only.policies, "policy_id", "uuid[]"),
            (only.tiers, "tier", "text[]"),
        )
        return "".join(
            f" AND {alias}.{name} = ANY ({self.bind(list(given), cast)})" for given, name, cast in asked if given
        )


async def fetched(db: Db, made: Statement, sql: str) -> "Sequence[asyncpg.Record]":
    """The rows of a statement; a pool that stays busy is answered with a 503, as by the read engine."""
    async with db.reads.acquire(timeout=ACQUIRE_S) as line:
        text, values = made.ready(sql)
        return await line.fetch(text, *values)
