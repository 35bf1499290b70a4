-- What is over by its date is passed by in lists of what is open once the clock has noted it; its dates alone tell whether
-- it covers. Partial indexes hold what is open: a backlog's page costs the same after years.
ALTER TABLE policy_exceptions ADD expiry_noted_at timestamptz;
CREATE INDEX ix_policy_exceptions_backlog ON policy_exceptions (weighted_since, id)
    WHERE state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND expiry_noted_at IS NULL;
CREATE INDEX ix_policy_exceptions_ending ON policy_exceptions (expires_at, id)
    WHERE state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND expiry_noted_at IS NULL;
CREATE INDEX ix_policy_exceptions_owner ON policy_exceptions (owner_id, weighted_since, id)
    WHERE state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND expiry_noted_at IS NULL;
CREATE INDEX ix_policy_exceptions_team ON policy_exceptions (team_id, weighted_since, id)
    WHERE state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND expiry_noted_at IS NULL;
CREATE INDEX ix_policy_exceptions_review ON policy_exceptions (coalesce(review_at, 'infinity'::timestamptz), id)
    WHERE state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND expiry_noted_at IS NULL;
