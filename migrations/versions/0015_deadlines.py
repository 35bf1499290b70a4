"""deadlines

What is due by when of exceptions, and when versions are to be validated again: kept by triggers from the rows that
say so.

Revision ID: 0015
Revises: 0014
"""

from migrations.run_sql import run_file

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("deadlines.sql", "revalidation.sql"):
        run_file(name)
