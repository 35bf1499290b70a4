SELECT convert_to(concat('{"viewer":', coalesce((SELECT concat('{"handle":', to_json(t1.handle), ',"roles":') || to_json((ARRAY(SELECT DISTINCT g.role
FROM role_grants g
WHERE g.person_id = t1.id
ORDER BY 1)))::text || ',"disciplines":' || to_json((ARRAY(SELECT DISTINCT g.discipline
FROM role_grants g
WHERE g.person_id = t1.id AND g.discipline IS NOT NULL
ORDER BY 1)))::text || '}'
FROM people t1
WHERE t1.id = $1::uuid), 'null'), ',"approvalRequests":{"totalCount":', (SELECT count(*)
FROM approval_requests t2
WHERE t2.status = $2::text AND (t2.status = 'PENDING' AND t2.due_at < coalesce(t2.paused_at, $3::timestamptz)) = $4::bool AND (t2.scope_id IS NULL OR EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t2.scope_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))), ',"nodes":[', (SELECT string_agg(concat('{"stage":', coalesce('"' || t2.stage || '"', 'null'), ',"reason":', to_json(t2.reason), ',"dueAt":', to_json(t2.due_at), ',"requestedBy":', coalesce((SELECT concat('{"handle":', to_json(t3.handle), '}')
FROM people t3
WHERE t3.id = t2.requested_by), 'null'), ',"subject":', coalesce((CASE t2.subject_kind WHEN 'model' THEN (SELECT '{"__typename":"Model"}'
FROM models t4
WHERE t4.id = t2.subject_id AND (NOT t4.restricted OR t4.owner_id = $1::uuid OR t4.team_id = ANY($5::uuid[]))) WHEN 'version' THEN (SELECT concat('{"__typename":"ModelVersion","name":', to_json(t5.name), ',"model":', coalesce((SELECT concat('{"name":', to_json(t6.name), '}')
FROM models t6
WHERE t6.id = t5.model_id AND (NOT t6.restricted OR t6.owner_id = $1::uuid OR t6.team_id = ANY($5::uuid[]))), 'null'), '}')
FROM model_versions t5
WHERE t5.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t5.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'card' THEN (SELECT '{"__typename":"ModelCard"}'
FROM model_cards t7
WHERE t7.id = t2.subject_id AND EXISTS (SELECT 1
FROM model_versions vv JOIN models vm ON vm.id = vv.model_id
WHERE vv.id = t7.version_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[])))) WHEN 'dataset' THEN (SELECT '{"__typename":"Dataset"}'
FROM datasets t8
WHERE t8.id = t2.subject_id) WHEN 'dataset_description' THEN (SELECT '{"__typename":"DatasetDescription"}'
FROM dataset_descriptions t9
WHERE t9.id = t2.subject_id) WHEN 'run' THEN (SELECT '{"__typename":"Run"}'
FROM runs t10
WHERE t10.id = t2.subject_id AND NOT EXISTS (SELECT 1
FROM model_versions vv JOIN models vm ON vm.id = vv.model_id
WHERE vv.run_id = t10.id AND NOT coalesce(NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]), false))) WHEN 'policy' THEN (SELECT '{"__typename":"Policy"}'
FROM policies t11
WHERE t11.id = t2.subject_id) WHEN 'policy_version' THEN (SELECT '{"__typename":"PolicyVersion"}'
FROM policy_versions t12
WHERE t12.id = t2.subject_id) WHEN 'policy_change' THEN (SELECT '{"__typename":"PolicyChange"}'
FROM policy_changes t13
WHERE t13.id = t2.subject_id) WHEN 'exception' THEN (SELECT '{"__typename":"PolicyException"}'
FROM policy_exceptions t14
WHERE t14.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t14.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'policy_suggestion' THEN (SELECT '{"__typename":"PolicySuggestion"}'
FROM policy_suggestions t15
WHERE t15.id = t2.subject_id AND EXISTS (SELECT 1
FROM policies vp
WHERE vp.id = t15.policy_id AND vp.owner_id = $1::uuid)) WHEN 'saved_view' THEN (SELECT '{"__typename":"SavedView"}'
FROM saved_views t16
WHERE t16.id = t2.subject_id AND (t16.person_id = $1::uuid OR t16.shared_with_team_id = ANY($5::uuid[]))) WHEN 'exception_draft' THEN (SELECT '{"__typename":"ExceptionDraft"}'
FROM exception_drafts t17
WHERE t17.id = t2.subject_id AND t17.author_id = $1::uuid) WHEN 'extension' THEN (SELECT '{"__typename":"ExceptionExtension"}'
FROM exception_extensions t18
WHERE t18.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = (SELECT ve.model_id
FROM policy_exceptions ve
WHERE ve.id = t18.exception_id) AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'approval_request' THEN (SELECT '{"__typename":"ApprovalRequest"}'
FROM approval_requests t19
WHERE t19.id = t2.subject_id AND (t19.scope_id IS NULL OR EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t19.scope_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'approval_rule' THEN (SELECT '{"__typename":"ApprovalRule"}'
FROM approval_rules t20
WHERE t20.id = t2.subject_id) WHEN 'matrix_change' THEN (SELECT '{"__typename":"MatrixChange"}'
FROM matrix_changes t21
WHERE t21.id = t2.subject_id) WHEN 'delegation' THEN (SELECT '{"__typename":"Delegation"}'
FROM delegations t22
WHERE t22.id = t2.subject_id AND (t22.scope_id IS NULL OR EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t22.scope_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'absence' THEN (SELECT '{"__typename":"Absence"}'
FROM absences t23
WHERE t23.id = t2.subject_id) WHEN 'break_glass' THEN (SELECT '{"__typename":"BreakGlass"}'
FROM break_glasses t24
WHERE t24.id = t2.subject_id AND (t24.scope_id IS NULL OR EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t24.scope_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'check_result' THEN (SELECT '{"__typename":"CheckResult"}'
FROM check_results t25
WHERE t25.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t25.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'evidence' THEN (SELECT '{"__typename":"Evidence"}'
FROM evidence t26
WHERE t26.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t26.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'backtest' THEN (SELECT '{"__typename":"Backtest"}'
FROM backtests t27
WHERE t27.id = t2.subject_id) WHEN 'validator_run' THEN (SELECT '{"__typename":"ValidatorRun"}'
FROM validator_runs t28
WHERE t28.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t28.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'deployment' THEN (SELECT '{"__typename":"Deployment"}'
FROM deployments t29
WHERE t29.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t29.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'deployment_intent' THEN (SELECT '{"__typename":"DeploymentIntent"}'
FROM deployment_intents t30
WHERE t30.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t30.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'permit' THEN (SELECT '{"__typename":"Permit"}'
FROM permits t31
WHERE t31.id = t2.subject_id AND (EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t31.model_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))) WHEN 'signing_key' THEN (SELECT '{"__typename":"SigningKey"}'
FROM signing_keys t32
WHERE t32.id = t2.subject_id) WHEN 'registry' THEN (SELECT '{"__typename":"Registry"}'
FROM registries t33
WHERE t33.id = t2.subject_id) WHEN 'sync_run' THEN (SELECT '{"__typename":"SyncRun"}'
FROM sync_runs t34
WHERE t34.id = t2.subject_id) WHEN 'person' THEN (SELECT '{"__typename":"Person"}'
FROM people t35
WHERE t35.id = t2.subject_id) WHEN 'team' THEN (SELECT '{"__typename":"Team"}'
FROM teams t36
WHERE t36.id = t2.subject_id) WHEN 'calendar' THEN (SELECT '{"__typename":"Calendar"}'
FROM calendars t37
WHERE t37.id = t2.subject_id) WHEN 'digest' THEN (SELECT '{"__typename":"Digest"}'
FROM digests t38
WHERE t38.id = t2.subject_id AND (t38.team_id IS NULL OR t38.team_id = ANY($5::uuid[]))) WHEN 'digest_subscription' THEN (SELECT '{"__typename":"DigestSubscription"}'
FROM digest_subscriptions t39
WHERE t39.id = t2.subject_id AND (t39.team_id IS NULL OR t39.team_id = ANY($5::uuid[]))) END), 'null'), '}'), ',')
FROM (SELECT t2.stage, t2.reason, t2.due_at, t2.requested_by, t2.subject_kind, t2.subject_id
FROM approval_requests t2
WHERE t2.status = $2::text AND (t2.status = 'PENDING' AND t2.due_at < coalesce(t2.paused_at, $3::timestamptz)) = $4::bool AND (t2.scope_id IS NULL OR EXISTS (SELECT 1
FROM models vm
WHERE vm.id = t2.scope_id AND (NOT vm.restricted OR vm.owner_id = $1::uuid OR vm.team_id = ANY($5::uuid[]))))
ORDER BY t2.requested_at DESC, t2.id DESC
LIMIT 2) t2), ']}}'), 'UTF8')
