SELECT convert_to(concat('{"model":', coalesce((SELECT concat('{"name":', to_json(t1.name), ',"tier":"', t1.tier, '","description":', to_json(t1.description), ',"registry":', coalesce((SELECT concat('{"key":', to_json(t2.key), ',"kind":', to_json(t2.kind), ',"lastSync":', coalesce((SELECT concat('{"status":"', t3.status, '"}')
FROM sync_runs t3
WHERE t3.id = (SELECT s.id
FROM sync_runs s
WHERE s.registry_id = t2.id
ORDER BY s.number DESC
LIMIT 1)), 'null'), '}')
FROM registries t2
WHERE t2.id = t1.registry_id), 'null'), ',"latestVersion":', coalesce((SELECT concat('{"name":', to_json(t4.name), ',"stage":"', t4.stage, '","digest":', to_json(t4.digest), ',"aliases":') || to_json((ARRAY(SELECT a.name
FROM version_aliases a
WHERE a.version_id = t4.id
ORDER BY a.name)))::text || concat(',"card":', coalesce((SELECT concat('{"intendedUse":', coalesce(to_json(t5.intended_use)::text, 'null'), '}')
FROM model_cards t5
WHERE t5.version_id = t4.id), 'null'), ',"metrics":{"nodes":[', (SELECT string_agg(concat('{"name":', to_json(t6.name), ',"segment":', to_json(t6.segment), ',"value":', coalesce(to_json(t6.value)::text, 'null'), '}'), ',')
FROM (SELECT t6.name, t6.segment, t6.value
FROM version_metrics t6
WHERE t6.version_id = t4.id
ORDER BY t6.name, t6.segment, t6.id
LIMIT 5) t6), ']},"datasets":{"nodes":[', (SELECT string_agg(concat('{"name":', to_json(t7.name), ',"digest":', to_json(t7.digest), '}'), ',')
FROM (SELECT t7.name, t7.digest
FROM datasets t7
WHERE t7.id IN (SELECT e.from_id
FROM lineage_edges e
WHERE e.from_kind = 'DATASET' AND (e.to_id = t4.id OR e.to_id = t4.run_id))
ORDER BY t7.name, t7.id
LIMIT 3) t7), ']},"checkResults":{"nodes":[', (SELECT string_agg(concat('{"outcome":"', t8.outcome, '","explanation":', to_json(t8.explanation), ',"policy":', coalesce((SELECT concat('{"key":', to_json(t9.key), '}')
FROM policies t9
WHERE t9.id = t8.policy_id), 'null'), '}'), ',')
FROM (SELECT t8.outcome, t8.explanation, t8.policy_id
FROM check_results t8
WHERE t8.version_id = t4.id
ORDER BY t8.evaluated_at DESC, t8.id DESC
LIMIT 2) t8), ']}}')
FROM model_versions t4
WHERE t4.id = (SELECT l.id
FROM model_versions l
WHERE l.model_id = t1.id
ORDER BY l.created_at DESC, l.id DESC
LIMIT 1)), 'null'), ',"policies":{"nodes":[', (SELECT string_agg(concat('{"why":', to_json(t10.why), ',"policy":', coalesce((SELECT concat('{"key":', to_json(t11.key), ',"title":', to_json(t11.title), ',"severity":"', t11.severity, '","enforcement":"', t11.enforcement, '","currentVersion":', coalesce((SELECT concat('{"number":', t12.number, ',"rule":', to_json(t12.rule), '}')
FROM policy_versions t12
WHERE t12.id = t11.current_version_id), 'null'), '}')
FROM policies t11
WHERE t11.id = t10.policy_id), 'null'), '}'), ',')
FROM (SELECT t10.why, t10.policy_id
FROM policy_bindings t10
WHERE t10.model_id = t1.id
ORDER BY t10.bound_at DESC, t10.id DESC
LIMIT 2) t10), ']},"exceptions":{"totalCount":', (SELECT count(*)
FROM policy_exceptions t13
WHERE t13.model_id = t1.id), ',"nodes":[', (SELECT string_agg(concat('{"kind":"', t13.kind, '","status":"') || (exception_status(t13.state, t13.starts_at, t13.expires_at, t13.suspended_from, $1::timestamptz)) || '","daysLeft":' || ((t13.expires_at AT TIME ZONE 'UTC')::date - ($1::timestamptz AT TIME ZONE 'UTC')::date)::text || concat(',"expiresAt":', to_json(t13.expires_at), ',"policy":', coalesce((SELECT concat('{"key":', to_json(t14.key), '}')
FROM policies t14
WHERE t14.id = t13.policy_id), 'null'), '}'), ',')
FROM (SELECT t13.kind, t13.state, t13.starts_at, t13.expires_at, t13.suspended_from, t13.policy_id
FROM policy_exceptions t13
WHERE t13.model_id = t1.id
ORDER BY t13.requested_at DESC, t13.id DESC
LIMIT 2) t13), ']},"approvals":{"nodes":[', (SELECT string_agg(concat('{"status":"', t15.status, '","stage":', coalesce('"' || t15.stage || '"', 'null'), ',"dueAt":', to_json(t15.due_at), ',"signOffs":{"nodes":[', (SELECT string_agg(concat('{"decision":"', t16.decision, '","discipline":', coalesce('"' || t16.discipline || '"', 'null'), ',"person":', coalesce((SELECT concat('{"handle":', to_json(t17.handle), '}')
FROM people t17
WHERE t17.id = t16.person_id), 'null'), '}'), ',')
FROM (SELECT t16.decision, t16.discipline, t16.person_id
FROM sign_offs t16
WHERE t16.request_id = t15.id
ORDER BY t16.signed_at DESC, t16.id DESC
LIMIT 2) t16), ']}}'), ',')
FROM (SELECT t15.status, t15.stage, t15.due_at, t15.id
FROM approval_requests t15
WHERE t15.scope_id = t1.id
ORDER BY t15.requested_at DESC, t15.id DESC
LIMIT 2) t15), ']}}')
FROM models t1
WHERE t1.id = (SELECT n.id
FROM models n
WHERE n.name = $2::text
ORDER BY n.created_at, n.id
LIMIT 1) AND (NOT t1.restricted OR t1.owner_id = $3::uuid OR t1.team_id = ANY($4::uuid[]))), 'null'), '}'), 'UTF8')
