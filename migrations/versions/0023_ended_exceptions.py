"""ended exceptions

Permits know what they rest on; the clock knows which exceptions it has seen off.

Revision ID: 0023
Revises: 0022
"""

from migrations.run_sql import run_file

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("ended.sql")
