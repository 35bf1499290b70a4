SELECT convert_to(concat('{"breakGlasses":{"totalCount":', (SELECT count(*)
FROM break_glasses t1
WHERE (t1.reviewed_at IS NOT NULL) = $1::bool AND (t1.reviewed_at IS NULL AND t1.review_due_at < $2::timestamptz) = $3::bool AND (t1.scope_id IS NULL OR EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t1.scope_id AND (NOT vm.restricted OR vm.owner_id = $4::uuid OR vm.team_id = ANY($5::uuid[]))))), ',"nodes":[', (SELECT string_agg(concat('{"reason":', to_json(t1.reason), ',"expiresAt":', to_json(t1.expires_at), ',"inForce":') || CASE WHEN ((t1.expires_at > $2::timestamptz AND t1.justified IS NOT FALSE)) THEN 'true' WHEN NOT ((t1.expires_at > $2::timestamptz AND t1.justified IS NOT FALSE)) THEN 'false' END || ',"overdue":' || CASE WHEN ((t1.reviewed_at IS NULL AND t1.review_due_at < $2::timestamptz)) THEN 'true' WHEN NOT ((t1.reviewed_at IS NULL AND t1.review_due_at < $2::timestamptz)) THEN 'false' END || concat(',"justified":', coalesce(CASE WHEN t1.justified THEN 'true' WHEN NOT t1.justified THEN 'false' END, 'null'), ',"person":', coalesce((SELECT concat('{"handle":', to_json(t2.handle), '}')
FROM people t2
WHERE t2.id = t1.person_id), 'null'), ',"model":', coalesce((SELECT concat('{"name":', to_json(t3.name), '}')
FROM models t3
WHERE t3.id = t1.scope_id), 'null'), ',"review":', coalesce((SELECT concat('{"status":"', t4.status, '","dueAt":', to_json(t4.due_at), '}')
FROM approval_requests t4
WHERE t4.id = t1.review_id), 'null'), '}'), ',')
FROM (SELECT t1.reason, t1.expires_at, t1.justified, t1.reviewed_at, t1.review_due_at, t1.person_id, t1.scope_id, t1.review_id
FROM break_glasses t1
WHERE (t1.reviewed_at IS NOT NULL) = $1::bool AND (t1.reviewed_at IS NULL AND t1.review_due_at < $2::timestamptz) = $3::bool AND (t1.scope_id IS NULL OR EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t1.scope_id AND (NOT vm.restricted OR vm.owner_id = $4::uuid OR vm.team_id = ANY($5::uuid[]))))
ORDER BY t1.review_due_at, t1.id
LIMIT 2) t1), ']},"models":{"nodes":[', (SELECT string_agg(concat('{"breakGlasses":{"nodes":[', (SELECT string_agg(concat('{"at":', to_json(t6.at), '}'), ',')
FROM (SELECT t6.at
FROM break_glasses t6
WHERE t6.scope_id = t5.id
ORDER BY t6.at DESC, t6.id DESC
LIMIT 1) t6), ']},"approvals":{"nodes":[', (SELECT string_agg(concat('{"breakGlass":', coalesce((SELECT concat('{"at":', to_json(t8.at), '}')
FROM break_glasses t8
WHERE t8.request_id = t7.id), 'null'), '}'), ',')
FROM (SELECT t7.id
FROM approval_requests t7
WHERE t7.scope_id = t5.id
ORDER BY t7.requested_at DESC, t7.id DESC
LIMIT 1) t7), ']}}'), ',')
FROM (SELECT t5.id
FROM models t5
WHERE (NOT t5.restricted OR t5.owner_id = $4::uuid OR t5.team_id = ANY($5::uuid[]))
ORDER BY t5.name, t5.id
LIMIT 1) t5), ']}}'), 'UTF8')
