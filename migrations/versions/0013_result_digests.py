"""result digests

What counts now is kept with the digest of what its result says, so that a decision that binds to a hundred results does
not hash all that they looked at. The part `checks` of a dossier is another by this: what waits is to be asked again.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("compliance", sa.Column("result_digest", sa.String(64), nullable=True))
    op.execute("""
        UPDATE compliance c SET result_digest = encode(sha256(convert_to(jsonb_build_array(
            k.policy_version_id, k.outcome, k.exception_id, k.explanation, k.inputs)::text, 'UTF8')), 'hex')
        FROM check_results k WHERE k.id = c.result_id
    """)
    op.alter_column("compliance", "result_digest", nullable=False)
