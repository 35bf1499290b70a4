-- What turned a control red, in words: the policy, how it ended, of which version and stage.
-- Where the evidence is that somebody attested a control by.
ALTER TABLE compensating_controls ADD red_why text, ADD attestation_evidence_url text;

-- The id of an exception that would cover this policy, version and stage at this instant if its controls held, or null.
CREATE FUNCTION exception_suspended(policy uuid, model uuid, version uuid, at_stage text, at timestamptz)
RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT e.id FROM policy_exceptions e
    WHERE e.policy_id = policy AND e.model_id = model
      AND (e.version_id IS NULL OR e.version_id = version)
      AND (e.stage IS NULL OR e.stage = at_stage)
      AND exception_status(e.state, e.starts_at, e.expires_at, e.suspended_from, at) = 'SUSPENDED'
    ORDER BY e.expires_at DESC, e.id
    LIMIT 1
$$;
