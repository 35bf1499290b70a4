"""counts have ids

The id of a sum of the ledger is kept with its lines, so that no reader of the counts has to make it.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    of = "md5(policy_id::text || stage || tier || outcome || enforcement)::uuid"
    op.add_column("compliance_counts", sa.Column("sum_id", sa.Uuid(), sa.Computed(of, persisted=True), nullable=False))
    op.drop_index("ix_compliance_counts_open", "compliance_counts")
    op.create_index(
        "ix_compliance_counts_open",
        "compliance_counts",
        ["policy_id", "stage", "tier", "outcome", "enforcement", "n", "sum_id"],
        unique=False,
        postgresql_where=sa.text("restricted_model_id IS NULL"),
    )
