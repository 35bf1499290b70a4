SELECT convert_to(concat('{"upcomingDeadlines":{"totalCount":', (SELECT count(*)
FROM (SELECT *
FROM deadlines
WHERE ends_at IS NOT NULL AND NOT in_copy) t1
WHERE t1.ends_at <= $1::timestamptz + make_interval(hours => 24 * least(greatest(coalesce($2::int8::int, 30), 0), 36500)) AND coalesce(coalesce(t1.until_at, CASE WHEN t1.kind = 'EXPIRY' THEN t1.ends_at END) > $1::timestamptz, true) AND t1.kind = ANY($3::text[]) AND (t1.ends_at <= $1::timestamptz) = $4::bool AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t1.model_id AND (NOT vm.restricted OR vm.owner_id = $5::uuid OR vm.team_id = ANY($6::uuid[]))))), ',"nodes":[', (SELECT string_agg(concat('{"kind":"', t1.kind, '","dueAt":') || to_json((t1.ends_at))::text || ',"overdue":' || CASE WHEN ((t1.ends_at <= $1::timestamptz)) THEN 'true' WHEN NOT ((t1.ends_at <= $1::timestamptz)) THEN 'false' END || ',"daysLeft":' || ((t1.ends_at AT TIME ZONE 'UTC')::date - ($1::timestamptz AT TIME ZONE 'UTC')::date)::text || concat(',"owner":', coalesce((SELECT concat('{"handle":', to_json(t2.handle), '}')
FROM people t2
WHERE t2.id = t1.person_id), 'null'), ',"model":', coalesce((SELECT concat('{"name":', to_json(t3.name), '}')
FROM models t3
WHERE t3.id = t1.model_id), 'null'), ',"exception":', coalesce((SELECT '{"status":"' || (exception_status(t4.state, t4.starts_at, t4.expires_at, t4.suspended_from, $1::timestamptz)) || '"}'
FROM policy_exceptions t4
WHERE t4.id = t1.exception_id), 'null'), ',"criterion":', coalesce((SELECT concat('{"description":', to_json(t5.description), '}')
FROM acceptance_criteria t5
WHERE t1.kind = 'CRITERION' AND t5.id = t1.about_id), 'null'), '}'), ',')
FROM (SELECT t1.kind, t1.ends_at, t1.person_id, t1.model_id, t1.exception_id, t1.about_id
FROM (SELECT *
FROM deadlines
WHERE ends_at IS NOT NULL AND NOT in_copy) t1
WHERE t1.ends_at <= $1::timestamptz + make_interval(hours => 24 * least(greatest(coalesce($2::int8::int, 30), 0), 36500)) AND coalesce(coalesce(t1.until_at, CASE WHEN t1.kind = 'EXPIRY' THEN t1.ends_at END) > $1::timestamptz, true) AND t1.kind = ANY($3::text[]) AND (t1.ends_at <= $1::timestamptz) = $4::bool AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t1.model_id AND (NOT vm.restricted OR vm.owner_id = $5::uuid OR vm.team_id = ANY($6::uuid[]))))
ORDER BY t1.ends_at, t1.id
LIMIT 3) t1), ']}}'), 'UTF8')
