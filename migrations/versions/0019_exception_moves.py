"""moves of exceptions

Extensions that are asked for and decided, recurring reviews, and the row of the matrix for extensions.

Revision ID: 0019
Revises: 0018
"""

from migrations.run_sql import run_file

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("exception_moves.sql")
