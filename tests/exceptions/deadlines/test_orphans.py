"""Models and exceptions whose owner has left: told once for each loss."""

from datetime import timedelta

from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.models import actions as models
from hub.people.access import Principal
from hub.people.tables import Role
from tests.exceptions.deadlines.desk import change, passes, tick, told
from tests.make import Make

KINDS = ("model.orphaned", "exception.orphaned")


async def test_who_leaves_leaves_orphans_once_and_again_when_the_next_one_leaves(
    db: Db, make: Make, clock: SetClock
) -> None:
    ada, bob = await make.person("ada", Role.DEVELOPER), await make.person("bob", Role.DEVELOPER)
    admin = await make.person("admin", Role.ADMIN)
    policy, model = await make.policy(), await make.model(owner=ada)
    await make.model()
    made = await make.exception(policy, model, by=ada)
    ended = await make.exception(policy, model, by=ada)
    await change(db, ended.id, state="REVOKED")
    assert await tick(db) is False
    await make.deactivate(ada)
    for _ in range(3):
        await passes(db, clock, minutes=1)
    rows = await told(db, *KINDS)
    assert {(kind, subject, data["owner"]) for kind, subject, data in rows} == {
        ("model.orphaned", model.id, str(ada.person_id)),
        ("exception.orphaned", made.id, str(ada.person_id)),
    }
    assert len(rows) == 2
    async with db.write(actor=admin.person_id, operation="op") as tx:
        await models.set_owner(tx, admin, model.id, owner_id=bob.person_id)
    await change(db, made.id, owner_id=bob.person_id)
    await passes(db, clock, minutes=1)
    assert len(await told(db, *KINDS)) == 2
    await make.deactivate(bob)
    await passes(db, clock, minutes=1)
    assert [data["owner"] for _, _, data in (await told(db, *KINDS))[2:]] == [str(bob.person_id)] * 2


async def test_who_comes_back_before_anybody_looked_left_no_orphans(db: Db, make: Make, clock: SetClock) -> None:
    ada = await make.person("ada", Role.DEVELOPER)
    await make.exception(await make.policy(), await make.model(owner=ada), by=ada)
    await make.deactivate(ada)
    await _back(db, ada)
    await passes(db, clock, minutes=1)
    assert await told(db, *KINDS) == []


async def test_an_exception_that_has_ended_is_nobodys_orphan(db: Db, make: Make, clock: SetClock) -> None:
    ada = await make.person("ada", Role.DEVELOPER)
    await make.exception(await make.policy(), await make.model(), by=ada)
    clock.move(timedelta(days=31))
    await make.deactivate(ada)
    await tick(db)
    assert await told(db, *KINDS) == []


async def test_an_owner_that_is_taken_away_is_a_loss_too(db: Db, make: Make, clock: SetClock) -> None:
    model = await make.model(owner=await make.person("ada", Role.DEVELOPER))
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE models SET owner_id = NULL WHERE id = :id"), {"id": model.id})
    await passes(db, clock, minutes=1)
    assert [(kind, subject) for kind, subject, _ in await told(db, *KINDS)] == [("model.orphaned", model.id)]


async def _back(db: Db, who: Principal) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE people SET active = true WHERE id = :id"), {"id": who.person_id})
