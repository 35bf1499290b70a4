SELECT convert_to(concat('{"policies":{"totalCount":', (SELECT count(*)
FROM policies t1
WHERE ((t1.severity = $1::text) OR ((strpos(lower(t1.title), lower($2::text)) > 0 OR strpos(t1.key, lower($2::text)) > 0 OR EXISTS (SELECT 1
FROM policy_versions cv
WHERE cv.id = t1.current_version_id AND strpos(lower(cv.rationale), lower($2::text)) > 0)))) AND NOT (t1.enforcement = $3::text)), ',"pageInfo":{"hasNextPage":', CASE WHEN false THEN 'true' ELSE 'false' END, ',"hasPreviousPage":', (SELECT concat(CASE WHEN count(*) > 2 THEN 'true' ELSE 'false' END, '},"nodes":[', string_agg(concat('{"key":', to_json(t1.key), ',"title":', to_json(t1.title), ',"severity":"', t1.severity, '","enforcement":"', t1.enforcement, '"}'), ','
ORDER BY t1._i DESC) FILTER (WHERE t1._i <= 2))
FROM (SELECT t1.key, t1.title, t1.severity, t1.enforcement, row_number() OVER () AS _i
FROM (SELECT t1.key, t1.title, t1.severity, t1.enforcement
FROM policies t1
WHERE ((t1.severity = $1::text) OR ((strpos(lower(t1.title), lower($2::text)) > 0 OR strpos(t1.key, lower($2::text)) > 0 OR EXISTS (SELECT 1
FROM policy_versions cv
WHERE cv.id = t1.current_version_id AND strpos(lower(cv.rationale), lower($2::text)) > 0)))) AND NOT (t1.enforcement = $3::text)
ORDER BY t1.title DESC, t1.id DESC
LIMIT 3) t1) t1), ']}}'), 'UTF8')
