"""exception trends

Lines by which trends of exceptions are counted, their sums by day, and how compliance stood at the end of each day.

Revision ID: 0014
Revises: 0013
"""

from migrations.run_sql import run_file

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("exception_trend.sql", "compliance_days.sql"):
        run_file(name)
