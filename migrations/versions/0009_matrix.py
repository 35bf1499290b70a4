"""changing the matrix

Which row of the approval matrix applies, why, and what became of changes of it.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from migrations.run_sql import run_file

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATUSES = ("IN_REVIEW", "CHANGES_REQUESTED", "APPLIED", "REJECTED", "WITHDRAWN", "EXPIRED", "STALE")


def upgrade() -> None:
    op.drop_constraint(op.f("ck_matrix_changes_matrixchangestatus"), "matrix_changes", type_="check")
    op.create_check_constraint("matrixchangestatus", "matrix_changes", sa.column("status").in_(STATUSES))
    run_file("matrix.sql")
    run_file("matrix_explained.sql")
