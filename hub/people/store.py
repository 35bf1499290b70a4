"""The SQL of people, teams, roles and tokens."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, insert, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select

from hub.db import Tx
from hub.people.access import Principal, Scope
from hub.people.tables import Discipline, Identity, Person, PersonKind, Role, RoleGrant, Team, TeamMember, Token
from hub.statements import sql

if TYPE_CHECKING:
    from hub.db import Raw, ReadPool

# Only an approver's grants say for which disciplines somebody may sign.
_STANDING = """
       p.id AS person_id, p.handle, p.kind,
       ARRAY(SELECT DISTINCT g.role FROM role_grants g WHERE g.person_id = p.id) AS roles,
       ARRAY(SELECT DISTINCT g.discipline FROM role_grants g
             WHERE g.person_id = p.id AND g.role = 'MODEL_APPROVER' AND g.discipline IS NOT NULL) AS disciplines,
       ARRAY(SELECT m.team_id FROM team_members m WHERE m.person_id = p.id) AS teams
"""

# A token's bearer by the secret's hash, if the token and the person are still good; served by the unique index.
BEARER = f"""
SELECT t.id AS token_id, t.scopes, {_STANDING}
FROM tokens t JOIN people p ON p.id = t.person_id
WHERE t.secret_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND p.active
"""

# A person's standing as of now, for decisions that must not trust what was read earlier.
_PERSON = text(f"SELECT {_STANDING} FROM people p WHERE p.id = :person_id AND p.active")

# These people, everybody whom one of these names may mean, what they are called included, and every other account that
# shares a name with one found.
ALIKE = """
WITH RECURSIVE found AS (
    (SELECT unnest(CAST(:people AS uuid[])) AS id
    UNION
    SELECT n.person_id FROM person_names n WHERE n.name = ANY (:names)
    UNION
    SELECT p.id FROM people p WHERE lower(p.name) = ANY (:names))
    UNION
    SELECT o.person_id FROM found f JOIN person_names n ON n.person_id = f.id JOIN person_names o ON o.name = n.name
)
SELECT f.id FROM found f
"""
_ALIKE = sql(ALIKE)


async def bearer(reads: "Raw | ReadPool", secret_hash: bytes, at: datetime) -> Principal | None:
    """Who holds this token, by one statement; None when it is unknown, expired, revoked, or its person inactive."""
    row = await reads.fetchrow(BEARER, secret_hash, at)
    return None if row is None else _principal(row, frozenset(Scope(s) for s in row["scopes"]), row["token_id"])


async def standing(tx: Tx, person_id: UUID, scopes: Iterable[Scope]) -> Principal | None:
    """An active person's roles, disciplines and teams as of now, by one statement."""
    row = (await tx.session.execute(_PERSON, {"person_id": person_id})).mappings().first()
    return None if row is None else _principal(row, frozenset(scopes), None)


async def alike(tx: Tx, people: Collection[UUID], names: Iterable[str] = ()) -> set[UUID]:
    """These people, whoever may be meant by these names, and every other account of the same human beings."""
    asked = sorted({name.strip().lower() for name in names} - {""})
    return {row["id"] for row in await tx.fetch(_ALIKE, {"people": list(people), "names": asked})}


async def names(tx: Tx, person_id: UUID) -> list[str]:
    """Every name somebody is known by, in lower case."""
    statement = text("SELECT DISTINCT n.name FROM person_names n WHERE n.person_id = :person ORDER BY 1")
    return list((await tx.session.execute(statement, {"person": person_id})).scalars())


async def person(tx: Tx, person_id: UUID) -> Person | None:
    """One person, active or not."""
    return (await tx.session.execute(select(Person).where(col(Person.id) == person_id))).scalar_one_or_none()


async def person_with_email(tx: Tx, email: str) -> UUID | None:
    """Who has this address, whatever its case."""
    statement = select(Person.id).where(func.lower(col(Person.email)) == email.lower())
    return (await tx.session.execute(statement)).scalars().first()


async def team(tx: Tx, team_id: UUID) -> Team | None:
    """One team."""
    return (await tx.session.execute(select(Team).where(col(Team.id) == team_id))).scalar_one_or_none()


async def add_person(tx: Tx, row: Person) -> bool:
    """Add a person; false when the handle is taken."""
    return await _added(tx, Person, row)


async def team_named(reads: "ReadPool", named: str) -> UUID | None:
    """The team of this key or id."""
    found: UUID | None = await reads.fetchval(
        "SELECT t.id FROM teams t WHERE t.key = $1 OR t.id::text = lower($1)", named
    )
    return found


async def add_team(tx: Tx, row: Team) -> bool:
    """Add a team; false when the key is taken."""
    return await _added(tx, Team, row)


async def add_identity(tx: Tx, row: Identity) -> bool:
    """Add an outside name; false when it is somebody's already."""
    return await _added(tx, Identity, row)


async def holder_of(tx: Tx, issuer: str, subject: str) -> UUID | None:
    """Whom an outside system's name means."""
    statement = select(Identity.person_id).where(col(Identity.issuer) == issuer, col(Identity.subject) == subject)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def add_member(tx: Tx, row: TeamMember) -> bool:
    """Add a member; false when they were one already."""
    return await _added(tx, TeamMember, row)


async def add_grant(tx: Tx, row: RoleGrant) -> bool:
    """Add a role; false when the person had it already."""
    return await _added(tx, RoleGrant, row)


async def remove_grant(tx: Tx, person_id: UUID, role: Role, discipline: Discipline | None) -> bool:
    """Take a role away; false when the person does not have it."""
    statement = delete(RoleGrant).where(
        col(RoleGrant.person_id) == person_id,
        col(RoleGrant.role) == role,
        col(RoleGrant.discipline).is_not_distinct_from(discipline),
    )
    return (await tx.session.execute(statement.returning(col(RoleGrant.id)))).first() is not None


async def deactivate(tx: Tx, person_id: UUID) -> bool:
    """Close an account; false when it is closed already, or not there."""
    statement = update(Person).where(col(Person.id) == person_id, col(Person.active)).values(active=False)
    closed = statement.returning(col(Person.id)).execution_options(synchronize_session=False)
    return (await tx.session.execute(closed)).first() is not None


async def add_token(tx: Tx, row: Token) -> None:
    """Add a token."""
    await tx.session.execute(insert(Token).values(**row.model_dump()))


async def locked_token(tx: Tx, token_id: UUID) -> Token | None:
    """One token, locked."""
    statement = select(Token).where(col(Token.id) == token_id).with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def revoke(tx: Tx, token_id: UUID) -> None:
    """End a token now."""
    await tx.session.execute(update(Token).where(col(Token.id) == token_id).values(revoked_at=tx.at))


async def _added(tx: Tx, table: type[Person | Team | Identity | TeamMember | RoleGrant], row: Any) -> bool:
    statement = upsert(table).values(**row.model_dump()).on_conflict_do_nothing().returning(text("1"))
    return (await tx.session.execute(statement)).first() is not None


def _principal(row: Any, scopes: frozenset[Scope], token_id: UUID | None) -> Principal:
    return Principal(
        person_id=row["person_id"],
        handle=row["handle"],
        kind=PersonKind(row["kind"]),
        roles=frozenset(Role(role) for role in row["roles"]),
        disciplines=frozenset(Discipline(discipline) for discipline in row["disciplines"]),
        teams=tuple(row["teams"]),
        scopes=scopes,
        token_id=token_id,
    )
