"""Idempotency keys: asked twice, done once."""

import asyncio
from uuid import UUID, uuid4

import pytest

from hub.db import Db, Tx
from hub.errors import Code, Refused
from hub.events.answers import Answer, once
from hub.events.record import Subject, record
from hub.people.access import Principal
from tests.make import Make


class Mutation:
    """Something that must happen once; counts how often it did."""

    def __init__(self, db: Db, who: Principal) -> None:
        self.db, self.who, self.done = db, who, 0

    async def ask(self, key: str | None, asked: dict[str, object], *, name: str = "doIt", slow: bool = False) -> Answer:
        async with self.db.write(actor=self.who.person_id, operation="op") as tx:

            async def act() -> Answer:
                self.done += 1
                if slow:
                    await asyncio.sleep(0)
                made = uuid4()
                await record(tx, "thing.done", Subject("thing", made), {})
                return Answer("thing", made)

            return await once(tx, key, name, asked, act)


async def test_the_same_key_gives_the_same_answer(db: Db, make: Make) -> None:
    mutation = Mutation(db, await make.person("ada"))
    first = await mutation.ask("k1", {"id": UUID(int=1), "tier": "HIGH"})
    again = await mutation.ask("k1", {"tier": "HIGH", "id": UUID(int=1)})
    assert again == first
    assert mutation.done == 1
    assert await make.count("events", "kind = 'thing.done'") == 1
    assert await make.count("answered") == 1


@pytest.mark.parametrize(("asked", "name"), [({"tier": "LIMITED"}, "doIt"), ({"tier": "HIGH"}, "doOther")])
async def test_the_same_key_for_something_else_is_refused(
    db: Db, make: Make, asked: dict[str, object], name: str
) -> None:
    mutation = Mutation(db, await make.person("ada"))
    await mutation.ask("k1", {"tier": "HIGH"})
    with pytest.raises(Refused) as refused:
        await mutation.ask("k1", asked, name=name)
    assert (refused.value.code, refused.value.field) == (Code.KEY_REUSED, "idempotencyKey")
    assert mutation.done == 1
    assert await make.count("events", "kind = 'thing.done'") == 1


async def test_keys_belong_to_the_person_who_acts(db: Db, make: Make) -> None:
    ada, bob = Mutation(db, await make.person("ada")), Mutation(db, await make.person("bob"))
    assert await ada.ask("k1", {}) != await bob.ask("k1", {})
    assert (ada.done, bob.done) == (1, 1)


async def test_without_a_key_everything_is_done_each_time(db: Db, make: Make) -> None:
    mutation = Mutation(db, await make.person("ada"))
    assert await mutation.ask(None, {}) != await mutation.ask(None, {})
    assert await make.count("answered") == 0


async def test_two_at_once_with_one_key_act_once(db: Db, make: Make) -> None:
    mutation = Mutation(db, await make.person("ada"))
    answers = await asyncio.gather(*(mutation.ask("k1", {"tier": "HIGH"}, slow=True) for _ in range(4)))
    assert len(set(answers)) == 1
    assert mutation.done == 1
    assert await make.count("events", "kind = 'thing.done'") == 1


async def test_a_refusal_is_not_kept_and_frees_the_key(db: Db, make: Make) -> None:
    mutation = Mutation(db, await make.person("ada"))

    async def refuse(tx: Tx) -> Answer:
        await record(tx, "thing.done", Subject("thing", uuid4()), {})
        raise Refused(Code.WRONG_STATE, "not now")

    with pytest.raises(Refused, match="not now"):
        async with db.write(actor=mutation.who.person_id, operation="op") as tx:
            await once(tx, "k1", "doIt", {}, lambda: refuse(tx))
    assert await make.count("answered") == 0
    assert await make.count("events", "kind = 'thing.done'") == 0
    await mutation.ask("k1", {"other": True})
    assert mutation.done == 1


@pytest.mark.parametrize("key", ["", "  ", "k" * 201, "a\x00b"])
async def test_a_key_that_cannot_be_kept_is_refused(db: Db, make: Make, key: str) -> None:
    mutation = Mutation(db, await make.person("ada"))
    with pytest.raises(Refused) as refused:
        await mutation.ask(key, {})
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "idempotencyKey")
    assert mutation.done == 0
