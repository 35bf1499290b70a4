SELECT convert_to(concat('{"it":', coalesce((SELECT concat('{"__typename":"Model","id":"Model:', t1.id, '","name":', to_json(t1.name), '}')
FROM models t1
WHERE t1.id = $1::uuid AND (NOT t1.restricted OR t1.owner_id = $2::uuid OR t1.team_id = ANY($3::uuid[]))), 'null'), '}'), 'UTF8')
