"""live controls

What turned a control red, and which exception would cover something if its controls held.

Revision ID: 0017
Revises: 0016
"""

from migrations.run_sql import run_file

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("live_controls.sql")
