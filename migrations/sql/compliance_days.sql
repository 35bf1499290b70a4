-- How compliance stood at the end of each day, in UTC: what changed since the day before, of each model under each policy.
CREATE TABLE compliance_days (
    id bigserial CONSTRAINT pk_compliance_days PRIMARY KEY,
    day date NOT NULL,
    model_id uuid NOT NULL,
    policy_id uuid NOT NULL,
    team_id uuid,
    tier varchar(40) NOT NULL,
    asked integer NOT NULL,
    kept integer NOT NULL,
    waived integer NOT NULL
);
CREATE INDEX ix_compliance_days_day ON compliance_days (day);

CREATE TABLE compliance_told (
    day date NOT NULL CONSTRAINT pk_compliance_told PRIMARY KEY,
    told_at timestamptz NOT NULL
);

-- How compliance stood at an instant: the newest result before it of each version, policy and stage, of policies that
-- applied then and still do. What was waived counts so only as long as its exception was in force.
CREATE FUNCTION compliance_as_of(at timestamptz)
RETURNS TABLE (model_id uuid, policy_id uuid, team_id uuid, tier text, asked integer, kept integer, waived integer)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
WITH newest AS (
    SELECT DISTINCT ON (c.version_id, c.policy_id, c.stage)
        c.model_id, c.policy_id, c.outcome, c.exception_id, c.input_id
    FROM check_results c
    JOIN policy_bindings b ON b.model_id = c.model_id AND b.policy_id = c.policy_id AND b.bound_at < at
    JOIN policies p ON p.id = c.policy_id AND p.status IN ('PUBLISHED', 'DEPRECATED')
    WHERE c.evaluated_at < at
    ORDER BY c.version_id, c.policy_id, c.stage, c.evaluated_at DESC, c.id DESC),
covered AS (
    SELECT l.exception_id FROM exception_lines l
    WHERE l.exception_id IN (SELECT n.exception_id FROM newest n WHERE n.outcome = 'WAIVED') AND l.effective_at < at
    GROUP BY 1 HAVING sum(l.in_force_delta) > 0)
SELECT n.model_id, n.policy_id, m.team_id, coalesce(i.tier, m.tier),
    (count(*) FILTER (WHERE n.outcome <> 'SKIP'))::int, (count(*) FILTER (WHERE n.outcome = 'PASS'))::int,
    (count(*) FILTER (WHERE n.outcome = 'WAIVED' AND n.exception_id IN (SELECT exception_id FROM covered)))::int
FROM newest n JOIN models m ON m.id = n.model_id LEFT JOIN check_inputs i ON i.id = n.input_id
GROUP BY 1, 2, 3, 4
$$;
