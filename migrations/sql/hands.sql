-- Whether somebody has a hand in what a request is about: asked it or made it, under whatever account. It is the closure
-- that people are looked up by when they sign, seen from the one person.
CREATE FUNCTION has_hand(requester uuid, made_by jsonb, person uuid)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    WITH RECURSIVE mine AS (
        SELECT person AS id
        UNION
        SELECT o.person_id FROM mine f JOIN person_names n ON n.person_id = f.id JOIN person_names o ON o.name = n.name
    )
    SELECT EXISTS (
        SELECT FROM mine f
        WHERE f.id = requester
           OR COALESCE(made_by -> 'people' ? f.id::text, false)
           OR EXISTS (
                SELECT FROM jsonb_array_elements_text(made_by -> 'names') AS a (name)
                WHERE lower(btrim(a.name)) IN (
                    SELECT n.name FROM person_names n WHERE n.person_id = f.id
                    UNION ALL
                    SELECT lower(p.name) FROM people p WHERE p.id = f.id)))
$$;

-- Whether somebody sees a model; without a model there is nothing to hide.
CREATE FUNCTION sees_model(model uuid, person uuid)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT model IS NULL OR EXISTS (
        SELECT FROM models m WHERE m.id = model AND (NOT m.restricted OR m.owner_id = person
            OR EXISTS (SELECT FROM team_members t WHERE t.team_id = m.team_id AND t.person_id = person)
            OR EXISTS (SELECT FROM role_grants g WHERE g.person_id = person AND g.role IN ('AUDITOR', 'ADMIN'))))
$$;
