"""The SQL of schedules: which versions are due, and the ledger of counts."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from hub.db import Tx
from hub.models.tables import Stage

FOLD_LOCK = 7_201_125_514
"""The advisory lock under which one transaction at a time adds up the ledger."""

# A version in use: in production, observed to run, or let through by an intent that still stands.
_USED = """(v.missing_since IS NULL AND (v.stage = 'PRODUCTION'
    OR EXISTS (SELECT FROM deployments y WHERE y.version_id = v.id AND y.status = 'RUNNING' AND y.missing_since IS NULL)
    OR EXISTS (SELECT FROM deployment_intents i WHERE i.version_id = v.id AND i.status IN ('APPROVED', 'DEPLOYED'))))"""

_WATCH = text(f"""
INSERT INTO check_schedule (version_id, due_at)
SELECT v.id, :at FROM model_versions v WHERE v.id = ANY (:versions) AND {_USED}
ORDER BY v.id ON CONFLICT DO NOTHING
""")

# Skips what another clock has in hand. A version is asked for its own stage and for those that it was let through to.
_CLAIM = text(f"""
WITH due AS (
    SELECT version_id FROM check_schedule WHERE due_at <= :at ORDER BY due_at, version_id LIMIT :most
    FOR UPDATE SKIP LOCKED),
used AS (SELECT v.id, v.stage FROM due d JOIN model_versions v ON v.id = d.version_id WHERE {_USED}),
gone AS (DELETE FROM check_schedule c USING due d
         WHERE c.version_id = d.version_id AND NOT EXISTS (SELECT FROM used u WHERE u.id = d.version_id)),
next AS (UPDATE check_schedule c SET due_at = :next FROM used u WHERE c.version_id = u.id)
SELECT u.id, u.stage FROM used u
UNION
SELECT i.version_id, i.stage FROM used u JOIN deployment_intents i ON i.version_id = u.id
WHERE i.status IN ('APPROVED', 'DEPLOYED')
ORDER BY 2, 1
""")

_UNFOLDED = text("SELECT count(*) FROM (SELECT FROM compliance_counts WHERE NOT folded LIMIT :most) n")

_HOLD = text("SELECT pg_advisory_xact_lock(:key)")

# Only what was added to: a sum that nothing was added to stays the line that it is.
_FOLD = text("""
WITH added AS (
    SELECT DISTINCT policy_id, stage, tier, outcome, enforcement, restricted_model_id
    FROM compliance_counts WHERE NOT folded),
gone AS (
    DELETE FROM compliance_counts c USING added a
    WHERE c.policy_id = a.policy_id AND c.stage = a.stage AND c.tier = a.tier AND c.outcome = a.outcome
      AND c.enforcement = a.enforcement AND c.restricted_model_id IS NOT DISTINCT FROM a.restricted_model_id
    RETURNING c.policy_id, c.stage, c.tier, c.outcome, c.enforcement, c.restricted_model_id, c.n)
INSERT INTO compliance_counts (policy_id, stage, tier, outcome, enforcement, restricted_model_id, n, folded)
SELECT policy_id, stage, tier, outcome, enforcement, restricted_model_id, sum(n), true
FROM gone GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0
""")


async def watch(tx: Tx, version_ids: Collection[UUID]) -> None:
    """Put those of these versions that are in use on the schedule, due at once."""
    await tx.session.execute(_WATCH, {"versions": list(version_ids), "at": tx.at})


async def claim(tx: Tx, at: datetime, next_at: datetime, most: int) -> list[tuple[UUID, Stage]]:
    """The versions due by now, each with the stages it is to be asked for; they are due again at `next_at`."""
    rows = await tx.session.execute(_CLAIM, {"at": at, "next": next_at, "most": most})
    return [(row.id, Stage(row.stage)) for row in rows]


async def unfolded(tx: Tx, most: int) -> int:
    """How many lines of the ledger were not added up yet, counted up to `most`."""
    return int((await tx.session.execute(_UNFOLDED, {"most": most})).scalar_one())


async def fold(tx: Tx) -> None:
    """Put one line in place of all that speak of the same; what is added meanwhile stays beside them."""
    await tx.session.execute(_HOLD, {"key": FOLD_LOCK})
    await tx.session.execute(_FOLD)
