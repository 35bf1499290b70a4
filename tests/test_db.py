"""Writing past SQLAlchemy: statements with names, rows of tables, and connections that died in the pool."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from time import monotonic
from typing import Any, cast

import asyncpg
import pytest
from sqlalchemy import text

from hub.db import ASKED_AFTER_S, Db, Kept, new_id
from hub.people.access import Principal
from hub.people.tables import Person, PersonKind, Token
from hub.statements import Write, adding, changing, fresh, running, sql
from tests.make import Make


def test_a_name_is_one_value_wherever_it_stands() -> None:
    made = sql("SELECT :a, now()::text, to_char(now(), 'HH24:MI:SS'), CAST(:b AS int), :a")
    assert made.text == "SELECT $1, now()::text, to_char(now(), 'HH24:MI:SS'), CAST($2 AS int), $1"
    assert made.names == ("a", "b")


async def test_a_row_read_past_sqlalchemy_is_the_row_that_it_reads(db: Db, make: Make) -> None:
    who = await make.person("ada")
    async with db.write(actor=None, operation="op") as tx:
        (read,) = await tx.rows(Person, sql("SELECT * FROM people WHERE id = :id"), {"id": who.person_id})
        assert read.kind is PersonKind.HUMAN
        assert read.model_dump() == (await tx.session.get_one(Person, who.person_id)).model_dump()


def test_a_row_can_be_made_before_sqlalchemy_has_sent_anything() -> None:
    made = (
        "from hub.db import row_of\nfrom hub.people.tables import Person\n"
        "words = {'id': None, 'handle': 'ada', 'name': 'Ada', 'email': None, 'kind': 'HUMAN', 'active': True}\n"
        "print(row_of(Person, {**words, 'created_at': None}).handle)"
    )
    done = subprocess.run([sys.executable, "-c", made], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("ada\n", "")


async def test_a_row_is_added_and_written(db: Db, make: Make) -> None:
    who = await make.person("ada")
    token = Token(
        id=new_id(), person_id=who.person_id, label="ci", prefix="hub_x", secret_hash=b"x", scopes=["READ"],
        created_at=datetime(2026, 1, 1, tzinfo=UTC), expires_at=datetime(2026, 2, 1, tzinfo=UTC),
    )  # fmt: skip
    async with db.write(actor=None, operation="op") as tx:
        await tx.send(adding(token))
        await tx.send(changing(Token, token.id, {"label": "other"}))
        (read,) = await tx.rows(Token, sql("SELECT * FROM tokens WHERE id = :id"), {"id": token.id})
    assert read.model_dump() == {**token.model_dump(), "label": "other"}


async def test_several_changes_go_in_one_statement_and_all_or_none_of_them_holds(db: Db, make: Make) -> None:
    ada, bob = await make.person("ada"), await make.person("bob")
    rename = sql("UPDATE people SET name = :name WHERE id = :id AND name <> :name")

    def renamed(who: Principal, name: str) -> Write:
        return running(rename, {"name": name, "id": who.person_id})

    token = Token(
        id=new_id(), person_id=ada.person_id, label="ci", prefix="hub_y", secret_hash=b"y", scopes=["READ"],
        created_at=datetime(2026, 1, 1, tzinfo=UTC), expires_at=datetime(2026, 2, 1, tzinfo=UTC),
    )  # fmt: skip
    async with db.write(actor=None, operation="op") as tx:
        await tx.send(renamed(ada, "Countess"), adding(token), renamed(bob, "Bobby"))
    assert await make.count("people", "name IN ('Countess', 'Bobby')") == 2
    assert await make.count("tokens", f"id = '{token.id}'") == 1
    with pytest.raises(asyncpg.UniqueViolationError):
        async with db.write(actor=None, operation="op") as tx:
            await tx.send(renamed(ada, "Nobody"), adding(token))
    assert await make.count("people", "name = 'Nobody'") == 0


def test_a_new_row_is_given_every_column() -> None:
    with pytest.raises(AssertionError, match=r"of people differ .*handle"):
        fresh(Person, id=new_id())


async def test_what_was_sent_either_way_is_rolled_back_together(db: Db, make: Make) -> None:
    who = await make.person("ada")
    with pytest.raises(ZeroDivisionError):
        async with db.write(actor=None, operation="op") as tx:
            await tx.fetch(sql("UPDATE people SET name = 'Eve' WHERE id = :id"), {"id": who.person_id})
            tx.session.add(Person(handle="eve", name="Eve", created_at=tx.at))
            await tx.session.flush()
            raise ZeroDivisionError
    assert await make.count("people", "name = 'Eve'") == 0


async def test_a_connection_that_died_in_the_pool_is_replaced(db: Db, make: Make) -> None:
    async with db.write(actor=None, operation="op") as tx:
        (mine,) = await tx.connection.fetch("SELECT pg_backend_pid() AS pid")
    killer = await asyncpg.connect(db.url)
    await killer.execute("SELECT pg_terminate_backend($1, 5000)", mine["pid"])
    await killer.close()
    async with db.write(actor=None, operation="op") as tx:
        assert (await tx.connection.fetchval("SELECT pg_backend_pid()")) != mine["pid"]


PID = sql("SELECT pg_backend_pid() AS pid")


async def test_a_connection_is_kept_at_hand_until_sqlalchemy_has_a_part_in_it(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(*, by_session: bool = False) -> int:
        async with db.write(actor=None, operation="op") as tx:
            if by_session:
                await tx.session.execute(text("SELECT 1"))
            (row,) = await tx.fetch(PID, {})
        return int(row["pid"])

    first = await write()
    kept = list(db._kept)
    assert (await write(), list(db._kept)) == (first, kept)
    monkeypatch.setattr("hub.db.ASKED_AFTER_S", -1)
    assert (await write(), list(db._kept)) == (first, kept)
    assert (await write(by_session=True), db._kept) == (first, [])
    with pytest.raises(ZeroDivisionError):
        async with db.write(actor=None, operation="op"):
            raise ZeroDivisionError
    assert db._kept == []


async def test_a_part_that_fails_takes_along_what_went_past_sqlalchemy(db: Db, make: Make) -> None:
    ada = await make.person("ada")
    async with db.write(actor=None, operation="op") as tx:
        with pytest.raises(ZeroDivisionError):
            async with tx.part():
                await tx.send(running(sql("UPDATE people SET active = false WHERE id = :id"), {"id": ada.person_id}))
                await tx.session.execute(text("UPDATE people SET name = 'Nobody'"))
                raise ZeroDivisionError
    assert await make.count("people", "name = 'Ada' AND active") == 1


async def test_what_is_only_tried_leaves_nothing_and_what_was_before_it_stands(db: Db, make: Make) -> None:
    ada = await make.person("ada")
    rename = sql("UPDATE people SET name = :name WHERE id = :id")
    async with db.write(actor=None, operation="op") as tx:
        await tx.send(running(rename, {"name": "Countess", "id": ada.person_id}))
        async with tx.trial():
            await tx.send(running(rename, {"name": "Nobody", "id": ada.person_id}))
            async with tx.part():
                await tx.session.execute(text("UPDATE people SET active = false"))
        with pytest.raises(ZeroDivisionError):
            async with tx.trial():
                await tx.session.execute(text("UPDATE people SET active = false"))
                raise ZeroDivisionError
    assert await make.count("people", "name = 'Countess' AND active") == 1


class Gone:
    """A connection whose server went without a word: this side hears of it when it asks."""

    def is_closed(self) -> bool:
        return False

    async def execute(self, _statement: str) -> None:
        raise asyncpg.ConnectionDoesNotExistError


async def test_a_connection_that_nobody_used_for_long_is_asked_whether_it_lives(db: Db) -> None:
    async with db.write(actor=None, operation="op"):
        pass
    (kept,) = db._kept
    kept.since -= 2 * ASKED_AFTER_S
    assert await kept.is_alive()
    gone = Kept(kept.alchemy, cast(Any, Gone()), since=monotonic())
    assert await gone.is_alive()
    gone.since -= 2 * ASKED_AFTER_S
    assert not await gone.is_alive()


async def test_whoever_waits_for_a_connection_gets_the_first_that_is_free(db: Db) -> None:
    few = Db(db.url, clock=db.clock, writers=1)
    await few.open()
    held, free = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with few.write(actor=None, operation="op"):
            held.set()
            await free.wait()

    async def wait() -> int:
        async with few.write(actor=None, operation="op") as tx:
            return len(await tx.fetch(PID, {}))

    try:
        holding = asyncio.create_task(hold())
        await held.wait()
        waiting = [asyncio.create_task(wait()) for _ in range(3)]
        await asyncio.sleep(0.05)
        free.set()
        assert await asyncio.wait_for(asyncio.gather(*waiting), 4) == [1, 1, 1]
        await holding
    finally:
        await few.close()
