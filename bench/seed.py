"""Fills a database with a governed estate of a given size, by SQL: the same rows for the same scale."""

import asyncpg

SIZES = {
    "models": 2_000,
    "versions": 12_000,
    "edges": 42_000,
    "bindings": 54_000,
    "checks": 24_000,
    "exceptions": 28_000,
    "approvals": 42_000,
}

SCRIPT = """
CREATE FUNCTION pg_temp.u(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex(kind), 2, '0') || substr(md5(kind || ':' || n), 3))::uuid $$;

INSERT INTO people (id, handle, name, email, kind, active, created_at)
SELECT pg_temp.u(1, n), 'person-' || n, 'Person ' || n, 'person' || n || '@example.com', 'HUMAN', true,
       '2026-01-01T00:00Z'::timestamptz + n * interval '1 minute'
FROM generate_series(0, {people} - 1) n;

INSERT INTO teams (id, key, name, created_at)
SELECT pg_temp.u(2, n), 'team-' || n, 'Team ' || n, '2026-01-01T00:00Z' FROM generate_series(0, {teams} - 1) n;

INSERT INTO team_members (team_id, person_id)
SELECT pg_temp.u(2, n % {teams}), pg_temp.u(1, n) FROM generate_series(0, {people} - 1) n;

INSERT INTO role_grants (id, person_id, role, discipline, granted_at)
SELECT pg_temp.u(3, n), pg_temp.u(1, n), (ARRAY['MODEL_OWNER', 'DEVELOPER', 'MODEL_APPROVER'])[n % 3 + 1],
       CASE WHEN n % 3 = 2 THEN (ARRAY['RISK', 'LEGAL', 'DATA_SCIENCE'])[n / 3 % 3 + 1] END, '2026-01-01T00:00Z'
FROM generate_series(0, {people} - 1) n;

INSERT INTO registries (id, key, kind, name, base_url, enabled, every_s, options, created_at)
VALUES (pg_temp.u(4, 0), 'main', 'mlflow', 'Main registry', 'http://127.0.0.1:5000', true, 300, '{{}}', '2026-01-01');

INSERT INTO models (id, registry_id, external_id, name, description, tier, tier_why, owner_id, team_id, restricted,
                    seen_digest, created_at, updated_at, raw)
SELECT pg_temp.u(5, n), pg_temp.u(4, 0), 'model-' || n, 'model-' || lpad((n * 7919 % {models})::text, 6, '0'),
       'Scores cases of kind ' || n % 17 || ' for the desk that handles them.',
       (ARRAY['HIGH', 'LIMITED', 'MINIMAL', 'UNCLASSIFIED'])[n % 4 + 1], 'Set by the yearly review.',
       pg_temp.u(1, n % {people}), pg_temp.u(2, n % {teams}), n % 10 = 0, md5(n::text),
       '2026-01-01T00:00Z'::timestamptz + n * interval '7 minutes',
       '2026-06-01T00:00Z'::timestamptz + n * interval '3 minutes', '{{}}'
FROM generate_series(0, {models} - 1) n;

INSERT INTO model_tags (id, model_id, key, value)
SELECT pg_temp.u(6, n), pg_temp.u(5, n / 2), CASE n % 2 WHEN 0 THEN 'domain' ELSE 'team' END, 'value-' || n % 9
FROM generate_series(0, {models} * 2 - 1) n;

INSERT INTO runs (id, registry_id, external_id, name, status, author, code_commit, params, started_at)
SELECT pg_temp.u(7, n), pg_temp.u(4, 0), md5('run' || n), 'run-' || n, 'FINISHED', 'user-' || n % 40, md5('c' || n),
       '{{"depth": 4}}', '2026-01-01T00:00Z'::timestamptz + n * interval '5 minutes'
FROM generate_series(0, {versions} - 1) n;

INSERT INTO model_versions (id, model_id, external_id, name, stage, status, description, author, source_uri, run_id,
                            params, digest, seen_digest, created_at, updated_at, raw)
SELECT pg_temp.u(8, n), pg_temp.u(5, n % {models}), 'v' || n, (n / {models} + 1)::text,
       (ARRAY['DEVELOPMENT', 'STAGING', 'PRODUCTION'])[n / {models} % 3 + 1], 'READY', 'Retrained on newer cases.',
       'user-' || n % 40, 'models:/m-' || md5('s' || n), pg_temp.u(7, n), '{{"depth": 4}}',
       encode(sha256(n::text::bytea), 'hex'), md5(n::text), '2026-01-01T00:00Z'::timestamptz + n * interval '5 minutes',
       '2026-06-01T00:00Z'::timestamptz + n * interval '1 minute', '{{}}'
FROM generate_series(0, {versions} - 1) n;

INSERT INTO model_cards (id, version_id, model_details, intended_use, digest, updated_at)
SELECT pg_temp.u(9, n), pg_temp.u(8, n), 'Gradient boosted trees.', 'Ranking cases for people who decide.',
       md5(n::text), '2026-06-01T00:00Z'
FROM generate_series(0, {versions} - 1) n;

INSERT INTO version_metrics (id, version_id, name, segment, value)
SELECT pg_temp.u(10, n), pg_temp.u(8, n / 3), (ARRAY['auc', 'recall', 'precision'])[n % 3 + 1], '',
       0.5 + (n % 50) / 100.0
FROM generate_series(0, {versions} * 3 - 1) n;

INSERT INTO datasets (id, namespace, name, digest, source_kind, source, created_at)
SELECT pg_temp.u(11, n), 'main', 'cases-' || n, md5('d' || n), 'table', 'warehouse.cases_' || n, '2026-01-01T00:00Z'
FROM generate_series(0, {datasets} - 1) n;

INSERT INTO lineage_edges (id, from_kind, from_id, to_kind, to_id, role, created_at)
SELECT pg_temp.u(12, n), 'DATASET', pg_temp.u(11, (n * 31 + n / {versions}) % {datasets}), 'RUN',
       pg_temp.u(7, n % {versions}),
       CASE n / {versions} WHEN 0 THEN 'TRAINING' ELSE 'EVALUATION' END, '2026-01-01T00:00Z'
FROM generate_series(0, {versions} * 5 / 2 - 1) n
ON CONFLICT DO NOTHING;

INSERT INTO lineage_edges (id, from_kind, from_id, to_kind, to_id, role, created_at)
SELECT pg_temp.u(13, n), 'RUN', pg_temp.u(7, n), 'VERSION', pg_temp.u(8, n), 'PRODUCED', '2026-01-01T00:00Z'
FROM generate_series(0, {versions} - 1) n;

INSERT INTO policies (id, key, title, status, severity, enforcement, owner_id, current_version_id, created_at)
SELECT pg_temp.u(14, n), 'policy-' || n, 'Policy number ' || n, 'PUBLISHED',
       (ARRAY['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'])[n % 4 + 1], (ARRAY['BLOCKING', 'WARNING', 'ADVISORY'])[n % 3 + 1],
       pg_temp.u(1, n % {people}), pg_temp.u(15, n), '2026-01-01T00:00Z'::timestamptz + n * interval '1 hour'
FROM generate_series(0, {policies} - 1) n;

INSERT INTO policy_versions (id, policy_id, number, rule, rationale, remediation, severity, enforcement,
                             decision_points, tiers, stages, registries, model_types, data_categories, model_tags,
                             tags, title, principle, citations, schedule, service_levels, service_level_days,
                             longest_exception_days, validators, safe_rollback, reads, digest, published_by,
                             published_at)
SELECT pg_temp.u(15, n), pg_temp.u(14, n), 1, 'metrics.auc >= 0.8', 'Because harm follows.', 'Train it again.',
       (ARRAY['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'])[n % 4 + 1], (ARRAY['BLOCKING', 'WARNING', 'ADVISORY'])[n % 3 + 1],
       '{{PROMOTE}}', '{{HIGH}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{performance}}', 'Policy number ' || n,
       'Performance', '[]', '[]', '{{}}', 30, 90, '{{}}', false, '{{metrics}}', md5(n::text),
       pg_temp.u(1, n % {people}), '2026-01-02'
FROM generate_series(0, {policies} - 1) n;

INSERT INTO policy_bindings (id, policy_id, model_id, why, bound_at)
SELECT pg_temp.u(16, n), pg_temp.u(14, (n / {models} * 7 + n % {models}) % {policies}), pg_temp.u(5, n % {models}),
       'Its tier is HIGH.', '2026-02-01T00:00Z'::timestamptz + n * interval '1 second'
FROM generate_series(0, {bindings} - 1) n
ON CONFLICT DO NOTHING;

INSERT INTO policy_exceptions (id, policy_id, model_id, kind, state, recommended_treatment, justification, template,
                               risk_before, risk_after, ticket_url, tier, extensions_allowed, extensions_used, end_note,
                               owner_id, requested_by, requested_at, weighted_since, starts_at, expires_at,
                               decision_note)
SELECT pg_temp.u(17, n), pg_temp.u(14, n % {policies}), pg_temp.u(5, n % {models}), 'WAIVER',
       (ARRAY['SUBMITTED', 'APPROVED', 'APPROVED', 'REJECTED'])[n % 4 + 1], 'MITIGATE',
       'The new data arrives next quarter.', '', 'MEDIUM', 'MEDIUM', '', 'HIGH', 1, 0, '', pg_temp.u(1, n % {people}),
       pg_temp.u(1, (n + 1) % {people}), '2026-03-01T00:00Z'::timestamptz + n * interval '1 minute',
       '2026-03-01T00:00Z'::timestamptz + n * interval '1 minute',
       '2026-03-01T00:00Z'::timestamptz + n * interval '1 minute',
       '2026-09-01T00:00Z'::timestamptz + n * interval '10 minutes', ''
FROM generate_series(0, {exceptions} - 1) n;

INSERT INTO check_results (id, policy_id, policy_version_id, model_id, version_id, subject_digest, decision_point,
                           stage, outcome, enforcement, severity, took_us, explanation, inputs, evaluated_at)
SELECT pg_temp.u(18, n), pg_temp.u(14, n % {policies}), pg_temp.u(15, n % {policies}),
       pg_temp.u(5, n % {versions} % {models}), pg_temp.u(8, n % {versions}), md5(n::text), 'PROMOTE', 'PRODUCTION',
       (ARRAY['PASS', 'FAIL', 'ERROR', 'PASS'])[n % 4 + 1], 'BLOCKING', 'HIGH', 40,
       'auc is 0.83, at least 0.8 is asked.', '{{"auc": 0.83}}',
       '2026-04-01T00:00Z'::timestamptz + n * interval '1 minute'
FROM generate_series(0, {checks} - 1) n;

INSERT INTO approval_requests (id, subject_kind, subject_id, subject_digest, title, scope_id, tier, stage, status, rule,
                               wants, step, reason, acknowledgement, ladder, rung, late, requested_by, requested_at,
                               due_at)
SELECT pg_temp.u(19, n), 'version', pg_temp.u(8, n % {versions}), md5(n::text), 'version ' || n,
       pg_temp.u(5, n % {versions} % {models}), 'HIGH', 'PRODUCTION',
       CASE WHEN n % 4 = 0 AND n >= {versions} THEN 'WITHDRAWN'
            ELSE (ARRAY['PENDING', 'APPROVED', 'REJECTED', 'STALE'])[n % 4 + 1] END,
       '{{"steps": [{{"quorum": 2, "disciplines": {{"RISK": 1, "LEGAL": 1}}}}]}}',
       '{{"disciplines": ["LEGAL"], "lacking": 1}}', 0, 'Ready for the desk.',
       'I have looked at it, and I {{decision}}.', '[]', 0, false, pg_temp.u(1, n % {people}),
       '2026-05-01T00:00Z'::timestamptz + n * interval '1 minute',
       '2026-05-08T00:00Z'::timestamptz + n * interval '1 minute'
FROM generate_series(0, {approvals} - 1) n;

INSERT INTO sign_offs (id, request_id, person_id, entry, step, role, discipline, decision, comment, acknowledgement,
                       subject_digest, channel, opened, signed_at)
SELECT pg_temp.u(20, n), pg_temp.u(19, n), pg_temp.u(1, (n + 7) % {people}), 1, 0, 'MODEL_APPROVER', 'RISK', 'APPROVE',
       'Looked at it all.', 'I have looked at it, and I approve it.', md5(n::text), 'API', 0,
       '2026-05-02T00:00Z'::timestamptz + n * interval '1 minute'
FROM generate_series(0, {approvals} - 1) n WHERE n % 2 = 0;

INSERT INTO approval_asks (id, request_id, person_id, discipline, asked_at, due_at)
SELECT pg_temp.u(21, n), pg_temp.u(19, n), pg_temp.u(1, (n + 3) % {people}), 'LEGAL',
       '2026-05-01T00:00Z'::timestamptz + n * interval '1 minute',
       '2026-05-08T00:00Z'::timestamptz + n * interval '1 minute'
FROM generate_series(0, {approvals} - 1) n WHERE n % 4 = 0 AND n < {versions};
"""


async def seed(connection: "asyncpg.Connection[asyncpg.Record]", scale: float = 1.0) -> None:
    """Fill an empty, migrated database with `scale` times the standard estate."""
    sizes = {key: max(1, int(value * scale)) for key, value in SIZES.items()}
    sizes |= {
        "people": max(12, int(200 * scale)),
        "teams": max(3, int(20 * scale)),
        "datasets": max(10, int(3_000 * scale)),
        "policies": 60,
    }
    async with connection.transaction():
        await connection.execute(SCRIPT.format(**sizes))
    await connection.execute("VACUUM ANALYZE")
