-- How many signatures the steps of a row ask for in all.
CREATE FUNCTION approval_rule_asks(steps jsonb)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT COALESCE((SELECT sum((s ->> 'quorum')::int) FROM jsonb_array_elements(steps) s), 0)::int
$$;

-- Which of two rows that fit comes first: a model's tag before its tier before the stage; of several tags the one that
-- asks for most.
CREATE FUNCTION approval_rule_rank(tier text, stage text, tag text, steps jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ARRAY[(tag IS NULL)::int::text, (tier IS NULL)::int::text, (stage IS NULL)::int::text,
                 lpad((100000 - approval_rule_asks(steps))::text, 6, '0'), COALESCE(tag, '')]
$$;

-- The rows of the matrix that fit a kind of subject, a tier, a stage and the tags of a model, each as key and as
-- key=value; the one at place 1 applies. No row about versions fits a PROHIBITED model: nobody may approve it.
-- Written into whatever asks it: with a search path of its own it would be called, for each version anew.
CREATE FUNCTION approval_rules_fitting(kind text, of_tier text, to_stage text, tags text[])
RETURNS TABLE (id uuid, place bigint)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT r.id, row_number() OVER (ORDER BY approval_rule_rank(r.tier, r.stage, r.tag, r.steps) COLLATE "C")
    FROM approval_rules r
    WHERE r.subject_kind = kind
      AND (r.tier IS NULL OR r.tier = CASE of_tier WHEN 'UNCLASSIFIED' THEN 'HIGH' ELSE of_tier END)
      AND (r.stage IS NULL OR r.stage = to_stage)
      AND (r.tag IS NULL OR r.tag = ANY (tags))
      AND NOT (kind = 'version' AND COALESCE(of_tier, '') = 'PROHIBITED')
$$;

CREATE FUNCTION model_tag_words(of_model uuid)
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT ARRAY(SELECT w.word FROM model_tags t CROSS JOIN LATERAL (VALUES (t.key), (t.key || '=' || t.value)) w (word)
                 WHERE t.model_id = of_model)
$$;

-- The row of the approval matrix that applies. Gate, dossiers and graph all ask this.
CREATE OR REPLACE FUNCTION approval_rule(kind text, of_tier text, to_stage text, of_model uuid)
RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT f.id FROM approval_rules_fitting(kind, of_tier, to_stage, model_tag_words(of_model)) f WHERE f.place = 1
$$;
