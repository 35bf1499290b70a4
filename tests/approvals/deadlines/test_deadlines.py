"""What happens while nobody decides: reminders, escalation, the end of the term; once, and marked when it is late."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.approvals.standins import actions as standins
from hub.approvals.tables import TermEnd
from hub.clock import SetClock
from hub.db import Db
from hub.models.tables import Model
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.approvals.desk import ask, inbox, last, sign, status, tick
from tests.make import Make

RISK, LEGAL = Discipline.RISK, Discipline.LEGAL
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""Tests begin on the Saturday before it; nobody works until then."""


@pytest.fixture
async def story(make: Make) -> tuple[Model, Principal, Principal]:
    await make.rule(
        RISK,
        subject_kind="thing",
        term_days=3,
        reminders_h=[8, 16],
        escalation=[{"after_h": 20, "to": "OWNERS"}],
    )
    owner = await make.person("owner", Role.MODEL_OWNER)
    rita = await make.person("rita", disciplines=[RISK])
    return await make.model(owner=owner), owner, rita


async def moved(clock: SetClock, to: datetime) -> None:
    clock.move(to - clock.now())


async def test_people_are_reminded_then_others_are_told_then_it_is_over(
    db: Db, make: Make, clock: SetClock, story: tuple[Model, Principal, Principal]
) -> None:
    model, owner, rita = story
    dev = await make.person("dev", Role.DEVELOPER)
    asked = await ask(db, dev, model)
    before = len(await make.events())
    for hours, kinds in (
        (7.9, []),
        (8, ["approval.reminded"]),
        (24 + 7.9, []),
        (24 + 8, ["approval.reminded"]),
        (48 + 3.9, []),
        (48 + 4, ["approval.escalated"]),
        (48 + 7.9, []),
    ):
        await moved(clock, MONDAY + timedelta(hours=hours))
        await tick(db)
        assert (await make.events(since=before)) == kinds, hours
        before += len(kinds)
    reminded, escalated = await last(db, "approval.reminded"), await last(db, "approval.escalated")
    assert (reminded["people"], reminded["late"]) == ([str(rita.person_id)], False)
    assert (escalated["to"], escalated["people"], escalated["late"]) == ("OWNERS", [str(owner.person_id)], False)
    await moved(clock, asked.due_at)
    await tick(db)
    assert await make.events(since=before) == ["approval.expired"]
    assert await status(db, asked) == "EXPIRED"
    assert await inbox(db, rita) == []
    clock.move(timedelta(days=1))
    await tick(db)
    assert len(await make.events()) == before + 1


async def test_after_three_days_without_a_clock_all_that_was_missed_is_told_once_and_marked_late(
    db: Db, make: Make, clock: SetClock, story: tuple[Model, Principal, Principal]
) -> None:
    model = story[0]
    await ask(db, await make.person("dev", Role.DEVELOPER), model)
    before = len(await make.events())
    await moved(clock, MONDAY + timedelta(days=2, hours=7))
    await tick(db)
    await tick(db)
    assert await make.events(since=before) == ["approval.reminded", "approval.escalated"]
    assert (await last(db, "approval.reminded"))["late"] is (await last(db, "approval.escalated"))["late"] is True
    # What is ahead is not lost: the end of the term.
    await moved(clock, MONDAY + timedelta(days=2, hours=8))
    await tick(db)
    assert (await make.events())[-1] == "approval.expired"
    assert (await last(db, "approval.expired"))["late"] is False


async def test_a_term_that_keeps_is_overdue_and_can_still_be_decided(db: Db, make: Make, clock: SetClock) -> None:
    await make.rule(RISK, subject_kind="thing", term_days=1, at_end=TermEnd.KEEP)
    model, dev = await make.model(), await make.person("dev", Role.DEVELOPER)
    rita = await make.person("rita", disciplines=[RISK])
    asked = await ask(db, dev, model)
    clock.move(timedelta(days=30))
    await tick(db)
    await tick(db)
    assert (await make.events()).count("approval.overdue") == 1
    assert (await last(db, "approval.overdue"))["late"] is True
    assert await status(db, asked) == "PENDING"
    await sign(db, rita, asked)
    assert await status(db, asked) == "APPROVED"
    assert await db.reads.fetchval("SELECT late FROM approval_requests WHERE id = $1", asked.id) is True


async def test_what_is_decided_is_reminded_of_no_more(
    db: Db, make: Make, clock: SetClock, story: tuple[Model, Principal, Principal]
) -> None:
    model, _owner, rita = story
    asked = await ask(db, await make.person("dev", Role.DEVELOPER), model)
    await sign(db, rita, asked)
    before = await make.events()
    clock.move(timedelta(days=30))
    await tick(db)
    assert await make.events() == before
    assert await make.count("pgqueuer") == 0


async def test_where_everybody_is_away_the_next_in_the_path_is_told_at_once(
    db: Db, make: Make, clock: SetClock, story: tuple[Model, Principal, Principal]
) -> None:
    model, owner, rita = story
    async with db.write(actor=rita.person_id, operation="op") as tx:
        away = await standins.be_away(tx, rita, starts_at=None, ends_at=MONDAY + timedelta(days=1, hours=2))
    await ask(db, await make.person("dev", Role.DEVELOPER), model)
    assert (await last(db, "approval.requested"))["away"] == ["RISK"]
    await tick(db)
    assert (await last(db, "approval.escalated"))["people"] == [str(owner.person_id)]
    # Nobody is there to be reminded; once she is back, she is.
    await moved(clock, MONDAY + timedelta(hours=8))
    await tick(db)
    assert (await last(db, "approval.reminded"))["people"] == []
    await moved(clock, MONDAY + timedelta(days=1, hours=8))
    await tick(db)
    assert (await last(db, "approval.reminded"))["people"] == [str(rita.person_id)]
    async with db.write(actor=rita.person_id, operation="op") as tx:
        await standins.be_back(tx, rita, away.id)
    assert (await make.events()).count("absence.ended") == 1


async def test_hundreds_due_at_once_are_each_handled_once(db: Db, make: Make, clock: SetClock) -> None:
    await make.rule(RISK, subject_kind="thing", term_days=1)
    model, dev = await make.model(), await make.person("dev", Role.DEVELOPER)
    for _ in range(5):
        await ask(db, dev, model)
    async with db.write(actor=None, operation="op") as tx:
        raw = await tx.raw()
        columns = [
            row["column_name"]
            for row in await raw.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'approval_requests'"
                " AND column_name NOT IN ('id', 'subject_id')"
            )
        ]
        listed = ", ".join(columns)
        await raw.execute(
            f"INSERT INTO approval_requests (id, subject_id, {listed})"
            f" SELECT gen_random_uuid(), gen_random_uuid(), {listed} FROM approval_requests, generate_series(1, 99)"
        )
    clock.move(timedelta(days=30))
    await tick(db)
    assert await make.count("approval_requests", "status = 'EXPIRED'") == 500
    assert (await make.events()).count("approval.expired") == 500
