-- What a request put before people, as it was frozen when it was asked; nothing where no version is asked about.
CREATE FUNCTION put_before(request uuid)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT d.content
    FROM approval_requests r
    JOIN dossiers d ON d.version_id = r.subject_id AND d.stage = r.stage AND d.digest = r.subject_digest
    WHERE r.id = request AND r.subject_kind = 'version'
$$;

-- The pieces of evidence among it.
CREATE FUNCTION shown_evidence(request uuid)
RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT (e ->> 'id')::uuid FROM jsonb_array_elements(put_before(request) -> 'evidence') AS e
$$;

-- How many words there are to read: what people wrote, what checks explain, and each figure with its name. Tables of
-- metrics, lineage and whole reports are looked up rather than read, and are left out: the estimate is a low one.
CREATE FUNCTION words_to_read(request uuid)
RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT COALESCE(sum(regexp_count(t.said, '\S+')), 0)::int FROM (
        SELECT concat_ws(' ', r.title, r.reason) AS said FROM approval_requests r WHERE r.id = request
        UNION ALL
        SELECT found #>> '{}'
        FROM put_before(request) AS c (content)
        CROSS JOIN unnest(ARRAY[
            '$.card.sections.*', '$.model.description', '$.model.tier_why', '$.version.description',
            '$.checks[*].title', '$.checks[*].explanation', '$.evidence[*].title',
            '$.evidence[*].figures.keyvalue().key', '$.evidence[*].figures.keyvalue().value',
            '$.exceptions[*].justification', '$.exceptions[*].controls[*]']::jsonpath[]) AS p (path)
        CROSS JOIN LATERAL jsonb_path_query(c.content, p.path) AS found) t
$$;

-- In how many seconds: adults read some 230 words of plain text a minute, and few read faster with understanding.
CREATE FUNCTION reading_s(words int)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ceil(words * 60 / 230.0)::int;

-- What stands out about the answers to a request, and about the reader's own before they give it: numbers to think about,
-- about one person at a time. Nothing here compares people with each other.
CREATE FUNCTION approval_signals(request uuid, reader uuid, now_at timestamptz)
RETURNS TABLE (id uuid, kind text, person_id uuid, discipline text, value int, beside int, words text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5
SET search_path FROM CURRENT
AS $$
    WITH asked AS (
        SELECT r.*, words_to_read(r.id) AS to_read, (SELECT count(*)::int FROM shown_evidence(r.id)) AS shown
        FROM approval_requests r WHERE r.id = request
    ),
    -- Who answered, by their newest answer as of its moment; and the reader as of now, while an answer of theirs is wanted.
    looked AS (
        SELECT s.person_id, s.opened_at, s.opened, s.signed_at AS at, true AS answered
        FROM (SELECT DISTINCT ON (a.person_id) a.* FROM sign_offs a WHERE a.request_id = request
              ORDER BY a.person_id, a.entry DESC) s
        WHERE s.decision <> 'WITHDRAW'
        UNION ALL
        SELECT reader, min(o.opened_at), count(o.thing_id)::int, now_at, false
        FROM asked k LEFT JOIN approval_openings o ON o.request_id = k.id AND o.person_id = reader
        WHERE k.status = 'PENDING' AND EXISTS (
            SELECT FROM approval_asks q
            WHERE q.request_id = k.id AND q.person_id = reader
              AND COALESCE(q.from_at <= now_at, true) AND COALESCE(q.until_at > now_at, true))
        GROUP BY k.id
    ),
    took AS (
        SELECT l.*, floor(extract(epoch FROM l.at - l.opened_at))::int AS seconds FROM looked l
    ),
    found AS (
        SELECT 'FASTER_THAN_READABLE' AS kind, t.person_id, NULL AS discipline, t.seconds AS value,
               reading_s(k.to_read) AS beside,
               CASE WHEN t.opened_at IS NULL AND t.answered THEN 'answered without opening it here'
                    WHEN t.opened_at IS NULL THEN 'not opened yet'
                    WHEN t.answered THEN format('answered %s s after opening it', t.seconds)
                    ELSE format('opened %s s ago', t.seconds) END
               || format('; reading its %s words takes about %s s', k.to_read, reading_s(k.to_read)) AS words
        FROM asked k CROSS JOIN took t
        WHERE t.seconds IS NULL OR t.seconds < reading_s(k.to_read)
        UNION ALL
        SELECT 'EVIDENCE_NOT_OPENED', t.person_id, NULL, k.shown - t.opened, k.shown,
               format('%s of %s pieces of evidence not opened', k.shown - t.opened, k.shown)
        FROM asked k CROSS JOIN took t
        WHERE t.opened < k.shown
        UNION ALL
        SELECT 'NEVER_REJECTS', t.person_id, NULL, n.answers, 20,
               format('%s answers in 180 days, none of them no', n.answers)
        FROM took t CROSS JOIN LATERAL (
            SELECT count(DISTINCT s.request_id)::int AS answers,
                   count(*) FILTER (WHERE s.decision IN ('REJECT', 'REQUEST_CHANGES')) AS noes
            FROM sign_offs s
            WHERE s.person_id = t.person_id AND s.signed_at > t.at - interval '180 days' AND s.signed_at <= t.at
              AND s.decision <> 'WITHDRAW') n
        WHERE n.answers >= 20 AND n.noes = 0
        UNION ALL
        SELECT 'LOOP', t.person_id, NULL, least(n.gave, n.got), 3,
               format('approved %s requests of whoever asks in 180 days, and they approved %s of theirs', n.gave, n.got)
        FROM asked k CROSS JOIN took t CROSS JOIN LATERAL (
            SELECT count(DISTINCT s.request_id) FILTER (WHERE s.person_id = t.person_id)::int AS gave,
                   count(DISTINCT s.request_id) FILTER (WHERE s.person_id = k.requested_by)::int AS got
            FROM sign_offs s JOIN approval_requests r ON r.id = s.request_id
            WHERE s.person_id IN (t.person_id, k.requested_by) AND s.decision = 'APPROVE'
              AND s.signed_at > t.at - interval '180 days' AND s.signed_at <= t.at
              AND r.requested_by = CASE s.person_id WHEN t.person_id THEN k.requested_by ELSE t.person_id END
              AND NOT EXISTS (SELECT FROM sign_offs l WHERE l.request_id = s.request_id AND l.person_id = s.person_id
                                AND l.entry > s.entry AND l.signed_at <= t.at)) n
        WHERE n.gave >= 3 AND n.got >= 3
        UNION ALL
        SELECT DISTINCT 'MISSING_DISCIPLINE', NULL::uuid, d.word, NULL::int, NULL::int,
               format('nobody can sign for %s: no active approver who has no hand in it', d.word)
        FROM asked k
        CROSS JOIN LATERAL jsonb_array_elements(k.rule -> 'steps') AS s (step)
        CROSS JOIN LATERAL jsonb_object_keys(s.step -> 'disciplines') AS d (word)
        WHERE k.status = 'PENDING' AND NOT EXISTS (
            SELECT FROM role_grants g JOIN people p ON p.id = g.person_id
            WHERE s.step -> 'roles' ? g.role AND g.discipline = d.word AND p.active AND p.kind = 'HUMAN'
              AND sees_model(k.scope_id, p.id) AND NOT has_hand(k.requested_by, k.authors, p.id))
    )
    SELECT md5(concat_ws(' ', request, f.kind, f.person_id, f.discipline))::uuid, f.kind, f.person_id, f.discipline,
           f.value, f.beside, f.words
    FROM found f
$$;
