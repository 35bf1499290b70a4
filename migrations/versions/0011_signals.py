"""signals

What was put before people, how long it takes to read, and what stands out about how it was answered.

Revision ID: 0011
Revises: 0010
"""

from migrations.run_sql import run_file

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("signals.sql")
