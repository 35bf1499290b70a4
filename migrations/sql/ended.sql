-- What ends with an exception: the permits that rest on it, and what counts as waived by it.

-- The exceptions that a permit rests on; those of permits from before are in the statements themselves.
ALTER TABLE permits ADD exception_ids uuid[] NOT NULL DEFAULT '{}';
UPDATE permits p SET exception_ids = n.ids
FROM (SELECT s.id, array_agg(DISTINCT (one ->> 'exception')::uuid) AS ids
      FROM permits s
      CROSS JOIN json_array_elements(
          convert_from(decode(s.envelope::json ->> 'payload', 'base64'), 'UTF8')::json -> 'predicate' -> 'policies') one
      WHERE s.expires_at > now() AND one ->> 'exception' IS NOT NULL
      GROUP BY s.id) n
WHERE p.id = n.id;
CREATE INDEX ix_permits_resting ON permits (expires_at) WHERE revoked_at IS NULL AND exception_ids <> '{}';

-- Since when, at this instant, what rests on these exceptions rests on nothing, and why: no row while all are in force.
-- Whoever asks whether a permit counts asks this too, so that it needs no hand to end it, and nobody's lock.
CREATE FUNCTION exceptions_lapsed(exceptions uuid[], at timestamptz) RETURNS TABLE (since timestamptz, why text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
SET search_path FROM CURRENT
AS $$
    SELECT least(e.ended_at, e.expires_at, e.suspended_from, at),
           'the exception that it rests on is '
           || exception_status(e.state, e.starts_at, e.expires_at, e.suspended_from, at)
    FROM policy_exceptions e
    WHERE e.id = ANY (exceptions)
      AND exception_status(e.state, e.starts_at, e.expires_at, e.suspended_from, at) <> 'ACTIVE'
    ORDER BY 1, e.id
    LIMIT 1
$$;

-- The end after which nothing counts as waived by an exception any more: what is left has still to be looked at.
ALTER TABLE policy_exceptions ADD cleared_end timestamptz;
-- From before ends were kept: the last that is known of them.
UPDATE policy_exceptions SET ended_at = coalesce(decided_at, requested_at)
WHERE state IN ('REVOKED', 'RESOLVED') AND ended_at IS NULL;
UPDATE policy_exceptions e SET cleared_end = least(expires_at, suspended_from, ended_at)
WHERE state IN ('APPROVED', 'REVOKED', 'RESOLVED')
  AND least(expires_at, suspended_from, ended_at) <= now() - interval '1 hour'
  AND NOT EXISTS (SELECT FROM compliance c WHERE c.exception_id = e.id);
CREATE INDEX ix_policy_exceptions_end ON policy_exceptions ((least(expires_at, suspended_from, ended_at)))
WHERE state IN ('APPROVED', 'REVOKED', 'RESOLVED')
  AND cleared_end IS DISTINCT FROM least(expires_at, suspended_from, ended_at);

-- Why somebody can confirm nothing of this model any more, in words; null while they can.
CREATE FUNCTION attestor_lost(model uuid, person uuid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT CASE WHEN NOT p.active THEN p.handle || ' has left'
                WHEN NOT sees_model(model, p.id) THEN p.handle || ' does not see the model any more' END
    FROM people p WHERE p.id = person
$$;
