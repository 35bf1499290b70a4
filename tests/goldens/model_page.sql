SELECT convert_to(concat('{"models":{"totalCount":', (SELECT count(*)
FROM models t1
WHERE (NOT t1.restricted OR t1.owner_id = $1::uuid OR t1.team_id = ANY($2::uuid[]))), ',"pageInfo":{"hasNextPage":', (SELECT concat(CASE WHEN count(*) > $3::int8 THEN 'true' ELSE 'false' END, ',"hasPreviousPage":', CASE WHEN false THEN 'true' ELSE 'false' END, ',"startCursor":', CASE WHEN count(*) = 0 THEN 'null' ELSE '"' || translate(encode(convert_to(json_build_array('RISK,NAME', (array_agg(array_position(ARRAY['PROHIBITED','HIGH','UNCLASSIFIED','LIMITED','MINIMAL'], t1.tier::text)))[1], (array_agg(t1.name))[1], (array_agg(t1.id))[1])::text, 'UTF8'), 'base64'), E'+/=\n', '-_') || '"' END, ',"endCursor":', CASE WHEN count(*) = 0 THEN 'null' ELSE '"' || translate(encode(convert_to(json_build_array('RISK,NAME', (array_agg(array_position(ARRAY['PROHIBITED','HIGH','UNCLASSIFIED','LIMITED','MINIMAL'], t1.tier::text)))[least(count(*), $3::int8)], (array_agg(t1.name))[least(count(*), $3::int8)], (array_agg(t1.id))[least(count(*), $3::int8)])::text, 'UTF8'), 'base64'), E'+/=\n', '-_') || '"' END, '},"nodes":[', string_agg(concat('{"id":"Model:', t1.id, '","name":', to_json(t1.name), ',"tier":"', t1.tier, '","restricted":', CASE WHEN t1.restricted THEN 'true' WHEN NOT t1.restricted THEN 'false' END, ',"owner":', coalesce((SELECT concat('{"handle":', to_json(t2.handle), '}')
FROM people t2
WHERE t2.id = t1.owner_id), 'null'), ',"team":', coalesce((SELECT concat('{"key":', to_json(t3.key), '}')
FROM teams t3
WHERE t3.id = t1.team_id), 'null'), ',"tags":{"nodes":[', (SELECT string_agg(concat('{"key":', to_json(t4.key), ',"value":', to_json(t4.value), '}'), ',')
FROM (SELECT t4.key, t4.value
FROM model_tags t4
WHERE t4.model_id = t1.id
ORDER BY t4.key, t4.id
LIMIT 2) t4), ']}}'), ',') FILTER (WHERE t1._i <= $3::int8))
FROM (SELECT t1.tier, t1.name, t1.id, t1.restricted, t1.owner_id, t1.team_id, row_number() OVER () AS _i
FROM (SELECT t1.tier, t1.name, t1.id, t1.restricted, t1.owner_id, t1.team_id
FROM models t1
WHERE (NOT t1.restricted OR t1.owner_id = $1::uuid OR t1.team_id = ANY($2::uuid[]))
ORDER BY array_position(ARRAY['PROHIBITED','HIGH','UNCLASSIFIED','LIMITED','MINIMAL'], t1.tier::text), t1.name, t1.id
LIMIT 4) t1
LIMIT $3::int8 + 1) t1), ']}}'), 'UTF8')
