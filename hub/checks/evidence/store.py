"""The SQL of test reports: what is known of versions, what a registry measured, and adding reports in bulk."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlmodel import col, select

from hub.checks.tables import Evidence, EvidenceKind
from hub.db import Tx
from hub.models.tables import ModelVersion

# Everything that a registry's metrics make reports of, one row for each version that has any.
_MEASURED = text("""
SELECT v.id, g.kind AS registry, g.options -> 'evidence' AS prefixes, v.created_at,
       coalesce(r.code_commit, v.raw ->> 'code_commit') AS code_commit, r.name AS run, r.status, r.started_at,
       r.ended_at, v.params || coalesce(r.params, '{}'::jsonb) AS params,
    (SELECT jsonb_object_agg(k.key, k.value) FROM version_tags k
     WHERE k.version_id = v.id AND (k.key LIKE 'evidence.%' OR k.key = ANY (:tags))) AS tags,
    (SELECT jsonb_agg(jsonb_build_array(x.name, x.segment, x.value, x.dataset_id) ORDER BY x.name, x.segment, x.id)
     FROM version_metrics x WHERE x.version_id = v.id) AS metrics,
    (SELECT jsonb_object_agg(d.id, d.digest) FROM lineage_edges e JOIN datasets d ON d.id = e.from_id
     WHERE e.to_id IN (v.id, v.run_id) AND e.from_kind = 'DATASET' AND e.role = 'EVALUATION') AS datasets
FROM model_versions v
JOIN models m ON m.id = v.model_id
JOIN registries g ON g.id = m.registry_id
LEFT JOIN runs r ON r.id = v.run_id
WHERE v.id = ANY (:versions) AND EXISTS (SELECT FROM version_metrics x WHERE x.version_id = v.id)
""")

_KNOWN = text("""
SELECT e.* FROM unnest(CAST(:versions AS uuid[]), CAST(:digests AS text[])) AS a (version, digest)
JOIN evidence e ON e.version_id = a.version AND e.digest = a.digest
""")

# The first report of each experiment on the version as it is, by index ix_evidence_experiment.
_FIRSTS = text("""
SELECT f.* FROM unnest(CAST(:versions AS uuid[]), CAST(:kinds AS text[]), CAST(:experiments AS text[]))
    AS a (version, kind, experiment)
CROSS JOIN LATERAL (
    SELECT e.* FROM evidence e
    WHERE e.version_id = a.version AND e.kind = a.kind AND e.experiment = a.experiment
      AND e.version_digest = (SELECT v.digest FROM model_versions v WHERE v.id = a.version)
    ORDER BY e.added_at, e.id LIMIT 1) f
""")

_ADD = text("""
INSERT INTO evidence SELECT * FROM json_populate_recordset(NULL::evidence, CAST(:rows AS json))
ON CONFLICT (version_id, digest) DO NOTHING RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Held:
    """A version that nobody else changes or adds reports to until this transaction ends."""

    model_id: UUID
    digest: str


async def hold(tx: Tx, version_ids: Collection[UUID]) -> dict[UUID, Held]:
    """Lock versions, in the order of ids, so that none wait in a ring; one that is not there is absent."""
    statement = (
        select(ModelVersion.id, ModelVersion.model_id, ModelVersion.digest)
        .where(col(ModelVersion.id).in_(version_ids))
        .order_by(col(ModelVersion.id))
        .with_for_update(key_share=True)
    )
    return {id: Held(model_id, digest) for id, model_id, digest in await tx.session.execute(statement)}


async def measured(tx: Tx, version_ids: Collection[UUID], tags: Collection[str]) -> Sequence[Mapping[str, Any]]:
    """What registries measured of these versions, with what reproduces it; a version without a metric is absent."""
    found = await tx.session.execute(_MEASURED, {"versions": list(version_ids), "tags": list(tags)})
    return [dict(row) for row in found.mappings()]


async def known(tx: Tx, asked: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], Evidence]:
    """Reports by version and digest, in one statement; those that are not there are absent."""
    versions, digests = ([one[at] for one in asked] for at in range(2))
    rows = await _rows(tx, _KNOWN, {"versions": versions, "digests": digests})
    return {(row.version_id, row.digest): row for row in rows}


async def firsts(tx: Tx, asked: Collection[tuple[UUID, EvidenceKind, str]]) -> dict[tuple[UUID, str], Evidence]:
    """The first report of each experiment on a version as it is, by version and experiment, in one statement."""
    if not asked:
        return {}
    versions, kinds, experiments = ([one[at] for one in asked] for at in range(3))
    rows = await _rows(tx, _FIRSTS, {"versions": versions, "kinds": kinds, "experiments": experiments})
    return {(row.version_id, row.experiment): row for row in rows if row.experiment is not None}


async def add(tx: Tx, rows: Sequence[Evidence]) -> set[UUID]:
    """Add reports in one statement; gives the ids of those whose like was not there."""
    # As text: the driver's own UUID is not the one that orjson knows.
    written = orjson.dumps([row.model_dump() for row in rows], default=str).decode()
    return set((await tx.session.execute(_ADD, {"rows": written})).scalars())


async def _rows(tx: Tx, statement: Any, values: Mapping[str, Any]) -> list[Evidence]:
    asked = select(Evidence).from_statement(statement).execution_options(populate_existing=True)
    return list((await tx.session.execute(asked, values)).scalars())
