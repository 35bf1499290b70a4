"""digests

Summaries that are made by themselves when their period is over, and for whom.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

AUDIENCES = ("EXECUTIVES", "POLICY_OWNERS", "TEAM")
RHYTHMS = ("WEEK", "MONTH")


def upgrade() -> None:
    op.create_table(
        "digest_subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "audience",
            sa.Enum(*AUDIENCES, name="audience", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "period",
            sa.Enum(*RHYTHMS, name="rhythm", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("zone", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("on_day", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("people", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_begins", sa.Date(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f("fk_digest_subscriptions_created_by_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_digest_subscriptions_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_subscriptions")),
    )
    op.create_index(
        "ix_digest_subscriptions_next",
        "digest_subscriptions",
        ["next_at", "id"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "uq_digest_subscriptions_live",
        "digest_subscriptions",
        ["audience", "team_id", "period", "zone"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("enabled"),
    )
    op.create_table(
        "digests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("zone", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("facts_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("changes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["digest_subscriptions.id"], name=op.f("fk_digests_subscription_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_digests_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("subscription_id", "begins", name=op.f("uq_digests_subscription_id_begins")),
    )
    op.create_index("ix_digests_made", "digests", [sa.text("begins DESC"), sa.text("id DESC")])
    op.create_index("ix_digests_team", "digests", ["team_id", sa.text("begins DESC")])
    # What was made is never changed.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON digests FROM hub_app")
