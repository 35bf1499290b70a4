-- Deadlines follow from rows of several tables, whoever writes them: triggers keep a row for each. Dates that are new are
-- due at once, in 1970, until somebody has looked at them.
CREATE TABLE deadlines (
    id uuid NOT NULL CONSTRAINT pk_deadlines PRIMARY KEY,
    kind varchar(40) NOT NULL CONSTRAINT ck_deadlines_deadlinekind CHECK (kind IN (
        'EXPIRY', 'REVIEW', 'ATTESTATION', 'CRITERION', 'REVALIDATION', 'ORPHANED_EXCEPTION', 'ORPHANED_MODEL')),
    about_id uuid NOT NULL,
    in_copy boolean NOT NULL,
    person_id uuid CONSTRAINT fk_deadlines_person_id REFERENCES people (id),
    model_id uuid NOT NULL CONSTRAINT fk_deadlines_model_id REFERENCES models (id),
    version_id uuid CONSTRAINT fk_deadlines_version_id REFERENCES model_versions (id),
    exception_id uuid CONSTRAINT fk_deadlines_exception_id REFERENCES policy_exceptions (id),
    ends_at timestamptz,
    until_at timestamptz,
    done_at timestamptz,
    next_at timestamptz,
    CONSTRAINT uq_deadlines_kind_about_id_in_copy UNIQUE (kind, about_id, in_copy)
);
CREATE INDEX ix_deadlines_next ON deadlines (kind, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX ix_deadlines_told ON deadlines (kind, person_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ix_deadlines_ends ON deadlines (ends_at, id);
CREATE INDEX ix_deadlines_person ON deadlines (person_id, ends_at, id);
CREATE INDEX ix_deadlines_exception ON deadlines (exception_id);
CREATE INDEX ix_deadlines_model ON deadlines (model_id, ends_at, id);

-- What is due of these exceptions, as their rows say it.
CREATE FUNCTION exception_deadlines(exceptions uuid[])
RETURNS TABLE (kind text, about_id uuid, in_copy boolean, person_id uuid, model_id uuid, version_id uuid,
               exception_id uuid, ends_at timestamptz, until_at timestamptz)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    WITH granted AS (SELECT * FROM policy_exceptions WHERE id = ANY (exceptions) AND state = 'APPROVED')
    SELECT 'EXPIRY', e.id, false, e.owner_id, e.model_id, e.version_id, e.id, e.expires_at, NULL::timestamptz
    FROM granted e
    UNION ALL
    SELECT 'REVIEW', e.id, told.in_copy, told.person_id, e.model_id, e.version_id, e.id, e.review_at, e.expires_at
    FROM granted e JOIN policies p ON p.id = e.policy_id
    CROSS JOIN LATERAL (VALUES (false, e.owner_id), (true, p.owner_id)) told (in_copy, person_id)
    WHERE e.review_at < e.expires_at AND (NOT told.in_copy OR p.owner_id <> e.owner_id)
    UNION ALL
    SELECT 'ATTESTATION', k.id, false, coalesce(k.attestor_id, e.owner_id), e.model_id, e.version_id, e.id,
           k.attestation_due_at, e.expires_at
    FROM granted e JOIN compensating_controls k ON k.exception_id = e.id
    WHERE k.attestation_due_at < e.expires_at
    UNION ALL
    SELECT 'CRITERION', c.id, false, e.owner_id, e.model_id, e.version_id, e.id, c.due_at, e.expires_at
    FROM granted e JOIN acceptance_criteria c ON c.exception_id = e.id
    WHERE c.due_at < e.expires_at AND c.met_at IS NULL
    UNION ALL
    SELECT 'ORPHANED_EXCEPTION', e.id, false, NULL, e.model_id, e.version_id, e.id, NULL,
           CASE WHEN e.state = 'APPROVED' THEN e.expires_at END
    FROM policy_exceptions e JOIN people p ON p.id = e.owner_id
    WHERE e.id = ANY (exceptions) AND NOT p.active
      AND e.state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED')
$$;

-- Make the deadlines of these exceptions what their rows say. What was told stays told as long as its date stands. Locked
-- in the order of ids, as by whoever tells them, so that neither waits for the other in a ring.
CREATE FUNCTION keep_exception_deadlines(exceptions uuid[]) RETURNS void
LANGUAGE plpgsql STRICT
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM FROM deadlines d WHERE d.exception_id = ANY (exceptions) ORDER BY d.id FOR UPDATE;
    DELETE FROM deadlines d
    WHERE d.exception_id = ANY (exceptions) AND NOT EXISTS (
        SELECT FROM exception_deadlines(exceptions) w
        WHERE w.kind = d.kind AND w.about_id = d.about_id AND w.in_copy = d.in_copy);
    INSERT INTO deadlines AS d (id, kind, about_id, in_copy, person_id, model_id, version_id, exception_id, ends_at,
                                until_at, next_at)
    SELECT gen_random_uuid(), w.*, to_timestamp(0) FROM exception_deadlines(exceptions) w
    ON CONFLICT (kind, about_id, in_copy) DO UPDATE SET
        person_id = excluded.person_id, ends_at = excluded.ends_at, until_at = excluded.until_at,
        done_at = CASE WHEN d.ends_at IS NOT DISTINCT FROM excluded.ends_at THEN d.done_at END,
        next_at = CASE WHEN (d.ends_at, d.until_at) IS NOT DISTINCT FROM (excluded.ends_at, excluded.until_at)
                       THEN d.next_at ELSE to_timestamp(0) END
    WHERE (d.person_id, d.ends_at, d.until_at)
          IS DISTINCT FROM (excluded.person_id, excluded.ends_at, excluded.until_at);
END
$$;

CREATE FUNCTION exceptions_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    touched uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(a.id) INTO touched FROM added a JOIN people p ON p.id = a.owner_id
        WHERE a.state = 'APPROVED' OR NOT p.active;
    ELSE
        SELECT array_agg(a.id) INTO touched FROM added a JOIN gone g ON g.id = a.id
        WHERE (a.state, a.owner_id, a.expires_at, a.review_at) IS DISTINCT FROM (g.state, g.owner_id, g.expires_at, g.review_at);
    END IF;
    IF touched IS NOT NULL THEN
        PERFORM keep_exception_deadlines(touched);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER policy_exceptions_due_added AFTER INSERT ON policy_exceptions
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION exceptions_due();
CREATE TRIGGER policy_exceptions_due_changed AFTER UPDATE ON policy_exceptions
REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION exceptions_due();

-- Controls and criteria: their exceptions' deadlines are kept anew; those that are not granted have none.
CREATE FUNCTION exception_details_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    touched uuid[];
BEGIN
    SELECT array_agg(DISTINCT a.exception_id) INTO touched
    FROM changed a JOIN policy_exceptions e ON e.id = a.exception_id WHERE e.state = 'APPROVED';
    IF touched IS NOT NULL THEN
        PERFORM keep_exception_deadlines(touched);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER compensating_controls_due_added AFTER INSERT ON compensating_controls
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION exception_details_due();
CREATE TRIGGER compensating_controls_due_changed AFTER UPDATE ON compensating_controls
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION exception_details_due();
CREATE TRIGGER compensating_controls_due_gone AFTER DELETE ON compensating_controls
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION exception_details_due();
CREATE TRIGGER acceptance_criteria_due_added AFTER INSERT ON acceptance_criteria
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION exception_details_due();
CREATE TRIGGER acceptance_criteria_due_changed AFTER UPDATE ON acceptance_criteria
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION exception_details_due();
CREATE TRIGGER acceptance_criteria_due_gone AFTER DELETE ON acceptance_criteria
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION exception_details_due();

-- A policy that is given to somebody else: reviews are told to its new owner.
CREATE FUNCTION policy_owner_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM keep_exception_deadlines(array_agg(e.id)) FROM policy_exceptions e
    WHERE e.policy_id = NEW.id AND e.state = 'APPROVED' AND e.review_at IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER policies_due AFTER UPDATE OF owner_id ON policies
FOR EACH ROW WHEN (OLD.owner_id <> NEW.owner_id) EXECUTE FUNCTION policy_owner_due();

-- A model that loses its owner is an orphan until it has one again: who leaves may come back.
CREATE FUNCTION keep_model_orphans(touched uuid[]) RETURNS void
LANGUAGE plpgsql STRICT
SET search_path FROM CURRENT
AS $$
BEGIN
    DELETE FROM deadlines d USING models m JOIN people p ON p.id = m.owner_id
    WHERE d.kind = 'ORPHANED_MODEL' AND d.about_id = ANY (touched) AND m.id = d.about_id AND p.active;
    INSERT INTO deadlines (id, kind, about_id, in_copy, model_id, next_at)
    SELECT gen_random_uuid(), 'ORPHANED_MODEL', m.id, false, m.id, to_timestamp(0)
    FROM models m LEFT JOIN people p ON p.id = m.owner_id
    WHERE m.id = ANY (touched) AND p.active IS NOT TRUE
    ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION model_owner_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM keep_model_orphans(ARRAY[NEW.id]);
    RETURN NULL;
END
$$;
CREATE TRIGGER models_due AFTER UPDATE OF owner_id ON models
FOR EACH ROW WHEN (OLD.owner_id IS DISTINCT FROM NEW.owner_id) EXECUTE FUNCTION model_owner_due();

CREATE FUNCTION people_due() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM keep_model_orphans(array_agg(m.id)) FROM models m WHERE m.owner_id = NEW.id;
    PERFORM keep_exception_deadlines(array_agg(e.id)) FROM policy_exceptions e
    WHERE e.owner_id = NEW.id AND e.state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED');
    RETURN NULL;
END
$$;
CREATE TRIGGER people_due AFTER UPDATE OF active ON people
FOR EACH ROW WHEN (OLD.active <> NEW.active) EXECUTE FUNCTION people_due();

-- What is there already: what has ended is not told any more, and of the rest what is still ahead.
SELECT keep_exception_deadlines(array_agg(id)) FROM policy_exceptions;
UPDATE deadlines SET done_at = now(), next_at = CASE WHEN coalesce(until_at, ends_at) > now() THEN next_at END
WHERE ends_at IS NOT NULL;
