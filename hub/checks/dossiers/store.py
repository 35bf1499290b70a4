"""The SQL of frozen dossiers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from hub.checks.dossiers.content.store import CONTENT, CONTENT_BYTES, CONTENT_DIGEST
from hub.db import Tx, new_id

# The document never leaves the database to be frozen. One that is there already stays as it was put before reviewers.
_FREEZE = text(f"""
INSERT INTO dossiers (id, version_id, model_id, stage, digest, content, content_digest, bytes, made_at)
SELECT a.id, v.id, v.model_id, a.stage, a.digest, d.content, {CONTENT_DIGEST}, {CONTENT_BYTES}, a.at
FROM (SELECT n.*, CAST(:at AS timestamptz) AS at
      FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS uuid[]), CAST(:stages AS text[]), CAST(:digests AS text[]))
          AS n (id, version_id, stage, digest)) a
{CONTENT}
ON CONFLICT (version_id, stage, digest) DO NOTHING
""")


async def freeze(tx: Tx, asked: Sequence[tuple[UUID, str, str]]) -> None:
    """Keep dossiers as they are now: each a version, a stage, and the digest that is decided on."""
    values = {
        "ids": [new_id() for _ in asked],
        "versions": [version_id for version_id, _, _ in asked],
        "stages": [stage for _, stage, _ in asked],
        "digests": [digest for _, _, digest in asked],
        "at": tx.at,
    }
    await tx.session.execute(_FREEZE, values)
