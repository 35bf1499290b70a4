-- What about an exception asks for more than the usual scrutiny, as tags that rows of the approval matrix may name:
-- that it is to last longer than a quarter of a year, and that what is left of the risk is high, or is to be borne where
-- it can harm people in what matters to them.
CREATE FUNCTION exception_tags(days int, risk text, treatment text, tier text)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT array_remove(ARRAY[
        CASE WHEN risk IN ('CRITICAL', 'HIGH')
                  OR treatment = 'ACCEPT' AND tier IN ('HIGH', 'UNCLASSIFIED', 'PROHIBITED') THEN 'risk:high' END,
        CASE WHEN days > 90 THEN 'term:long' END], NULL)
$$;

-- The row of the approval matrix under which an exception is asked. Of the rows for a tag, its own or the model's, the
-- one that asks for most; without any, the one that applies to its tier and stage.
CREATE FUNCTION exception_rule(of_model uuid, of_tier text, at_stage text, tags text[])
RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT r.id
    FROM approval_rules_fitting('exception', of_tier, at_stage, model_tag_words(of_model) || tags) f
    JOIN approval_rules r ON r.id = f.id
    ORDER BY r.tag IS NULL, CASE WHEN r.tag IS NOT NULL THEN -approval_rule_asks(r.steps) END, f.place
    LIMIT 1
$$;

-- Why such a row is the one, in words.
CREATE FUNCTION exception_rule_why(rule uuid)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT COALESCE((
        SELECT CASE
                WHEN r.tag = 'term:long' THEN 'it lasts longer than 90 days'
                WHEN r.tag = 'risk:high' THEN 'what is left of the risk is HIGH or worse, or borne for a HIGH model'
                WHEN r.tag IS NOT NULL THEN 'the model carries the tag ' || r.tag
                WHEN r.tier IS NOT NULL THEN 'nothing about it asks for more than the row for ' || r.tier || ' models'
                ELSE 'nothing about it asks for more than the usual row' END
            || '; it needs ' || approval_rule_asks(r.steps)
            || CASE approval_rule_asks(r.steps) WHEN 1 THEN ' signature' ELSE ' signatures' END
        FROM approval_rules r WHERE r.id = rule),
        'no row fits: nobody may grant it until one is added (hub approvals matrix propose)')
$$;

-- Who could sign a step about an exception of a model today, in their own right: nobody who made a version of it.
-- Whoever asks, and whoever is to own it, do not, besides.
CREATE FUNCTION exception_signers(of_model uuid, step jsonb)
RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT ARRAY(
        SELECT DISTINCT p.id
        FROM models m
        JOIN role_grants g ON step -> 'roles' ? g.role AND (step -> 'disciplines' = '{}' OR step -> 'disciplines' ? g.discipline)
        JOIN people p ON p.id = g.person_id AND p.active AND p.kind = 'HUMAN'
        WHERE m.id = of_model
          AND CASE step ->> 'group'
              WHEN 'OWNERS' THEN m.owner_id = p.id
              WHEN 'TEAM' THEN EXISTS (SELECT FROM team_members t JOIN teams x ON x.id = t.team_id
                                       WHERE t.person_id = p.id AND x.key = step ->> 'team')
              ELSE true END
          AND NOT EXISTS (SELECT FROM model_versions v CROSS JOIN LATERAL version_makers(v.id) w
                          WHERE v.model_id = m.id AND w.person_id = p.id)
          AND may_be_asked(NULL, '00000000-0000-0000-0000-000000000000', NULL, m.id, p.id)
        ORDER BY p.id)
$$;

-- What a company begins with: what lasts long or may do much harm is weighed by two disciplines; what harms nobody much
-- is decided within days.
INSERT INTO approval_rules
    (id, subject_kind, tier, stage, tag, steps, term_days, reminders_h, escalation, at_end, calendar, rationale, set_at)
VALUES
    (gen_random_uuid(), 'exception', NULL, NULL, 'term:long',
     '[{"name": "Two disciplines", "quorum": 2, "disciplines": {"COMPLIANCE": 1, "RISK": 1}, "different": 2, "roles": ["MODEL_APPROVER"], "group": "ANYBODY", "team": null}]',
     10, '[16, 40]', '[{"after_h": 56, "to": "POLICY_OWNER"}]', 'KEEP', 'default',
     'What is not kept for more than a quarter of a year is weighed by two disciplines.', now()),
    (gen_random_uuid(), 'exception', NULL, NULL, 'risk:high',
     '[{"name": "Two disciplines", "quorum": 2, "disciplines": {"COMPLIANCE": 1, "RISK": 1}, "different": 2, "roles": ["MODEL_APPROVER"], "group": "ANYBODY", "team": null}]',
     10, '[16, 40]', '[{"after_h": 56, "to": "POLICY_OWNER"}]', 'KEEP', 'default',
     'What may do much harm is borne by two disciplines, or not at all.', now()),
    (gen_random_uuid(), 'exception', 'MINIMAL', NULL, NULL,
     '[{"name": "Decision", "quorum": 1, "disciplines": {}, "different": 0, "roles": ["MODEL_APPROVER", "POLICY_OWNER"], "group": "ANYBODY", "team": null}]',
     5, '[16]', '[{"after_h": 28, "to": "POLICY_OWNER"}]', 'KEEP', 'default',
     'What harms nobody much is decided within a week.', now());
