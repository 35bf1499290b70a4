-- The approval matrix a company begins with: scrutiny in proportion to risk. PROHIBITED models have no row: nobody can
-- approve them.
INSERT INTO approval_rules (id, tier, stage, quorum, disciplines, term_days) VALUES
    (gen_random_uuid(), 'HIGH', 'STAGING', 1, '["DATA_SCIENCE"]', 5),
    (gen_random_uuid(), 'HIGH', 'PRODUCTION', 2, '["RISK", "COMPLIANCE"]', 10),
    (gen_random_uuid(), 'LIMITED', 'STAGING', 1, '[]', 5),
    (gen_random_uuid(), 'LIMITED', 'PRODUCTION', 1, '["RISK"]', 5),
    (gen_random_uuid(), 'MINIMAL', 'STAGING', 1, '[]', 5),
    (gen_random_uuid(), 'MINIMAL', 'PRODUCTION', 1, '[]', 5);
