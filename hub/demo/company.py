"""The demo's company as the hub knows it: who is who, what is there already, and acting as one of its people."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from hub.db import Db, Tx
from hub.graph.execute import Engine
from hub.graph.values import Reader
from hub.models.tables import Stage
from hub.people import store as people_store
from hub.people.access import Principal, Scope, Sight

Say = Callable[[str], None]

SEEN = """
query Seen {
  people(first: 100) { nodes { handle id } }
  teams(first: 100) { nodes { key id } }
  policies(first: 100) { nodes { key id } }
  models(first: 20) { nodes { id name tier team { key } } }
  datasets(first: 100) { nodes { namespace name description { id } } }
  exceptions(first: 100) { nodes { policy { key } model { name } version { name } } }
  deploymentIntents(first: 100) { nodes { model { name } version { name } } }
}
"""
VERSIONS = """
query Versions($stage: [Stage!]) {
  models(first: 20) { nodes { name versions(first: 20, filter: {stage: $stage}) { nodes { id name } } } }
}
"""
EVERYTHING = Reader(Sight.ALL, {"person": UUID(int=0), "teams": []}, frozenset())


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there. Models and versions by name; what was told before is not told again."""

    people: dict[str, UUID]
    teams: dict[str, UUID]
    policies: dict[str, UUID]
    models: dict[str, UUID]
    unclassified: frozenset[str] = frozenset()
    without_team: frozenset[str] = frozenset()
    undescribed: tuple[tuple[str, str], ...] = ()
    excepted: frozenset[tuple[str, str, str]] = frozenset()
    intents: frozenset[tuple[str, str]] = frozenset()


class Company:
    """Looks things up by name, and acts as one person at an instant that may lie in the past."""

    def __init__(self, db: Db, engine: Engine, say: Say) -> None:
        self.db = db
        self.say = say
        self._engine = engine

    async def seen(self) -> Seen:
        """Everything by name, as of now."""
        found = {name: of["nodes"] for name, of in (await self.ask(SEEN)).items()}
        return Seen(
            people={one["handle"]: uuid(one["id"]) for one in found["people"]},
            teams={one["key"]: uuid(one["id"]) for one in found["teams"]},
            policies={one["key"]: uuid(one["id"]) for one in found["policies"]},
            models={one["name"]: uuid(one["id"]) for one in found["models"]},
            unclassified=frozenset(one["name"] for one in found["models"] if one["tier"] == "UNCLASSIFIED"),
            without_team=frozenset(one["name"] for one in found["models"] if one["team"] is None),
            undescribed=tuple(
                sorted({(one["namespace"], one["name"]) for one in found["datasets"] if one["description"] is None})
            ),
            excepted=frozenset(
                (one["policy"]["key"], one["model"]["name"], (one["version"] or {}).get("name", ""))
                for one in found["exceptions"]
            ),
            intents=frozenset((one["model"]["name"], one["version"]["name"]) for one in found["deploymentIntents"]),
        )

    async def versions(self, *stages: Stage) -> dict[tuple[str, str], UUID]:
        """Versions, all or those at some stages, by their model's name and their own."""
        found = await self.ask(VERSIONS, stage=[stage.value for stage in stages or Stage])
        return {
            (model["name"], version["name"]): uuid(version["id"])
            for model in found["models"]["nodes"]
            for version in model["versions"]["nodes"]
        }

    @asynccontextmanager
    async def acting(self, handle: str, *, days_ago: int = 0) -> AsyncIterator[tuple[Tx, Principal]]:
        """A transaction of one person."""
        person = (await self.seen()).people[handle]
        async with self.db.write(actor=person, operation="demo") as now:
            tx = replace(now, at=now.at - timedelta(days=days_ago))
            who = await people_store.standing(tx, person, (Scope.GOVERN,))
            assert who is not None
            yield tx, who

    async def meanwhile(self, tx: Tx, person: UUID, *, days_ago: int) -> tuple[Tx, Principal]:
        """The same transaction so many days before it, as another person."""
        then = replace(tx, at=tx.at - timedelta(days=days_ago), actor=person)
        who = await people_store.standing(then, person, (Scope.GOVERN,))
        assert who is not None
        return then, who

    async def ask(self, text: str, **variables: object) -> dict[str, Any]:
        """The data of a query, read as somebody who sees everything."""
        operation = self._engine.operation(self._engine.document(text), None)
        coerced = self._engine.variables(operation, variables)
        found: dict[str, Any] = orjson.loads(await self._engine.read(operation, coerced, EVERYTHING))
        return found


def uuid(id: str) -> UUID:
    """The row's own id in a node's id."""
    return UUID(id.partition(":")[2])
