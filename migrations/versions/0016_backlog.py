"""the backlog of exceptions

Lists of what is open by their own indexes; suggested changes of policies that are excepted often.

Revision ID: 0016
Revises: 0015
"""

from migrations.run_sql import run_file

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("backlog.sql")
