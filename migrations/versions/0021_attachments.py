"""attachments

Files that are put with an exception.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exception_attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exception_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("media_type", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["exception_id"], ["policy_exceptions.id"], name=op.f("fk_exception_attachments_exception_id")
        ),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_exception_attachments_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_attachments")),
        sa.UniqueConstraint(
            "exception_id", "name", "sha256", name=op.f("uq_exception_attachments_exception_id_name_sha256")
        ),
    )
    op.create_index("ix_exception_attachments_exception", "exception_attachments", ["exception_id", "id"])
    # What somebody looked at is never another under the same id.
    op.execute("REVOKE UPDATE, TRUNCATE ON exception_attachments FROM hub_app")
