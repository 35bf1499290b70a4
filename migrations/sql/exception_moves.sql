-- What is asked and said of an exception after it was granted: longer terms, and recurring looks.
CREATE TABLE exception_extensions (
    id uuid NOT NULL CONSTRAINT pk_exception_extensions PRIMARY KEY,
    exception_id uuid NOT NULL CONSTRAINT fk_exception_extensions_exception_id REFERENCES policy_exceptions (id),
    was_expires_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    justification text NOT NULL,
    requested_by uuid NOT NULL CONSTRAINT fk_exception_extensions_requested_by REFERENCES people (id),
    requested_at timestamptz NOT NULL,
    state varchar(40) NOT NULL CONSTRAINT ck_exception_extensions_extensionstate
        CHECK (state IN ('REQUESTED', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'LAPSED')),
    decided_by uuid CONSTRAINT fk_exception_extensions_decided_by REFERENCES people (id),
    decided_at timestamptz,
    note text NOT NULL
);
CREATE INDEX ix_exception_extensions_exception ON exception_extensions (exception_id, requested_at DESC, id DESC);
-- Of two that are asked for at once, one is refused.
CREATE UNIQUE INDEX uq_exception_extensions_open ON exception_extensions (exception_id) WHERE state = 'REQUESTED';

CREATE TABLE exception_reviews (
    id uuid NOT NULL CONSTRAINT pk_exception_reviews PRIMARY KEY,
    exception_id uuid NOT NULL CONSTRAINT fk_exception_reviews_exception_id REFERENCES policy_exceptions (id),
    due_at timestamptz,
    reviewed_by uuid NOT NULL CONSTRAINT fk_exception_reviews_reviewed_by REFERENCES people (id),
    at timestamptz NOT NULL,
    verdict varchar(40) NOT NULL CONSTRAINT ck_exception_reviews_reviewverdict
        CHECK (verdict IN ('CONTINUE', 'REVOKE', 'RESOLVE')),
    note text NOT NULL
);
CREATE INDEX ix_exception_reviews_exception ON exception_reviews (exception_id, at DESC, id DESC);
REVOKE UPDATE, DELETE, TRUNCATE ON exception_reviews FROM hub_app;

-- An extension that nobody decides within its term is none: the exception ends on its day.
INSERT INTO approval_rules
    (id, subject_kind, tier, stage, steps, term_days, reminders_h, escalation, at_end, calendar, rationale, set_at)
VALUES
    (gen_random_uuid(), 'extension', NULL, NULL,
     '[{"name": "Decision", "quorum": 1, "disciplines": {}, "different": 0, "roles": ["MODEL_APPROVER", "POLICY_OWNER"], "group": "ANYBODY", "team": null}]',
     10, '[16, 40]', '[{"after_h": 56, "to": "POLICY_OWNER"}]', 'EXPIRE', 'default',
     'A longer term is a new risk: somebody uninvolved weighs it.', now());
