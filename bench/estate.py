"""An estate to be checked: models whose versions have what rules look at, and policies that apply to all of them."""

import asyncpg

from hub.events.canonical import digest_of
from hub.policies.cel import compile_rule

SHAPES = (
    "metrics.m{i} >= 0.{low}",
    "metrics.m{i} >= 0.{low} && metrics.m{j} >= 0.{low}",
    "segments.m{i}.all(group, segments.m{i}[group] >= 0.{low})",
    "has(card.intended_use) && size(card.intended_use) > {n} && has(card.training_data)",
    "model.owner != null && model.tier in ['HIGH', 'LIMITED'] && size(version.tags) >= {few}",
    "datasets.all(d, d.digest != '') && lineage.training_datasets >= 1",
    "version.tags['review.by'] != version.author && version.tags['check.{i}'] == 'done'",
    "has(version.code_commit) && size(version.code_commit) >= {n} && version.missing == false",
    "metrics.m{i} - metrics.m{j} <= 0.5 || 'override' in version.tags",
    "datasets.exists(d, d.role == 'EVALUATION') && metrics.m{i} >= 0.{low}",
)


def rules(count: int) -> list[str]:
    """So many rules of mixed shapes, no two the same, each kept by every version of the estate."""
    return [
        SHAPES[n % len(SHAPES)].format(
            i=n % 20, j=(n * 7 + 3) % 20, low=10 + n // len(SHAPES), n=n // len(SHAPES) + 1, few=n % 3
        )
        for n in range(count)
    ]


PEOPLE = """
CREATE OR REPLACE FUNCTION pg_temp.u(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex(kind), 2, '0') || substr(md5('estate' || kind || ':' || n), 3))::uuid $$;

INSERT INTO people (id, handle, name, email, kind, active, created_at)
SELECT pg_temp.u(1, n), 'keeper-' || n, 'Keeper ' || n, 'keeper' || n || '@example.com', 'HUMAN', true, '2026-01-01'
FROM generate_series(0, 9) n;

INSERT INTO registries (id, key, kind, name, base_url, enabled, every_s, options, created_at)
VALUES (pg_temp.u(2, 0), 'estate', 'mlflow', 'Estate', 'http://127.0.0.1:5000', true, 300, '{}', '2026-01-01');
"""

MODELS = """
INSERT INTO models (id, registry_id, external_id, name, description, tier, tier_why, owner_id, restricted, seen_digest,
                    created_at, updated_at, raw)
SELECT pg_temp.u(3, n), pg_temp.u(2, 0), 'model-' || n, 'model-' || n, '', (ARRAY['HIGH', 'LIMITED'])[n % 2 + 1], '',
       pg_temp.u(1, n % 10), n % 20 = 7, '', '2026-01-01', '2026-01-01', '{}'
FROM generate_series(0, $1::int - 1) n
"""

RUNS = """
INSERT INTO runs (id, registry_id, external_id, name, status, author, code_commit, params, started_at)
SELECT pg_temp.u(4, n), pg_temp.u(2, 0), 'run-' || n, '', 'FINISHED', 'builder', md5('c' || n), '{}', '2026-01-01'
FROM generate_series(0, $1::int - 1) n
"""

VERSIONS = """
INSERT INTO model_versions (id, model_id, external_id, name, stage, status, description, author, run_id, params, digest,
                            seen_digest, created_at, updated_at, details_at, raw)
SELECT pg_temp.u(5, n), pg_temp.u(3, n % $2::int), 'v' || n, (n / $2::int + 1)::text, 'STAGING', 'READY', '', 'builder',
       pg_temp.u(4, n), '{"depth": 4}', encode(sha256(n::text::bytea), 'hex'), '', '2026-01-01', '2026-01-01',
       '2026-01-01', '{}'
FROM generate_series(0, $1::int - 1) n
"""

TAGS = """
INSERT INTO version_tags (id, version_id, key, value)
SELECT gen_random_uuid(), pg_temp.u(5, n), t.key, t.value
FROM generate_series(0, $1::int - 1) n
CROSS JOIN (SELECT 'check.' || i AS key, 'done' AS value FROM generate_series(0, 19) i
            UNION ALL SELECT 'review.by', 'colleague') t
"""

METRICS = """
INSERT INTO version_metrics (id, version_id, name, segment, value)
SELECT gen_random_uuid(), pg_temp.u(5, n), 'm' || i, s.segment, 0.5 + ((n * 31 + i * 17) % 47) / 100.0
FROM generate_series(0, $1::int - 1) n
CROSS JOIN generate_series(0, 19) i
CROSS JOIN (VALUES (''), ('age=young'), ('age=old')) s (segment)
WHERE s.segment = '' OR i % 10 = 2 OR i % 10 = 12
"""

CARDS = """
INSERT INTO model_cards (id, version_id, model_details, intended_use, training_data, ethical_considerations, digest,
                         updated_at)
SELECT pg_temp.u(6, n), pg_temp.u(5, n), 'Gradient boosted trees.', 'Ranks cases for people who decide them.',
       'Cases of the last three years.', 'Reviewed by the ethics board.', md5(n::text), '2026-01-01'
FROM generate_series(0, $1::int - 1) n
"""

DATASETS = """
INSERT INTO datasets (id, namespace, name, digest, source_kind, created_at)
SELECT pg_temp.u(7, n), 'estate', 'cases-' || n, md5('d' || n), 'table', '2026-01-01'
FROM generate_series(0, 199) n
"""

EDGES = """
INSERT INTO lineage_edges (id, from_kind, from_id, to_kind, to_id, role, created_at)
SELECT gen_random_uuid(), 'DATASET', pg_temp.u(7, (n + r.at * 100) % 200), 'RUN', pg_temp.u(4, n), r.role, '2026-01-01'
FROM generate_series(0, $1::int - 1) n CROSS JOIN (VALUES ('TRAINING', 0), ('EVALUATION', 1)) r (role, at)
"""

POLICIES = """
INSERT INTO policies (id, key, title, status, severity, enforcement, owner_id, current_version_id, created_at)
SELECT pg_temp.u(8, p.n), 'estate-' || p.n, 'Estate policy ' || p.n, 'PUBLISHED', 'HIGH', 'BLOCKING', pg_temp.u(1, 0),
       pg_temp.u(9, p.n), '2026-01-01'
FROM unnest($1::int[]) p (n)
"""

WORDINGS = """
INSERT INTO policy_versions (id, policy_id, number, rule, rationale, remediation, severity, enforcement,
                             decision_points, tiers, stages, registries, model_types, data_categories, model_tags,
                             tags, title, principle, citations, schedule, service_levels, service_level_days,
                             longest_exception_days, validators, safe_rollback, reads, digest, published_by,
                             published_at)
SELECT pg_temp.u(9, p.n), pg_temp.u(8, p.n), 1, p.rule, 'Because harm follows.', 'Mend it.', 'HIGH', 'BLOCKING',
       '{REGISTER,PROMOTE,DEPLOY,MONITOR}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 'Estate policy ' || p.n, '', '[]',
       '[]', '{}', 30, 90, '{}', false, string_to_array(p.reads, ' '), p.digest, pg_temp.u(1, 0), '2026-01-01'
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) p (n, rule, reads, digest)
"""

BINDINGS = """
INSERT INTO policy_bindings (id, policy_id, model_id, why, bound_at)
SELECT gen_random_uuid(), p.id, m.id, 'applies to every model', '2026-01-01'
FROM policies p CROSS JOIN models m WHERE p.key LIKE 'estate-%' AND m.external_id LIKE 'model-%'
"""


async def fill(connection: "asyncpg.Connection[asyncpg.Record]", *, models: int, versions: int, policies: int) -> None:
    """Fill an empty, migrated database; evaluates nothing."""
    texts = rules(policies)
    numbers = list(range(policies))
    async with connection.transaction():
        await connection.execute(PEOPLE)
        await connection.execute(MODELS, models)
        await connection.execute(RUNS, versions)
        await connection.execute(VERSIONS, versions, models)
        await connection.execute(DATASETS)
        for statement in (TAGS, METRICS, CARDS, EDGES):
            await connection.execute(statement, versions)
        await connection.execute(POLICIES, numbers)
        await connection.execute(
            WORDINGS,
            numbers,
            texts,
            [" ".join(sorted(compile_rule(text).reads)) for text in texts],
            [digest_of({"rule": text}) for text in texts],
        )
        await connection.execute(BINDINGS)
    await connection.execute("ANALYZE")
