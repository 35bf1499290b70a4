-- The decided exceptions that are most like one of this policy, kind and tier, of those that somebody sees: of the same
-- kind and tier where there are three such, else of the same kind, else of the policy.
CREATE FUNCTION exceptions_alike(
    of_policy uuid, of_kind text, of_tier text, sees_all boolean, person uuid, in_teams uuid[])
RETURNS TABLE (id uuid, likeness int)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    WITH seen AS MATERIALIZED (
        SELECT e.id, CASE WHEN e.kind <> of_kind THEN 1 WHEN e.tier <> of_tier THEN 2 ELSE 3 END AS likeness
        FROM policy_exceptions e JOIN models m ON m.id = e.model_id
        WHERE e.policy_id = of_policy AND (e.decided_treatment IS NOT NULL OR e.state = 'REJECTED')
          AND (sees_all OR NOT m.restricted OR m.owner_id = person OR m.team_id = ANY (in_teams))
    ),
    most AS (
        SELECT max(l.n) AS likeness
        FROM generate_series(1, 3) l (n)
        WHERE l.n = 1 OR (SELECT count(*) FROM seen s WHERE s.likeness >= l.n) >= 3
    )
    SELECT s.id, t.likeness FROM seen s CROSS JOIN most t WHERE s.likeness >= t.likeness
$$;
