SELECT convert_to(concat('{"exceptions":{"totalCount":', (SELECT count(*)
FROM policy_exceptions t1
WHERE exception_status(t1.state, t1.starts_at, t1.expires_at, t1.suspended_from, $1::timestamptz) = ANY($2::text[]) AND t1.expires_at < $3::timestamptz AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t1.model_id AND (NOT vm.restricted OR vm.owner_id = $4::uuid OR vm.team_id = ANY($5::uuid[]))))), ',"edges":[', (SELECT string_agg(concat('{"cursor":"', translate(encode(convert_to(json_build_array('-EXPIRES_AT', t1.expires_at, t1.id)::text, 'UTF8'), 'base64'), E'+/=\n', '-_'), '","node":{"status":"') || (exception_status(t1.state, t1.starts_at, t1.expires_at, t1.suspended_from, $1::timestamptz)) || concat('","expiresAt":', to_json(t1.expires_at), ',"daysLeft":') || ((t1.expires_at AT TIME ZONE 'UTC')::date - ($1::timestamptz AT TIME ZONE 'UTC')::date)::text || concat(',"model":', coalesce((SELECT concat('{"name":', to_json(t2.name), '}')
FROM models t2
WHERE t2.id = t1.model_id), 'null'), ',"policy":', coalesce((SELECT concat('{"key":', to_json(t3.key), '}')
FROM policies t3
WHERE t3.id = t1.policy_id), 'null'), '}}'), ',')
FROM (SELECT t1.expires_at, t1.id, t1.state, t1.starts_at, t1.suspended_from, t1.model_id, t1.policy_id
FROM policy_exceptions t1
WHERE exception_status(t1.state, t1.starts_at, t1.expires_at, t1.suspended_from, $1::timestamptz) = ANY($2::text[]) AND t1.expires_at < $3::timestamptz AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t1.model_id AND (NOT vm.restricted OR vm.owner_id = $4::uuid OR vm.team_id = ANY($5::uuid[]))))
ORDER BY t1.expires_at DESC, t1.id DESC
LIMIT 3) t1), ']}}'), 'UTF8')
