"""Digests that were made, as their readers may see them, and whether they come out equal when computed again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from hub.db import Db
from hub.graph.execute import Engine
from hub.graph.values import Reader, uuid_in
from hub.summaries import asked, document
from hub.summaries.asked import Wanted
from hub.summaries.digests import rules
from hub.summaries.facts import Summary
from hub.summaries.periods import Period

_DIGEST = """query($id: ID!) {
  node(id: $id) { ... on Digest { id facts factsDigest } }
}"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A digest as it was made."""

    summary: Summary
    digest: str

    @property
    def period(self) -> Period:
        return Period(self.summary.begins, self.summary.ends, self.summary.zone)


@dataclass(frozen=True, slots=True)
class Again:
    """What comes out when a digest is computed again."""

    digest: str
    again: str
    differences: list[str]

    def told(self) -> Mapping[str, object]:
        return {
            "equal": self.digest == self.again,
            "digest": self.digest,
            "again": self.again,
            "differences": self.differences,
        }


async def kept(engine: Engine, reader: Reader, id: str) -> Kept | None:
    """A digest by its id; None where there is none that this reader sees."""
    found = id if ":" in id else f"Digest:{id}"
    if uuid_in(found, "Digest") is None:
        return None
    operation = engine.operation(engine.document(_DIGEST), None)
    answer = orjson.loads(await engine.read(operation, engine.variables(operation, {"id": found}), reader))
    node: Mapping[str, Any] | None = answer["node"]
    return None if node is None else Kept(document.read(node["facts"]), node["factsDigest"])


async def again(db: Db, one: Kept) -> Again:
    """Compute it again, as of the same instant and over what the same readers see."""
    team_id: UUID | None = one.summary.team_id
    wanted = Wanted(one.period, one.summary.as_of, team_id)
    made = await asked.computed(db, rules.reader(team_id), wanted)
    differences = document.differences(document.document(one.summary), document.document(made))
    return Again(one.digest, document.digest(made), differences)
