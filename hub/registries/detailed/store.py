"""The SQL of details: which versions lack them, and writing runs, data sets, edges and metrics in bulk."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.db import Tx

Row = Mapping[str, Any]

# Served by the index of versions that lack their details, which is empty when all is read.
_PENDING = """
SELECT v.id, v.model_id, m.external_id AS model, v.external_id, v.name, v.status, v.author, v.source_uri, v.created_at,
       v.raw ->> 'run_id' AS run_id, v.raw ->> 'code_commit' AS code_commit
FROM model_versions v JOIN models m ON m.id = v.model_id
WHERE m.registry_id = $1 AND v.details_at IS NULL AND v.missing_since IS NULL
ORDER BY v.created_at DESC, v.id DESC LIMIT $2
"""

_RUNS = """
INSERT INTO runs (id, registry_id, external_id, name, status, author, code_commit, params, started_at, ended_at)
SELECT x.id, $1, x.external_id, x.name, x.status, x.author, x.code_commit, x.params::jsonb, x.started_at, x.ended_at
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[],
            $10::timestamptz[])
     AS x (id, external_id, name, status, author, code_commit, params, started_at, ended_at)
ORDER BY x.external_id
ON CONFLICT (registry_id, external_id) DO UPDATE
SET name = excluded.name, status = excluded.status, author = excluded.author, code_commit = excluded.code_commit,
    params = excluded.params, started_at = excluded.started_at, ended_at = excluded.ended_at
RETURNING id, external_id
"""

# A data set in one state never changes; what was first known only by name is filled in.
_DATASETS = """
INSERT INTO datasets (id, namespace, name, digest, source_kind, source, columns, profile, created_at)
SELECT x.id, x.namespace, x.name, x.digest, x.source_kind, x.source, x.columns::jsonb, x.profile::jsonb, $9
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     AS x (id, namespace, name, digest, source_kind, source, columns, profile)
ORDER BY x.namespace, x.name, x.digest
ON CONFLICT (namespace, name, digest) DO UPDATE
SET source_kind = excluded.source_kind, source = excluded.source, columns = excluded.columns, profile = excluded.profile
WHERE datasets.source IS NULL AND datasets.columns IS NULL AND datasets.profile IS NULL
  AND (excluded.source IS NOT NULL OR excluded.columns IS NOT NULL OR excluded.profile IS NOT NULL)
RETURNING id
"""
_DATASET_IDS = """
SELECT d.id, d.namespace, d.name, d.digest FROM datasets d
JOIN unnest($1::text[], $2::text[], $3::text[]) AS x (namespace, name, digest)
  ON d.namespace = x.namespace AND d.name = x.name AND d.digest = x.digest
"""

_EDGES = """
INSERT INTO lineage_edges (id, from_kind, from_id, to_kind, to_id, role, created_at)
SELECT x.*, $7
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::uuid[], $6::text[])
     AS x (id, from_kind, from_id, to_kind, to_id, role)
ORDER BY x.to_id, x.from_id, x.role
ON CONFLICT (to_id, from_id, role) DO NOTHING
"""

_HOLD = "SELECT id FROM model_versions WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_VERSIONS = """
UPDATE model_versions v
SET run_id = x.run_id, artifact_uri = x.artifact_uri, params = x.params::jsonb, signature = x.signature::jsonb,
    author = coalesce(v.author, x.author), details_at = $1, updated_at = $1,
    raw = CASE WHEN x.notes IS NULL THEN v.raw - 'notes' ELSE v.raw || jsonb_build_object('notes', x.notes::jsonb) END
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     AS x (id, run_id, artifact_uri, params, signature, author, notes)
WHERE v.id = x.id
RETURNING v.id, v.model_id, v.digest
"""

_METRICS_GONE = "DELETE FROM version_metrics WHERE version_id = ANY($1::uuid[])"
METRIC_COLUMNS = ("id", "version_id", "name", "segment", "value", "value_text", "dataset_id")


async def pending(tx: Tx, registry_id: UUID, most: int) -> Sequence[Row]:
    """Versions that lack their details, newest first."""
    return [dict(row) for row in await (await tx.raw()).fetch(_PENDING, registry_id, most)]


async def put_runs(tx: Tx, registry_id: UUID, rows: Sequence[tuple[object, ...]]) -> dict[str, UUID]:
    """Write runs (id, external_id, name, status, author, code_commit, params, started_at, ended_at), each once."""
    if not rows:
        return {}
    found = await (await tx.raw()).fetch(_RUNS, registry_id, *_columns(rows))
    return {row["external_id"]: row["id"] for row in found}


async def put_datasets(
    tx: Tx, rows: Sequence[tuple[object, ...]]
) -> tuple[dict[tuple[str, str, str], UUID], set[UUID]]:
    """Write data sets (id, namespace, name, digest, source_kind, source, columns, profile), each once.

    Gives all of their ids by namespace, name and digest, and which of them were written.
    """
    if not rows:
        return {}, set()
    raw = await tx.raw()
    columns = _columns(rows)
    written = {row["id"] for row in await raw.fetch(_DATASETS, *columns, tx.at)}
    found = await raw.fetch(_DATASET_IDS, *columns[1:4])
    return {(row["namespace"], row["name"], row["digest"]): row["id"] for row in found}, written


async def put_edges(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    """Write edges (id, from_kind, from_id, to_kind, to_id, role) that are not there."""
    if rows:
        await (await tx.raw()).execute(_EDGES, *_columns(rows), tx.at)


async def put_metrics(tx: Tx, version_ids: list[UUID], rows: Sequence[tuple[object, ...]]) -> None:
    """Give versions exactly these metrics, in the order of METRIC_COLUMNS."""
    raw = await tx.raw()
    await raw.execute(_METRICS_GONE, version_ids)
    await raw.copy_records_to_table("version_metrics", records=rows, columns=METRIC_COLUMNS)


async def put_versions(tx: Tx, rows: Sequence[tuple[object, ...]]) -> Sequence[Row]:
    """Write what details add to versions (id, run_id, artifact_uri, params, signature, author, notes)."""
    raw = await tx.raw()
    await raw.execute(_HOLD, [row[0] for row in rows])
    return [dict(row) for row in await raw.fetch(_VERSIONS, tx.at, *_columns(rows))]


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
