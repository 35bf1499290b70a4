SELECT convert_to(concat('{"modelVersions":{"nodes":[', (SELECT string_agg(concat('{"name":', to_json(t1.name), ',"run":', coalesce((SELECT concat('{"name":', to_json(t2.name), ',"codeCommit":', coalesce(to_json(t2.code_commit)::text, 'null'), ',"inputs":{"nodes":[', (SELECT string_agg(concat('{"name":', to_json(t3.name), '}'), ',')
FROM (SELECT t3.name
FROM datasets t3
WHERE EXISTS (SELECT 1
FROM lineage_edges e
WHERE e.from_id = t3.id AND e.to_id = t2.id)
ORDER BY t3.name, t3.id
LIMIT 5) t3), ']}}')
FROM runs t2
WHERE t2.id = t1.run_id AND NOT EXISTS (SELECT 1
FROM model_versions vv JOIN models vm ON vm.id = vv.model_id
WHERE vv.run_id = t2.id AND NOT coalesce(NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]), false))), 'null'), ',"upstream":{"totalCount":', (SELECT count(*)
FROM lineage_walk(t1.id, true, NULL::int8::int) t4
WHERE (t4.kind <> 'VERSION' OR EXISTS (SELECT 1
FROM model_versions vv JOIN models vm ON vm.id = vv.model_id
WHERE vv.id = t4.id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]))))), ',"nodes":[', (SELECT string_agg('{"depth":' || (t4.depth)::text || ',"kind":"' || (t4.kind) || '","role":"' || (t4.role) || concat('","node":', coalesce((CASE t4.kind WHEN 'DATASET' THEN (SELECT concat('{"__typename":"Dataset","id":"Dataset:', t5.id, '","name":', to_json(t5.name), '}')
FROM datasets t5
WHERE t5.id = t4.id) WHEN 'RUN' THEN (SELECT concat('{"__typename":"Run","id":"Run:', t6.id, '","name":', to_json(t6.name), '}')
FROM runs t6
WHERE t6.id = t4.id AND NOT EXISTS (SELECT 1
FROM model_versions vv JOIN models vm ON vm.id = vv.model_id
WHERE vv.run_id = t6.id AND NOT coalesce(NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]), false))) WHEN 'VERSION' THEN (SELECT concat('{"__typename":"ModelVersion","id":"ModelVersion:', t7.id, '"}')
FROM model_versions t7
WHERE t7.id = t4.id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t7.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]))))) END), 'null'), '}'), ',')
FROM (SELECT t4.depth, t4.kind, t4.role, t4.id
FROM lineage_walk(t1.id, true, NULL::int8::int) t4
WHERE (t4.kind <> 'VERSION' OR EXISTS (SELECT 1
FROM model_versions vv JOIN models vm ON vm.id = vv.model_id
WHERE vv.id = t4.id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]))))
ORDER BY t4.depth, t4.id
LIMIT 10) t4), ']}}'), ',')
FROM (SELECT t1.name, t1.run_id, t1.id
FROM model_versions t1
WHERE (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t1.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]))))
ORDER BY t1.created_at, t1.id
LIMIT 1) t1), ']},"datasets":{"nodes":[', (SELECT string_agg(concat('{"name":', to_json(t8.name), ',"downstream":{"nodes":[', (SELECT string_agg('{"depth":' || (t9.depth)::text || concat(',"node":', coalesce((CASE t9.kind WHEN 'DATASET' THEN (SELECT '{"__typename":"Dataset"}'
FROM datasets t10
WHERE t10.id = t9.id) WHEN 'RUN' THEN (SELECT '{"__typename":"Run"}'
FROM runs t11
WHERE t11.id = t9.id AND NOT EXISTS (SELECT 1
FROM model_versions vv JOIN models vm ON vm.id = vv.model_id
WHERE vv.run_id = t11.id AND NOT coalesce(NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]), false))) WHEN 'VERSION' THEN (SELECT '{"__typename":"ModelVersion"}'
FROM model_versions t12
WHERE t12.id = t9.id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t12.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]))))) END), 'null'), '}'), ',')
FROM (SELECT t9.depth, t9.kind, t9.id
FROM lineage_walk(t8.id, false, $3::int8::int) t9
WHERE (t9.kind <> 'VERSION' OR EXISTS (SELECT 1
FROM model_versions vv JOIN models vm ON vm.id = vv.model_id
WHERE vv.id = t9.id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($2::uuid[]))))
ORDER BY t9.depth, t9.id
LIMIT 3) t9), ']}}'), ','
ORDER BY t8._i DESC)
FROM (SELECT t8.name, t8.id, row_number() OVER () AS _i
FROM (SELECT t8.name, t8.id
FROM datasets t8
ORDER BY t8.name DESC, t8.id DESC
LIMIT 1) t8) t8), ']}}'), 'UTF8')
