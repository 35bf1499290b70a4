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
INSERT INTO compensating_controls (id, exception_id, description, attestation_note)
SELECT gen_random_uuid(), id, 'A person looks at each case.', '' FROM policy_exceptions ORDER BY id LIMIT 50;
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

-- What the second revision brought: rows of every kind, some of them of restricted models.
INSERT INTO compliance (id, version_id, policy_id, stage, model_id, policy_version_id, result_id, result_digest,
                        exception_id, decision_point, tier, outcome, enforcement, severity, since, due_at, evaluated_at)
SELECT gen_random_uuid(), r.version_id, r.policy_id, r.stage, r.model_id, r.policy_version_id, r.id, r.subject_digest,
       r.exception_id, r.decision_point, m.tier, r.outcome, r.enforcement, r.severity, r.evaluated_at,
       CASE WHEN r.outcome IN ('FAIL', 'WARN', 'ERROR') THEN r.evaluated_at + interval '30 days' END, r.evaluated_at
FROM check_results r JOIN models m ON m.id = r.model_id
ON CONFLICT DO NOTHING;

INSERT INTO check_inputs (id, version_id, model_id, stage, decision_point, tier, digest, document, at)
SELECT gen_random_uuid(), v.id, v.model_id, 'PRODUCTION', 'PROMOTE', m.tier, v.digest, '{"metrics":{"auc":0.5}}',
       '2026-06-01'
FROM model_versions v JOIN models m ON m.id = v.model_id;

UPDATE check_results r SET input_id = i.id FROM check_inputs i WHERE i.version_id = r.version_id AND r.outcome <> 'SKIP';

INSERT INTO policy_changes (id, policy_id, kind, status, base_version_id, wording, changed, digest, summary, shadow,
                            author_id, created_at, decision_note)
SELECT gen_random_uuid(), p.id, (ARRAY['WORDING', 'RETIRE'])[p.n % 2 + 1],
       (ARRAY['DRAFT', 'IN_REVIEW', 'PUBLISHED', 'REJECTED'])[p.n % 4 + 1], p.current_version_id,
       CASE WHEN p.n % 2 = 0 THEN jsonb_build_object('rule', 'metrics.auc >= 0.9') END, ARRAY['rule'], md5(p.key),
       'Tighter; "quoted", É', p.n % 2 = 0, p.owner_id, timestamptz '2026-06-01' + p.n * interval '1 hour', ''
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM policies) p;

INSERT INTO backtests (id, change_id, digest, status, days, cursor, total, done, counts, asked_by, queued_at)
SELECT gen_random_uuid(), c.id, c.digest, (ARRAY['DONE', 'RUNNING'])[abs(hashtext(c.digest)) % 2 + 1], 30, '', 10, 5,
       '{"inputs": 5}', c.author_id, c.created_at
FROM policy_changes c;

INSERT INTO shadow_results (id, change_id, version_id, model_id, stage, decision_point, published_outcome, draft_outcome,
                            explanation, evaluated_at)
SELECT gen_random_uuid(), c.id, v.id, v.model_id, 'PRODUCTION', 'PROMOTE',
       (ARRAY['PASS', 'FAIL', NULL])[abs(hashtext(v.id::text)) % 3 + 1], 'FAIL', 'not kept', '2026-06-02'
FROM policy_changes c CROSS JOIN LATERAL (SELECT * FROM model_versions ORDER BY md5(id::text || c.id) LIMIT 3) v
WHERE c.shadow;

INSERT INTO evidence (id, version_id, model_id, kind, verdict, source, title, tool, figures, details, version_digest,
                      code_commit, data_digest, command, digest, experiment, measured_at, added_at)
SELECT gen_random_uuid(), v.id, v.model_id, (ARRAY['FAIRNESS', 'SECURITY', 'LOAD'])[k + 1],
       (ARRAY['PASS', 'FAIL', 'NONE'])[abs(hashtext(v.id::text)) % 3 + 1], 'SENT', 'Report é', 'tool',
       '{"gap": 0.1}', '{}', v.digest, 'abc', 'def', 'make test', md5(v.id::text || k), md5('e' || k), '2026-05-01',
       timestamptz '2026-05-02' + k * interval '1 day'
FROM model_versions v CROSS JOIN generate_series(0, 2) k;

UPDATE evidence e SET disagrees_with_id = o.id FROM evidence o
WHERE e.version_id = o.version_id AND e.kind = 'SECURITY' AND o.kind = 'FAIRNESS' AND e.verdict = 'FAIL';

INSERT INTO deployment_intents (id, version_id, model_id, stage, status, status_why, reason, subject_digest,
                                approval_request_id, rollback_version_id, requested_by, requested_at, expires_at)
SELECT gen_random_uuid(), v.id, v.model_id, (ARRAY['PRODUCTION', 'STAGING'])[n % 2 + 1],
       (ARRAY['AWAITING_APPROVAL', 'APPROVED', 'BLOCKED', 'HALTED'])[n % 4 + 1], 'because', 'wanted', v.digest,
       (SELECT a.id FROM approval_requests a WHERE a.subject_id = v.id ORDER BY a.id LIMIT 1), v.id,
       (SELECT id FROM people ORDER BY id LIMIT 1), timestamptz '2026-06-03' + n * interval '1 minute',
       CASE WHEN n % 4 = 1 THEN timestamptz '2027-01-01' END
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM model_versions) v;

INSERT INTO break_glasses (id, request_id, scope_id, person_id, reason, at, expires_at, review_due_at, review_id,
                           reviewed_at, justified)
SELECT gen_random_uuid(), r.id, r.scope_id, r.requested_by, 'It burns; "now", é', r.requested_at,
       CASE WHEN n % 2 = 0 THEN timestamptz '2027-01-01' ELSE r.requested_at + interval '4 hours' END,
       CASE WHEN n % 3 = 0 THEN timestamptz '2027-01-01' ELSE r.due_at END, r.id,
       CASE WHEN n % 4 > 1 THEN r.due_at END, CASE WHEN n % 4 > 1 THEN n % 4 = 2 END
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM approval_requests) r WHERE n < 40;

INSERT INTO permits (id, intent_id, version_id, model_id, stage, key_id, envelope, digest, issued_at, expires_at,
                     revoked_at, revoked_why, break_glass_id)
SELECT gen_random_uuid(), i.id, i.version_id, i.model_id, i.stage, 'k', '{}', md5(i.id::text), i.requested_at,
       '2027-01-01', CASE WHEN i.status = 'HALTED' THEN i.requested_at + interval '1 day' END,
       CASE WHEN i.status = 'HALTED' THEN 'halted' END,
       (SELECT b.id FROM break_glasses b WHERE b.request_id = i.approval_request_id)
FROM deployment_intents i WHERE i.status IN ('APPROVED', 'HALTED');

INSERT INTO signing_keys (id, key_id, public_key, sealed_by, sealed, created_at)
VALUES (gen_random_uuid(), 'k', 'AAAA', 'here', '\x00', '2026-06-01');

INSERT INTO dataset_descriptions (id, namespace, name, categories, prohibited, described_by, described_at, source_name,
                                  legal_basis, consent, licence, note)
SELECT gen_random_uuid(), d.namespace, d.name, ARRAY['PERSONAL'], d.name LIKE '%3%', (SELECT id FROM people LIMIT 1),
       '2026-06-01', 'clinic', 'contract', '', 'CC-BY', ''
FROM (SELECT DISTINCT namespace, name FROM datasets) d WHERE d.name LIKE '%1%' OR d.name LIKE '%3%';

INSERT INTO dossiers (id, version_id, model_id, stage, digest, content, content_digest, bytes, made_at)
SELECT gen_random_uuid(), a.subject_id, a.scope_id, a.stage, a.subject_digest,
       jsonb_build_object(
           'binds_to', '{}'::jsonb, 'rule', NULL, 'model', '{"tags": {"team": "é"}}'::jsonb, 'version', '{}'::jsonb,
           'card', jsonb_build_object('sections', jsonb_build_object('factors', a.subject_digest), 'completeness',
               '{"filled": 1, "of": 9, "missing": ["metrics", "factors \"é"], "wanting": []}'::jsonb),
           'lineage', '{"datasets": [{"name": "a", "role": "TRAINING"}], "runs": [], "versions": []}'::jsonb,
           'metrics', jsonb_build_array(
               jsonb_build_object('name', 'auc', 'segment', '', 'value', abs(hashtext(a.subject_digest)) % 9)),
           'evidence', '[]'::jsonb, 'not_asked', '[]'::jsonb, 'exceptions', '[]'::jsonb,
           'checks', '[{"policy": "p", "outcome": "FAIL"}, {"policy": "q", "outcome": "WAIVED"}]'::jsonb,
           'risk', '{"blocking": 1, "disputed_evidence": 0, "prohibited_datasets": 2, "undescribed_datasets": 0}'::jsonb),
       md5(a.id::text), 100, a.requested_at
FROM approval_requests a WHERE a.subject_kind = 'version'
ON CONFLICT DO NOTHING;

-- Rows of the matrix for tags, and changes of rows that are there and of one that is not.
INSERT INTO approval_rules (id, subject_kind, tier, stage, tag, steps, term_days, reminders_h, escalation, at_end, calendar,
                            rationale, set_at)
SELECT gen_random_uuid(), 'version', r.tier, r.stage, t.tag, r.steps, r.term_days, '[]', '[]', 'KEEP', 'default', 'É', r.set_at
FROM approval_rules r CROSS JOIN (VALUES ('review'), ('domain=health')) t (tag)
WHERE r.subject_kind = 'version' AND r.stage = 'PRODUCTION';

INSERT INTO matrix_changes (id, subject_kind, tier, stage, tag, proposed, before, status, digest, summary, author_id,
                            created_at)
SELECT gen_random_uuid(), r.subject_kind, r.tier, r.stage, r.tag,
       CASE WHEN n % 2 = 0 THEN jsonb_build_object('steps', r.steps) END, jsonb_build_object('steps', r.steps),
       (ARRAY['IN_REVIEW', 'APPLIED', 'STALE'])[n % 3 + 1], md5(r.id::text), 'Fewer; "quoted"',
       (SELECT id FROM people ORDER BY id LIMIT 1), timestamptz '2026-06-05' + n * interval '1 minute'
FROM (SELECT *, row_number() OVER (ORDER BY subject_kind, tier, stage, tag) AS n FROM approval_rules) r;
