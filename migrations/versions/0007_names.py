"""names

Every name that somebody is known by, in one place: accounts that share one are one human being's.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from migrations.run_sql import run_file

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_people_handle_lower", "people", [sa.text("lower(handle)")])
    op.create_index("ix_identities_subject_lower", "identities", [sa.text("lower(subject)")])
    run_file("names.sql")
