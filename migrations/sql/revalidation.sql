-- When versions in production are to be validated again. Whole days have passed when the rule of the starter pack's policy
-- "validation in date" counts one more, so a version is overdue from the day on at which that rule fails. Hours and not
-- days: a day is no 24 hours where the clock changes.
CREATE FUNCTION revalidation_every(tier text) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(hours => 24 * (1 + CASE tier WHEN 'MINIMAL' THEN 730 WHEN 'LIMITED' THEN 365 ELSE 180 END));

-- Since the newest report on its performance, about the version as it is; without one, since it was last approved.
CREATE FUNCTION version_deadlines(versions uuid[])
RETURNS TABLE (version_id uuid, person_id uuid, model_id uuid, ends_at timestamptz)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT v.id, m.owner_id, m.id, last.at + revalidation_every(m.tier)
    FROM model_versions v JOIN models m ON m.id = v.model_id
    CROSS JOIN LATERAL (SELECT coalesce(
        (SELECT max(e.measured_at) FROM evidence e
         WHERE e.version_id = v.id AND e.kind = 'PERFORMANCE' AND e.version_digest = v.digest),
        (SELECT max(a.decided_at) FROM approval_requests a
         WHERE a.subject_id = v.id AND a.subject_kind = 'version' AND a.status = 'APPROVED')) AS at) last
    WHERE v.id = ANY (versions) AND v.stage = 'PRODUCTION' AND v.missing_since IS NULL AND last.at IS NOT NULL
$$;

CREATE FUNCTION keep_version_deadlines(versions uuid[]) RETURNS void
LANGUAGE plpgsql STRICT
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM FROM deadlines d WHERE d.kind = 'REVALIDATION' AND d.about_id = ANY (versions) ORDER BY d.id FOR UPDATE;
    DELETE FROM deadlines d
    WHERE d.kind = 'REVALIDATION' AND d.about_id = ANY (versions)
      AND NOT EXISTS (SELECT FROM version_deadlines(versions) w WHERE w.version_id = d.about_id);
    INSERT INTO deadlines AS d (id, kind, about_id, in_copy, person_id, model_id, version_id, ends_at, next_at)
    SELECT gen_random_uuid(), 'REVALIDATION', w.version_id, false, w.person_id, w.model_id, w.version_id, w.ends_at,
           to_timestamp(0)
    FROM version_deadlines(versions) w
    ON CONFLICT (kind, about_id, in_copy) DO UPDATE SET
        person_id = excluded.person_id, ends_at = excluded.ends_at,
        done_at = CASE WHEN d.ends_at = excluded.ends_at THEN d.done_at END,
        next_at = CASE WHEN d.ends_at = excluded.ends_at THEN d.next_at ELSE to_timestamp(0) END
    WHERE (d.person_id, d.ends_at) IS DISTINCT FROM (excluded.person_id, excluded.ends_at);
END
$$;

CREATE FUNCTION version_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM keep_version_deadlines(ARRAY[NEW.id]);
    RETURN NULL;
END
$$;
CREATE TRIGGER model_versions_due AFTER UPDATE OF stage, digest, missing_since ON model_versions
FOR EACH ROW WHEN ((NEW.stage = 'PRODUCTION' OR OLD.stage = 'PRODUCTION') AND
                   (OLD.stage, OLD.digest, OLD.missing_since) IS DISTINCT FROM (NEW.stage, NEW.digest, NEW.missing_since))
EXECUTE FUNCTION version_due();

CREATE FUNCTION model_versions_of_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM keep_version_deadlines(array_agg(v.id)) FROM model_versions v
    WHERE v.model_id = NEW.id AND v.stage = 'PRODUCTION';
    RETURN NULL;
END
$$;
CREATE TRIGGER models_versions_due AFTER UPDATE OF tier, owner_id ON models
FOR EACH ROW WHEN ((OLD.tier, OLD.owner_id) IS DISTINCT FROM (NEW.tier, NEW.owner_id))
EXECUTE FUNCTION model_versions_of_due();

CREATE FUNCTION evidence_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM keep_version_deadlines(array_agg(DISTINCT v.id)) FROM added a JOIN model_versions v ON v.id = a.version_id
    WHERE a.kind = 'PERFORMANCE' AND v.stage = 'PRODUCTION';
    RETURN NULL;
END
$$;
CREATE TRIGGER evidence_due AFTER INSERT ON evidence
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION evidence_due();

CREATE FUNCTION approval_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM keep_version_deadlines(ARRAY[NEW.subject_id]);
    RETURN NULL;
END
$$;
CREATE TRIGGER approval_requests_due AFTER UPDATE OF status ON approval_requests
FOR EACH ROW WHEN (NEW.subject_kind = 'version' AND NEW.status = 'APPROVED') EXECUTE FUNCTION approval_due();

SELECT keep_version_deadlines(array_agg(v.id)) FROM model_versions v WHERE v.stage = 'PRODUCTION';
