"""Verbs on people, teams, roles and tokens.

`who` is None when the machine's operator acts through the command line: they hold the database anyway.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from hub import words
from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.people import rules, store, tokens
from hub.people.access import Permission, Principal, Scope
from hub.people.acting import acting
from hub.people.tables import Discipline, Identity, Person, PersonKind, Role, RoleGrant, Team, TeamMember, Token

if TYPE_CHECKING:
    from hub.db import Raw, ReadPool

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")


async def create_person(
    tx: Tx,
    who: Principal | None,
    *,
    handle: str,
    name: str,
    email: str | None = None,
    kind: PersonKind = PersonKind.HUMAN,
) -> Person:
    """Add somebody who may act; a second person under one address is refused."""
    _manage(tx, who)
    address = words.wanted(email, "email", most=320) if email is not None else None
    made = Person(
        handle=_name(handle, "handle"),
        name=words.wanted(name, "name", most=200),
        email=address,
        kind=kind,
        created_at=tx.at,
    )
    if address is not None and await store.person_with_email(tx, address) is not None:
        raise Refused(Code.CONFLICT, f"{address} is another person's; link a second identity to them", field="email")
    if not await store.add_person(tx, made):
        raise Refused(Code.CONFLICT, f"the handle {made.handle} is taken; choose another", field="handle")
    await record(tx, "person.created", Subject("person", made.id), {"person_kind": kind})
    return made


async def create_team(tx: Tx, who: Principal | None, *, key: str, name: str) -> Team:
    """Add a team."""
    _manage(tx, who)
    made = Team(key=_name(key, "key"), name=words.wanted(name, "name", most=200), created_at=tx.at)
    if not await store.add_team(tx, made):
        raise Refused(Code.CONFLICT, f"the team {made.key} is there already", field="key")
    await record(tx, "team.created", Subject("team", made.id), {"key": made.key})
    return made


async def add_member(tx: Tx, who: Principal | None, *, team_id: UUID, person_id: UUID) -> None:
    """Put somebody into a team; nothing happens when they are in it."""
    _manage(tx, who)
    await _person(tx, person_id)
    if await store.team(tx, team_id) is None:
        raise Refused(Code.NOT_FOUND, "there is no such team", field="team")
    if await store.add_member(tx, TeamMember(team_id=team_id, person_id=person_id)):
        await record(tx, "team.member_added", Subject("team", team_id), {"person": person_id})


async def link_identity(tx: Tx, who: Principal | None, *, person_id: UUID, issuer: str, subject: str) -> None:
    """Say that an outside system's name means this person; nothing happens when it did."""
    _manage(tx, who)
    await _person(tx, person_id)
    row = Identity(
        person_id=person_id,
        issuer=words.wanted(issuer, "issuer", most=300),
        subject=words.wanted(subject, "subject", most=300),
    )
    if not await store.add_identity(tx, row):
        if await store.holder_of(tx, row.issuer, row.subject) == person_id:
            return
        raise Refused(Code.CONFLICT, f"{row.subject} at {row.issuer} is another person", field="subject")
    await record(tx, "person.identity_linked", Subject("person", person_id), {"identity": row.id})


async def grant_role(
    tx: Tx, who: Principal | None, *, person_id: UUID, role: Role, discipline: Discipline | None = None
) -> None:
    """Give somebody a role; nobody gives one to themselves, and nothing happens when they have it."""
    _manage(tx, who)
    if who is not None and who.person_id == person_id:
        raise Refused(Code.SAME_PERSON, "nobody grants a role to themselves; ask another ADMIN", field="person")
    person = await _person(tx, person_id)
    rules.check_grant(person.kind, role, discipline)
    if await store.add_grant(tx, RoleGrant(person_id=person_id, role=role, discipline=discipline, granted_at=tx.at)):
        await record(tx, "role.granted", Subject("person", person_id), {"role": role, "discipline": discipline})


async def revoke_role(
    tx: Tx, who: Principal | None, *, person_id: UUID, role: Role, discipline: Discipline | None = None
) -> None:
    """Take a role from somebody; nothing happens when they do not have it."""
    _manage(tx, who)
    if await store.remove_grant(tx, person_id, role, discipline):
        await record(tx, "role.revoked", Subject("person", person_id), {"role": role, "discipline": discipline})


async def deactivate(tx: Tx, who: Principal | None, person_id: UUID) -> None:
    """Have somebody act no more; what they did stays. Nothing happens when that was said before."""
    _manage(tx, who)
    if who is not None and who.person_id == person_id:
        raise Refused(Code.SAME_PERSON, "nobody closes their own account; ask another ADMIN", field="person")
    if await store.deactivate(tx, person_id):
        await record(tx, "person.deactivated", Subject("person", person_id), {})


async def create_token(
    tx: Tx,
    who: Principal | None,
    *,
    person_id: UUID,
    label: str,
    scopes: Iterable[Scope],
    term_days: int = rules.USUAL_TERM_DAYS,
) -> tuple[Token, str]:
    """Make a token; gives its row and the secret, which is shown now and never again."""
    if who is not None:
        acting(tx, who, Permission.CREATE_TOKEN)
        rules.check_token_for(who, person_id)
    chosen = frozenset(scopes)
    rules.check_scopes(chosen, None if who is None else who.scopes)
    rules.check_term(term_days)
    await _person(tx, person_id)
    secret = tokens.new_secret()
    made = Token(
        person_id=person_id,
        label=words.wanted(label, "label", most=200),
        prefix=tokens.prefix_of(secret),
        secret_hash=tokens.hash_of(secret),
        scopes=sorted(chosen),
        created_at=tx.at,
        expires_at=tx.at + timedelta(days=term_days),
    )
    await store.add_token(tx, made)
    told = {"person": person_id, "scopes": made.scopes, "expires_at": made.expires_at}
    await record(tx, "token.created", Subject("token", made.id), told)
    return made, secret


async def revoke_token(tx: Tx, who: Principal | None, token_id: UUID) -> Token:
    """End a token now; one's own, or any as an ADMIN. Nothing happens when it has ended before."""
    if who is not None:
        acting(tx, who, Permission.CREATE_TOKEN)
    token = await store.locked_token(tx, token_id)
    if token is None or not (who is None or rules.may_revoke(who, token.person_id)):
        raise Refused(Code.NOT_FOUND, "there is no such token", field="token")
    if token.revoked_at is None:
        await store.revoke(tx, token_id)
        token.revoked_at = tx.at
        await record(tx, "token.revoked", Subject("token", token_id), {"person": token.person_id})
    return token


async def answerable(tx: Tx, person_id: UUID, field: str) -> Person:
    """Somebody who can answer for something: there, active, and a human being."""
    found = await _person(tx, person_id, field)
    if found.kind is not PersonKind.HUMAN:
        raise Refused(Code.BAD_INPUT, f"{found.handle} is a service account; only a person can own this", field=field)
    return found


async def principal_of(reads: "Raw | ReadPool", secret: str, at: datetime) -> Principal | None:
    """Who a bearer token stands for at this instant; None for any that is not good, made-up ones without SQL."""
    return await store.bearer(reads, tokens.hash_of(secret), at) if tokens.is_well_formed(secret) else None


def _manage(tx: Tx, who: Principal | None) -> None:
    if who is not None:
        acting(tx, who, Permission.MANAGE_PEOPLE)


async def _person(tx: Tx, person_id: UUID, field: str = "person") -> Person:
    found = await store.person(tx, person_id)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is no such person", field=field)
    if not found.active:
        raise Refused(Code.BAD_INPUT, f"{found.handle} is not active; choose somebody who is", field=field)
    return found


def _name(text: str, field: str) -> str:
    if NAME.fullmatch(text) is None:
        raise Refused(
            Code.BAD_INPUT,
            f"{field} takes 1 to 100 lower-case letters, digits and . _ @ + -, beginning with a letter or digit",
            field=field,
        )
    return text
