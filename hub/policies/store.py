"""The SQL of policies, their versions, and which models they bind."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Result, text, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from hub.db import Tx
from hub.policies.tables import Policy, PolicyVersion

BINDINGS_LOCK = 7_201_125_511
"""The advisory lock that keeps a publication and a model that appears or changes its tier from missing each other."""

# Which published policies apply to which models: those whose current wording names the tier the model is treated as.
_WANTED = """
SELECT p.id AS policy_id, m.id AS model_id,
       CASE WHEN cardinality(v.tiers) = 0 THEN 'applies to every model'
            WHEN m.tier = 'UNCLASSIFIED' THEN 'not classified yet, treated as HIGH'
            ELSE 'risk tier ' || m.tier END AS why
FROM policies p
JOIN policy_versions v ON v.id = p.current_version_id
JOIN models m ON cardinality(v.tiers) = 0
    OR (CASE m.tier WHEN 'UNCLASSIFIED' THEN 'HIGH' ELSE m.tier END) = ANY (v.tiers)
WHERE p.status = 'PUBLISHED' AND {within}
"""

_BIND = """
INSERT INTO policy_bindings AS b (id, policy_id, model_id, why, bound_at)
SELECT gen_random_uuid(), w.policy_id, w.model_id, w.why, :at FROM ({wanted}) w
ON CONFLICT (model_id, policy_id) DO UPDATE SET why = excluded.why WHERE b.why <> excluded.why
RETURNING (xmax = 0) AS fresh
"""

_UNBIND = """
DELETE FROM policy_bindings b
WHERE {bound} AND NOT EXISTS (
    SELECT FROM ({wanted}) w WHERE w.policy_id = b.policy_id AND w.model_id = b.model_id)
"""

_OF_POLICY = _WANTED.format(within="p.id = :policy_id")
_OF_MODELS = _WANTED.format(within="m.id = ANY (:model_ids)")
BIND_POLICY = text(_BIND.format(wanted=_OF_POLICY))
UNBIND_POLICY = text(_UNBIND.format(wanted=_OF_POLICY, bound="b.policy_id = :policy_id"))
BIND_MODELS = text(_BIND.format(wanted=_OF_MODELS))
UNBIND_MODELS = text(_UNBIND.format(wanted=_OF_MODELS, bound="b.model_id = ANY (:model_ids)"))


async def locked(tx: Tx, row: Policy) -> Policy:
    """The policy of this row's key, locked; the row itself when there was none."""
    await tx.session.execute(insert(Policy).values(**row.model_dump()).on_conflict_do_nothing(index_elements=["key"]))
    # Not FOR UPDATE: bindings that refer to the policy may go on.
    statement = select(Policy).where(col(Policy.key) == row.key).with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one()


async def policy(tx: Tx, policy_id: UUID) -> Policy | None:
    """One policy."""
    statement = select(Policy).where(col(Policy.id) == policy_id).execution_options(populate_existing=True)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def version(tx: Tx, version_id: UUID) -> PolicyVersion | None:
    """One published version."""
    statement = select(PolicyVersion).where(col(PolicyVersion.id) == version_id)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def add_version(tx: Tx, row: PolicyVersion) -> None:
    """Add a version; its number is free because the policy is locked."""
    await tx.session.execute(plain_insert(PolicyVersion).values(**row.model_dump()))


async def change(tx: Tx, policy_id: UUID, **values: Any) -> None:
    """Write columns of one policy."""
    statement = update(Policy).where(col(Policy.id) == policy_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def is_bound(tx: Tx, policy_id: UUID, model_id: UUID) -> bool:
    """Whether a policy applies to a model."""
    statement = text("SELECT EXISTS (SELECT FROM policy_bindings WHERE policy_id = :policy AND model_id = :model)")
    return bool((await tx.session.execute(statement, {"policy": policy_id, "model": model_id})).scalar_one())


async def hold_bindings(tx: Tx) -> None:
    """Wait until no other transaction that binds is under way, and keep others out until this one ends."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": BINDINGS_LOCK})


async def share_bindings(tx: Tx) -> None:
    """Keep publications out until this transaction ends; others that share go on."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": BINDINGS_LOCK})


async def bind_policy(tx: Tx, policy_id: UUID) -> tuple[int, int]:
    """Bind a policy to the models it applies to now, and to no others; gives how many were bound and unbound."""
    values = {"policy_id": policy_id, "at": tx.at}
    gone = await tx.session.execute(UNBIND_POLICY, {"policy_id": policy_id})
    return _fresh(await tx.session.execute(BIND_POLICY, values)), _count(gone)


async def bind_models(tx: Tx, model_ids: Sequence[UUID]) -> tuple[int, int]:
    """Bind models to the policies that apply to them now, and to no others; three statements for any number."""
    # Syncs may bind beside each other, but not beside a publication, which would not see their new models.
    await share_bindings(tx)
    values = {"model_ids": list(model_ids), "at": tx.at}
    gone = await tx.session.execute(UNBIND_MODELS, {"model_ids": list(model_ids)})
    return _fresh(await tx.session.execute(BIND_MODELS, values)), _count(gone)


def _fresh(result: Result[Any]) -> int:
    return sum(row.fresh for row in result)


def _count(result: Result[Any]) -> int:
    return int(result.rowcount)  # type: ignore[attr-defined]
