-- Walks lineage edges from one node, upstream or downstream, breadth first: each node once, at its shortest distance,
-- with what the edge that reached it says. A cycle ends, because a node already seen is not walked again.
CREATE FUNCTION lineage_walk(start uuid, upstream boolean, most integer)
RETURNS TABLE (id uuid, kind text, role text, depth integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
SET search_path FROM CURRENT
AS $$
DECLARE
    seen uuid[] := ARRAY[start];
    front uuid[] := ARRAY[start];
    away integer := 0;
BEGIN
    WHILE cardinality(front) > 0 AND (most IS NULL OR away < most) LOOP
        away := away + 1;
        IF upstream THEN
            RETURN QUERY
                SELECT DISTINCT ON (e.from_id) e.from_id, e.from_kind::text, e.role::text, away
                FROM lineage_edges e
                WHERE e.to_id = ANY (front) AND e.from_id <> ALL (seen)
                ORDER BY e.from_id, e.role;
            front := ARRAY(
                SELECT DISTINCT e.from_id FROM lineage_edges e
                WHERE e.to_id = ANY (front) AND e.from_id <> ALL (seen)
            );
        ELSE
            RETURN QUERY
                SELECT DISTINCT ON (e.to_id) e.to_id, e.to_kind::text, e.role::text, away
                FROM lineage_edges e
                WHERE e.from_id = ANY (front) AND e.to_id <> ALL (seen)
                ORDER BY e.to_id, e.role;
            front := ARRAY(
                SELECT DISTINCT e.to_id FROM lineage_edges e
                WHERE e.from_id = ANY (front) AND e.to_id <> ALL (seen)
            );
        END IF;
        seen := seen || front;
    END LOOP;
END
$$;
