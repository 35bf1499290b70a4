"""The SQL of heavy checks: what validators are given, which are wanted of a version, and how far they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, text, update
from sqlmodel import col, select

from hub.checks.tables import ValidatorRun
from hub.db import Tx

# All that a validator is given of a version. What changes without its content, such as tags and stages, is left out:
# it would have everything validated again.
_DOCUMENT = """
json_build_object(
    'model', json_build_object('name', m.name, 'registry', g.key, 'tier', m.tier),
    'version', json_build_object(
        'name', v.name, 'digest', v.digest, 'artifact_uri', v.artifact_uri, 'code_commit', r.code_commit,
        'params', v.params, 'signature', v.signature),
    'datasets', (SELECT coalesce(json_agg(json_build_object('name', d.name, 'namespace', d.namespace,
                            'digest', d.digest, 'role', e.role, 'source_kind', d.source_kind, 'columns', d.columns,
                            'profile', d.profile) ORDER BY d.namespace, d.name, d.digest, e.role), '[]')
                 FROM lineage_edges e JOIN datasets d ON d.id = e.from_id
                 WHERE e.to_id IN (v.id, v.run_id) AND e.from_kind = 'DATASET')
)::text
"""
_VERSIONS = """
FROM model_versions v
JOIN models m ON m.id = v.model_id
JOIN registries g ON g.id = m.registry_id
LEFT JOIN runs r ON r.id = v.run_id
"""

# The validators that policies in force name for a model, each once.
_NAMED = """
SELECT DISTINCT b.model_id, unnest(w.validators) AS name
FROM policy_bindings b
JOIN policies p ON p.id = b.policy_id AND p.status IN ('PUBLISHED', 'DEPRECATED')
JOIN policy_versions w ON w.id = p.current_version_id AND cardinality(w.validators) > 0
"""

# Whatever is wanted of versions and was not asked for as they are now. What every version of a policy costs is bounded
# by what can still be used: an archived one is not validated.
_ORDER = f"""
WITH named AS MATERIALIZED ({_NAMED} WHERE {{bound}}),
     seen AS MATERIALIZED (
         SELECT v.id, v.model_id, encode(sha256(convert_to({_DOCUMENT}, 'UTF8')), 'hex') AS digest
         {_VERSIONS}
         WHERE v.model_id IN (SELECT model_id FROM named) AND v.missing_since IS NULL AND v.stage <> 'ARCHIVED'
           AND {{within}})
INSERT INTO validator_runs (id, version_id, model_id, name, subject_digest, status, tries, queued_at)
SELECT gen_random_uuid(), s.id, s.model_id, n.name, s.digest, 'QUEUED', 0, :at
FROM seen s JOIN named n ON n.model_id = s.model_id
ORDER BY s.id, n.name
ON CONFLICT (version_id, name, subject_digest) DO NOTHING
RETURNING id
"""
_ORDER_VERSIONS = text(
    _ORDER.format(
        bound="b.model_id IN (SELECT model_id FROM model_versions WHERE id = ANY (:ids))", within="v.id = ANY (:ids)"
    )
)
_ORDER_MODELS = text(_ORDER.format(bound="b.model_id = ANY (:ids)", within="true"))
_ORDER_POLICIES = text(_ORDER.format(bound="b.policy_id = ANY (:ids)", within="true"))

_OUTSTANDING = text(f"""
WITH named AS MATERIALIZED ({_NAMED} WHERE b.model_id = (SELECT model_id FROM model_versions WHERE id = :version)),
     seen AS MATERIALIZED (
         SELECT encode(sha256(convert_to({_DOCUMENT}, 'UTF8')), 'hex') AS digest {_VERSIONS}
         WHERE v.id = :version AND EXISTS (SELECT FROM named))
SELECT n.name FROM named n CROSS JOIN seen s
WHERE NOT EXISTS (
    SELECT FROM validator_runs x
    WHERE x.version_id = :version AND x.name = n.name AND x.subject_digest = s.digest
      AND x.status IN ('DONE', 'FAILED'))
ORDER BY n.name
""")

_SEEN = text(f"""
SELECT d.document, encode(sha256(convert_to(d.document, 'UTF8')), 'hex') AS digest
FROM (SELECT {_DOCUMENT} AS document {_VERSIONS} WHERE v.id = :version) d
""")


@dataclass(frozen=True, slots=True)
class Given:
    """What a validator is given of a version, and its digest."""

    document: Mapping[str, Any]
    digest: str


async def order_versions(tx: Tx, ids: Collection[UUID]) -> list[UUID]:
    """Add the runs that are wanted of these versions and not there; gives their ids."""
    return list((await tx.session.execute(_ORDER_VERSIONS, {"ids": list(ids), "at": tx.at})).scalars())


async def order_models(tx: Tx, ids: Collection[UUID]) -> list[UUID]:
    """The same for every version of these models."""
    return list((await tx.session.execute(_ORDER_MODELS, {"ids": list(ids), "at": tx.at})).scalars())


async def order_policies(tx: Tx, ids: Collection[UUID]) -> list[UUID]:
    """The same for every version that these policies bind; of their validators only."""
    return list((await tx.session.execute(_ORDER_POLICIES, {"ids": list(ids), "at": tx.at})).scalars())


async def outstanding(tx: Tx, version_id: UUID) -> tuple[str, ...]:
    """The validators that are wanted of a version and have not ended with it as it is now."""
    return tuple((await tx.session.execute(_OUTSTANDING, {"version": version_id})).scalars())


async def given(tx: Tx, version_id: UUID) -> Given:
    """What validators are given of a version as it is now."""
    row = (await tx.session.execute(_SEEN, {"version": version_id})).one()
    return Given(orjson.loads(row.document), row.digest)


async def run(tx: Tx, run_id: UUID) -> ValidatorRun | None:
    """One run, locked."""
    statement = select(ValidatorRun).where(col(ValidatorRun.id) == run_id).with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def failed(tx: Tx, version_id: UUID) -> Sequence[ValidatorRun]:
    """The runs of a version that found nothing, locked."""
    statement = select(ValidatorRun).where(
        col(ValidatorRun.version_id) == version_id, col(ValidatorRun.status) == "FAILED"
    )
    locked = statement.order_by(col(ValidatorRun.id)).with_for_update(key_share=True)
    return (await tx.session.execute(locked.execution_options(populate_existing=True))).scalars().all()


async def write(tx: Tx, run_ids: Collection[UUID], **values: Any) -> None:
    """Write columns of some runs."""
    statement = update(ValidatorRun).where(col(ValidatorRun.id).in_(run_ids)).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def remove(tx: Tx, run_id: UUID) -> None:
    """Take a run away that is about a version as it no longer is: were it so again, it would be ordered anew."""
    await tx.session.execute(delete(ValidatorRun).where(col(ValidatorRun.id) == run_id))
