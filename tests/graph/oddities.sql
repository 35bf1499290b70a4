-- What a seeded estate lacks: quotes, nulls, cycles, every status, every kind of row.
UPDATE models SET name = '"quoted" \ <script>alert(1)</script>', description = E'two\nlines\tand \u2028 ünïcödé 🐙'
WHERE id = (SELECT id FROM models ORDER BY name LIMIT 1);
UPDATE models SET name = (SELECT name FROM models ORDER BY name DESC LIMIT 1) WHERE id IN
  (SELECT id FROM models ORDER BY name LIMIT 3);
UPDATE models SET owner_id = NULL, team_id = NULL WHERE id IN (SELECT id FROM models ORDER BY id LIMIT 5);
UPDATE models SET missing_since = '2026-10-01' WHERE id IN (SELECT id FROM models ORDER BY id DESC LIMIT 3);
UPDATE model_versions SET author = NULL, signature = '{"inputs": [1, 2.5, null, "a\"b"]}' WHERE stage = 'STAGING';
UPDATE version_metrics SET value = NULL, value_text = 'NaN' WHERE name = 'recall';
UPDATE version_metrics SET segment = 'age.high' WHERE name = 'auc';
INSERT INTO version_aliases (id, model_id, version_id, name)
SELECT gen_random_uuid(), model_id, id, 'champion' FROM (
  SELECT DISTINCT ON (model_id) model_id, id FROM model_versions ORDER BY model_id, id) x;
INSERT INTO version_tags (id, version_id, key, value)
SELECT gen_random_uuid(), id, 'review', 'é' FROM model_versions WHERE stage = 'PRODUCTION';
INSERT INTO lineage_edges (id, from_kind, from_id, to_kind, to_id, role, created_at)
SELECT gen_random_uuid(), 'DATASET', a.id, 'DATASET', b.id, 'DERIVED', now()
FROM (SELECT id, row_number() OVER (ORDER BY id) n FROM datasets) a
JOIN (SELECT id, row_number() OVER (ORDER BY id) n FROM datasets) b ON b.n = a.n % 7 + 1 WHERE a.n <= 7;
UPDATE policy_exceptions SET version_id = (SELECT id FROM model_versions v WHERE v.model_id = policy_exceptions.model_id
  ORDER BY id LIMIT 1), stage = 'PRODUCTION', review_at = '2026-12-01' WHERE kind = 'WAIVER' AND state = 'APPROVED';
UPDATE policy_exceptions SET expires_at = '2026-12-24' WHERE id IN (SELECT id FROM policy_exceptions ORDER BY id LIMIT 80);
INSERT INTO compensating_controls (id, exception_id, description)
SELECT gen_random_uuid(), id, 'A person looks at each case.' FROM policy_exceptions ORDER BY id LIMIT 50;
INSERT INTO deployments (id, registry_id, external_id, model_id, version_id, endpoint, environment,
  status, traffic_percent, observed_at)
SELECT gen_random_uuid(), (SELECT id FROM registries LIMIT 1), 'd' || v.id, v.model_id, v.id, 'endpoint-' || v.name, 'eu',
  'RUNNING', 33.3, '2026-11-01' FROM model_versions v WHERE v.stage = 'PRODUCTION';
INSERT INTO sync_runs (id, registry_id, number, trigger, status, step, scope_digest, tries, models_seen, versions_seen,
  created, changed, missing, rejected, details_pending, details_tries, queued_at)
SELECT gen_random_uuid(), (SELECT id FROM registries LIMIT 1), n, 'SCHEDULE', 'SUCCEEDED', '', '', 0, n, n, 0, 0, 0, 0, 0, 0,
  '2026-11-01'::timestamptz + n * interval '1 hour' FROM generate_series(1, 5) n;
INSERT INTO tokens (id, person_id, label, prefix, secret_hash, scopes, created_at, expires_at)
SELECT gen_random_uuid(), id, 'ci', 'abcdefgh', sha256(id::text::bytea), '{READ}', '2026-11-01', '2027-01-01'
FROM people LIMIT 6;
INSERT INTO events (id, kind, at, actor_id, subject_kind, subject_id, scope_id, operation, data, body)
SELECT gen_random_uuid(), 'model.classified', '2026-11-01'::timestamptz + n * interval '1 minute', m.owner_id, 'model',
  m.id, m.id, 'op', '{"n": 1}', ''
FROM (SELECT *, row_number() OVER (ORDER BY id) n FROM models) m;
INSERT INTO events (id, kind, at, subject_kind, subject_id, scope_id, operation, data, body)
SELECT gen_random_uuid(), 'version.seen', '2026-11-02'::timestamptz + n * interval '1 minute', 'version', m.id, m.model_id,
  'op', '{}', '' FROM (SELECT *, row_number() OVER (ORDER BY id) n FROM model_versions LIMIT 40) m;
