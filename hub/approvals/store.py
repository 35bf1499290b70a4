"""The SQL of the approval matrix, requests, sign-offs, and of who is asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import col, select

from hub.approvals.steps import Given
from hub.approvals.tables import ApprovalRequest, ApprovalRule, ApprovalStatus, Delegation, SignOff
from hub.db import Tx, row_of, sql
from hub.models.tables import RiskTier, Stage
from hub.people.access import BY_ROLE, Permission
from hub.people.store import ALIKE
from hub.people.tables import Discipline, Role

# The row of the matrix that applies, by the database's own function: gate, graph and dossiers ask the same one.
_RULE = text("SELECT r.* FROM approval_rules r WHERE r.id = approval_rule(:kind, :tier, :stage, :scope)")

# The approvals whose signers, or whoever they signed for, still may give them: active, with the role and discipline
# they signed with, in the group that the step asks, and not by a delegation that was taken back. A person's last answer
# is what they say; `accounts` are all that the signer, and whoever they signed for, may have.
_GIVEN = """
WITH RECURSIVE said AS (
    SELECT DISTINCT ON (a.person_id) a.*, COALESCE(a.on_behalf_of, a.person_id) AS holder_id
    FROM sign_offs a WHERE a.request_id = :request
    ORDER BY a.person_id, a.entry DESC
),
found AS (
    SELECT s.person_id AS hand_id, h.id FROM said s CROSS JOIN LATERAL (VALUES (s.person_id), (s.holder_id)) AS h (id)
    UNION
    SELECT f.hand_id, o.person_id
    FROM found f JOIN person_names n ON n.person_id = f.id JOIN person_names o ON o.name = n.name
)
SELECT s.person_id, s.discipline, s.step, ARRAY(SELECT f.id FROM found f WHERE f.hand_id = s.person_id) AS accounts
FROM said s
JOIN approval_requests r ON r.id = s.request_id
JOIN people p ON p.id = s.person_id AND p.active AND p.kind = 'HUMAN'
JOIN people h ON h.id = s.holder_id AND h.active AND h.kind = 'HUMAN'
LEFT JOIN delegations d ON d.id = s.delegation_id
CROSS JOIN LATERAL (SELECT r.rule -> 'steps' -> s.step AS asks) w
WHERE s.decision = 'APPROVE' AND (s.delegation_id IS NULL OR d.revoked_at IS NULL)
  AND (s.role IS NULL OR EXISTS (
    SELECT FROM role_grants g WHERE g.person_id = h.id AND g.role = s.role
      AND (s.discipline IS NULL OR g.discipline = s.discipline)))
  AND (s.on_behalf_of IS NULL OR EXISTS (
    SELECT FROM role_grants g WHERE g.person_id = p.id AND g.role = ANY (:answering)))
  AND CASE w.asks ->> 'group'
      WHEN 'OWNERS' THEN EXISTS (SELECT FROM models m WHERE m.id = r.scope_id AND m.owner_id = h.id)
      WHEN 'TEAM' THEN EXISTS (SELECT FROM team_members t JOIN teams x ON x.id = t.team_id
                               WHERE t.person_id = h.id AND x.key = w.asks ->> 'team')
      ELSE true END
ORDER BY s.signed_at, s.id
"""

_COUNTED = sql(_GIVEN)

_VOID = text("""
UPDATE approval_requests r SET status = 'STALE', status_why = v.why, decided_at = :at, next_at = NULL,
    paused_at = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:whys AS text[])) AS v (id, why)
WHERE r.id = v.id
""")

# In what capacities somebody could answer each step of a request: by a role and discipline, as an owner, in a team.
_SEATS = """
SELECT w.number - 1 AS step, g.role, g.discipline
FROM approval_requests r
CROSS JOIN LATERAL jsonb_array_elements(r.rule -> 'steps') WITH ORDINALITY AS w (asks, number)
JOIN people p ON p.id = :holder AND p.active AND p.kind = 'HUMAN'
JOIN role_grants g ON g.person_id = p.id AND w.asks -> 'roles' ? g.role
WHERE r.id = :request
  AND CASE w.asks ->> 'group'
      WHEN 'OWNERS' THEN EXISTS (SELECT FROM models m WHERE m.id = r.scope_id AND m.owner_id = p.id)
      WHEN 'TEAM' THEN EXISTS (SELECT FROM team_members t JOIN teams x ON x.id = t.team_id
                               WHERE t.person_id = p.id AND x.key = w.asks ->> 'team')
      ELSE true END
ORDER BY w.number, g.role, g.discipline
"""

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

# Pending requests that these people answered, by their own hand or another's.
_ANSWERED_BY = text("""
SELECT r.* FROM approval_requests r
WHERE r.status = 'PENDING' AND EXISTS (
    SELECT FROM sign_offs s
    WHERE s.request_id = r.id AND (s.person_id = ANY (:people) OR s.on_behalf_of = ANY (:people)))
ORDER BY r.id FOR NO KEY UPDATE
""")

# Every account of the signer, and of whoever's say it is.
_HANDS = """
WITH RECURSIVE hands AS (
    SELECT unnest(ARRAY[CAST(:person AS uuid), CAST(:holder AS uuid)]) AS id
    UNION
    SELECT o.person_id FROM hands h JOIN person_names n ON n.person_id = h.id JOIN person_names o ON o.name = n.name
)
SELECT h.id FROM hands h
"""

# All that a signature looks at of people, at one moment: whether the signer is active, and in which roles; in what
# capacities the one whose say it is could answer; whose answers count already; whose work it is, under every account;
# what the signer has opened.
_SIGNING = sql(f"""
SELECT (SELECT json_agg(DISTINCT g.role) FROM role_grants g WHERE g.person_id = :person) AS roles,
       (SELECT p.active FROM people p WHERE p.id = :person) AS active,
       (SELECT json_agg(x) FROM ({_SEATS}) x) AS seats,
       (SELECT json_agg(x) FROM ({_GIVEN}) x) AS given,
       ARRAY({ALIKE}) AS makers, ARRAY({_HANDS}) AS hands,
       o.since, o.things
FROM (SELECT min(o.opened_at) AS since, count(o.thing_id) AS things
      FROM approval_openings o WHERE o.request_id = :request AND o.person_id = :person) o
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

ANSWERING = sorted(role.value for role, may in BY_ROLE.items() if Permission.SIGN_APPROVAL in may)
"""Roles whose holders answer requests."""


@dataclass(frozen=True, slots=True)
class Seat:
    """In what capacity somebody could answer a step."""

    role: Role
    discipline: Discipline | None
    step: int


@dataclass(frozen=True, slots=True)
class Counted:
    """An approval that may count, with every account that its signer, and whoever they signed for, may have."""

    person_id: UUID
    discipline: Discipline | None
    step: int
    accounts: Collection[UUID]


@dataclass(frozen=True, slots=True)
class Signing:
    """What a signature looks at of people, as of now; `seats` are those of whoever's say it is."""

    active: bool
    roles: frozenset[Role]
    seats: Sequence[Seat]
    counted: Sequence[Counted]
    makers: Collection[UUID]
    hands: Collection[UUID]
    opened_at: datetime | None
    opened: int

    def given(self, also: Counted | None = None) -> list[Given]:
        """The approvals that count, and one that is given now."""
        return seated(self.counted if also is None else [*self.counted, also], self.makers)


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


async def change(tx: Tx, request_id: UUID, **values: Any) -> None:
    """Write columns of one request."""
    await tx.update(ApprovalRequest, request_id, values)


async def void(tx: Tx, whys: Mapping[UUID, str]) -> None:
    """Make requests stale, each with its reason: one statement for any number."""
    values = {"ids": list(whys), "whys": list(whys.values()), "at": tx.at}
    await tx.session.execute(_VOID, values)


async def answers(tx: Tx, request_id: UUID) -> list[SignOff]:
    """Every answer to a request, oldest first; a person's last one is what they say."""
    return await tx.rows(SignOff, _ANSWERS, {"request": request_id})


async def revoked(tx: Tx, answers: Collection[SignOff]) -> set[UUID]:
    """The delegations that these answers rest on and that were taken back; no statement where none rests on any."""
    resting = {one.delegation_id for one in answers if one.delegation_id is not None}
    if not resting:
        return set()
    statement = select(Delegation.id).where(col(Delegation.id).in_(resting), col(Delegation.revoked_at).is_not(None))
    return set((await tx.session.execute(statement)).scalars())


async def add_sign_off(tx: Tx, row: SignOff) -> None:
    """Add an answer."""
    await tx.insert(row)


async def answered_by(tx: Tx, people: Collection[UUID]) -> Sequence[ApprovalRequest]:
    """Pending requests that these people answered, by their own hand or another's; locked, under `hold_people`."""
    statement = select(ApprovalRequest).from_statement(_ANSWERED_BY).execution_options(populate_existing=True)
    return (await tx.session.execute(statement, {"people": list(people)})).scalars().all()


async def given(tx: Tx, request_id: UUID, *, but: Collection[UUID] = ()) -> list[Given]:
    """The approvals that count today, oldest first, without those of some people: signers, or whoever they signed for.

    Whoever is signed for takes a seat too: no human being is counted by their own hand and by another's, nor under two
    accounts.
    """
    rows = await tx.fetch(_COUNTED, {"request": request_id, "answering": ANSWERING})
    counted = [Counted(row["person_id"], _discipline(row["discipline"]), row["step"], row["accounts"]) for row in rows]
    return seated(counted, but)


async def signing(
    tx: Tx, request_id: UUID, person_id: UUID, holder_id: UUID, makers: Collection[UUID], names: Collection[str]
) -> Signing:
    """All that a signature looks at of people, by one statement; `names` are outside names of whoever made the work."""
    values = {
        "request": request_id,
        "person": person_id,
        "holder": holder_id,
        "people": list(makers),
        "names": sorted({name.strip().lower() for name in names} - {""}),
        "answering": ANSWERING,
    }
    (row,) = await tx.fetch(_SIGNING, values)
    counted = [
        Counted(UUID(one["person_id"]), _discipline(one["discipline"]), one["step"], set(map(UUID, one["accounts"])))
        for one in row["given"] or ()
    ]
    return Signing(
        active=bool(row["active"]),
        roles=frozenset(Role(role) for role in row["roles"] or ()),
        seats=[Seat(Role(one["role"]), _discipline(one["discipline"]), one["step"]) for one in row["seats"] or ()],
        counted=counted,
        makers=set(row["makers"]),
        hands=set(row["hands"]),
        opened_at=row["since"],
        opened=row["things"],
    )


def seated(approvals: Sequence[Counted], but: Collection[UUID]) -> list[Given]:
    """Each human being's say once, the oldest first, without those of some people."""
    seated: set[UUID] = set(but)
    found = []
    for one in approvals:
        if seated.isdisjoint(one.accounts):
            seated.update(one.accounts)
            found.append(Given(one.person_id, one.discipline, one.step))
    return found


def _discipline(word: str | None) -> Discipline | None:
    return None if word is None else Discipline(word)
