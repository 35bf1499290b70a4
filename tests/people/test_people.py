"""People, teams, roles and tokens, as rows and as principals."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.people import actions
from hub.people.access import Permission, Principal, Scope
from hub.people.actions import principal_of
from hub.people.rules import check_scopes
from hub.people.tables import Discipline, PersonKind, Role, Token
from hub.people.tokens import new_secret
from tests.make import Make


async def make_token(
    db: Db, who: Principal, *scopes: Scope, owner: Principal | None = None, term_days: int = 90
) -> tuple[Token, str]:
    async with db.write(actor=who.person_id, operation="op") as tx:
        person_id = (owner or who).person_id
        return await actions.create_token(
            tx, who, person_id=person_id, label="laptop", scopes=scopes, term_days=term_days
        )


async def test_a_token_stands_for_its_person_with_roles_teams_and_scopes(db: Db, make: Make) -> None:
    team = await make.team("imaging")
    ada = await make.person(
        "ada", Role.ADMIN, disciplines=[Discipline.RISK, Discipline.LEGAL], teams=[team], scopes=[Scope.ADMIN]
    )
    row, secret = await make_token(db, ada, Scope.GOVERN)
    found = await principal_of(db.reads, secret, db.clock.now())
    assert found == Principal(
        person_id=ada.person_id,
        handle="ada",
        kind=PersonKind.HUMAN,
        roles=frozenset({Role.ADMIN, Role.MODEL_APPROVER}),
        disciplines=frozenset({Discipline.RISK, Discipline.LEGAL}),
        teams=(team.id,),
        scopes=frozenset({Scope.GOVERN}),
        token_id=row.id,
    )


async def test_only_the_hash_of_a_token_is_stored(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.DEVELOPER)
    row, secret = await make_token(db, ada, Scope.READ)
    (stored,) = await db.reads.fetch("SELECT t.secret_hash, t.prefix FROM tokens t")
    assert len(stored["secret_hash"]) == 32
    assert stored["prefix"] == secret[:12]
    told = await db.reads.fetch("SELECT convert_from(body, 'UTF8') AS body FROM events")
    assert not any(secret[13:53] in event["body"] for event in told)
    assert row.expires_at == db.clock.now() + timedelta(days=90)


async def test_a_token_ends_at_its_expiry(db: Db, make: Make, clock: SetClock) -> None:
    ada = await make.person("ada", Role.DEVELOPER)
    _, secret = await make_token(db, ada, Scope.READ, term_days=1)
    clock.move(timedelta(hours=23, minutes=59))
    assert await principal_of(db.reads, secret, clock.now()) is not None
    clock.move(timedelta(minutes=1))
    assert await principal_of(db.reads, secret, clock.now()) is None


async def test_a_revoked_token_and_one_of_an_inactive_person_are_no_good(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada", Role.DEVELOPER), await make.person("bob", Role.DEVELOPER)
    row, secret = await make_token(db, ada, Scope.READ)
    _, other = await make_token(db, bob, Scope.READ)
    async with db.write(actor=ada.person_id, operation="op") as tx:
        assert (await actions.revoke_token(tx, ada, row.id)).revoked_at == db.clock.now()
    async with db.write(actor=ada.person_id, operation="op") as tx:
        await actions.revoke_token(tx, ada, row.id)
    await make.deactivate(bob)
    assert await principal_of(db.reads, secret, db.clock.now()) is None
    assert await principal_of(db.reads, other, db.clock.now()) is None
    assert await make.count("events", "kind = 'token.revoked'") == 1


async def test_a_made_up_token_is_told_without_sql(db: Db) -> None:
    class Closed:
        async def fetchrow(self, *asked: object) -> None:
            raise AssertionError("the database was asked")

    assert await principal_of(Closed(), "hub_abcdefgh_" + "0" * 40 + "_000000", db.clock.now()) is None  # type: ignore[arg-type]
    assert await principal_of(db.reads, new_secret(), db.clock.now()) is None


@pytest.mark.parametrize(
    ("term_days", "code", "why"),
    [
        (366, Code.TERM_TOO_LONG, "366 days asked, 365 allowed"),
        (0, Code.TERM_IN_PAST, "0 days asked; 1 to 365"),
        (-5, Code.TERM_IN_PAST, "-5 days asked; 1 to 365"),
    ],
)
async def test_a_token_lives_a_year_at_most(db: Db, make: Make, term_days: int, code: Code, why: str) -> None:
    ada = await make.person("ada", Role.DEVELOPER)
    with pytest.raises(Refused, match=why) as refused:
        await make_token(db, ada, Scope.READ, term_days=term_days)
    assert (refused.value.code, refused.value.field) == (code, "termDays")
    assert await make.count("tokens") == 0
    assert await make.count("events", "kind = 'token.created'") == 0


async def test_nobody_makes_a_token_for_another_unless_admin(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada", Role.DEVELOPER), await make.person("bob", Role.DEVELOPER)
    root = await make.person("root", Role.ADMIN)
    with pytest.raises(Refused) as refused:
        await make_token(db, ada, Scope.READ, owner=bob)
    assert (refused.value.code, refused.value.field) == (Code.FORBIDDEN, "person")
    assert await make.count("tokens") == 0
    _, secret = await make_token(db, root, Scope.READ, owner=bob)
    found = await principal_of(db.reads, secret, db.clock.now())
    assert found is not None
    assert found.handle == "bob"


async def test_a_token_reaches_no_further_than_the_one_it_was_made_with(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.DEVELOPER, scopes=[Scope.GOVERN])
    with pytest.raises(Refused, match="CREATE_TOKEN is outside this token's scopes"):
        await make_token(db, ada, Scope.READ)
    root = await make.person("root", Role.ADMIN, scopes=[Scope.ADMIN])
    await make_token(db, root, Scope.READ, Scope.GOVERN, Scope.SYNC, Scope.ADMIN)
    with pytest.raises(Refused, match="a token needs a scope"):
        await make_token(db, root)
    assert await make.count("tokens") == 1


def test_a_scope_within_the_own_is_allowed_and_a_wider_one_is_not() -> None:
    check_scopes(frozenset({Scope.READ, Scope.GOVERN}), frozenset({Scope.GOVERN}))
    check_scopes(frozenset({Scope.ADMIN}), None)
    with pytest.raises(Refused, match="ADMIN, SYNC asked, but your token has GOVERN") as refused:
        check_scopes(frozenset({Scope.READ, Scope.SYNC, Scope.ADMIN}), frozenset({Scope.GOVERN}))
    assert (refused.value.code, refused.value.field) == (Code.FORBIDDEN, "scopes")


async def test_a_pipelines_token_asks_the_gate_and_does_nothing_else(make: Make) -> None:
    olaf = await make.person("olaf", Role.MODEL_OWNER, Role.MODEL_APPROVER, scopes=[Scope.GATE])
    assert olaf.permissions == {
        Permission.READ,
        Permission.REQUEST_DEPLOYMENT,
        Permission.REQUEST_APPROVAL,
        Permission.ADD_EVIDENCE,
        Permission.EVALUATE_POLICIES,
    }
    with pytest.raises(Refused, match="CLASSIFY_MODEL is outside this token's scopes; use a token with ADMIN, GOVERN"):
        olaf.require(Permission.CLASSIFY_MODEL)


async def test_another_persons_token_is_not_there_to_revoke(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada", Role.DEVELOPER), await make.person("bob", Role.DEVELOPER)
    row, secret = await make_token(db, ada, Scope.READ)
    answers = []
    for asked in (row.id, uuid4()):
        with pytest.raises(Refused) as refused:
            async with db.write(actor=bob.person_id, operation="op") as tx:
                await actions.revoke_token(tx, bob, asked)
        answers.append((refused.value.code, refused.value.why))
    assert answers[0] == answers[1] == (Code.NOT_FOUND, "there is no such token")
    assert await principal_of(db.reads, secret, db.clock.now()) is not None


async def test_only_admins_manage_people(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.MODEL_APPROVER)
    before = await make.events()
    with pytest.raises(Refused) as refused:
        async with db.write(actor=ada.person_id, operation="op") as tx:
            await actions.create_person(tx, ada, handle="eve", name="Eve")
    assert refused.value.code is Code.FORBIDDEN
    assert await make.count("people") == 1
    assert await make.events() == before


async def test_nobody_grants_a_role_to_themselves(db: Db, make: Make) -> None:
    root = await make.person("root", Role.ADMIN)
    with pytest.raises(Refused) as refused:
        async with db.write(actor=root.person_id, operation="op") as tx:
            await actions.grant_role(tx, root, person_id=root.person_id, role=Role.MODEL_APPROVER)
    assert refused.value.code is Code.SAME_PERSON
    assert await make.count("role_grants") == 1


@pytest.mark.parametrize(
    ("kind", "role", "discipline"),
    [
        (PersonKind.SERVICE, Role.MODEL_APPROVER, None),
        (PersonKind.HUMAN, Role.SERVICE, None),
        (PersonKind.HUMAN, Role.DEVELOPER, Discipline.RISK),
    ],
)
async def test_roles_that_do_not_fit_are_refused(
    db: Db, make: Make, kind: PersonKind, role: Role, discipline: Discipline | None
) -> None:
    person = await make.person("ada", kind=kind)
    with pytest.raises(Refused) as refused:
        async with db.write(actor=None, operation="op") as tx:
            await actions.grant_role(tx, None, person_id=person.person_id, role=role, discipline=discipline)
    assert refused.value.code is Code.BAD_INPUT
    assert await make.count("role_grants") == 0


async def test_a_role_granted_twice_is_recorded_once(db: Db, make: Make) -> None:
    ada = await make.person("ada", Role.DEVELOPER)
    async with db.write(actor=None, operation="op") as tx:
        await actions.grant_role(tx, None, person_id=ada.person_id, role=Role.DEVELOPER)
    assert await make.events() == ["person.created", "role.granted"]


async def test_handles_addresses_and_outside_names_mean_one_person(db: Db, make: Make) -> None:
    ada = await make.person("ada", email="ada@example.org")
    bob = await make.person("bob")
    taken: list[dict[str, Any]] = [
        {"handle": "ada", "name": "B"},
        {"handle": "ada2", "name": "B", "email": "ADA@example.org"},
    ]
    for wanted in taken:
        with pytest.raises(Refused) as refused:
            async with db.write(actor=None, operation="op") as tx:
                await actions.create_person(tx, None, **wanted)
        assert refused.value.code is Code.CONFLICT
    for _ in range(2):
        async with db.write(actor=None, operation="op") as tx:
            await actions.link_identity(tx, None, person_id=ada.person_id, issuer="mlflow", subject="alovelace")
    with pytest.raises(Refused, match="another person"):
        async with db.write(actor=None, operation="op") as tx:
            await actions.link_identity(tx, None, person_id=bob.person_id, issuer="mlflow", subject="alovelace")
    assert await make.count("people") == 2
    assert await make.count("identities") == 1


async def test_a_handle_is_made_of_plain_characters(db: Db, make: Make) -> None:
    for handle in ("", "Ada", "a b", "a" * 101, "<script>", "-a"):
        with pytest.raises(Refused) as refused:
            async with db.write(actor=None, operation="op") as tx:
                await actions.create_person(tx, None, handle=handle, name="Ada")
        assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "handle")
    assert await make.count("people") == 0
