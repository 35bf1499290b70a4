-- How much earlier an exception counts as asked for, for its risk: so that the order of the backlog needs no clock.
CREATE FUNCTION exception_head_start(risk text, tier text) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(days =>
    CASE risk WHEN 'CRITICAL' THEN 180 WHEN 'HIGH' THEN 90 WHEN 'MEDIUM' THEN 30 WHEN 'LOW' THEN 10 ELSE 0 END
    * CASE tier WHEN 'MINIMAL' THEN 1 WHEN 'LIMITED' THEN 2 ELSE 4 END / 2);

-- What more is known of exceptions, of their controls, and of the criteria by which they close.
ALTER TABLE policy_exceptions RENAME COLUMN treatment TO recommended_treatment;
ALTER TABLE policy_exceptions DROP CONSTRAINT ck_policy_exceptions_risktreatment;
ALTER TABLE policy_exceptions
    ADD policy_version_id uuid CONSTRAINT fk_policy_exceptions_policy_version_id REFERENCES policy_versions (id),
    ADD template varchar(100) NOT NULL DEFAULT '',
    ADD risk_before varchar(40) NOT NULL DEFAULT 'MEDIUM',
    ADD risk_after varchar(40) NOT NULL DEFAULT 'MEDIUM',
    ADD decided_treatment varchar(40),
    ADD ticket_url text NOT NULL DEFAULT '',
    ADD tier varchar(40) NOT NULL DEFAULT 'UNCLASSIFIED',
    ADD team_id uuid CONSTRAINT fk_policy_exceptions_team_id REFERENCES teams (id),
    ADD weighted_since timestamptz,
    ADD suspended_from timestamptz,
    ADD review_every_days integer,
    ADD reviewed_at timestamptz,
    ADD extensions_allowed integer NOT NULL DEFAULT 0,
    ADD extensions_used integer NOT NULL DEFAULT 0,
    ADD renewed_from_id uuid CONSTRAINT fk_policy_exceptions_renewed_from_id REFERENCES policy_exceptions (id),
    ADD batch_id uuid,
    ADD resolution_suggested_at timestamptz,
    ADD ended_by uuid CONSTRAINT fk_policy_exceptions_ended_by REFERENCES people (id),
    ADD ended_at timestamptz,
    ADD end_note text NOT NULL DEFAULT '',
    ADD CONSTRAINT ck_policy_exceptions_risk_before CHECK (risk_before IN ('CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFO')),
    ADD CONSTRAINT ck_policy_exceptions_risk_after CHECK (risk_after IN ('CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFO')),
    ADD CONSTRAINT ck_policy_exceptions_recommended_treatment CHECK (recommended_treatment IN ('ACCEPT', 'AVOID', 'MITIGATE', 'FIX', 'TRANSFER')),
    ADD CONSTRAINT ck_policy_exceptions_decided_treatment CHECK (decided_treatment IN ('ACCEPT', 'AVOID', 'MITIGATE', 'FIX', 'TRANSFER')),
    ADD CONSTRAINT ck_policy_exceptions_risktier CHECK (tier IN ('PROHIBITED', 'HIGH', 'LIMITED', 'MINIMAL', 'UNCLASSIFIED'));
UPDATE policy_exceptions e
SET tier = m.tier, team_id = m.team_id, decided_treatment = CASE WHEN e.state = 'APPROVED' THEN e.recommended_treatment END,
    policy_version_id = (SELECT p.current_version_id FROM policies p WHERE p.id = e.policy_id),
    weighted_since = e.requested_at - exception_head_start('MEDIUM', m.tier)
FROM models m WHERE m.id = e.model_id;
ALTER TABLE policy_exceptions
    ALTER template DROP DEFAULT, ALTER risk_before DROP DEFAULT, ALTER risk_after DROP DEFAULT,
    ALTER ticket_url DROP DEFAULT, ALTER tier DROP DEFAULT, ALTER extensions_allowed DROP DEFAULT,
    ALTER extensions_used DROP DEFAULT, ALTER end_note DROP DEFAULT, ALTER weighted_since SET NOT NULL;
CREATE INDEX ix_policy_exceptions_weighted ON policy_exceptions (weighted_since, id);
CREATE INDEX ix_policy_exceptions_batch ON policy_exceptions (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX ix_policy_exceptions_renewed ON policy_exceptions (renewed_from_id) WHERE renewed_from_id IS NOT NULL;

ALTER TABLE compensating_controls
    ADD policy_id uuid CONSTRAINT fk_compensating_controls_policy_id REFERENCES policies (id),
    ADD red_since timestamptz,
    ADD attest_every_days integer,
    ADD attestor_id uuid CONSTRAINT fk_compensating_controls_attestor_id REFERENCES people (id),
    ADD attested_by uuid CONSTRAINT fk_compensating_controls_attested_by REFERENCES people (id),
    ADD attested_at timestamptz,
    ADD attestation_due_at timestamptz,
    ADD attestation_note text NOT NULL DEFAULT '';
ALTER TABLE compensating_controls ALTER attestation_note DROP DEFAULT;
CREATE INDEX ix_compensating_controls_policy ON compensating_controls (policy_id) WHERE policy_id IS NOT NULL;

CREATE TABLE acceptance_criteria (
    id uuid NOT NULL CONSTRAINT pk_acceptance_criteria PRIMARY KEY,
    exception_id uuid NOT NULL CONSTRAINT fk_acceptance_criteria_exception_id REFERENCES policy_exceptions (id),
    description text NOT NULL,
    policy_id uuid CONSTRAINT fk_acceptance_criteria_policy_id REFERENCES policies (id),
    due_at timestamptz,
    met_at timestamptz,
    met_by uuid CONSTRAINT fk_acceptance_criteria_met_by REFERENCES people (id),
    met_note text NOT NULL,
    evidence_url text NOT NULL
);
CREATE INDEX ix_acceptance_criteria_exception ON acceptance_criteria (exception_id, id);
CREATE INDEX ix_acceptance_criteria_policy ON acceptance_criteria (policy_id) WHERE policy_id IS NOT NULL;
INSERT INTO acceptance_criteria (id, exception_id, description, met_note, evidence_url)
SELECT gen_random_uuid(), e.id, e.acceptance_criteria, '', '' FROM policy_exceptions e WHERE e.acceptance_criteria <> '';
ALTER TABLE policy_exceptions DROP COLUMN acceptance_criteria;
