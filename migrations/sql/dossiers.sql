-- What was put before reviewers is added to, never changed.
REVOKE UPDATE, DELETE, TRUNCATE ON dossiers FROM hub_app;

-- What a list's entry is known by, so that entries are compared with their like wherever they stand: a policy, a metric
-- and its segment, a data set and what it was used for, a kind of evidence; a plain value by itself.
CREATE FUNCTION dossier_key(entry jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE jsonb_typeof(entry)
    WHEN 'object' THEN coalesce(
        entry->>'policy',
        concat_ws(' ', entry->>'name', nullif(entry->>'segment', ''), entry->>'role', entry->>'dataset'),
        '')
        || CASE WHEN entry ? 'name' OR entry ? 'policy' THEN '' ELSE coalesce(entry->>'kind', '') END
    ELSE entry #>> '{}'
END;

-- The parts of a document by name; the entries of a list by what they are known by, the second of a name as `name (2)`.
CREATE FUNCTION dossier_children(of jsonb) RETURNS TABLE (name text, value jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT e.key, e.value FROM jsonb_each(CASE jsonb_typeof(of) WHEN 'object' THEN of END) e
    UNION ALL
    SELECT CASE WHEN k.nth = 1 THEN k.name ELSE format('%s (%s)', k.name, k.nth) END, k.value
    FROM (SELECT dossier_key(e.value) AS name, e.value,
                 row_number() OVER (PARTITION BY dossier_key(e.value) ORDER BY e.ordinality) AS nth
          FROM jsonb_array_elements(CASE jsonb_typeof(of) WHEN 'array' THEN of END) WITH ORDINALITY e) k
$$;

-- A value as it stands in a sentence: instants to the minute, several words in quotes; null where it is too long for one.
CREATE FUNCTION dossier_said(value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value IS NULL OR jsonb_typeof(value) = 'null' THEN 'none'
    WHEN jsonb_typeof(value) IN ('object', 'array') OR length(value #>> '{}') > 60 THEN NULL
    WHEN value #>> '{}' ~ '\s' THEN '“' || (value #>> '{}') || '”'
    ELSE regexp_replace(value #>> '{}', '^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+Z$', '\1 \2 UTC')
END;

-- How two dossiers differ: the paths of what is otherwise, with what stood there and what stands there now. What is there
-- on one side only is one difference, however much it holds. Left out is what follows from other parts, and what is new
-- in every dossier: ids, and the instants at which things were measured and written down.
CREATE FUNCTION dossier_differences(old jsonb, new jsonb)
RETURNS TABLE (id uuid, nth bigint, part text, path text[], before jsonb, after jsonb, words text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
SET search_path FROM CURRENT
AS $$
    WITH RECURSIVE pairs (path, before, after) AS (
        SELECT ARRAY[]::text[], old, new
        UNION ALL
        SELECT p.path || n.name, n.before, n.after
        FROM pairs p
        CROSS JOIN LATERAL (
            SELECT coalesce(b.name, a.name) AS name, b.value AS before, a.value AS after
            FROM dossier_children(p.before) b FULL JOIN dossier_children(p.after) a ON a.name = b.name
        ) n
        WHERE p.before <> p.after AND jsonb_typeof(p.before) = jsonb_typeof(p.after)
          AND n.before IS DISTINCT FROM n.after
          AND n.name <> ALL (ARRAY['id', 'external_id', 'result', 'added_at', 'created_at', 'due_at', 'evaluated_at',
                                   'measured_at', 'updated_at'])
          AND NOT (n.name = 'digest' AND p.path[1] IN ('card', 'evidence'))
          AND NOT (n.name = 'completeness' AND p.path[1] = 'card' OR n.name = 'decides' AND p.path[1] = 'checks')
          AND NOT (cardinality(p.path) = 0 AND n.name IN ('binds_to', 'form', 'risk'))
    ),
    found AS (
        SELECT p.path, p.path[1] AS part, p.before, p.after, array_to_string(
            CASE WHEN p.path[cardinality(p.path)] = 'value' THEN p.path[2:cardinality(p.path) - 1]
                 WHEN p.path[2] = 'sections' THEN p.path[3:] ELSE p.path[2:] END, ' ') AS place
        FROM pairs p
        WHERE cardinality(p.path) > 0 AND p.before IS DISTINCT FROM p.after
          AND (jsonb_typeof(p.before) IN ('object', 'array')
               AND jsonb_typeof(p.before) = jsonb_typeof(p.after)) IS NOT TRUE
    )
    SELECT md5(f.path::text)::uuid, row_number() OVER (ORDER BY f.path), f.part, f.path, f.before, f.after, ltrim(CASE
        WHEN coalesce(jsonb_typeof(f.before), 'null') = 'null' AND dossier_said(f.after) IS NULL THEN f.place || ' added'
        WHEN f.before IS NULL AND f.path[cardinality(f.path)] = f.after #>> '{}' THEN f.place || ' added'
        WHEN coalesce(jsonb_typeof(f.after), 'null') = 'null' AND dossier_said(f.before) IS NULL THEN f.place || ' removed'
        WHEN f.after IS NULL AND f.path[cardinality(f.path)] = f.before #>> '{}' THEN f.place || ' removed'
        WHEN dossier_said(f.before) IS NULL OR dossier_said(f.after) IS NULL THEN f.place || ' changed'
        ELSE format('%s %s → %s', f.place, dossier_said(f.before), dossier_said(f.after))
    END)
    FROM found f
    ORDER BY f.path
$$;

-- The differences summed up: one line for each part.
CREATE FUNCTION dossier_changes(old jsonb, new jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT coalesce(array_agg(l.part || ': ' || l.words || l.more ORDER BY l.place), '{}') FROM (
        SELECT d.part, min(d.nth) AS place, string_agg(d.words, '; ' ORDER BY d.n) FILTER (WHERE d.n <= 8) AS words,
               CASE WHEN count(*) > 8 THEN format('; and %s more', count(*) - 8) ELSE '' END AS more
        FROM (SELECT x.*, row_number() OVER (PARTITION BY x.part ORDER BY x.nth) AS n
              FROM dossier_differences(old, new) x) d
        GROUP BY d.part) l
$$;
