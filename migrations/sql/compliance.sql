-- The ledger of compliance counts: a line for each change, in the transaction of the change. Lines are only added, so that
-- transactions that count the same policy do not wait for each other; the clock folds them together.
CREATE FUNCTION compliance_counted() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO compliance_counts (policy_id, stage, tier, outcome, enforcement, restricted_model_id, n)
        SELECT c.policy_id, c.stage, c.tier, c.outcome, c.enforcement, CASE WHEN m.restricted THEN m.id END, count(*)
        FROM added c JOIN models m ON m.id = c.model_id
        GROUP BY 1, 2, 3, 4, 5, 6;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO compliance_counts (policy_id, stage, tier, outcome, enforcement, restricted_model_id, n)
        SELECT c.policy_id, c.stage, c.tier, c.outcome, c.enforcement, CASE WHEN m.restricted THEN m.id END, -count(*)
        FROM gone c JOIN models m ON m.id = c.model_id
        GROUP BY 1, 2, 3, 4, 5, 6;
    ELSE
        INSERT INTO compliance_counts (policy_id, stage, tier, outcome, enforcement, restricted_model_id, n)
        SELECT c.policy_id, c.stage, c.tier, c.outcome, c.enforcement, CASE WHEN m.restricted THEN m.id END, sum(c.n)
        FROM (SELECT policy_id, stage, tier, outcome, enforcement, model_id, 1 AS n FROM added
              UNION ALL
              SELECT policy_id, stage, tier, outcome, enforcement, model_id, -1 FROM gone) c
        JOIN models m ON m.id = c.model_id
        GROUP BY 1, 2, 3, 4, 5, 6
        HAVING sum(c.n) <> 0;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER compliance_added AFTER INSERT ON compliance
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION compliance_counted();
CREATE TRIGGER compliance_changed AFTER UPDATE ON compliance
REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION compliance_counted();
CREATE TRIGGER compliance_gone AFTER DELETE ON compliance
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION compliance_counted();

-- A model that becomes restricted, or open again, takes its counts with it.
CREATE FUNCTION restricted_counted() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO compliance_counts (policy_id, stage, tier, outcome, enforcement, restricted_model_id, n)
    SELECT c.policy_id, c.stage, c.tier, c.outcome, c.enforcement, side.restricted_model_id, side.sign * count(*)
    FROM compliance c
    CROSS JOIN (VALUES (CASE WHEN OLD.restricted THEN OLD.id END, -1),
                       (CASE WHEN NEW.restricted THEN NEW.id END, 1)) AS side (restricted_model_id, sign)
    WHERE c.model_id = NEW.id
    GROUP BY 1, 2, 3, 4, 5, 6, side.sign;
    RETURN NULL;
END
$$;

CREATE TRIGGER models_restricted AFTER UPDATE OF restricted ON models
FOR EACH ROW WHEN (OLD.restricted IS DISTINCT FROM NEW.restricted) EXECUTE FUNCTION restricted_counted();

-- What no longer applies counts no more: compliance rows go with the binding that they stood on. In the order in which
-- evaluations write them, so that neither waits for the other in a ring.
CREATE FUNCTION binding_gone() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    DELETE FROM compliance WHERE id IN (
        SELECT c.id FROM compliance c JOIN gone g ON g.model_id = c.model_id AND g.policy_id = c.policy_id
        ORDER BY c.version_id, c.policy_id, c.stage
        FOR UPDATE OF c);
    RETURN NULL;
END
$$;

CREATE TRIGGER policy_bindings_gone AFTER DELETE ON policy_bindings
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION binding_gone();

-- What counted before there were such rows: the newest result of each policy that applies, by the wording in force.
INSERT INTO compliance (id, version_id, policy_id, stage, model_id, policy_version_id, result_id, exception_id,
    decision_point, tier, outcome, enforcement, severity, since, due_at, evaluated_at)
SELECT gen_random_uuid(), n.version_id, n.policy_id, n.stage, n.model_id, n.policy_version_id, n.id, n.exception_id,
    n.decision_point, m.tier, n.outcome, n.enforcement, n.severity, n.evaluated_at,
    CASE WHEN n.outcome IN ('FAIL', 'WARN', 'ERROR')
         THEN n.evaluated_at + make_interval(days => w.service_level_days) END,
    n.evaluated_at
FROM (SELECT DISTINCT ON (version_id, policy_id, stage) * FROM check_results
      ORDER BY version_id, policy_id, stage, evaluated_at DESC, id DESC) n
JOIN policies p ON p.id = n.policy_id AND p.current_version_id = n.policy_version_id
JOIN policy_versions w ON w.id = n.policy_version_id
JOIN policy_bindings b ON b.policy_id = n.policy_id AND b.model_id = n.model_id
JOIN models m ON m.id = n.model_id
WHERE p.status IN ('PUBLISHED', 'DEPRECATED');

INSERT INTO check_schedule (version_id, due_at)
SELECT v.id, now() FROM model_versions v
WHERE v.missing_since IS NULL AND (v.stage = 'PRODUCTION' OR EXISTS (
    SELECT FROM deployments d WHERE d.version_id = v.id AND d.status = 'RUNNING' AND d.missing_since IS NULL));
