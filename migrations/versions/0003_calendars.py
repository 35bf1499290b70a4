"""calendars

When people work, so that terms and reminders are counted in working time.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100, collation="C"), nullable=False),
        sa.Column("name", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("zone", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("days", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("opens", sqlmodel.sql.sqltypes.AutoString(length=5), nullable=False),
        sa.Column("closes", sqlmodel.sql.sqltypes.AutoString(length=5), nullable=False),
        sa.Column("country", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=True),
        sa.Column("subdivision", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.Column("closed_on", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("key", name=op.f("uq_calendars_key")),
    )
    # The calendar that counts where nobody chose another.
    op.execute(
        "INSERT INTO calendars (id, key, name, zone, days, opens, closes, closed_on, created_at, changed_at) VALUES"
        " (gen_random_uuid(), 'default', 'Default', 'UTC', '{1,2,3,4,5}', '09:00', '17:00', '{}', now(), now())"
    )
