"""The SQL of the approval matrix, requests, sign-offs, and of who is asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import col, select

from hub.approvals.tables import ApprovalRequest, ApprovalRule, ApprovalStatus, SignOff
from hub.db import Tx
from hub.models.tables import RiskTier, Stage
from hub.statements import Write, changing, row_of, sql

# The row of the matrix that applies, by the database's own function: gate, graph and dossiers ask the same one.
_RULE = text("SELECT r.* FROM approval_rules r WHERE r.id = approval_rule(:kind, :tier, :stage, :scope)")

_VOID = text("""
UPDATE approval_requests r SET status = 'STALE', status_why = v.why, decided_at = :at, next_at = NULL,
    paused_at = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:whys AS text[])) AS v (id, why)
WHERE r.id = v.id
""")

# A request, locked after who may sign, with what guards its model.
_SEEN = sql("""
SELECT r.*, m.restricted, m.owner_id, m.team_id, pg_advisory_xact_lock_shared(:people)
FROM approval_requests r LEFT JOIN models m ON m.id = r.scope_id
WHERE r.id = :request AND r.subject_kind <> ALL (:but)
FOR NO KEY UPDATE OF r
""")

_REQUEST = sql("SELECT * FROM approval_requests WHERE id = :request")
_HELD = sql("SELECT * FROM approval_requests WHERE id = :request FOR NO KEY UPDATE")

_ANSWERS = sql("SELECT * FROM sign_offs WHERE request_id = :request ORDER BY signed_at, entry, id")

_ANSWER = sql("SELECT * FROM sign_offs WHERE id = :id")

# Pending requests that these people answered, by their own hand or another's.
_ANSWERED_BY = text("""
SELECT r.* FROM approval_requests r
WHERE r.status = 'PENDING' AND EXISTS (
    SELECT FROM sign_offs s
    WHERE s.request_id = r.id AND (s.person_id = ANY (:people) OR s.on_behalf_of = ANY (:people)))
ORDER BY r.id FOR NO KEY UPDATE
""")

_SHARE_PEOPLE = sql("SELECT pg_advisory_xact_lock_shared(:key)")

# First the lock on who may, then those on what is asked about, in one order.
_HOLD_SUBJECTS = text("""
WITH people AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(:people)),
     keys AS MATERIALIZED (
        SELECT hashtextextended(n, 0) AS key FROM unnest(CAST(:names AS text[])) AS n, people ORDER BY 1)
SELECT pg_advisory_xact_lock(k.key) FROM keys k
""")

PEOPLE_LOCK = 7_201_125_513
"""Shared by whoever decides about requests, held by whoever changes who may."""

_SHARED = "approvals share people"
"""Noted of a transaction, so that the lock is asked for once."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What says who sees the model that a request is within."""

    restricted: bool
    owner_id: UUID | None
    team_id: UUID | None


async def rule(
    tx: Tx, kind: str, tier: RiskTier | None, stage: Stage | None, scope_id: UUID | None
) -> ApprovalRule | None:
    """The row of the matrix that applies to a kind of subject, a tier, a stage and a model with its tags."""
    values = {"kind": kind, "tier": tier, "stage": stage, "scope": scope_id}
    statement = select(ApprovalRule).from_statement(_RULE).execution_options(populate_existing=True)
    return (await tx.session.execute(statement, values)).scalars().first()


async def share_people(tx: Tx) -> None:
    """From here on nobody loses or gains the right to sign, until this transaction ends.

    Taken after what is locked of subjects and before requests are, by all who decide about requests: what is counted is
    what there is when it is committed, and nobody comes to be asked by what a request wanted before.
    """
    if _SHARED not in tx.notes:
        await tx.fetch(_SHARE_PEOPLE, {"key": PEOPLE_LOCK})
        tx.notes[_SHARED] = True


async def hold_people(tx: Tx) -> None:
    """Wait for all who decide about requests, and have those after them wait: for whoever changes who may sign."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PEOPLE_LOCK})
    tx.notes[_SHARED] = True


async def hold_subjects(tx: Tx, subjects: Collection[tuple[UUID, Stage | None]]) -> None:
    """Let only one transaction at a time ask about these subjects and stages, and nobody change who may answer."""
    names = sorted(f"approval {subject_id} {stage}" for subject_id, stage in subjects)
    await tx.session.execute(_HOLD_SUBJECTS, {"names": names, "people": PEOPLE_LOCK})
    tx.notes[_SHARED] = True


async def pending_of(tx: Tx, kind: str, subject_ids: Collection[UUID]) -> dict[tuple[UUID, Stage | None], UUID]:
    """The pending requests about these subjects, by subject and stage."""
    statement = select(ApprovalRequest.subject_id, ApprovalRequest.stage, ApprovalRequest.id).where(
        col(ApprovalRequest.subject_kind) == kind,
        col(ApprovalRequest.subject_id).in_(subject_ids),
        col(ApprovalRequest.status) == ApprovalStatus.PENDING,
    )
    return {(subject, stage): id for subject, stage, id in await tx.session.execute(statement)}


async def pending(
    tx: Tx,
    subject_kind: str,
    *,
    scope_ids: Collection[UUID] | None = None,
    subject_ids: Collection[UUID] | None = None,
) -> Sequence[ApprovalRequest]:
    """Pending requests about this kind of subject, in these models or in any, locked in the order of their ids."""
    await share_people(tx)
    statement = select(ApprovalRequest).where(
        col(ApprovalRequest.status) == ApprovalStatus.PENDING, col(ApprovalRequest.subject_kind) == subject_kind
    )
    if scope_ids is not None:
        statement = statement.where(col(ApprovalRequest.scope_id).in_(scope_ids))
    if subject_ids is not None:
        statement = statement.where(col(ApprovalRequest.subject_id).in_(subject_ids))
    locked = statement.order_by(col(ApprovalRequest.id)).with_for_update(key_share=True)
    return (await tx.session.execute(locked.execution_options(populate_existing=True))).scalars().all()


async def about(tx: Tx, request_id: UUID) -> tuple[str, UUID] | None:
    """What a request is about, by kind and id: neither ever changes."""
    statement = select(ApprovalRequest.subject_kind, ApprovalRequest.subject_id).where(
        col(ApprovalRequest.id) == request_id
    )
    row = (await tx.session.execute(statement)).first()
    return None if row is None else (row[0], row[1])


async def newest(tx: Tx, kind: str, subject_id: UUID) -> ApprovalRequest | None:
    """The newest request about a subject, whatever became of it."""
    statement = (
        select(ApprovalRequest)
        .where(col(ApprovalRequest.subject_kind) == kind, col(ApprovalRequest.subject_id) == subject_id)
        .order_by(col(ApprovalRequest.requested_at).desc(), col(ApprovalRequest.id).desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def request(tx: Tx, request_id: UUID, *, lock: bool = False) -> ApprovalRequest | None:
    """One request, locked when asked: signatures come one after the other."""
    if lock:
        await share_people(tx)
    found = await tx.rows(ApprovalRequest, _HELD if lock else _REQUEST, {"request": request_id})
    return found[0] if found else None


async def seen(tx: Tx, request_id: UUID, *, but: Collection[str]) -> tuple[ApprovalRequest, Guard | None] | None:
    """One request, locked, with what guards its model; none for one about a kind of subject that is locked first."""
    rows = await tx.fetch(_SEEN, {"request": request_id, "but": list(but), "people": PEOPLE_LOCK})
    if not rows:
        return None
    tx.notes[_SHARED] = True
    asked = row_of(ApprovalRequest, rows[0])
    guard = Guard(rows[0]["restricted"], rows[0]["owner_id"], rows[0]["team_id"])
    return asked, None if asked.scope_id is None else guard


async def add_requests(tx: Tx, rows: Sequence[ApprovalRequest]) -> None:
    """Add requests, in one statement."""
    await tx.session.execute(insert(ApprovalRequest), [row.model_dump() for row in rows])


def changed(request_id: UUID, **values: Any) -> Write:
    """That columns of one request are written."""
    return changing(ApprovalRequest, request_id, values)


async def change(tx: Tx, request_id: UUID, **values: Any) -> None:
    """Write columns of one request."""
    await tx.send(changed(request_id, **values))


async def void(tx: Tx, whys: Mapping[UUID, str]) -> None:
    """Make requests stale, each with its reason: one statement for any number."""
    values = {"ids": list(whys), "whys": list(whys.values()), "at": tx.at}
    await tx.session.execute(_VOID, values)


async def answers(tx: Tx, request_id: UUID) -> list[SignOff]:
    """Every answer to a request, oldest first; a person's last one is what they say."""
    return await tx.rows(SignOff, _ANSWERS, {"request": request_id})


async def answer(tx: Tx, sign_off_id: UUID) -> SignOff:
    """One answer that is known to be there."""
    (found,) = await tx.rows(SignOff, _ANSWER, {"id": sign_off_id})
    return found


async def answered_by(tx: Tx, people: Collection[UUID]) -> Sequence[ApprovalRequest]:
    """Pending requests that these people answered, by their own hand or another's; locked, under `hold_people`."""
    statement = select(ApprovalRequest).from_statement(_ANSWERED_BY).execution_options(populate_existing=True)
    return (await tx.session.execute(statement, {"people": list(people)})).scalars().all()
