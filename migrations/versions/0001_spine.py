"""spine

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from sqlalchemy.dialects import postgresql

from migrations.run_sql import run_file, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approval_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
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
            nullable=False,
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
            nullable=False,
        ),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("disciplines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rules")),
        sa.UniqueConstraint("tier", "stage", name=op.f("uq_approval_rules_tier_stage")),
    )
    op.create_table(
        "datasets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("namespace", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name", sa.String(length=500, collation="C"), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("source_kind", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("profile", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("namespace", "name", "digest", name=op.f("uq_datasets_namespace_name_digest")),
    )
    op.create_index("ix_datasets_name", "datasets", ["name", "id"], unique=False)
    op.create_table(
        "lineage_edges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "from_kind",
            sa.Enum(
                "DATASET", "RUN", "VERSION", name="from_kind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column(
            "to_kind",
            sa.Enum("DATASET", "RUN", "VERSION", name="to_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "TRAINING",
                "EVALUATION",
                "DERIVED",
                "PRODUCED",
                name="lineagerole",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lineage_edges")),
        sa.UniqueConstraint("to_id", "from_id", "role", name=op.f("uq_lineage_edges_to_id_from_id_role")),
    )
    op.create_index("ix_lineage_edges_from", "lineage_edges", ["from_id", "to_id"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(length=100, collation="C"), nullable=False),
        sa.Column("name", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(length=320), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("HUMAN", "SERVICE", name="personkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("handle", name=op.f("uq_people_handle")),
    )
    op.create_index("uq_people_email", "people", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "registries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("name", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("next_sync_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("credentials", sa.LargeBinary(), nullable=True),
        sa.Column("credentials_key_id", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registries")),
        sa.UniqueConstraint("key", name=op.f("uq_registries_key")),
    )
    op.create_index(op.f("ix_registries_next_sync_at"), "registries", ["next_sync_at"], unique=False)
    op.create_table(
        "sync_seen",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=1200), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "kind", "key", name=op.f("pk_sync_seen")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("name", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("key", name=op.f("uq_teams_key")),
    )
    op.create_table(
        "answered",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("mutation", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("asked_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_answered_actor_id")),
        sa.PrimaryKeyConstraint("actor_id", "key", name=op.f("pk_answered")),
    )
    op.create_index(op.f("ix_answered_at"), "answered", ["at"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_digest", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True),
        sa.Column("scope_id", sa.Uuid(), nullable=True),
        sa.Column("operation", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_events_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("seq", name=op.f("uq_events_seq")),
    )
    op.create_index("ix_events_actor", "events", ["actor_id", "seq"], unique=False)
    op.create_index("ix_events_kind", "events", ["kind", "seq"], unique=False)
    op.create_index("ix_events_scope", "events", ["scope_id", "seq"], unique=False)
    op.create_index("ix_events_subject", "events", ["subject_id", "seq"], unique=False)
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_identities_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
    )
    op.create_index(op.f("ix_identities_person_id"), "identities", ["person_id"], unique=False)
    op.create_table(
        "models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registry_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("name", sa.String(length=500, collation="C"), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
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
            nullable=False,
        ),
        sa.Column("tier_why", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("owner_hint", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("seen_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_models_owner_id")),
        sa.ForeignKeyConstraint(["registry_id"], ["registries.id"], name=op.f("fk_models_registry_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_models_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("registry_id", "external_id", name=op.f("uq_models_registry_id_external_id")),
    )
    op.create_index(
        "ix_models_created",
        "models",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_models_name", "models", ["name", "id"], unique=False)
    op.create_index("ix_models_owner", "models", ["owner_id", "name", "id"], unique=False)
    op.create_index("ix_models_team", "models", ["team_id", "name", "id"], unique=False)
    op.create_index("ix_models_tier", "models", ["tier", "name", "id"], unique=False)
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100, collation="C"), nullable=False),
        sa.Column("title", sa.String(length=300, collation="C"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "IN_REVIEW",
                "PUBLISHED",
                "DEPRECATED",
                "RETIRED",
                name="policystatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "severity",
            sa.Enum(
                "CRITICAL",
                "HIGH",
                "MEDIUM",
                "LOW",
                "INFO",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "enforcement",
            sa.Enum(
                "ADVISORY",
                "WARNING",
                "BLOCKING",
                name="enforcement",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("current_version_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_policies_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("key", name=op.f("uq_policies_key")),
    )
    op.create_index("ix_policies_title", "policies", ["title", "id"], unique=False)
    op.create_table(
        "role_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
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
            nullable=False,
        ),
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
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_role_grants_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
        sa.UniqueConstraint(
            "person_id",
            "role",
            "discipline",
            name=op.f("uq_role_grants_person_id_role_discipline"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registry_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.Column("code_commit", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["registry_id"], ["registries.id"], name=op.f("fk_runs_registry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("registry_id", "external_id", name=op.f("uq_runs_registry_id_external_id")),
    )
    op.create_index(
        "ix_runs_started", "runs", [sa.literal_column("started_at DESC"), sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registry_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "trigger",
            sa.Enum(
                "SCHEDULE", "PERSON", "PUSH", name="synctrigger", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "QUEUED",
                "RUNNING",
                "SUCCEEDED",
                "FAILED",
                "HELD",
                name="syncstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("scope_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("models_seen", sa.Integer(), nullable=False),
        sa.Column("versions_seen", sa.Integer(), nullable=False),
        sa.Column("versions_expected", sa.Integer(), nullable=True),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("details_pending", sa.Integer(), nullable=False),
        sa.Column("details_tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["registry_id"], ["registries.id"], name=op.f("fk_sync_runs_registry_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["people.id"], name=op.f("fk_sync_runs_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
        sa.UniqueConstraint("registry_id", "number", name=op.f("uq_sync_runs_registry_id_number")),
    )
    op.create_index(
        "ix_sync_runs_open",
        "sync_runs",
        ["registry_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('QUEUED', 'RUNNING')"),
    )
    op.create_index(
        "ix_sync_runs_started",
        "sync_runs",
        [sa.literal_column("queued_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_team_members_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id")),
        sa.PrimaryKeyConstraint("team_id", "person_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_person_id"), "team_members", ["person_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("label", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("prefix", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tokens_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_tokens_secret_hash")),
    )
    op.create_index(op.f("ix_tokens_person_id"), "tokens", ["person_id"], unique=False)
    op.create_table(
        "approval_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("authors", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
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
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "CHANGES_REQUESTED",
                "APPROVED",
                "REJECTED",
                "WITHDRAWN",
                "EXPIRED",
                "STALE",
                "BYPASSED",
                name="approvalstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["requested_by"], ["people.id"], name=op.f("fk_approval_requests_requested_by")),
        sa.ForeignKeyConstraint(["scope_id"], ["models.id"], name=op.f("fk_approval_requests_scope_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_requests")),
    )
    op.create_index(
        "ix_approval_requests_requested",
        "approval_requests",
        [sa.literal_column("requested_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_approval_requests_scope",
        "approval_requests",
        ["scope_id", sa.literal_column("requested_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_approval_requests_status",
        "approval_requests",
        ["status", sa.literal_column("requested_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_approval_requests_subject",
        "approval_requests",
        ["subject_id", sa.literal_column("requested_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "model_tags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=300, collation="C"), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_tags_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_tags")),
        sa.UniqueConstraint("model_id", "key", name=op.f("uq_model_tags_model_id_key")),
    )
    op.create_index("ix_model_tags_key", "model_tags", ["key", "model_id"], unique=False)
    op.create_table(
        "model_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=600), nullable=False),
        sa.Column("name", sa.String(length=100, collation="C"), nullable=False),
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
            nullable=False,
        ),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.Column("source_uri", sa.Text(), nullable=True),
        sa.Column("artifact_uri", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("signature", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("seen_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("details_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_versions_model_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_model_versions_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_versions")),
        sa.UniqueConstraint("model_id", "external_id", name=op.f("uq_model_versions_model_id_external_id")),
    )
    op.create_index(
        "ix_model_versions_created",
        "model_versions",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_model_versions_newest",
        "model_versions",
        ["model_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_model_versions_pending",
        "model_versions",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("details_at IS NULL AND missing_since IS NULL"),
    )
    op.create_index("ix_model_versions_run", "model_versions", ["run_id"], unique=False)
    op.create_index(
        "ix_model_versions_stage",
        "model_versions",
        ["stage", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "policy_bindings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_policy_bindings_model_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_policy_bindings_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_bindings")),
        sa.UniqueConstraint("model_id", "policy_id", name=op.f("uq_policy_bindings_model_id_policy_id")),
    )
    op.create_index(
        "ix_policy_bindings_newest",
        "policy_bindings",
        ["model_id", sa.literal_column("bound_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_policy_bindings_policy",
        "policy_bindings",
        ["policy_id", sa.literal_column("bound_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "policy_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("remediation", sa.Text(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "CRITICAL",
                "HIGH",
                "MEDIUM",
                "LOW",
                "INFO",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "enforcement",
            sa.Enum(
                "ADVISORY",
                "WARNING",
                "BLOCKING",
                name="enforcement",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decision_points", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("tiers", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("stages", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("service_level_days", sa.Integer(), nullable=False),
        sa.Column("longest_exception_days", sa.Integer(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_policy_versions_policy_id")),
        sa.ForeignKeyConstraint(["published_by"], ["people.id"], name=op.f("fk_policy_versions_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_versions")),
        sa.UniqueConstraint("policy_id", "number", name=op.f("uq_policy_versions_policy_id_number")),
    )
    op.create_table(
        "deployments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registry_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=600), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("endpoint", sa.String(length=500, collation="C"), nullable=False),
        sa.Column("environment", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "RUNNING",
                "FAILED",
                "STOPPED",
                "UNKNOWN",
                name="deploymentstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("traffic_percent", sa.Float(), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_deployments_model_id")),
        sa.ForeignKeyConstraint(["registry_id"], ["registries.id"], name=op.f("fk_deployments_registry_id")),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_deployments_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        sa.UniqueConstraint("registry_id", "external_id", name=op.f("uq_deployments_registry_id_external_id")),
    )
    op.create_index(
        "ix_deployments_model",
        "deployments",
        ["model_id", sa.literal_column("observed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_deployments_observed",
        "deployments",
        [sa.literal_column("observed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_deployments_version",
        "deployments",
        ["version_id", sa.literal_column("observed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "model_cards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("model_details", sa.Text(), nullable=True),
        sa.Column("intended_use", sa.Text(), nullable=True),
        sa.Column("factors", sa.Text(), nullable=True),
        sa.Column("metrics", sa.Text(), nullable=True),
        sa.Column("evaluation_data", sa.Text(), nullable=True),
        sa.Column("training_data", sa.Text(), nullable=True),
        sa.Column("quantitative_analyses", sa.Text(), nullable=True),
        sa.Column("ethical_considerations", sa.Text(), nullable=True),
        sa.Column("caveats_and_recommendations", sa.Text(), nullable=True),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_model_cards_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_cards")),
        sa.UniqueConstraint("version_id", name=op.f("uq_model_cards_version_id")),
    )
    op.create_table(
        "policy_exceptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
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
        sa.Column(
            "kind",
            sa.Enum(
                "EXCEPTION",
                "WAIVER",
                "RISK_ACCEPTANCE",
                "FALSE_POSITIVE",
                name="exceptionkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "UNDER_REVIEW",
                "INFO_REQUESTED",
                "APPROVED",
                "ACTIVE",
                "SUSPENDED",
                "EXPIRED",
                "REVOKED",
                "REJECTED",
                "WITHDRAWN",
                "RESOLVED",
                name="exceptionstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "treatment",
            sa.Enum(
                "ACCEPT",
                "AVOID",
                "MITIGATE",
                "FIX",
                "TRANSFER",
                name="risktreatment",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("acceptance_criteria", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_policy_exceptions_decided_by")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_policy_exceptions_model_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_policy_exceptions_owner_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_policy_exceptions_policy_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["people.id"], name=op.f("fk_policy_exceptions_requested_by")),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_policy_exceptions_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_exceptions")),
    )
    op.create_index("ix_policy_exceptions_expiry", "policy_exceptions", ["expires_at", "id"], unique=False)
    op.create_index(
        "ix_policy_exceptions_model",
        "policy_exceptions",
        ["model_id", sa.literal_column("requested_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_policy_exceptions_policy", "policy_exceptions", ["policy_id", "model_id"], unique=False)
    op.create_index(
        "ix_policy_exceptions_requested",
        "policy_exceptions",
        [sa.literal_column("requested_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "sign_offs",
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
        sa.Column(
            "decision",
            sa.Enum(
                "APPROVE",
                "REJECT",
                "REQUEST_CHANGES",
                name="signoffdecision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("subject_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_offs_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_requests.id"], name=op.f("fk_sign_offs_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_offs")),
        sa.UniqueConstraint("request_id", "person_id", name=op.f("uq_sign_offs_request_id_person_id")),
    )
    op.create_index(
        "ix_sign_offs_newest",
        "sign_offs",
        ["request_id", sa.literal_column("signed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_sign_offs_person",
        "sign_offs",
        ["person_id", sa.literal_column("signed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "version_aliases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_version_aliases_model_id")),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_version_aliases_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_aliases")),
        sa.UniqueConstraint("model_id", "name", name=op.f("uq_version_aliases_model_id_name")),
    )
    op.create_index("ix_version_aliases_version", "version_aliases", ["version_id", "name"], unique=False)
    op.create_table(
        "version_metrics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=300, collation="C"), nullable=False),
        sa.Column("segment", sa.String(length=300, collation="C"), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("value_text", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.Column("dataset_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_version_metrics_dataset_id")),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_version_metrics_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_metrics")),
        sa.UniqueConstraint(
            "version_id",
            "name",
            "segment",
            "dataset_id",
            name=op.f("uq_version_metrics_version_id_name_segment_dataset_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "version_tags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=300, collation="C"), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_version_tags_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_tags")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_version_tags_version_id_key")),
    )
    op.create_index("ix_version_tags_key", "version_tags", ["key", "version_id"], unique=False)
    op.create_table(
        "check_results",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("exception_id", sa.Uuid(), nullable=True),
        sa.Column("subject_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column(
            "decision_point",
            sa.Enum(
                "REGISTER",
                "PROMOTE",
                "DEPLOY",
                "MONITOR",
                name="decisionpoint",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
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
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "PASS",
                "FAIL",
                "WARN",
                "ERROR",
                "SKIP",
                "WAIVED",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exception_id"], ["policy_exceptions.id"], name=op.f("fk_check_results_exception_id")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_check_results_model_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_check_results_policy_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_versions.id"], name=op.f("fk_check_results_policy_version_id")
        ),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_check_results_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_results")),
    )
    op.create_index(
        "ix_check_results_evaluated",
        "check_results",
        [sa.literal_column("evaluated_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_check_results_model",
        "check_results",
        ["model_id", sa.literal_column("evaluated_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_check_results_outcome",
        "check_results",
        ["outcome", sa.literal_column("evaluated_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_check_results_policy",
        "check_results",
        ["policy_id", sa.literal_column("evaluated_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_check_results_version",
        "check_results",
        ["version_id", sa.literal_column("evaluated_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "compensating_controls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exception_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exception_id"], ["policy_exceptions.id"], name=op.f("fk_compensating_controls_exception_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compensating_controls")),
    )
    op.create_index("ix_compensating_controls_exception", "compensating_controls", ["exception_id", "id"], unique=False)
    run_script(QueryBuilderEnvironment().build_install_query())
    for name in ("lineage.sql", "exceptions.sql", "approval_rules.sql", "roles.sql"):
        run_file(name)


def downgrade() -> None:
    raise NotImplementedError("the first revision has nothing before it; drop the database instead")
