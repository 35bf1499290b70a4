-- What somebody has written so far of a request for an exception.
CREATE TABLE exception_drafts (
    id uuid NOT NULL CONSTRAINT pk_exception_drafts PRIMARY KEY,
    author_id uuid NOT NULL CONSTRAINT fk_exception_drafts_author_id REFERENCES people (id),
    policy_id uuid NOT NULL CONSTRAINT fk_exception_drafts_policy_id REFERENCES policies (id),
    model_id uuid NOT NULL CONSTRAINT fk_exception_drafts_model_id REFERENCES models (id),
    state varchar(40) NOT NULL CONSTRAINT ck_exception_drafts_exceptionstatus
        CHECK (state IN ('DRAFT', 'SUBMITTED', 'WITHDRAWN')),
    says jsonb NOT NULL,
    exception_id uuid CONSTRAINT fk_exception_drafts_exception_id REFERENCES policy_exceptions (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ix_exception_drafts_author ON exception_drafts (author_id, updated_at DESC, id DESC);
