"""The SQL of the approval matrix, requests, sign-offs, and of who is asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.approvals.steps import Given, Step
from hub.approvals.tables import ApprovalRequest, ApprovalRule, ApprovalStatus, Delegation, SignOff
from hub.db import Tx
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Discipline, Role

# The row of the matrix that applies, by the database's own function: gate, graph and dossiers ask the same one.
_RULE = text("SELECT r.* FROM approval_rules r WHERE r.id = approval_rule(:kind, :tier, :stage, :scope)")

# The approvals whose signers, or whoever they signed for, still may give them: active, with the role and discipline
# they signed with, and not by a delegation that was taken back. A person's last answer is what they say.
_GIVEN = text("""
SELECT s.person_id, s.on_behalf_of, s.discipline, s.step
FROM (SELECT DISTINCT ON (a.person_id) a.* FROM sign_offs a WHERE a.request_id = :request
      ORDER BY a.person_id, a.entry DESC) s
JOIN people p ON p.id = s.person_id AND p.active
JOIN people h ON h.id = COALESCE(s.on_behalf_of, s.person_id) AND h.active
LEFT JOIN delegations d ON d.id = s.delegation_id
WHERE s.decision = 'APPROVE' AND (s.delegation_id IS NULL OR d.revoked_at IS NULL)
  AND (s.role IS NULL OR EXISTS (
    SELECT FROM role_grants g WHERE g.person_id = h.id AND g.role = s.role
      AND (s.discipline IS NULL OR g.discipline = s.discipline)))
ORDER BY s.signed_at, s.id
""")

_VOID = text("""
UPDATE approval_requests r SET status = 'STALE', status_why = v.why, decided_at = :at, next_at = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:whys AS text[])) AS v (id, why)
WHERE r.id = v.id
""")

# In what capacities somebody could answer a step: by a role and discipline, as an owner, as a member of a team.
_SEATS = text("""
SELECT g.role, g.discipline FROM people p JOIN role_grants g ON g.person_id = p.id
WHERE p.id = :person AND p.active AND p.kind = 'HUMAN'
  AND g.role = ANY (:roles)
  AND CASE :group
      WHEN 'OWNERS' THEN EXISTS (SELECT FROM models m WHERE m.id = :scope AND m.owner_id = p.id)
      WHEN 'TEAM' THEN EXISTS (SELECT FROM team_members t JOIN teams x ON x.id = t.team_id
                               WHERE t.person_id = p.id AND x.key = :team)
      ELSE true END
ORDER BY g.role, g.discipline
""")

_OPENED = text("""
SELECT min(o.opened_at) AS since, count(o.thing_id) AS things
FROM approval_openings o WHERE o.request_id = :request AND o.person_id = :person
""")


@dataclass(frozen=True, slots=True)
class Seat:
    """In what capacity somebody could answer."""

    role: Role
    discipline: Discipline | None


async def rule(
    tx: Tx, kind: str, tier: RiskTier | None, stage: Stage | None, scope_id: UUID | None
) -> ApprovalRule | None:
    """The row of the matrix that applies to a kind of subject, a tier, a stage and a model with its tags."""
    values = {"kind": kind, "tier": tier, "stage": stage, "scope": scope_id}
    statement = select(ApprovalRule).from_statement(_RULE).execution_options(populate_existing=True)
    return (await tx.session.execute(statement, values)).scalars().first()


async def hold_subjects(tx: Tx, subjects: Collection[tuple[UUID, Stage | None]]) -> None:
    """Let only one transaction at a time ask about these subjects and stages."""
    names = sorted(f"approval {subject_id} {stage}" for subject_id, stage in subjects)
    statement = text(
        "SELECT pg_advisory_xact_lock(k) FROM (SELECT hashtextextended(n, 0) AS k"
        " FROM unnest(CAST(:names AS text[])) AS n ORDER BY k) l"
    )
    await tx.session.execute(statement, {"names": names})


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
    statement = select(ApprovalRequest).where(col(ApprovalRequest.id) == request_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def add_requests(tx: Tx, rows: Sequence[ApprovalRequest]) -> None:
    """Add requests, in one statement."""
    await tx.session.execute(insert(ApprovalRequest), [row.model_dump() for row in rows])


async def change(tx: Tx, request_id: UUID, **values: Any) -> None:
    """Write columns of one request."""
    statement = update(ApprovalRequest).where(col(ApprovalRequest.id) == request_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def void(tx: Tx, whys: Mapping[UUID, str]) -> None:
    """Make requests stale, each with its reason: one statement for any number."""
    values = {"ids": list(whys), "whys": list(whys.values()), "at": tx.at}
    await tx.session.execute(_VOID, values)


async def answers(tx: Tx, request_id: UUID) -> list[SignOff]:
    """Every answer to a request, oldest first; a person's last one is what they say."""
    statement = (
        select(SignOff)
        .where(col(SignOff.request_id) == request_id)
        .order_by(col(SignOff.signed_at), col(SignOff.entry), col(SignOff.id))
        .execution_options(populate_existing=True)
    )
    return list((await tx.session.execute(statement)).scalars())


async def revoked(tx: Tx, answers: Collection[SignOff]) -> set[UUID]:
    """The delegations that these answers rest on and that were taken back; no statement where none rests on any."""
    resting = {one.delegation_id for one in answers if one.delegation_id is not None}
    if not resting:
        return set()
    statement = select(Delegation.id).where(col(Delegation.id).in_(resting), col(Delegation.revoked_at).is_not(None))
    return set((await tx.session.execute(statement)).scalars())


async def add_sign_off(tx: Tx, row: SignOff) -> None:
    """Add an answer."""
    await tx.session.execute(insert(SignOff).values(**row.model_dump()))


async def given(tx: Tx, request_id: UUID, *, but: Collection[UUID] = ()) -> list[Given]:
    """The approvals that count today, oldest first, without those of some people: signers, or whoever they signed for.

    `on_behalf_of` takes a seat too: nobody is counted by their own hand and by another's.
    """
    rows = await tx.session.execute(_GIVEN, {"request": request_id})
    seated: set[UUID] = set(but)
    found = []
    for row in rows:
        hands = {row.person_id, row.on_behalf_of or row.person_id}
        if hands & seated:
            continue
        seated |= hands
        discipline = None if row.discipline is None else Discipline(row.discipline)
        found.append(Given(row.person_id, discipline, row.step))
    return found


async def seats(tx: Tx, person_id: UUID, step: Step, scope_id: UUID | None) -> list[Seat]:
    """In what capacities an active human being could answer a step as of now; none when they are not asked."""
    values = {
        "person": person_id,
        "roles": [role.value for role in step.roles],
        "group": step.group.value,
        "team": step.team,
        "scope": scope_id,
    }
    rows = await tx.session.execute(_SEATS, values)
    return [Seat(Role(row.role), None if row.discipline is None else Discipline(row.discipline)) for row in rows]


async def opened(tx: Tx, request_id: UUID, person_id: UUID) -> tuple[datetime | None, int]:
    """Since when somebody has what is put before them open, and how many pieces of it."""
    row = (await tx.session.execute(_OPENED, {"request": request_id, "person": person_id})).one()
    return row.since, row.things
