"""approvals that hold

The matrix in steps, its changes, who is asked, delegations, absences, the discussion, break-glass.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.run_sql import run_file

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DECISIONS = ("APPROVE", "REJECT", "REQUEST_CHANGES", "WITHDRAW")


def _add(table: str, column: "sa.Column[object]", of_old: str) -> None:
    """Add a column that may not be null, with a value for the rows that are there."""
    column.server_default = sa.DefaultClause(sa.text(of_old))
    op.add_column(table, column)
    op.alter_column(table, column.name, server_default=None)


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_absences_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index("ix_absences_person", "absences", ["person_id", "ends_at"], unique=False)
    op.create_table(
        "matrix_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column(
            "tier",
            sa.Enum(
                "PROHIBITED",
                "HIGH",
                "LIMITED",
                "MINIMAL",
                "UNCLASSIFIED",
                name="risktier",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "stage",
            sa.Enum(
                "PROPOSAL",
                "DEVELOPMENT",
                "STAGING",
                "PRODUCTION",
                "ARCHIVED",
                name="stage",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("tag", sqlmodel.sql.sqltypes.AutoString(length=700), nullable=True),
        sa.Column("proposed", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "IN_REVIEW",
                "APPLIED",
                "REJECTED",
                "WITHDRAWN",
                "STALE",
                name="matrixchangestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_matrix_changes_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matrix_changes")),
    )
    op.create_index(
        "ix_matrix_changes_created",
        "matrix_changes",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "delegations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("disciplines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["people.id"], name=op.f("fk_delegations_from_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["models.id"], name=op.f("fk_delegations_scope_id")),
        sa.ForeignKeyConstraint(["to_id"], ["people.id"], name=op.f("fk_delegations_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index("ix_delegations_from", "delegations", ["from_id", "ends_at"], unique=False)
    op.create_index(
        "ix_delegations_newest",
        "delegations",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_delegations_to", "delegations", ["to_id", "ends_at"], unique=False)
    op.create_table(
        "approval_asks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "discipline",
            sa.Enum(
                "DATA_SCIENCE",
                "ENGINEERING",
                "PRODUCT",
                "LEGAL",
                "COMPLIANCE",
                "RISK",
                "BUSINESS",
                "OPERATIONS",
                name="discipline",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("via_id", sa.Uuid(), nullable=True),
        sa.Column("delegation_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["delegation_id"], ["delegations.id"], name=op.f("fk_approval_asks_delegation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_approval_asks_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_requests.id"], name=op.f("fk_approval_asks_request_id")),
        sa.ForeignKeyConstraint(["via_id"], ["people.id"], name=op.f("fk_approval_asks_via_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_asks")),
        sa.UniqueConstraint(
            "request_id",
            "person_id",
            "via_id",
            name=op.f("uq_approval_asks_request_id_person_id_via_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_approval_asks_delegation",
        "approval_asks",
        ["delegation_id"],
        unique=False,
        postgresql_where=sa.text("delegation_id IS NOT NULL"),
    )
    op.create_index("ix_approval_asks_person", "approval_asks", ["person_id", "due_at", "id"], unique=False)
    op.create_table(
        "approval_comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "NOTE", "QUESTION", "ANSWER", name="commentkind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_approval_comments_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_requests.id"], name=op.f("fk_approval_comments_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_comments")),
    )
    op.create_index("ix_approval_comments_request", "approval_comments", ["request_id", "at", "id"], unique=False)
    op.create_table(
        "approval_openings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "API", "CLI", "CONSOLE", "SLACK", name="channel", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_approval_openings_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_requests.id"], name=op.f("fk_approval_openings_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_openings")),
        sa.UniqueConstraint(
            "request_id",
            "person_id",
            "thing_id",
            name=op.f("uq_approval_openings_request_id_person_id_thing_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_approval_openings_request",
        "approval_openings",
        ["request_id", sa.literal_column("opened_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "break_glasses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("justified", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_break_glasses_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_requests.id"], name=op.f("fk_break_glasses_request_id")),
        sa.ForeignKeyConstraint(["review_id"], ["approval_requests.id"], name=op.f("fk_break_glasses_review_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["models.id"], name=op.f("fk_break_glasses_scope_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glasses")),
        sa.UniqueConstraint("request_id", name=op.f("uq_break_glasses_request_id")),
    )
    op.create_index(
        "ix_break_glasses_newest",
        "break_glasses",
        [sa.literal_column("at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_break_glasses_open",
        "break_glasses",
        ["scope_id"],
        unique=False,
        postgresql_where=sa.text("reviewed_at IS NULL"),
    )
    op.create_table(
        "approval_mentions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["approval_comments.id"], name=op.f("fk_approval_mentions_comment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_approval_mentions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_mentions")),
        sa.UniqueConstraint("comment_id", "person_id", name=op.f("uq_approval_mentions_comment_id_person_id")),
    )
    op.create_index(
        "ix_approval_mentions_person",
        "approval_mentions",
        ["person_id", sa.literal_column("at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    _add("approval_requests", sa.Column("title", sa.Text(), nullable=False), "''")
    op.add_column(
        "approval_requests",
        sa.Column(
            "tier",
            sa.Enum(
                "PROHIBITED",
                "HIGH",
                "LIMITED",
                "MINIMAL",
                "UNCLASSIFIED",
                name="risktier",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
    )
    _add("approval_requests", sa.Column("wants", postgresql.JSONB(astext_type=sa.Text()), nullable=False), "'{}'")
    _add("approval_requests", sa.Column("step", sa.Integer(), nullable=False), "0")
    _add("approval_requests", sa.Column("acknowledgement", sa.Text(), nullable=False), "''")
    _add("approval_requests", sa.Column("ladder", postgresql.JSONB(astext_type=sa.Text()), nullable=False), "'[]'")
    _add("approval_requests", sa.Column("rung", sa.Integer(), nullable=False), "0")
    op.add_column("approval_requests", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("approval_requests", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    _add("approval_requests", sa.Column("late", sa.Boolean(), nullable=False), "false")
    op.alter_column("approval_requests", "scope_id", existing_type=sa.UUID(), nullable=True)
    op.alter_column("approval_requests", "stage", existing_type=sa.VARCHAR(length=40), nullable=True)
    op.create_index(
        "ix_approval_requests_asker",
        "approval_requests",
        ["requested_by", sa.literal_column("requested_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_approval_requests_next",
        "approval_requests",
        ["next_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    op.create_index(
        "uq_approval_requests_live",
        "approval_requests",
        ["subject_kind", "subject_id", "stage"],
        unique=True,
        postgresql_where=sa.text("status = 'PENDING'"),
        postgresql_nulls_not_distinct=True,
    )
    _add(
        "approval_rules",
        sa.Column("subject_kind", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        "'version'",
    )
    op.add_column("approval_rules", sa.Column("tag", sqlmodel.sql.sqltypes.AutoString(length=700), nullable=True))
    _add("approval_rules", sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False), "'[]'")
    _add("approval_rules", sa.Column("reminders_h", postgresql.JSONB(astext_type=sa.Text()), nullable=False), "'[]'")
    _add("approval_rules", sa.Column("escalation", postgresql.JSONB(astext_type=sa.Text()), nullable=False), "'[]'")
    _add(
        "approval_rules",
        sa.Column(
            "at_end",
            sa.Enum("EXPIRE", "KEEP", name="termend", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        "'EXPIRE'",
    )
    _add(
        "approval_rules",
        sa.Column("calendar", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        "'default'",
    )
    _add("approval_rules", sa.Column("rationale", sa.Text(), nullable=False), "''")
    _add("approval_rules", sa.Column("set_at", sa.DateTime(timezone=True), nullable=False), "now()")
    op.alter_column("approval_rules", "tier", existing_type=sa.VARCHAR(length=40), nullable=True)
    op.alter_column("approval_rules", "stage", existing_type=sa.VARCHAR(length=40), nullable=True)
    op.drop_constraint(op.f("uq_approval_rules_tier_stage"), "approval_rules", type_="unique")
    op.create_unique_constraint(
        op.f("uq_approval_rules_subject_kind_tier_stage_tag"),
        "approval_rules",
        ["subject_kind", "tier", "stage", "tag"],
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_role_grants_role", "role_grants", ["role", "discipline", "person_id"], unique=False)
    _add("sign_offs", sa.Column("entry", sa.Integer(), nullable=False), "1")
    _add("sign_offs", sa.Column("step", sa.Integer(), nullable=False), "0")
    op.add_column(
        "sign_offs",
        sa.Column(
            "role",
            sa.Enum(
                "MODEL_OWNER",
                "DEVELOPER",
                "MODEL_APPROVER",
                "POLICY_OWNER",
                "DATA_STEWARD",
                "INCIDENT_RESPONDER",
                "AUDITOR",
                "EXECUTIVE",
                "ADMIN",
                "SERVICE",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
    )
    _add("sign_offs", sa.Column("acknowledgement", sa.Text(), nullable=False), "''")
    _add(
        "sign_offs",
        sa.Column(
            "channel",
            sa.Enum(
                "API", "CLI", "CONSOLE", "SLACK", name="channel", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        "'API'",
    )
    op.add_column("sign_offs", sa.Column("on_behalf_of", sa.Uuid(), nullable=True))
    op.add_column("sign_offs", sa.Column("delegation_id", sa.Uuid(), nullable=True))
    op.add_column("sign_offs", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    _add("sign_offs", sa.Column("opened", sa.Integer(), nullable=False), "0")
    op.drop_constraint(op.f("uq_sign_offs_request_id_person_id"), "sign_offs", type_="unique")
    op.create_unique_constraint(
        op.f("uq_sign_offs_request_id_person_id_entry"), "sign_offs", ["request_id", "person_id", "entry"]
    )
    op.create_foreign_key(op.f("fk_sign_offs_on_behalf_of"), "sign_offs", "people", ["on_behalf_of"], ["id"])
    op.create_foreign_key(op.f("fk_sign_offs_delegation_id"), "sign_offs", "delegations", ["delegation_id"], ["id"])
    op.drop_constraint(op.f("ck_sign_offs_signoffdecision"), "sign_offs", type_="check")
    op.create_check_constraint("signoffdecision", "sign_offs", sa.column("decision").in_(DECISIONS))
    run_file("approval_steps.sql")
    op.drop_column("approval_rules", "quorum")
    op.drop_column("approval_rules", "disciplines")
    run_file("approvals.sql")
