"""The SQL of listed records: which of a page differ from what is known, and writing those in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.db import Tx

Row = Mapping[str, Any]

MODEL_COLUMNS = (
    "id",
    "registry_id",
    "external_id",
    "name",
    "description",
    "tier",
    "tier_why",
    "owner_id",
    "owner_hint",
    "restricted",
    "seen_digest",
    "created_at",
    "updated_at",
    "raw",
)
VERSION_COLUMNS = (
    "id",
    "model_id",
    "external_id",
    "name",
    "stage",
    "status",
    "description",
    "author",
    "source_uri",
    "params",
    "digest",
    "seen_digest",
    "created_at",
    "updated_at",
    "raw",
)
SECTIONS = (
    "model_details",
    "intended_use",
    "factors",
    "metrics",
    "evaluation_data",
    "training_data",
    "quantitative_analyses",
    "ethical_considerations",
    "caveats_and_recommendations",
)
CARD_COLUMNS = ("id", "version_id", *SECTIONS, "digest", "updated_at")

# Only what differs comes back: of an unchanged page, nothing.
_MODELS_DIFFERING = """
SELECT x.n, m.id, m.missing_since IS NOT NULL AS missing, m.name, m.description, m.owner_hint, m.owner_id,
       m.restricted, m.raw ->> 'card' AS card
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS x (model, digest, n)
LEFT JOIN models m ON m.registry_id = $1 AND m.external_id = x.model
WHERE m.seen_digest IS DISTINCT FROM x.digest OR m.missing_since IS NOT NULL
ORDER BY x.n
"""

_VERSIONS_DIFFERING = """
SELECT x.n, m.id AS model_id, v.id, v.missing_since IS NOT NULL AS missing, v.stage, v.status, v.description, v.author,
       v.source_uri, v.digest, v.seen_digest, c.digest AS card_digest
FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS x (model, version, digest, n)
LEFT JOIN models m ON m.registry_id = $1 AND m.external_id = x.model
LEFT JOIN model_versions v ON v.model_id = m.id AND v.external_id = x.version
LEFT JOIN model_cards c ON c.version_id = v.id
WHERE v.seen_digest IS DISTINCT FROM x.digest OR v.missing_since IS NOT NULL
ORDER BY x.n
"""

_MODEL_CARDS = "SELECT id, raw ->> 'card' AS card FROM models WHERE id = ANY($1::uuid[]) AND raw ? 'card'"

# Whom an owner tag means: a handle, an address, or a name in an outside system; nobody when it may mean two people.
_OWNERS = """
SELECT n.name, (array_agg(DISTINCT p.id))[1] AS id
FROM unnest($1::text[]) AS n (name)
JOIN people p ON p.active AND p.kind = 'HUMAN'
     AND (lower(p.handle) = n.name OR lower(p.email) = n.name
          OR EXISTS (SELECT FROM identities i WHERE i.person_id = p.id AND lower(i.subject) = n.name))
GROUP BY n.name HAVING count(DISTINCT p.id) = 1
"""

# A changed model keeps the owner and tier it was given in the hub.
_CHANGE_MODELS = """
UPDATE models m
SET name = x.name, description = x.description, owner_hint = x.owner_hint, owner_id = coalesce(m.owner_id, x.owner_id),
    seen_digest = x.seen_digest, raw = x.raw::jsonb, missing_since = NULL, updated_at = $1
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[])
     AS x (id, name, description, owner_hint, owner_id, seen_digest, raw)
WHERE m.id = x.id
"""

# A version's card stands over its model's: when that changes, every version of the model is looked at anew.
_LOOK_AGAIN = "UPDATE model_versions SET seen_digest = '' WHERE model_id = ANY($1::uuid[]) AND seen_digest <> ''"

# In the order of ids, as everybody who holds several versions does, so that none wait in a ring.
_HOLD = "SELECT id FROM model_versions WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

# What details added stays, unless the version points at other content now: then its details are read anew.
_CHANGE_VERSIONS = """
UPDATE model_versions v
SET stage = coalesce(x.stage, v.stage), status = x.status, description = x.description,
    author = coalesce(x.author, v.author), source_uri = x.source_uri, digest = x.digest, seen_digest = x.seen_digest,
    raw = x.raw::jsonb || CASE WHEN v.raw ? 'notes' THEN jsonb_build_object('notes', v.raw -> 'notes') ELSE '{}' END,
    details_at = CASE WHEN v.digest = x.digest THEN v.details_at END, missing_since = NULL,
    updated_at = CASE WHEN x.touch THEN $1 ELSE v.updated_at END
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::bool[])
     AS x (id, stage, status, description, author, source_uri, digest, seen_digest, raw, touch)
WHERE v.id = x.id
"""

_TAGS = """
WITH wanted AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) AS w (id, owner, key, value)),
gone AS (
    DELETE FROM {table} t WHERE t.{owner} = ANY($1::uuid[])
    AND NOT EXISTS (SELECT FROM wanted w WHERE w.owner = t.{owner} AND w.key = t.key) RETURNING t.{owner} AS owner),
put AS (
    INSERT INTO {table} (id, {owner}, key, value) SELECT id, owner, key, value FROM wanted
    ON CONFLICT ({owner}, key) DO UPDATE SET value = excluded.value WHERE {table}.value <> excluded.value
    RETURNING {owner} AS owner)
SELECT owner FROM gone UNION SELECT owner FROM put
"""
_MODEL_TAGS = _TAGS.format(table="model_tags", owner="model_id")
_VERSION_TAGS = _TAGS.format(table="version_tags", owner="version_id")

# An alias belongs to one version of its model: to put it here takes it from where it was.
_ALIASES_GONE = """
DELETE FROM version_aliases a WHERE a.version_id = ANY($1::uuid[])
AND NOT EXISTS (SELECT FROM unnest($2::uuid[], $3::text[]) AS w (version_id, name)
                WHERE w.version_id = a.version_id AND w.name = a.name)
RETURNING a.version_id
"""
_ALIASES_PUT = """
INSERT INTO version_aliases (id, model_id, version_id, name)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[])
ON CONFLICT (model_id, name) DO UPDATE SET version_id = excluded.version_id
    WHERE version_aliases.version_id <> excluded.version_id
RETURNING version_id
"""

_CARDS_PUT = f"""
INSERT INTO model_cards ({", ".join(CARD_COLUMNS)})
SELECT * FROM unnest($1::uuid[], $2::uuid[], {", ".join(f"${n}::text[]" for n in range(3, 13))}, $13::timestamptz[])
ON CONFLICT (version_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in (*SECTIONS, "digest", "updated_at"))}
RETURNING id, version_id
"""

_DEPLOYMENTS_PUT = """
WITH page AS (
    SELECT x.*, m.id AS model_id,
           (SELECT v.id FROM model_versions v WHERE v.model_id = m.id AND v.name = x.number
            ORDER BY v.missing_since IS NULL DESC, v.created_at DESC, v.id DESC LIMIT 1) AS version_id
    FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::float8[])
         AS x (id, external_id, model, number, endpoint, environment, status, traffic)
    JOIN models m ON m.registry_id = $1 AND m.external_id = x.model),
before AS (
    SELECT d.external_id, d.missing_since IS NOT NULL AS missing FROM deployments d
    WHERE d.registry_id = $1 AND d.external_id = ANY($3::text[]))
INSERT INTO deployments (id, registry_id, external_id, model_id, version_id, endpoint, environment, status,
                         traffic_percent, observed_at)
SELECT id, $1, external_id, model_id, version_id, endpoint, environment, status, traffic, $10 FROM page
ON CONFLICT (registry_id, external_id) DO UPDATE
SET model_id = excluded.model_id, version_id = excluded.version_id, endpoint = excluded.endpoint,
    environment = excluded.environment, status = excluded.status, traffic_percent = excluded.traffic_percent,
    observed_at = excluded.observed_at, missing_since = NULL
WHERE (deployments.model_id, deployments.version_id, deployments.endpoint, deployments.environment, deployments.status,
       deployments.traffic_percent, deployments.missing_since)
    IS DISTINCT FROM (excluded.model_id, excluded.version_id, excluded.endpoint, excluded.environment, excluded.status,
       excluded.traffic_percent, NULL)
RETURNING id, model_id, version_id, status, traffic_percent,
          (SELECT b.missing FROM before b WHERE b.external_id = deployments.external_id) AS was_missing
"""
_MODELS_KNOWN = "SELECT external_id FROM models WHERE registry_id = $1 AND external_id = ANY($2::text[])"


async def models_differing(tx: Tx, registry_id: UUID, models: list[str], digests: list[str]) -> Sequence[Row]:
    """The models of a page, by their place from 1, that are new, changed or back again."""
    return [dict(row) for row in await (await tx.raw()).fetch(_MODELS_DIFFERING, registry_id, models, digests)]


async def versions_differing(
    tx: Tx, registry_id: UUID, models: list[str], versions: list[str], digests: list[str]
) -> Sequence[Row]:
    """The versions of a page, by their place from 1, that are new, changed or back again."""
    return [
        dict(row) for row in await (await tx.raw()).fetch(_VERSIONS_DIFFERING, registry_id, models, versions, digests)
    ]


async def model_cards(tx: Tx, model_ids: list[UUID]) -> dict[UUID, str]:
    """The cards that models give to their versions, as JSON; a model without one is absent."""
    return {row["id"]: row["card"] for row in await (await tx.raw()).fetch(_MODEL_CARDS, model_ids)}


async def owners(tx: Tx, names: Iterable[str]) -> dict[str, UUID]:
    """The one active person whom each name in lower case means; a name that means nobody, or two, is absent."""
    asked = sorted(set(names))
    return {row["name"]: row["id"] for row in await (await tx.raw()).fetch(_OWNERS, asked)} if asked else {}


async def add(tx: Tx, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Add rows in bulk."""
    if rows:
        await (await tx.raw()).copy_records_to_table(table, records=rows, columns=columns)


async def change_models(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    """Write changed models: id, name, description, owner_hint, owner_id, seen_digest, raw."""
    await (await tx.raw()).execute(_CHANGE_MODELS, tx.at, *_columns(rows, 7))


async def look_again(tx: Tx, model_ids: list[UUID]) -> None:
    """Have the rest of the sweep look at all versions of these models."""
    await (await tx.raw()).execute(_LOOK_AGAIN, model_ids)


async def change_versions(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    """Write changed versions.

    id, stage, status, description, author, source_uri, digest, seen_digest, raw, and whether it counts as an update.
    """
    raw = await tx.raw()
    await raw.execute(_HOLD, [row[0] for row in rows])
    await raw.execute(_CHANGE_VERSIONS, tx.at, *_columns(rows, 10))


async def set_model_tags(tx: Tx, model_ids: list[UUID], rows: Sequence[tuple[object, ...]]) -> set[UUID]:
    """Give models exactly these tags (id, model_id, key, value); which models that changed."""
    return await _owners_of(tx, _MODEL_TAGS, model_ids, rows)


async def set_version_tags(tx: Tx, version_ids: list[UUID], rows: Sequence[tuple[object, ...]]) -> set[UUID]:
    """Give versions exactly these tags (id, version_id, key, value); which versions that changed."""
    return await _owners_of(tx, _VERSION_TAGS, version_ids, rows)


async def set_aliases(tx: Tx, version_ids: list[UUID], rows: Sequence[tuple[object, ...]]) -> set[UUID]:
    """Give versions exactly these aliases (id, model_id, version_id, name); which versions that changed."""
    raw = await tx.raw()
    names = [row[3] for row in rows]
    gone = await raw.fetch(_ALIASES_GONE, version_ids, [row[2] for row in rows], names)
    put = await raw.fetch(_ALIASES_PUT, *_columns(rows, 4)) if rows else []
    return {row["version_id"] for row in (*gone, *put)}


async def set_cards(tx: Tx, rows: Sequence[tuple[object, ...]]) -> dict[UUID, UUID]:
    """Write cards in the order of CARD_COLUMNS; their ids by version."""
    if not rows:
        return {}
    return {
        row["version_id"]: row["id"]
        for row in await (await tx.raw()).fetch(_CARDS_PUT, *_columns(rows, len(CARD_COLUMNS)))
    }


async def set_deployments(tx: Tx, registry_id: UUID, rows: Sequence[tuple[object, ...]]) -> Sequence[Row]:
    """Write what differs: id, external_id, model, number, endpoint, environment, status, traffic.

    Gives those written; `was_missing` is None for a new one. One whose model is not known is left out.
    """
    return [dict(row) for row in await (await tx.raw()).fetch(_DEPLOYMENTS_PUT, registry_id, *_columns(rows, 8), tx.at)]


async def models_known(tx: Tx, registry_id: UUID, models: list[str]) -> set[str]:
    """Which of these models there are."""
    return {row["external_id"] for row in await (await tx.raw()).fetch(_MODELS_KNOWN, registry_id, models)}


async def _owners_of(tx: Tx, statement: str, ids: list[UUID], rows: Sequence[tuple[object, ...]]) -> set[UUID]:
    found = await (await tx.raw()).fetch(statement, ids, *_columns(rows, 4))
    return {row["owner"] for row in found}


def _columns(rows: Sequence[tuple[object, ...]], count: int) -> list[list[object]]:
    """Rows turned into columns, as unnest takes them."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]
