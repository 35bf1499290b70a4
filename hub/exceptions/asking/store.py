"""The SQL of a request's checks."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from hub.db import Tx
from hub.exceptions.asking.rules import Attestor, Tie
from hub.people.tables import Person
from hub.policies.tables import PolicyStatus

_TIES = text("""
SELECT p.id, p.key, p.status,
    EXISTS (SELECT FROM policy_bindings b WHERE b.policy_id = p.id AND b.model_id = :model) AS is_bound
FROM policies p WHERE p.id = ANY (:policies)
""")


async def ties(tx: Tx, policy_ids: Collection[UUID], model_id: UUID) -> dict[UUID, Tie]:
    """What these policies are to a model, by id; those that there are not are absent."""
    if not policy_ids:
        return {}
    rows = await tx.session.execute(_TIES, {"policies": sorted(policy_ids), "model": model_id})
    return {row.id: Tie(row.key, PolicyStatus(row.status), row.is_bound) for row in rows}


async def attestors(tx: Tx, people: Collection[UUID]) -> dict[UUID, Attestor]:
    """These people as they are now, by id; those that there are not are absent."""
    if not people:
        return {}
    statement = select(Person.id, Person.handle, Person.kind, Person.active).where(col(Person.id).in_(people))
    rows = await tx.session.execute(statement)
    return {row.id: Attestor(row.handle, row.kind, row.active) for row in rows}
