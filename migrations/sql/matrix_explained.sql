-- What a row about versions is for, in words: HIGH models with the tag pii=yes to PRODUCTION.
CREATE FUNCTION approval_rule_words(tier text, stage text, tag text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT COALESCE(tier, 'any') || ' models' || COALESCE(' with the tag ' || tag, '') || ' to ' || COALESCE(stage, 'any stage')
$$;

-- Every row about versions, and why it applies to this version on its way to a stage, or why not.
CREATE FUNCTION approval_rules_considered(of_version uuid, to_stage text)
RETURNS TABLE (id uuid, place bigint, applies boolean, why text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    WITH subject AS (
        SELECT m.tier, CASE m.tier WHEN 'UNCLASSIFIED' THEN 'HIGH' ELSE m.tier END AS treated, model_tag_words(m.id) AS tags
        FROM model_versions v JOIN models m ON m.id = v.model_id WHERE v.id = of_version
    ),
    fitting AS (
        SELECT f.id, f.place, r.tier, r.stage, r.tag, r.steps
        FROM subject s CROSS JOIN LATERAL approval_rules_fitting('version', s.tier, to_stage, s.tags) f
        JOIN approval_rules r ON r.id = f.id
    )
    SELECT r.id,
        row_number() OVER (ORDER BY f.place, approval_rule_rank(r.tier, r.stage, r.tag, r.steps) COLLATE "C",
                           r.tier, r.stage),
        COALESCE(f.place = 1, false),
        CASE
            WHEN f.place = 1 THEN 'it applies'
            WHEN f.place > 1 THEN CASE
                WHEN c.tag IS NOT NULL AND r.tag IS NULL THEN 'a row for a tag that the model carries comes before it'
                WHEN c.tier IS NOT NULL AND r.tier IS NULL THEN 'a row for the tier comes before one for any'
                WHEN c.stage IS NOT NULL AND r.stage IS NULL THEN 'a row for the stage comes before one for any'
                WHEN approval_rule_asks(c.steps) > approval_rule_asks(r.steps)
                    THEN 'the row for the tag ' || c.tag || ' asks for more signatures'
                ELSE 'the row for the tag ' || c.tag || ' asks for as many, and comes first by name' END
            WHEN s.tier = 'PROHIBITED' THEN 'nobody may approve a PROHIBITED model'
            ELSE concat_ws('; ',
                CASE WHEN r.tier <> s.treated THEN 'it is for ' || r.tier || ' models, and this one is ' || CASE s.tier
                    WHEN 'UNCLASSIFIED' THEN 'UNCLASSIFIED, which is treated as HIGH' ELSE s.tier END END,
                CASE WHEN r.stage <> to_stage THEN 'it is for the stage ' || r.stage END,
                CASE WHEN r.tag <> ALL (s.tags) THEN 'the model does not carry the tag ' || r.tag END)
        END
    FROM subject s
    CROSS JOIN approval_rules r
    LEFT JOIN fitting f ON f.id = r.id
    LEFT JOIN fitting c ON c.place = 1
    WHERE r.subject_kind = 'version'
$$;

-- Why the row that applies to a version on its way to a stage does, and what other row would if the model carried a tag.
CREATE FUNCTION approval_rule_why(of_version uuid, to_stage text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT CASE
        WHEN m.tier = 'PROHIBITED' THEN 'nobody may approve a PROHIBITED model'
        WHEN r.id IS NULL THEN 'no row fits ' || approval_rule_words(t.treated, to_stage, NULL)
            || ': nobody may approve it until a row is added (hub approvals matrix propose)'
        ELSE approval_rule_words(r.tier, r.stage, r.tag)
            || CASE WHEN m.tier = 'UNCLASSIFIED' THEN ', as which an UNCLASSIFIED one is treated' ELSE '' END
            || CASE WHEN r.steps = '[]' THEN ', where checks alone suffice' ELSE '' END
        END
        || COALESCE((
            SELECT string_agg('; a row for the tag ' || o.tag || ' was not chosen because the model does not carry it', ''
                              ORDER BY o.tag, o.tier, o.stage)
            FROM approval_rules o
            WHERE o.subject_kind = 'version' AND m.tier <> 'PROHIBITED' AND o.tag <> ALL (model_tag_words(m.id))
              AND (o.tier IS NULL OR o.tier = t.treated) AND (o.stage IS NULL OR o.stage = to_stage)), '')
    FROM model_versions v
    JOIN models m ON m.id = v.model_id
    CROSS JOIN LATERAL (SELECT CASE m.tier WHEN 'UNCLASSIFIED' THEN 'HIGH' ELSE m.tier END AS treated) t
    LEFT JOIN approval_rules r ON r.id = approval_rule('version', m.tier, to_stage, m.id)
    WHERE v.id = of_version
$$;

-- Whose work a version is: by the names that its registry and its run give, who is known here by them, and every other
-- account of these human beings.
CREATE FUNCTION version_makers(of_version uuid)
RETURNS TABLE (name text, person_id uuid, why text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    WITH RECURSIVE made AS (
        SELECT lower(btrim(a.name)) AS name, string_agg(a.what, ' and ' ORDER BY a.what DESC) AS what
        FROM model_versions v
        LEFT JOIN runs r ON r.id = v.run_id
        CROSS JOIN LATERAL (VALUES (v.author, 'the version'), (r.author, 'its run')) a (name, what)
        WHERE v.id = of_version AND btrim(a.name) <> ''
        GROUP BY 1
    ),
    meant AS (
        SELECT m.name, n.person_id FROM made m JOIN person_names n ON n.name = m.name
        UNION
        SELECT m.name, p.id FROM made m JOIN people p ON lower(p.name) = m.name
    ),
    found AS (
        SELECT m.name, m.person_id FROM meant m
        UNION
        SELECT f.name, o.person_id
        FROM found f JOIN person_names n ON n.person_id = f.person_id JOIN person_names o ON o.name = n.name
    )
    SELECT m.name, p.id, 'made ' || m.what || CASE
        WHEN p.id IS NULL THEN '; nobody is known here by this name'
        WHEN lower(p.handle) = m.name THEN ''
        WHEN EXISTS (SELECT FROM meant k WHERE (k.name, k.person_id) = (m.name, p.id)) THEN ', known there as ' || m.name
        ELSE ', under another account of the same human being' END
    FROM made m LEFT JOIN found f ON f.name = m.name LEFT JOIN people p ON p.id = f.person_id
$$;

-- Who could sign a step of a row today about a version, in their own right. Whoever asks does not, besides.
CREATE FUNCTION approval_signers(of_version uuid, step jsonb)
RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT ARRAY(
        SELECT DISTINCT p.id
        FROM model_versions v
        JOIN models m ON m.id = v.model_id
        JOIN role_grants g ON step -> 'roles' ? g.role AND (step -> 'disciplines' = '{}' OR step -> 'disciplines' ? g.discipline)
        JOIN people p ON p.id = g.person_id AND p.active AND p.kind = 'HUMAN'
        WHERE v.id = of_version
          AND CASE step ->> 'group'
              WHEN 'OWNERS' THEN m.owner_id = p.id
              WHEN 'TEAM' THEN EXISTS (SELECT FROM team_members t JOIN teams x ON x.id = t.team_id
                                       WHERE t.person_id = p.id AND x.key = step ->> 'team')
              ELSE true END
          AND p.id NOT IN (SELECT w.person_id FROM version_makers(of_version) w WHERE w.person_id IS NOT NULL)
          AND may_be_asked(NULL, '00000000-0000-0000-0000-000000000000', NULL, m.id, p.id)
        ORDER BY p.id)
$$;
