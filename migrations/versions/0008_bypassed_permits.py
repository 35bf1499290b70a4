"""bypassed permits

A permit that was issued without the approval that was asked for says so.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("permits", sa.Column("break_glass_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_permits_break_glass_id"), "permits", "break_glasses", ["break_glass_id"], ["id"])
