-- What an exception's status is at an instant: what people decided, and for a granted one, what its dates and controls say.
DROP FUNCTION exception_covers(uuid, uuid, uuid, text, timestamptz);
DROP FUNCTION exception_status(text, timestamptz, timestamptz, timestamptz);
CREATE FUNCTION exception_status(
    state text, starts_at timestamptz, expires_at timestamptz, suspended_from timestamptz, at timestamptz)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN state <> 'APPROVED' THEN state
    WHEN at < starts_at THEN 'APPROVED'
    WHEN at >= expires_at THEN 'EXPIRED'
    WHEN at >= suspended_from THEN 'SUSPENDED'
    ELSE 'ACTIVE'
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
      AND exception_status(e.state, e.starts_at, e.expires_at, e.suspended_from, at) = 'ACTIVE'
    ORDER BY e.expires_at DESC, e.id
    LIMIT 1
$$;

-- An exception covers nothing from the instant on at which one of its controls does not hold: red, or not attested.
CREATE FUNCTION controls_told() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE policy_exceptions e SET suspended_from = n.at
    FROM (SELECT k.exception_id, min(least(k.red_since, k.attestation_due_at)) AS at
          FROM compensating_controls k
          WHERE k.exception_id IN (SELECT exception_id FROM changed)
          GROUP BY 1) n
    WHERE e.id = n.exception_id AND e.suspended_from IS DISTINCT FROM n.at;
    RETURN NULL;
END
$$;
CREATE TRIGGER compensating_controls_added AFTER INSERT ON compensating_controls
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION controls_told();
CREATE TRIGGER compensating_controls_changed AFTER UPDATE ON compensating_controls
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION controls_told();
