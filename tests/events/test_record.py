"""The audit trail: what is written, in which form, and what follows within the transaction."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from hub.db import Db, Tx
from hub.events import reactions
from hub.events.canonical import canonical
from hub.events.reactions import Happened, on
from hub.events.record import Entry, Subject, record, record_all
from tests.make import Make


@pytest.fixture(autouse=True)
def _own_reactions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Reactions registered here end with the test."""
    kept = {kind: list(found) for kind, found in reactions._registered.items()}
    yield
    reactions._registered.clear()
    reactions._registered.update(kept)


async def test_an_event_holds_its_exact_canonical_bytes(db: Db, make: Make) -> None:
    ada = await make.person("ada")
    thing = UUID(int=7)
    async with db.write(actor=ada.person_id, operation="op-1") as tx:
        made = await record(
            tx, "thing.done", Subject("thing", thing, "d" * 64), {"rows": 2**60, "by": ada.person_id}, scope_id=thing
        )
    row = await db.reads.fetchrow("SELECT * FROM events WHERE id = $1", made)
    assert row is not None
    body = orjson.loads(row["body"])
    assert body == {
        "v": 1,
        "id": str(made),
        "kind": "thing.done",
        "at": "2026-11-21T12:00:00.000000Z",
        "actor": str(ada.person_id),
        "subject": {"kind": "thing", "id": str(thing), "digest": "d" * 64},
        "data": {"rows": "1152921504606846976", "by": str(ada.person_id)},
    }
    assert row["body"] == canonical(body)
    assert orjson.loads(row["data"]) == body["data"]
    assert (row["kind"], row["operation"], row["scope_id"], row["actor_id"]) == (
        "thing.done",
        "op-1",
        thing,
        ada.person_id,
    )


async def test_events_are_numbered_in_the_order_of_their_recording(db: Db, make: Make) -> None:
    async with db.write(actor=None, operation="op") as tx:
        entries = [Entry(Subject("thing", uuid4()), {"number": number}) for number in range(50)]
        ids = await record_all(tx, "thing.done", entries)
    rows = await db.reads.fetch("SELECT id, data->>'number' AS number FROM events ORDER BY seq")
    assert [row["id"] for row in rows] == ids
    assert [int(row["number"]) for row in rows] == list(range(50))


async def test_a_row_its_event_and_what_follows_vanish_together(db: Db, make: Make) -> None:
    with pytest.raises(RuntimeError, match="the reaction failed"):
        async with db.write(actor=None, operation="op") as tx:

            @on("thing.done")
            async def fail(tx: Tx, happened: tuple[Happened, ...]) -> None:
                raise RuntimeError("the reaction failed")

            await record(tx, "thing.done", Subject("thing", uuid4()), {})
    assert await make.count("events") == 0


async def test_reactions_run_once_for_events_recorded_together(db: Db, make: Make) -> None:
    seen: list[int] = []

    @on("thing.done")
    async def look(tx: Tx, happened: tuple[Happened, ...]) -> None:
        seen.append(len(happened))

    async with db.write(actor=None, operation="op") as tx:
        await record_all(tx, "thing.done", [Entry(Subject("thing", uuid4()), {}) for _ in range(3)])
        await record_all(tx, "thing.done", [])
        await record(tx, "thing.other", Subject("thing", uuid4()), {})
    assert seen == [3]


async def test_reactions_run_in_the_order_of_the_house(db: Db, make: Make) -> None:
    seen: list[str] = []
    for module in ("hub.checks.reactions", "hub.approvals.actions", "hub.policies.reactions"):

        async def look(tx: Tx, happened: tuple[Happened, ...], module: str = module) -> None:
            seen.append(module)

        look.__module__ = module
        on("thing.done")(look)
    async with db.write(actor=None, operation="op") as tx:
        await record(tx, "thing.done", Subject("thing", uuid4()), {})
    assert seen == ["hub.approvals.actions", "hub.policies.reactions", "hub.checks.reactions"]


async def test_nothing_is_recorded_before_every_reaction_is_registered(
    db: Db, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactions, "_sealed", False)
    with pytest.raises(AssertionError, match=r"import hub\.wiring"):
        async with db.write(actor=None, operation="op") as tx:
            await record(tx, "thing.done", Subject("thing", uuid4()), {})
    assert await make.count("events") == 0


@pytest.mark.parametrize("statement", ["UPDATE events SET kind = 'x'", "DELETE FROM events", "TRUNCATE events"])
async def test_the_trail_cannot_be_changed(db: Db, make: Make, statement: str) -> None:
    await make.person("ada")
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with db.write(actor=None, operation="op") as tx:
            await tx.session.execute(text(statement))
    assert await make.events() == ["person.created"]
