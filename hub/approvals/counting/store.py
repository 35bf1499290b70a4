"""The SQL of whose answers to a request count, and of all else that a signature looks at of people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.approvals.counting.rules import NOBODY, Counted, Human, Makers, Said, seated
from hub.approvals.steps import Given
from hub.approvals.tables import SignOffDecision
from hub.db import Tx
from hub.people.access import BY_ROLE, Permission
from hub.people.tables import Discipline, Role
from hub.statements import sql

ANSWERING = sorted(role.value for role, may in BY_ROLE.items() if Permission.SIGN_APPROVAL in may)
"""Roles whose holders answer requests."""

# A person's last answer is what they say.
_SAID = """
said AS (
    SELECT DISTINCT ON (a.person_id) a.*, COALESCE(a.on_behalf_of, a.person_id) AS holder_id
    FROM sign_offs a WHERE a.request_id = :request
    ORDER BY a.person_id, a.entry DESC
)"""

# Those who answered, each under their own id with whoever they signed for.
_HANDS = (
    "SELECT false, s.person_id, h.id FROM said s CROSS JOIN LATERAL (VALUES (s.person_id), (s.holder_id)) AS h (id)"
)

# The signer, and whoever's say it is, each by themselves.
_SIGNERS = "SELECT true, h.id, h.id FROM unnest(ARRAY[CAST(:person AS uuid), CAST(:holder AS uuid)]) AS h (id)"


def _known(beginning: str) -> str:
    """Every account that may be the same human being's, from some on, and the names of all of them."""
    return f"""
hands (signs, hand_id, id) AS (
    ({beginning})
    UNION
    SELECT f.signs, f.hand_id, o.person_id
    FROM hands f JOIN person_names n ON n.person_id = f.id JOIN person_names o ON o.name = n.name
),
known AS (
    SELECT f.signs, f.hand_id, array_agg(DISTINCT f.id) AS accounts, array_agg(DISTINCT n.name) AS names
    FROM hands f
    CROSS JOIN LATERAL (SELECT p.name FROM person_names p WHERE p.person_id = f.id
                        UNION ALL SELECT lower(p.name) FROM people p WHERE p.id = f.id) n
    GROUP BY 1, 2
)"""


# The approvals whose signers, or whoever they signed for, still may give them: active, with the role and discipline
# they signed with, in the group that the step asks, and not by a delegation that was taken back.
_GIVEN = """
SELECT s.person_id, s.discipline, s.step, k.accounts, k.names
FROM said s
JOIN known k ON k.hand_id = s.person_id AND NOT k.signs
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

_COUNTED = sql(f"WITH RECURSIVE {_SAID}, {_known(_HANDS)} {_GIVEN}")

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

_ANSWERS = """
SELECT a.id, a.person_id, a.entry, a.decision, a.on_behalf_of, d.revoked_at IS NOT NULL AS revoked
FROM sign_offs a LEFT JOIN delegations d ON d.id = a.delegation_id
WHERE a.request_id = :request ORDER BY a.signed_at, a.entry, a.id
"""

_SIGNING = sql(f"""
WITH RECURSIVE {_SAID}, {_known(f"{_HANDS} UNION {_SIGNERS}")}
SELECT (SELECT json_agg(DISTINCT g.role) FROM role_grants g WHERE g.person_id = :person) AS roles,
       (SELECT p.active FROM people p WHERE p.id = :person) AS active,
       (SELECT json_agg(x) FROM ({_SEATS}) x) AS seats,
       (SELECT json_agg(x) FROM ({_ANSWERS}) x) AS answers,
       (SELECT json_agg(x) FROM ({_GIVEN}) x) AS given,
       (SELECT json_agg(k) FROM known k WHERE k.signs) AS signers,
       ARRAY(SELECT DISTINCT a.discipline FROM approval_asks a
             WHERE a.request_id = :request AND a.person_id <> ALL (ARRAY[:person, :holder]::uuid[])
               AND (a.via_id IS NULL OR a.via_id <> ALL (ARRAY[:person, :holder]::uuid[]))) AS others_asked,
       o.since, o.things
FROM (SELECT min(o.opened_at) AS since, count(o.thing_id) AS things
      FROM approval_openings o WHERE o.request_id = :request AND o.person_id = :person) o
""")


@dataclass(frozen=True, slots=True)
class Seat:
    """In what capacity somebody could answer a step."""

    role: Role
    discipline: Discipline | None
    step: int


@dataclass(frozen=True, slots=True)
class Signing:
    """What a signature looks at of people, as of now; `seats` are those of whoever's say it is, the `holder`.

    `answers` are all that were given, oldest first; `counted` those approvals that may count. `others_asked` are the
    disciplines for which anybody else is asked.
    """

    active: bool
    roles: frozenset[Role]
    seats: Sequence[Seat]
    answers: Sequence[Said]
    counted: Sequence[Counted]
    signer: Human
    holder: Human
    others_asked: frozenset[str | None]
    opened_at: datetime | None
    opened: int

    @property
    def together(self) -> Human:
        """The signer and the holder as one: no human being is counted by their own hand and by another's."""
        return Human(self.signer.accounts | self.holder.accounts, self.signer.names | self.holder.names)


async def given(tx: Tx, request_id: UUID, makers: Makers) -> list[Given]:
    """The approvals that count today, oldest first, without those whose own work it is."""
    rows = await tx.fetch(_COUNTED, {"request": request_id, "answering": ANSWERING})
    return seated([_counted(dict(row)) for row in rows], makers)


async def signing(tx: Tx, request_id: UUID, person_id: UUID, holder_id: UUID) -> Signing:
    """All that a signature looks at of people, by one statement."""
    values = {"request": request_id, "person": person_id, "holder": holder_id, "answering": ANSWERING}
    (row,) = await tx.fetch(_SIGNING, values)
    # Whoever is said to be signed for may be nobody at all.
    signers = {UUID(one["hand_id"]): _human(one["accounts"], one["names"]) for one in row["signers"] or ()}
    return Signing(
        active=bool(row["active"]),
        roles=frozenset(map(Role, row["roles"] or ())),
        seats=[Seat(Role(one["role"]), _discipline(one["discipline"]), one["step"]) for one in row["seats"] or ()],
        answers=[_said(one) for one in row["answers"] or ()],
        counted=[_counted(one) for one in row["given"] or ()],
        signer=signers.get(person_id, NOBODY),
        holder=signers.get(holder_id, NOBODY),
        others_asked=frozenset(row["others_asked"]),
        opened_at=row["since"],
        opened=row["things"],
    )


def _said(row: Mapping[str, Any]) -> Said:
    return Said(
        UUID(row["id"]),
        UUID(row["person_id"]),
        row["entry"],
        SignOffDecision(row["decision"]),
        None if row["on_behalf_of"] is None else UUID(row["on_behalf_of"]),
        row["revoked"],
    )


def _counted(row: Mapping[str, Any]) -> Counted:
    human = _human(row["accounts"], row["names"])
    return Counted(_uuid(row["person_id"]), _discipline(row["discipline"]), row["step"], human)


def _human(accounts: Collection[UUID | str], names: Collection[str]) -> Human:
    return Human(frozenset(map(_uuid, accounts)), frozenset(names))


def _uuid(value: UUID | str) -> UUID:
    """An id from a column, or as JSON writes it."""
    return UUID(value) if isinstance(value, str) else value


def _discipline(word: str | None) -> Discipline | None:
    return None if word is None else Discipline(word)
