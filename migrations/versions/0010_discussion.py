"""the discussion of requests

Who has a hand in a request, and who sees a model, by functions that discussions, signals and the graph all ask.

Revision ID: 0010
Revises: 0009
"""

from migrations.run_sql import run_file

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("hands.sql")
