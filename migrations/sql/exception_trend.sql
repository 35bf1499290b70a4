-- What trends of exceptions are counted from: a line for each effect of an event, and their sums by day.
CREATE TABLE exception_lines (
    id bigserial CONSTRAINT pk_exception_lines PRIMARY KEY,
    event_id uuid NOT NULL,
    place smallint NOT NULL,
    exception_id uuid NOT NULL,
    model_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    effective_at timestamptz NOT NULL,
    policy_id uuid NOT NULL,
    team_id uuid,
    tier varchar(40) NOT NULL,
    kind varchar(40) NOT NULL,
    risk varchar(40) NOT NULL,
    stage varchar(40),
    opened integer NOT NULL,
    granted integer NOT NULL,
    rejected integer NOT NULL,
    withdrawn integer NOT NULL,
    extended integer NOT NULL,
    expired integer NOT NULL,
    revoked integer NOT NULL,
    resolved integer NOT NULL,
    decided integer NOT NULL,
    decide_seconds bigint NOT NULL,
    open_delta integer NOT NULL,
    in_force_delta integer NOT NULL,
    opened_epoch_delta bigint NOT NULL,
    folded boolean NOT NULL DEFAULT false,
    CONSTRAINT uq_exception_lines_event_id_place UNIQUE (event_id, place)
);
CREATE INDEX ix_exception_lines_effective ON exception_lines (effective_at);
CREATE INDEX ix_exception_lines_exception ON exception_lines (exception_id, effective_at);
CREATE INDEX ix_exception_lines_policy ON exception_lines (policy_id, effective_at);
CREATE INDEX ix_exception_lines_team ON exception_lines (team_id, effective_at);
CREATE INDEX ix_exception_lines_model ON exception_lines (model_id);
CREATE INDEX ix_exception_lines_added ON exception_lines (id) WHERE NOT folded;

CREATE TABLE exception_days (
    id bigserial CONSTRAINT pk_exception_days PRIMARY KEY,
    dimension varchar(40) NOT NULL,
    day date NOT NULL,
    value varchar(40) NOT NULL,
    restricted_model_id uuid,
    opened integer NOT NULL,
    granted integer NOT NULL,
    rejected integer NOT NULL,
    withdrawn integer NOT NULL,
    extended integer NOT NULL,
    expired integer NOT NULL,
    revoked integer NOT NULL,
    resolved integer NOT NULL,
    decided integer NOT NULL,
    decide_seconds bigint NOT NULL,
    open_delta integer NOT NULL,
    in_force_delta integer NOT NULL,
    opened_epoch_delta bigint NOT NULL,
    folded boolean NOT NULL DEFAULT false
);
CREATE INDEX ix_exception_days_key ON exception_days (dimension, day, value, restricted_model_id);
CREATE INDEX ix_exception_days_open ON exception_days (dimension, day) WHERE restricted_model_id IS NULL;
CREATE INDEX ix_exception_days_model ON exception_days (restricted_model_id, dimension, day)
    WHERE restricted_model_id IS NOT NULL;
CREATE INDEX ix_exception_days_added ON exception_days (id) WHERE NOT folded;

-- The effects of these events, or of all: the one place where events become counts, as they happen and when all is
-- counted anew. An event says how the exception stands after it; what it changes follows from the exception's events
-- before it. What is granted ends at a date: the line that counts this stands in the future from the day of the grant,
-- and is taken back by an opposite one when the exception ends otherwise. No line takes effect before its event.
CREATE FUNCTION exception_lines_of(these uuid[])
RETURNS TABLE (
    event_id uuid, place smallint, exception_id uuid, model_id uuid, recorded_at timestamptz, effective_at timestamptz,
    policy_id uuid, team_id uuid, tier text, kind text, risk text, stage text,
    opened integer, granted integer, rejected integer, withdrawn integer, extended integer, expired integer,
    revoked integer, resolved integer, decided integer, decide_seconds bigint,
    open_delta integer, in_force_delta integer, opened_epoch_delta bigint)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
WITH counted AS (
    SELECT ARRAY['exception.requested', 'exception.approved', 'exception.rejected', 'exception.withdrawn',
                 'exception.extended', 'exception.revoked', 'exception.resolved', 'exception.moved',
                 'exception.reviewed'] AS kinds),
told AS (
    SELECT e.id, e.subject_id, e.at, replace(e.kind, 'exception.', '') AS what,
        coalesce(e.scope_id, x.model_id) AS model_id,
        coalesce(s.policy, x.policy_id) AS policy_id, s.team, coalesce(s.tier, x.tier) AS tier,
        coalesce(s.exception_kind, x.kind) AS kind, coalesce(s.risk, x.risk_after) AS risk, s.stage,
        coalesce(w.policy, x.policy_id) AS was_policy_id, w.team AS was_team, coalesce(w.tier, x.tier) AS was_tier,
        coalesce(w.exception_kind, x.kind) AS was_kind, coalesce(w.risk, x.risk_after) AS was_risk,
        w.stage AS was_stage,
        o.at AS opened_at, g.ends, (g.ends IS NOT NULL)::int AS force,
        greatest(coalesce(s.expires_at, x.expires_at), e.at) AS new_ends,
        EXISTS (SELECT FROM events n
                WHERE n.subject_id = e.subject_id AND n.seq < e.seq AND n.kind IN ('exception.rejected',
                    'exception.withdrawn', 'exception.revoked', 'exception.resolved')) AS ended
    FROM counted CROSS JOIN events e
    LEFT JOIN policy_exceptions x ON x.id = e.subject_id
    -- How it stands after this event, and how it stood after the one before.
    CROSS JOIN LATERAL jsonb_to_record(e.data)
        AS s (policy uuid, team uuid, tier text, exception_kind text, risk text, stage text, expires_at timestamptz)
    LEFT JOIN LATERAL (
        SELECT b.data FROM events b
        WHERE b.subject_id = e.subject_id AND b.seq < e.seq AND b.kind = ANY (counted.kinds)
        ORDER BY b.seq DESC LIMIT 1) b ON true
    LEFT JOIN LATERAL jsonb_to_record(b.data)
        AS w (policy uuid, team uuid, tier text, exception_kind text, risk text, stage text) ON true
    LEFT JOIN LATERAL (
        SELECT q.at FROM events q
        WHERE q.subject_id = e.subject_id AND q.seq < e.seq AND q.kind = 'exception.requested'
        ORDER BY q.seq LIMIT 1) o ON true
    -- The end that stands in the lines before this event.
    LEFT JOIN LATERAL (
        SELECT greatest(coalesce((a.data ->> 'expires_at')::timestamptz, x.expires_at), a.at) AS ends FROM events a
        WHERE a.subject_id = e.subject_id AND a.seq < e.seq AND a.kind IN ('exception.approved', 'exception.extended')
        ORDER BY a.seq DESC LIMIT 1) g ON true
    WHERE e.kind = ANY (counted.kinds) AND (these IS NULL OR e.id = ANY (these))),
stood AS (
    SELECT t.*, t.opened_at IS NOT NULL AND NOT t.ended AND coalesce(t.ends > t.at, true) AS open,
        (t.policy_id, t.team, t.tier, t.kind, t.risk, t.stage) IS DISTINCT FROM
            (t.was_policy_id, t.was_team, t.was_tier, t.was_kind, t.was_risk, t.was_stage) AS moved
    FROM told t)
SELECT t.id, l.place, t.subject_id, t.model_id, t.at, l.at,
    CASE WHEN l.old THEN t.was_policy_id ELSE t.policy_id END, CASE WHEN l.old THEN t.was_team ELSE t.team END,
    CASE WHEN l.old THEN t.was_tier ELSE t.tier END, CASE WHEN l.old THEN t.was_kind ELSE t.kind END,
    CASE WHEN l.old THEN t.was_risk ELSE t.risk END, CASE WHEN l.old THEN t.was_stage ELSE t.stage END,
    CASE l.effect WHEN 'opened' THEN l.n ELSE 0 END, CASE l.effect WHEN 'granted' THEN l.n ELSE 0 END,
    CASE l.effect WHEN 'rejected' THEN l.n ELSE 0 END, CASE l.effect WHEN 'withdrawn' THEN l.n ELSE 0 END,
    CASE l.effect WHEN 'extended' THEN l.n ELSE 0 END, CASE l.effect WHEN 'expired' THEN l.n ELSE 0 END,
    CASE l.effect WHEN 'revoked' THEN l.n ELSE 0 END, CASE l.effect WHEN 'resolved' THEN l.n ELSE 0 END,
    CASE WHEN l.effect IN ('granted', 'rejected') THEN l.n ELSE 0 END,
    CASE WHEN l.effect IN ('granted', 'rejected') THEN floor(extract(epoch FROM t.at - t.opened_at))::bigint ELSE 0 END,
    l.open, l.force, l.open * floor(extract(epoch FROM coalesce(t.opened_at, t.at)))::bigint
FROM stood t CROSS JOIN LATERAL (
    SELECT v.* FROM (VALUES
        -- What moves to another group is taken from the old one, with its end to come, and put into the new one.
        (1, t.open AND t.moved, true, t.at, 'moved', 0, -1, -t.force),
        (2, t.open AND t.moved, false, t.at, 'moved', 0, 1, t.force),
        (3, t.open AND t.moved AND t.force = 1, true, t.ends, 'expired', -1, 1, 1),
        (4, t.open AND t.moved AND t.force = 1, false, t.ends, 'expired', 1, -1, -1),
        (5, t.what = 'requested' AND t.opened_at IS NULL, false, t.at, 'opened', 1, 1, 0),
        (6, t.what = 'approved' AND t.open AND t.force = 0, false, t.at, 'granted', 1, 0, 1),
        (7, t.what = 'approved' AND t.open AND t.force = 0, false, t.new_ends, 'expired', 1, -1, -1),
        -- One that had ended by its date already is open again; no known way leads there.
        (6, t.what = 'extended' AND NOT t.ended AND t.force = 1, false, t.at, 'extended', 1, 0, 0),
        (7, t.what = 'extended' AND NOT t.ended AND t.force = 1, false, greatest(t.ends, t.at), 'expired', -1, 1, 1),
        (8, t.what = 'extended' AND NOT t.ended AND t.force = 1, false, t.new_ends, 'expired', 1, -1, -1),
        (6, t.what IN ('rejected', 'withdrawn', 'revoked', 'resolved') AND t.open, false, t.at, t.what, 1, -1,
            -t.force),
        (7, t.what IN ('rejected', 'withdrawn', 'revoked', 'resolved') AND t.open AND t.force = 1, false, t.ends,
            'expired', -1, 1, 1)
        ) AS v (place, holds, old, at, effect, n, open, force)
    WHERE v.holds) l
$$;

-- The sums of these lines by day, model and each of the things that a trend may be told apart by.
CREATE FUNCTION exception_days_of(lines bigint[])
RETURNS TABLE (
    dimension text, day date, value text, model_id uuid, opened bigint, granted bigint, rejected bigint,
    withdrawn bigint, extended bigint, expired bigint, revoked bigint, resolved bigint, decided bigint,
    decide_seconds bigint, open_delta bigint, in_force_delta bigint, opened_epoch_delta bigint)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT v.dimension, (l.effective_at AT TIME ZONE 'UTC')::date, v.value, l.model_id, sum(l.opened), sum(l.granted),
        sum(l.rejected), sum(l.withdrawn), sum(l.extended), sum(l.expired), sum(l.revoked), sum(l.resolved),
        sum(l.decided), sum(l.decide_seconds)::bigint, sum(l.open_delta), sum(l.in_force_delta),
        sum(l.opened_epoch_delta)::bigint
    FROM exception_lines l CROSS JOIN LATERAL (VALUES
        ('NOTHING', ''), ('TIER', l.tier), ('POLICY', l.policy_id::text), ('TEAM', coalesce(l.team_id::text, '')),
        ('KIND', l.kind), ('RISK', l.risk), ('STAGE', coalesce(l.stage, ''))) AS v (dimension, value)
    WHERE l.id = ANY (lines)
    GROUP BY 1, 2, 3, 4
$$;

-- A model that becomes restricted, or open again, takes its days with it; they are added up by the clock.
CREATE FUNCTION restricted_days() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO exception_days (dimension, day, value, restricted_model_id, opened, granted, rejected, withdrawn,
        extended, expired, revoked, resolved, decided, decide_seconds, open_delta, in_force_delta, opened_epoch_delta)
    SELECT d.dimension, d.day, d.value, side.restricted_model_id, side.sign * d.opened, side.sign * d.granted,
        side.sign * d.rejected, side.sign * d.withdrawn, side.sign * d.extended, side.sign * d.expired,
        side.sign * d.revoked, side.sign * d.resolved, side.sign * d.decided, side.sign * d.decide_seconds,
        side.sign * d.open_delta, side.sign * d.in_force_delta, side.sign * d.opened_epoch_delta
    FROM exception_days_of(ARRAY(SELECT l.id FROM exception_lines l WHERE l.model_id = NEW.id AND l.folded)) d
    CROSS JOIN (VALUES (CASE WHEN OLD.restricted THEN OLD.id END, -1),
                       (CASE WHEN NEW.restricted THEN NEW.id END, 1)) AS side (restricted_model_id, sign);
    RETURN NULL;
END
$$;

CREATE TRIGGER models_restricted_days AFTER UPDATE OF restricted ON models
FOR EACH ROW WHEN (OLD.restricted IS DISTINCT FROM NEW.restricted) EXECUTE FUNCTION restricted_days();

-- What happened before there were such lines.
INSERT INTO exception_lines (event_id, place, exception_id, model_id, recorded_at, effective_at, policy_id, team_id, tier,
    kind, risk, stage, opened, granted, rejected, withdrawn, extended, expired, revoked, resolved, decided,
    decide_seconds, open_delta, in_force_delta, opened_epoch_delta)
SELECT * FROM exception_lines_of(NULL);
