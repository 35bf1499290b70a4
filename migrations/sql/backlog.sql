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

CREATE TABLE policy_suggestions (
    id uuid NOT NULL CONSTRAINT pk_policy_suggestions PRIMARY KEY,
    policy_id uuid NOT NULL CONSTRAINT fk_policy_suggestions_policy_id REFERENCES policies (id),
    team_id uuid CONSTRAINT fk_policy_suggestions_team_id REFERENCES teams (id),
    status varchar(40) NOT NULL
        CONSTRAINT ck_policy_suggestions_suggestionstatus CHECK (status IN ('OPEN', 'TAKEN', 'DISMISSED')),
    facts jsonb NOT NULL,
    exception_ids uuid[] NOT NULL,
    opened_at timestamptz NOT NULL,
    settled_by uuid CONSTRAINT fk_policy_suggestions_settled_by REFERENCES people (id),
    settled_at timestamptz,
    reason text NOT NULL,
    change_id uuid CONSTRAINT fk_policy_suggestions_change_id REFERENCES policy_changes (id)
);
CREATE INDEX ix_policy_suggestions_newest ON policy_suggestions (opened_at DESC, id DESC);
CREATE INDEX ix_policy_suggestions_policy ON policy_suggestions (policy_id, opened_at DESC, id DESC);
CREATE UNIQUE INDEX uq_policy_suggestions_open ON policy_suggestions (policy_id) WHERE status = 'OPEN';

CREATE TABLE saved_views (
    id uuid NOT NULL CONSTRAINT pk_saved_views PRIMARY KEY,
    person_id uuid NOT NULL CONSTRAINT fk_saved_views_person_id REFERENCES people (id),
    name varchar(100) COLLATE "C" NOT NULL,
    about varchar(40) NOT NULL,
    filter jsonb NOT NULL,
    order_by jsonb NOT NULL,
    shared_with_team_id uuid CONSTRAINT fk_saved_views_shared_with_team_id REFERENCES teams (id),
    changed_at timestamptz NOT NULL,
    CONSTRAINT uq_saved_views_person_id_about_name UNIQUE (person_id, about, name)
);
CREATE INDEX ix_saved_views_team ON saved_views (shared_with_team_id) WHERE shared_with_team_id IS NOT NULL;
