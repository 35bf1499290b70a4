-- What an exception's status is at an instant: what people decided, and for a granted one, what its dates say.
CREATE FUNCTION exception_status(state text, starts_at timestamptz, expires_at timestamptz, at timestamptz)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN state <> 'APPROVED' THEN state
    WHEN at < starts_at THEN 'APPROVED'
    WHEN at < expires_at THEN 'ACTIVE'
    ELSE 'EXPIRED'
END;

-- The one truth about exceptions: the id of one that covers this policy, version and stage at this instant, or null.
CREATE FUNCTION exception_covers(policy uuid, model uuid, version uuid, at_stage text, at timestamptz)
RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT e.id FROM policy_exceptions e
    WHERE e.policy_id = policy AND e.model_id = model
      AND (e.version_id IS NULL OR e.version_id = version)
      AND (e.stage IS NULL OR e.stage = at_stage)
      AND exception_status(e.state, e.starts_at, e.expires_at, at) = 'ACTIVE'
    ORDER BY e.expires_at DESC, e.id
    LIMIT 1
$$;
