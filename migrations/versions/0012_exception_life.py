"""the life of exceptions

Risk before and after, how often to look again, extensions, controls that are tied to checks or to a person's word,
criteria that can be told one by one.

Revision ID: 0012
Revises: 0011
"""

from migrations.run_sql import run_file

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("exception_columns.sql", "exception_life.sql"):
        run_file(name)
