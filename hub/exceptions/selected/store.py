"""The SQL that finds models by their tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from hub.db import Tx
from hub.people.access import Principal

# Written as the compiled reads have it, hub/models/visible.py.
_CARRYING = text("""
SELECT m.id, m.name
FROM policy_bindings b JOIN models m ON m.id = b.model_id
WHERE b.policy_id = :policy
  AND (:sees_all OR NOT m.restricted OR m.owner_id = :person OR m.team_id = ANY (:teams))
  AND NOT EXISTS (
    SELECT FROM unnest(CAST(:keys AS text[]), CAST(:values AS text[])) AS w (key, value)
    WHERE NOT EXISTS (SELECT FROM model_tags t WHERE t.model_id = m.id AND t.key = w.key
                      AND (w.value IS NULL OR t.value = w.value)))
ORDER BY m.name COLLATE "C", m.id
LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model that carries the tags."""

    id: UUID
    name: str


async def carrying(
    tx: Tx, who: Principal, policy_id: UUID, tags: Sequence[tuple[str, str | None]], *, most: int
) -> list[Chosen]:
    """The models that a policy applies to, that somebody sees, and that carry all of these tags, by name.

    A tag without a value is carried with any.
    """
    values = {
        "policy": policy_id,
        "sees_all": who.sees_all,
        "person": who.person_id,
        "teams": list(who.teams),
        "keys": [key for key, _ in tags],
        "values": [value for _, value in tags],
        "most": most,
    }
    return [Chosen(row.id, row.name) for row in await tx.session.execute(_CARRYING, values)]
