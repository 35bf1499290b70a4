"""The SQL of deployment intents.

Locks are taken in one order everywhere: the model, its versions by id, the bindings, the approval matrix, exceptions
by id, who may sign, approval requests, intents. So a version is decided about by one transaction at a time, no
publication or change of the matrix slips in between, and none wait in a ring.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.approvals import store as approval_store
from hub.approvals.matrix.store import MATRIX_LOCK
from hub.approvals.tables import ApprovalRequest, ApprovalStatus
from hub.db import Tx
from hub.deployments.tables import LIVE, DeploymentIntent, IntentStatus
from hub.models.tables import Stage
from hub.policies.store import BINDINGS_LOCK
from hub.statements import Write, changing, sql

if TYPE_CHECKING:
    from datetime import datetime

    from hub.db import ReadPool

LOCKS = {"bindings": BINDINGS_LOCK, "matrix": MATRIX_LOCK}

# Each step waits for the one before it: the model, its versions by id, the bindings, the approval matrix.
_HOLD = sql("""
WITH model AS MATERIALIZED (SELECT m.id FROM models m WHERE m.id = :model FOR SHARE),
     versions AS MATERIALIZED (SELECT v.id FROM model_versions v
                               WHERE v.id = ANY (:versions) AND EXISTS (SELECT FROM model)
                               ORDER BY v.id FOR NO KEY UPDATE),
     held AS MATERIALIZED (SELECT count(*) AS n FROM versions),
     bound AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(:bindings) FROM held)
SELECT pg_advisory_xact_lock_shared(:matrix) FROM bound
""")

# The same for a transaction that holds an approval request already and must not wait: all of it, or nothing. With the
# pending requests of the model, which an evaluation locks.
_TRY_HOLD = sql("""
SELECT (SELECT true FROM (SELECT 1 FROM models m WHERE m.id = :model FOR NO KEY UPDATE SKIP LOCKED) held)
   AND (SELECT true FROM (SELECT 1 FROM model_versions v
                          WHERE v.id = :version FOR NO KEY UPDATE SKIP LOCKED) held)
   AND pg_try_advisory_xact_lock_shared(:bindings)
   AND pg_try_advisory_xact_lock_shared(:matrix)
   AND (SELECT count(*) FROM approval_requests r WHERE r.scope_id = :model AND r.status = 'PENDING')
     = (SELECT count(*) FROM (SELECT 1 FROM approval_requests r WHERE r.scope_id = :model AND r.status = 'PENDING'
                              FOR NO KEY UPDATE SKIP LOCKED) held) AS held
""")

# The version that a model had at a stage before this one, when it was let there and not taken back since.
_BEFORE = text("""
SELECT i.version_id FROM deployment_intents i JOIN model_versions v ON v.id = i.version_id
WHERE i.model_id = :model AND i.stage = :stage AND i.version_id <> :version AND i.status = 'DEPLOYED'
  AND v.missing_since IS NULL
ORDER BY i.decided_at DESC, i.id DESC LIMIT 1
""")

# The approval that stands on a dossier: given on exactly it, or on what it was before the decision that followed asked
# what is asked of deployments only. One from before a release was halted was about what went wrong then. What was gone
# past by break-glass is bound to the dossier alike.
_APPROVAL = sql("""
SELECT r.* FROM approval_requests r
WHERE r.subject_kind = 'version' AND r.subject_id = :version AND r.stage = :stage AND (r.status = 'PENDING' OR (
    r.status IN ('APPROVED', 'BYPASSED')
    AND (r.subject_digest = :digest OR EXISTS (
        SELECT FROM deployment_intents i
        WHERE i.approval_request_id = r.id AND i.version_id = :version AND i.stage = :stage
          AND i.subject_digest = :digest))
    AND NOT EXISTS (
        SELECT FROM deployment_intents h
        WHERE h.version_id = :version AND h.stage = :stage AND h.status IN ('HALTED', 'ROLLED_BACK')
          AND h.decided_at >= r.decided_at)))
ORDER BY r.status, r.decided_at DESC, r.id DESC
""")

# The newest permit of a version for a stage where it was not halted since; one by break-glass proves no approval.
_PROOF = text("""
SELECT p.envelope FROM permits p JOIN deployment_intents i ON i.id = p.intent_id
WHERE i.version_id = :version AND i.stage = :stage AND p.break_glass_id IS NULL AND NOT EXISTS (
    SELECT FROM deployment_intents h
    WHERE h.version_id = :version AND h.stage = :stage AND h.status IN ('HALTED', 'ROLLED_BACK')
      AND h.decided_at >= p.issued_at)
ORDER BY p.issued_at DESC, p.id DESC LIMIT 1
""")

# Approved intents of the versions that these deployments run, each with the environment it was seen in.
_OBSERVED = text("""
SELECT i.id, i.stage, d.environment
FROM deployments d JOIN deployment_intents i ON i.version_id = d.version_id AND i.status = 'APPROVED'
WHERE d.id = ANY (:deployments) AND d.status = 'RUNNING' AND d.missing_since IS NULL
ORDER BY i.id
""")

_AWAITING = sql("""
SELECT * FROM deployment_intents
WHERE approval_request_id = ANY (:requests) AND status = 'AWAITING_APPROVAL' ORDER BY id
""")

# Those, and releases that are there by break-glass, whose version and stage these requests are about.
_GOING_ON = sql("""
SELECT * FROM (
    SELECT i.*, false AS runs FROM deployment_intents i
    WHERE i.approval_request_id = ANY (:requests) AND i.status = 'AWAITING_APPROVAL'
    UNION ALL
    SELECT i.*, true FROM approval_requests r
    JOIN deployment_intents i
        ON i.version_id = r.subject_id AND i.stage = r.stage AND i.status IN ('APPROVED', 'DEPLOYED')
    JOIN approval_requests b ON b.id = i.approval_request_id AND b.status = 'BYPASSED'
    WHERE r.id = ANY (:requests) AND r.subject_kind = 'version') x
ORDER BY x.runs, x.id
""")

# What the clock finds: permits that ran out before anything was deployed, questions that were never answered, what runs
# by a break-glass that is over.
_DUE = """
SELECT x.id FROM (
    SELECT i.id FROM deployment_intents i LEFT JOIN approval_requests r ON r.id = i.approval_request_id
    WHERE (i.status = 'APPROVED' AND i.expires_at <= {at})
       OR (i.status = 'AWAITING_APPROVAL' AND r.status IN ('EXPIRED', 'WITHDRAWN'))
    UNION
    SELECT i.id FROM break_glasses b JOIN deployment_intents i ON i.approval_request_id = b.request_id
    WHERE i.status = 'DEPLOYED' AND b.expires_at <= {at}) x
ORDER BY x.id LIMIT {most}
"""


async def hold(tx: Tx, model_id: UUID, version_ids: Collection[UUID]) -> None:
    """Let only one transaction at a time decide about these versions.

    Meanwhile nobody classifies their model, no policy is published, and the approval matrix stays as it is.
    """
    values = {"model": model_id, "versions": list(version_ids), **LOCKS}
    await tx.fetch(_HOLD, values)


async def try_hold(tx: Tx, model_id: UUID, version_id: UUID) -> bool:
    """The same without waiting; false when somebody else is about this version or its rules."""
    values = {"model": model_id, "version": version_id, **LOCKS}
    return bool((await tx.fetch(_TRY_HOLD, values))[0]["held"])


async def one(tx: Tx, intent_id: UUID) -> DeploymentIntent | None:
    """One intent."""
    statement = select(DeploymentIntent).where(col(DeploymentIntent.id) == intent_id)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def live(tx: Tx, version_id: UUID, stage: Stage) -> DeploymentIntent | None:
    """The intent of this version and stage that is asked again."""
    statement = select(DeploymentIntent).where(
        col(DeploymentIntent.version_id) == version_id,
        col(DeploymentIntent.stage) == stage,
        col(DeploymentIntent.status).in_(LIVE),
    )
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def standing_so(
    tx: Tx, version_ids: Collection[UUID], statuses: Collection[IntentStatus]
) -> Sequence[DeploymentIntent]:
    """Intents of these versions that stand so."""
    statement = select(DeploymentIntent).where(
        col(DeploymentIntent.version_id).in_(version_ids), col(DeploymentIntent.status).in_(statuses)
    )
    return await _all(tx, statement)


async def of_models(
    tx: Tx, model_ids: Collection[UUID] | None, statuses: Collection[IntentStatus]
) -> Sequence[DeploymentIntent]:
    """Intents of these models, or of any, that stand so."""
    statement = select(DeploymentIntent).where(col(DeploymentIntent.status).in_(statuses))
    if model_ids is not None:
        statement = statement.where(col(DeploymentIntent.model_id).in_(model_ids))
    return await _all(tx, statement)


async def awaiting(tx: Tx, request_ids: Collection[UUID]) -> Sequence[DeploymentIntent]:
    """Intents that wait for these approval requests."""
    return await tx.rows(DeploymentIntent, _AWAITING, {"requests": list(request_ids)})


async def resting_on(
    tx: Tx, request_ids: Collection[UUID], statuses: Collection[IntentStatus]
) -> Sequence[DeploymentIntent]:
    """Intents that stand so by these approval requests, locked."""
    return await _all(tx, _resting_on(request_ids, statuses), lock=True)


async def going_on(tx: Tx, request_ids: Collection[UUID]) -> Sequence[DeploymentIntent]:
    """Intents that wait for these approval requests, then those that a break-glass let through and they are about."""
    return await tx.rows(DeploymentIntent, _GOING_ON, {"requests": list(request_ids)})


async def these(tx: Tx, intent_ids: Collection[UUID], *statuses: IntentStatus) -> Sequence[DeploymentIntent]:
    """Those of these intents that stand so, locked."""
    statement = select(DeploymentIntent).where(
        col(DeploymentIntent.id).in_(intent_ids), col(DeploymentIntent.status).in_(statuses)
    )
    return await _all(tx, statement, lock=True)


def _resting_on(request_ids: Collection[UUID], statuses: Collection[IntentStatus]) -> Any:
    return select(DeploymentIntent).where(
        col(DeploymentIntent.approval_request_id).in_(request_ids), col(DeploymentIntent.status).in_(statuses)
    )


async def _all(tx: Tx, statement: Any, *, lock: bool = False) -> Sequence[DeploymentIntent]:
    ordered = statement.order_by(col(DeploymentIntent.id)).execution_options(populate_existing=True)
    if lock:
        ordered = ordered.with_for_update(key_share=True)
    found: Sequence[DeploymentIntent] = (await tx.session.execute(ordered)).scalars().all()
    return found


async def add(tx: Tx, row: DeploymentIntent) -> None:
    """Add an intent; there is no live one, because its version is held."""
    await tx.session.execute(insert(DeploymentIntent).values(**row.model_dump()))


def changed(intent_id: UUID, **values: Any) -> Write:
    """That columns of one intent are written."""
    return changing(DeploymentIntent, intent_id, values)


async def change(tx: Tx, intent_ids: Collection[UUID], **values: Any) -> None:
    """Write the same columns of intents."""
    if len(intent_ids) == 1:
        (id,) = intent_ids
        await tx.send(changed(id, **values))
        return
    statement = update(DeploymentIntent).where(col(DeploymentIntent.id).in_(intent_ids)).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def before(tx: Tx, model_id: UUID, stage: Stage, version_id: UUID) -> UUID | None:
    """The version that is at a stage now, beside the one that is to go there."""
    values = {"model": model_id, "stage": stage.value, "version": version_id}
    found: UUID | None = (await tx.session.execute(_BEFORE, values)).scalar_one_or_none()
    return found


async def approvals(tx: Tx, version_id: UUID, stage: Stage, digest: str) -> Sequence[ApprovalRequest]:
    """What stands on a dossier, newest first: approvals, then what was gone past, then the pending request, if any."""
    values = {"version": version_id, "stage": stage.value, "digest": digest}
    return await tx.rows(ApprovalRequest, _APPROVAL, values)


async def approval(tx: Tx, request_id: UUID) -> ApprovalRequest | None:
    """One approval request, locked while it is pending."""
    await approval_store.share_people(tx)
    statement = select(ApprovalRequest).where(
        col(ApprovalRequest.id) == request_id, col(ApprovalRequest.status) == ApprovalStatus.PENDING
    )
    held = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await tx.session.execute(held)).scalar_one_or_none()


async def decided(tx: Tx, request_id: UUID | None) -> ApprovalStatus | None:
    """What became of an approval request."""
    statement = select(col(ApprovalRequest.status)).where(col(ApprovalRequest.id) == request_id)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def requested_by(reads: "ReadPool", intent_id: UUID) -> UUID | None:
    """Who asked for an intent."""
    found: UUID | None = await reads.fetchval("SELECT requested_by FROM deployment_intents WHERE id = $1", intent_id)
    return found


async def proof(tx: Tx, version_id: UUID, stage: Stage) -> str | None:
    """The newest envelope that let this version to this stage, if it was not halted there since."""
    values = {"version": version_id, "stage": stage.value}
    found: str | None = (await tx.session.execute(_PROOF, values)).scalar_one_or_none()
    return found


async def observed(tx: Tx, deployment_ids: Collection[UUID]) -> list[tuple[UUID, Stage, str]]:
    """Approved intents whose version these deployments run: intent, stage, and the environment it was seen in."""
    rows = await tx.session.execute(_OBSERVED, {"deployments": list(deployment_ids)})
    return [(row.id, Stage(row.stage), row.environment) for row in rows]


async def due(reads: "ReadPool", at: "datetime") -> UUID | None:
    """The first intent whose time is over."""
    found: UUID | None = await reads.fetchval(_DUE.format(at="$1", most=1), at)
    return found


async def overdue(tx: Tx, most: int) -> list[UUID]:
    """Intents whose time is over, in the order of their ids."""
    statement = text(_DUE.format(at=":at", most=":most"))
    return list((await tx.session.execute(statement, {"at": tx.at, "most": most})).scalars())


async def named(tx: Tx, version_ids: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Names and digests of versions, the tier of their model, and whether they are missing."""
    statement = text(
        "SELECT v.id, v.name, v.digest, m.tier, v.missing_since IS NOT NULL AS missing"
        " FROM model_versions v JOIN models m ON m.id = v.model_id WHERE v.id = ANY (:versions)"
    )
    rows = (await tx.session.execute(statement, {"versions": list(version_ids)})).mappings()
    return {row["id"]: dict(row) for row in rows}
