"""Changes of the matrix beside one another, beside questions that are being asked, and beside releases."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from hub.approvals import actions as approvals
from hub.approvals.matrix.rules import Selector
from hub.approvals.steps import Step
from hub.approvals.tables import ApprovalRequest, SignOffDecision
from hub.checks import actions as checks
from hub.db import Db, Tx
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.models.tables import Model, ModelTag, ModelVersion, RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Role
from tests.approvals.matrix.desk import HIGH, LEGAL, PRODUCT, RISK, Desk, content
from tests.make import Make
from tests.steps import sign_off

BOARD = sign_off(3, (RISK, LEGAL, PRODUCT))
TAGGED = Selector("version", RiskTier.HIGH, Stage.PRODUCTION, "pii=yes")


async def ask(db: Db, dev: Principal, version: ModelVersion) -> ApprovalRequest:
    async with db.write(actor=dev.person_id, operation="op") as tx:
        return await checks.ask_approval(tx, dev, version.id, stage=Stage.PRODUCTION, reason="It is better.")


async def stands(db: Db, asked: ApprovalRequest) -> tuple[str, str | None]:
    row = await db.reads.fetchrow("SELECT status, status_why FROM approval_requests WHERE id = $1", asked.id)
    assert row is not None
    return row["status"], row["status_why"]


@pytest.fixture
async def dev(make: Make) -> Principal:
    return await make.person("dev", Role.DEVELOPER)


async def retag(make: Make, model: Model, value: str) -> None:
    """What a sync does."""
    async with make.db.write(actor=None, operation="sync") as tx:
        tx.session.add(ModelTag(model_id=model.id, key="pii", value=value))
        await tx.session.flush()
        await record(tx, "model.changed", Subject("model", model.id), {"parts": ["tags"]}, scope_id=model.id)


async def test_what_was_asked_under_the_old_row_is_stale_at_once_and_its_signatures_void(
    desk: Desk, make: Make, db: Db, dev: Principal
) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    version = await make.version(await make.model())
    asked = await ask(db, dev, version)
    async with db.write(actor=desk.rita.person_id, operation="op") as tx:
        await approvals.sign(tx, desk.rita, asked.id, decision=SignOffDecision.APPROVE, comment="Seen.")
    await desk.signed(await desk.propose(HIGH, content(BOARD)), desk.rita, desk.lee)
    assert await stands(db, asked) == ("STALE", "approval rule")
    again = await ask(db, dev, version)
    assert again.rule["steps"] == [BOARD.written()]


async def test_another_term_leaves_what_people_decide_on_and_so_their_question(
    desk: Desk, make: Make, db: Db, dev: Principal
) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    asked = await ask(db, dev, await make.version(await make.model()))
    await desk.signed(await desk.propose(HIGH, content(term_days=30)), desk.rita, desk.lee)
    assert await stands(db, asked) == ("PENDING", None)


async def test_a_row_for_a_tag_is_for_the_models_that_carry_it(desk: Desk, make: Make, db: Db, dev: Principal) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    tagged, plain = await make.model(), await make.model()
    await retag(make, tagged, "yes")
    theirs, ours = [await ask(db, dev, await make.version(model)) for model in (tagged, plain)]
    await desk.signed(await desk.propose(TAGGED, content(BOARD)), desk.rita, desk.lee)
    assert await stands(db, theirs) == ("STALE", "approval rule")
    assert await stands(db, ours) == ("PENDING", None)


async def test_a_tag_that_chooses_another_row_makes_the_question_stale_at_once(
    desk: Desk, make: Make, db: Db, dev: Principal
) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    await make.rule(RISK, LEGAL, PRODUCT, quorum=3, tag="pii=yes")
    models = [await make.model(), await make.model()]
    first, other = [await ask(db, dev, await make.version(model)) for model in models]
    await retag(make, models[0], "yes")
    await retag(make, models[1], "no")
    assert (await stands(db, first), await stands(db, other)) == (("STALE", "approval rule"), ("PENDING", None))


async def test_of_two_changes_of_one_row_the_second_is_stale(desk: Desk, make: Make) -> None:
    row = await make.rule(RISK, LEGAL, quorum=2)
    changes = [await desk.propose(HIGH, content(BOARD)), await desk.propose(HIGH, content(term_days=30))]
    for change in changes:
        await desk.sign(desk.rita, change)
    answers = await asyncio.gather(*(desk.sign(desk.lee, change) for change in changes), return_exceptions=True)
    (late,) = [answer for answer in answers if isinstance(answer, Refused)]
    assert late.code is Code.STALE
    assert sorted([await desk.status(change) for change in changes]) == ["APPLIED", "STALE"]
    (lost,) = [change for change in changes if await desk.status(change) == "STALE"]
    asked = await desk.asked(lost)
    assert (asked["status"], asked["status_why"]) == ("STALE", "row in force")
    kinds = await make.events()
    assert (kinds.count("approval_matrix.changed"), kinds.count("matrix_change.stale")) == (1, 1)
    assert (await desk.row() or {})["id"] == row.id


async def test_a_change_is_stale_when_the_row_that_it_is_decided_under_changes(desk: Desk, make: Make) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    tagged = await desk.propose(TAGGED, content())
    await desk.sign(desk.rita, tagged)
    await desk.signed(await desk.propose(HIGH, content(BOARD)), desk.rita, desk.lee)
    asked = await desk.asked(tagged)
    assert (await desk.status(tagged), asked["status"], asked["status_why"]) == ("STALE", "STALE", "row in force")
    # Another row leaves it alone.
    again = await desk.propose(TAGGED, content())
    await desk.signed(await desk.propose(Selector("card"), content(sign_off(2))), desk.rita)
    assert await desk.status(again) == "IN_REVIEW"


async def test_a_change_waits_for_the_question_that_is_being_asked_and_makes_it_stale(
    desk: Desk, make: Make, db: Db, dev: Principal
) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    version = await make.version(await make.model())
    change = await desk.propose(HIGH, content(BOARD))
    await desk.sign(desk.rita, change)
    async with db.write(actor=dev.person_id, operation="op") as tx:
        asked = await checks.ask_approval(tx, dev, version.id, stage=Stage.PRODUCTION, reason="It is better.")
        applying = asyncio.ensure_future(desk.sign(desk.lee, change))
        assert await make.waits(applying)
    await applying
    assert await stands(db, asked) == ("STALE", "approval rule")


async def test_a_question_waits_for_the_change_and_is_asked_under_the_new_row(
    desk: Desk, make: Make, db: Db, dev: Principal
) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    version = await make.version(await make.model())
    change = await desk.propose(HIGH, content(BOARD))
    await desk.sign(desk.rita, change)
    request_id = (await desk.asked(change))["id"]
    async with db.write(actor=desk.lee.person_id, operation="op") as tx:
        await approvals.sign(tx, desk.lee, request_id, decision=SignOffDecision.APPROVE, comment="Seen.")
        asking = asyncio.ensure_future(ask(db, dev, version))
        assert await make.waits(asking)
    asked = await asking
    assert (asked.rule["steps"], await stands(db, asked)) == ([BOARD.written()], ("PENDING", None))


async def test_a_change_is_proposed_over_the_row_that_is_there_when_it_is_its_turn(desk: Desk, make: Make) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    first = await desk.propose(HIGH, content(BOARD))
    await desk.sign(desk.rita, first)
    signing, proposing = await asyncio.gather(
        desk.sign(desk.lee, first), desk.propose(HIGH, content(term_days=30)), return_exceptions=True
    )
    assert signing is None and not isinstance(proposing, BaseException)
    # Either it was there before and went stale, or it stands on the new row.
    before: Sequence[Step] = [BOARD] if await desk.status(proposing) == "IN_REVIEW" else content().steps
    assert (proposing.before or {})["steps"] == [step.written() for step in before]


async def test_either_all_of_a_change_is_there_or_nothing(desk: Desk, make: Make, db: Db, dev: Principal) -> None:
    row = await make.rule(RISK, LEGAL, quorum=2)
    asked = await ask(db, dev, await make.version(await make.model()))
    change = await desk.propose(HIGH, content(BOARD))
    await desk.sign(desk.rita, change)
    request_id, before = (await desk.asked(change))["id"], await make.events()

    async def killed(tx: Tx) -> Any:
        await approvals.sign(tx, desk.lee, request_id, decision=SignOffDecision.APPROVE, comment="Seen.")
        raise ConnectionError("killed before the commit")

    with pytest.raises(ConnectionError):
        async with db.write(actor=desk.lee.person_id, operation="op") as tx:
            await killed(tx)
    assert (await desk.row(), await desk.status(change)) == ({"id": row.id, "asks": 2}, "IN_REVIEW")
    assert (await stands(db, asked), await make.events()) == (("PENDING", None), before)
