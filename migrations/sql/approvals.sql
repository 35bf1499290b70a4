-- The row of the approval matrix that applies: the most specific that fits, a model's tag before its tier before the
-- stage; of several tags the one that asks for most. Gate, dossiers and graph all ask this. Nobody can approve a version
-- of a PROHIBITED model.
CREATE FUNCTION approval_rule(kind text, of_tier text, to_stage text, of_model uuid)
RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT r.id FROM approval_rules r
    WHERE r.subject_kind = kind AND NOT (kind = 'version' AND of_tier IS NOT DISTINCT FROM 'PROHIBITED')
      AND (r.tier IS NULL OR r.tier = CASE of_tier WHEN 'UNCLASSIFIED' THEN 'HIGH' ELSE of_tier END)
      AND (r.stage IS NULL OR r.stage = to_stage)
      AND (r.tag IS NULL OR EXISTS (
        SELECT FROM model_tags t WHERE t.model_id = of_model AND (t.key = r.tag OR t.key || '=' || t.value = r.tag)))
    ORDER BY r.tag IS NULL, r.tier IS NULL, r.stage IS NULL,
        (SELECT sum((s ->> 'quorum')::int) FROM jsonb_array_elements(r.steps) s) DESC NULLS LAST, r.tag
    LIMIT 1
$$;

-- Whether a pending request may ask somebody: they see its model, had no hand in it, and have not answered.
CREATE FUNCTION may_be_asked(request uuid, requester uuid, made_by jsonb, model uuid, person uuid)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT person <> requester
       AND NOT COALESCE(made_by -> 'people' ? person::text, false)
       AND (model IS NULL OR EXISTS (
            SELECT FROM models m WHERE m.id = model AND (NOT m.restricted OR m.owner_id = person
                OR EXISTS (SELECT FROM team_members t WHERE t.team_id = m.team_id AND t.person_id = person)
                OR EXISTS (SELECT FROM role_grants g WHERE g.person_id = person AND g.role IN ('AUDITOR', 'ADMIN')))))
       AND NOT EXISTS (
            SELECT FROM sign_offs s
            WHERE s.request_id = request AND (s.person_id = person OR s.on_behalf_of = person)
              AND s.decision <> 'WITHDRAW'
              AND NOT EXISTS (SELECT FROM delegations d WHERE d.id = s.delegation_id AND d.revoked_at IS NOT NULL)
              AND NOT EXISTS (SELECT FROM sign_offs l WHERE l.request_id = s.request_id AND l.person_id = s.person_id
                                AND l.entry > s.entry))
$$;

-- What was signed is added to, never changed; so is what was said.
REVOKE UPDATE, DELETE, TRUNCATE ON sign_offs, approval_comments, approval_mentions, approval_openings FROM hub_app;

-- What a company begins with for what is not about versions. A change of the matrix is asked under the row that it
-- changes, and under this one where there is none.
INSERT INTO approval_rules
    (id, subject_kind, tier, stage, steps, term_days, reminders_h, escalation, at_end, calendar, rationale, set_at)
VALUES
    (gen_random_uuid(), 'exception', NULL, NULL,
     '[{"name": "Decision", "quorum": 1, "disciplines": {}, "different": 0, "roles": ["MODEL_APPROVER", "POLICY_OWNER"], "group": "ANYBODY", "team": null}]',
     10, '[16, 40]', '[{"after_h": 56, "to": "POLICY_OWNER"}]', 'KEEP', 'default',
     'Somebody uninvolved weighs the risk.', now()),
    (gen_random_uuid(), 'policy_change', NULL, NULL,
     '[{"name": "Peer review", "quorum": 1, "disciplines": {}, "different": 0, "roles": ["MODEL_APPROVER", "POLICY_OWNER"], "group": "ANYBODY", "team": null}]',
     10, '[24, 56]', '[]', 'KEEP', 'default',
     'A rule is reviewed by a peer before it is in force.', now()),
    (gen_random_uuid(), 'matrix_change', NULL, NULL,
     '[{"name": "Approvers", "quorum": 2, "disciplines": {}, "different": 0, "roles": ["MODEL_APPROVER", "POLICY_OWNER"], "group": "ANYBODY", "team": null}]',
     10, '[24, 56]', '[]', 'EXPIRE', 'default',
     'Who decides is decided by those who decide.', now()),
    (gen_random_uuid(), 'card', NULL, NULL,
     '[{"name": "Card review", "quorum": 1, "disciplines": {}, "different": 0, "roles": ["MODEL_APPROVER"], "group": "ANYBODY", "team": null}]',
     5, '[16]', '[]', 'EXPIRE', 'default',
     'What a card claims is read by somebody who did not write it.', now()),
    (gen_random_uuid(), 'break_glass', NULL, NULL,
     '[{"name": "Review by the uninvolved", "quorum": 2, "disciplines": {}, "different": 0, "roles": ["MODEL_APPROVER", "AUDITOR"], "group": "ANYBODY", "team": null}]',
     3, '[4, 12]', '[{"after_h": 16, "to": "ADMIN"}]', 'KEEP', 'default',
     'Whoever went ahead without approval is answered for by two others.', now());
