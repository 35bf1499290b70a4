"""asking for exceptions

Which row of the approval matrix an exception is asked under: the longer or riskier, the more it
needs; and what exceptions like it said before. Drafts.

Revision ID: 0018
Revises: 0017
"""

from migrations.run_sql import run_file

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("exception_rules.sql", "exceptions_alike.sql", "exception_drafts.sql"):
        run_file(name)
