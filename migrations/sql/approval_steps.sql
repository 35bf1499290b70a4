-- Rows of the matrix said how many and which disciplines; now they say it in steps, and who is reminded when.
UPDATE approval_rules SET
    steps = CASE WHEN quorum = 0 THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object(
        'name', CASE WHEN jsonb_array_length(disciplines) > 1 THEN 'Review board' ELSE 'Sign-off' END,
        'quorum', quorum,
        'disciplines', (SELECT COALESCE(jsonb_object_agg(d, CASE WHEN quorum >= jsonb_array_length(disciplines) THEN 1 ELSE 0 END), '{}')
                        FROM jsonb_array_elements_text(disciplines) d),
        'different', least(quorum, jsonb_array_length(disciplines)),
        'roles', jsonb_build_array('MODEL_APPROVER'),
        'group', 'ANYBODY',
        'team', NULL)) END,
    reminders_h = '[8, 24]',
    escalation = CASE WHEN tier = 'HIGH' THEN '[{"after_h": 40, "to": "OWNERS"}]'::jsonb ELSE '[]'::jsonb END,
    rationale = 'Scrutiny in proportion to risk.';

-- What was asked before keeps the rule that it was asked under, in the same words.
UPDATE approval_requests r SET
    title = COALESCE((SELECT m.name || ' ' || v.name || ' to ' || r.stage FROM model_versions v JOIN models m ON m.id = v.model_id
                      WHERE v.id = r.subject_id), r.subject_kind),
    tier = (SELECT m.tier FROM models m WHERE m.id = r.scope_id),
    acknowledgement = 'I have looked at what was put to me under the digest ' || r.subject_digest
        || ', it is not my own work, and I {decision}.',
    rule = r.rule || jsonb_build_object('tag', NULL, 'at_end', 'EXPIRE', 'calendar', 'default', 'steps',
        jsonb_build_array(jsonb_build_object(
            'name', 'Sign-off', 'quorum', GREATEST((r.rule ->> 'quorum')::int, 1),
            'disciplines', (SELECT COALESCE(jsonb_object_agg(d, CASE WHEN (r.rule ->> 'quorum')::int >= jsonb_array_length(r.rule -> 'disciplines')
                                                             THEN 1 ELSE 0 END), '{}')
                            FROM jsonb_array_elements_text(r.rule -> 'disciplines') d),
            'different', least((r.rule ->> 'quorum')::int, jsonb_array_length(r.rule -> 'disciplines')),
            'roles', jsonb_build_array('MODEL_APPROVER'), 'group', 'ANYBODY', 'team', NULL)));
