"""The SQL of policies, their versions, and which models they bind."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Result, or_, text, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from hub.db import Tx
from hub.policies.tables import Policy, PolicyChange, PolicyVersion

BINDINGS_LOCK = 7_201_125_511
"""The advisory lock that keeps a publication and a model that appears or changes its tier from missing each other."""

# The data sets that a model's versions were made from or evaluated on, as their stewards describe them.
_DESCRIBED = """
FROM model_versions mv
JOIN lineage_edges e ON e.to_id = ANY (ARRAY[mv.id, mv.run_id]) AND e.from_kind = 'DATASET'
JOIN datasets d ON d.id = e.from_id
JOIN dataset_descriptions c ON c.namespace = d.namespace AND c.name = d.name
WHERE mv.model_id = m.id AND c.categories && v.data_categories
"""
_TYPED = """
FROM model_tags k
WHERE k.model_id = m.id AND k.key IN ('type', 'model.type')
    AND lower(k.value) IN (SELECT lower(wanted) FROM unnest(v.model_types) wanted)
"""
_TAGGED = """
FROM model_tags k
WHERE k.model_id = m.id AND (k.key || '=' || k.value = ANY (v.model_tags)
                             OR k.key = ANY (v.model_tags) AND strpos(k.key, '=') = 0)
"""

_BY_TIER = """CASE WHEN cardinality(v.tiers) = 0 THEN {every}
                WHEN m.tier = 'UNCLASSIFIED' THEN 'not classified yet, treated as HIGH'
                ELSE 'risk tier ' || m.tier END"""
_BY_TIER_ONLY = (
    "cardinality(v.registries) + cardinality(v.model_types) + cardinality(v.model_tags)"
    " + cardinality(v.data_categories) = 0"
)

# Which policies apply to which models: those in force whose current wording names, in every selector that it has, the
# model among others. What a policy does not select by is not looked at, so that it costs nothing.
_WANTED = f"""
SELECT p.id AS policy_id, m.id AS model_id,
       CASE WHEN {_BY_TIER_ONLY} THEN {_BY_TIER.format(every="'applies to every model'")}
       ELSE concat_ws('; ', {_BY_TIER.format(every="NULL")},
           CASE WHEN cardinality(v.registries) > 0
                THEN (SELECT 'registry ' || g.key FROM registries g WHERE g.id = m.registry_id) END,
           CASE WHEN cardinality(v.model_types) > 0
                THEN (SELECT 'model type ' || string_agg(DISTINCT k.value, ', ' ORDER BY k.value) {_TYPED}) END,
           CASE WHEN cardinality(v.model_tags) > 0
                THEN (SELECT 'model tag ' || string_agg(CASE WHEN k.key || '=' || k.value = ANY (v.model_tags)
                      THEN k.key || '=' || k.value ELSE k.key END, ', ' ORDER BY k.key) {_TAGGED}) END,
           CASE WHEN cardinality(v.data_categories) > 0
                THEN (SELECT 'made from ' || string_agg(DISTINCT f.word, ', ' ORDER BY f.word) || ' data'
                      FROM (SELECT unnest(c.categories) AS word {_DESCRIBED}) f
                      WHERE f.word = ANY (v.data_categories)) END) END AS why
FROM policies p
JOIN policy_versions v ON v.id = p.current_version_id
JOIN models m ON cardinality(v.tiers) = 0
    OR (CASE m.tier WHEN 'UNCLASSIFIED' THEN 'HIGH' ELSE m.tier END) = ANY (v.tiers)
WHERE p.status IN ('PUBLISHED', 'DEPRECATED') AND {{within}}
    AND ({_BY_TIER_ONLY} OR (
        (cardinality(v.registries) = 0
         OR EXISTS (SELECT FROM registries g WHERE g.id = m.registry_id AND g.key = ANY (v.registries)))
        AND (cardinality(v.model_types) = 0 OR EXISTS (SELECT {_TYPED}))
        AND (cardinality(v.model_tags) = 0 OR EXISTS (SELECT {_TAGGED}))
        AND (cardinality(v.data_categories) = 0 OR EXISTS (SELECT {_DESCRIBED}))))
"""

_BIND = """
INSERT INTO policy_bindings AS b (id, policy_id, model_id, why, bound_at)
SELECT gen_random_uuid(), w.policy_id, w.model_id, w.why, :at FROM ({wanted}) w
ON CONFLICT (model_id, policy_id) DO UPDATE SET why = excluded.why WHERE b.why <> excluded.why
RETURNING b.model_id, (xmax = 0) AS fresh
"""

_UNBIND = """
DELETE FROM policy_bindings b
WHERE {bound} AND NOT EXISTS (
    SELECT FROM ({wanted}) w WHERE w.policy_id = b.policy_id AND w.model_id = b.model_id)
RETURNING b.model_id
"""

_OF_POLICY = _WANTED.format(within="p.id = :policy_id")
_OF_MODELS = _WANTED.format(within="m.id = ANY (:model_ids)")
BIND_POLICY = text(_BIND.format(wanted=_OF_POLICY))
UNBIND_POLICY = text(_UNBIND.format(wanted=_OF_POLICY, bound="b.policy_id = :policy_id"))
BIND_MODELS = text(_BIND.format(wanted=_OF_MODELS))
UNBIND_MODELS = text(_UNBIND.format(wanted=_OF_MODELS, bound="b.model_id = ANY (:model_ids)"))

_SELECTING = text("""
SELECT coalesce(bool_or(cardinality(v.model_types) + cardinality(v.model_tags) > 0), false) AS by_tag,
       coalesce(bool_or(cardinality(v.data_categories) > 0), false) AS by_data
FROM policies p JOIN policy_versions v ON v.id = p.current_version_id
WHERE p.status IN ('PUBLISHED', 'DEPRECATED')
""")

_MADE_FROM = text("""
SELECT DISTINCT mv.model_id
FROM dataset_descriptions c
JOIN datasets d ON d.namespace = c.namespace AND d.name = c.name
JOIN lineage_edges e ON e.from_id = d.id AND e.from_kind = 'DATASET'
JOIN model_versions mv ON mv.id = e.to_id OR mv.run_id = e.to_id
WHERE c.id = ANY (:descriptions)
""")


@dataclass(frozen=True, slots=True)
class Selecting:
    """By what policies in force select their models, beside tiers and registries."""

    by_tag: bool
    by_data: bool


async def locked(tx: Tx, row: Policy) -> Policy:
    """The policy of this row's key, locked; the row itself when there was none."""
    await add_policies(tx, [row])
    # Not FOR UPDATE: bindings that refer to the policy may go on.
    statement = select(Policy).where(col(Policy.key) == row.key).with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one()


async def add_policies(tx: Tx, rows: Sequence[Policy]) -> None:
    """Add policies, in the order of their keys; those whose key is there already stay as they are."""
    values = [row.model_dump() for row in sorted(rows, key=lambda row: row.key)]
    await tx.session.execute(insert(Policy).values(values).on_conflict_do_nothing(index_elements=["key"]))


async def with_versions(
    tx: Tx, keys: Sequence[str], *, bundle: str, lock: bool
) -> list[tuple[Policy, PolicyVersion | None]]:
    """The policies of these keys, and those that a bundle owns or has an open change of, in the order of their keys.

    Each comes with its current version.
    """
    asked_for = select(PolicyChange.policy_id).where(
        col(PolicyChange.bundle) == bundle, col(PolicyChange.status).in_(("DRAFT", "IN_REVIEW"))
    )
    statement = (
        select(Policy, PolicyVersion)
        .outerjoin(PolicyVersion, col(PolicyVersion.id) == col(Policy.current_version_id))
        .where(or_(col(Policy.key).in_(keys), col(Policy.bundle) == bundle, col(Policy.id).in_(asked_for)))
        .order_by(col(Policy.key))
        .execution_options(populate_existing=True)
    )
    if lock:
        statement = statement.with_for_update(key_share=True, of=Policy)
    return [(row[0], row[1]) for row in await tx.session.execute(statement)]


async def policy(tx: Tx, policy_id: UUID, *, lock: bool = False) -> Policy | None:
    """One policy, locked against other changes when asked."""
    statement = select(Policy).where(col(Policy.id) == policy_id).execution_options(populate_existing=True)
    if lock:
        statement = statement.with_for_update(key_share=True)
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


async def bind_models(tx: Tx, model_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Bind models to the policies that apply to them now, and to no others; three statements for any number.

    Gives how many policies were bound and unbound, for each model where there were any.
    """
    # Syncs may bind beside each other, but not beside a publication, which would not see their new models.
    await share_bindings(tx)
    gone = Counter((await tx.session.execute(UNBIND_MODELS, {"model_ids": list(model_ids)})).scalars())
    made = await tx.session.execute(BIND_MODELS, {"model_ids": list(model_ids), "at": tx.at})
    fresh = Counter(row.model_id for row in made if row.fresh)
    return {id: (fresh[id], gone[id]) for id in sorted(fresh.keys() | gone.keys())}


async def selecting(tx: Tx) -> Selecting:
    """By what the policies in force select; hold or share the bindings first, so that it stays true."""
    row = (await tx.session.execute(_SELECTING)).one()
    return Selecting(by_tag=row.by_tag, by_data=row.by_data)


async def made_from(tx: Tx, description_ids: Sequence[UUID]) -> list[UUID]:
    """The models with a version made from, or evaluated on, a data set that one of these descriptions is of."""
    return list((await tx.session.execute(_MADE_FROM, {"descriptions": list(description_ids)})).scalars())


def _fresh(result: Result[Any]) -> int:
    return sum(row.fresh for row in result)


def _count(result: Result[Any]) -> int:
    return len(result.all())
