"""Changing the matrix: decided under the row in force, by others than its author, and recorded."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from hub.approvals import actions as approvals
from hub.approvals.deadlines.jobs import run_climb
from hub.approvals.matrix.rules import Escalation, Selector
from hub.approvals.standins import actions as standins
from hub.approvals.standins.rules import Lent
from hub.approvals.steps import Group, Step
from hub.approvals.tables import SignOffDecision
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.events.jobs import Order
from hub.models.tables import RiskTier, Stage
from hub.people import actions as people
from hub.people.tables import Role
from tests.approvals.matrix.desk import HIGH, LEGAL, LIMITED, PRODUCT, RISK, Desk, content
from tests.make import Make
from tests.policies.desk import refused
from tests.steps import sign_off

BOARD = sign_off(3, (RISK, LEGAL, PRODUCT))


async def test_a_change_is_asked_under_the_row_that_it_changes(desk: Desk, make: Make) -> None:
    row = await make.rule(RISK, LEGAL, quorum=2, term_days=7, reminders_h=[8])
    change = await desk.propose(HIGH, content(BOARD))
    asked = await desk.asked(change)
    rule = orjson.loads(asked["rule"])
    assert (rule["id"], rule["steps"], rule["term_days"]) == (str(row.id), row.steps, 7)
    assert (asked["status"], asked["tier"]) == ("PENDING", "HIGH")
    assert (await make.events())[-2:] == ["matrix_change.proposed", "approval.requested"]
    await desk.sign(desk.rita, change)
    assert (await desk.status(change), await desk.row()) == ("IN_REVIEW", {"id": row.id, "asks": 2})
    await desk.sign(desk.lee, change)
    # The row stays the same row, and says something else.
    assert (await desk.status(change), await desk.row()) == ("APPLIED", {"id": row.id, "asks": 3})
    assert (await make.events())[-4:] == [
        "approval.signed",
        "approval.approved",
        "matrix_change.applied",
        "approval_matrix.changed",
    ]


async def test_what_was_changed_is_recorded_by_digest_and_nobody_is_named(desk: Desk, make: Make) -> None:
    row = await make.rule(RISK, LEGAL, quorum=2)
    change = await desk.propose(HIGH, content(BOARD))
    await desk.signed(change, desk.rita, desk.lee)
    event = await desk.db.reads.fetchrow(
        "SELECT actor_id, subject_kind, subject_id, subject_digest, data::text FROM events"
        " WHERE kind = 'approval_matrix.changed'"
    )
    assert event is not None
    data = orjson.loads(event["data"])
    assert (event["actor_id"], event["subject_kind"], event["subject_id"]) == (
        desk.lee.person_id,
        "approval_rule",
        row.id,
    )
    assert event["subject_digest"] == data["after"] != data["before"]
    assert sorted(data) == ["after", "before", "change", "kind", "stage", "tag", "tier"]
    assert (data["change"], len(data["before"])) == (str(change.id), 64)
    bodies = await desk.db.reads.fetch(
        "SELECT convert_from(body, 'UTF8') AS body FROM events WHERE kind LIKE 'matrix%'"
    )
    assert len(bodies) == 2
    assert not any("So." in one["body"] or "ada" in one["body"] for one in bodies)


async def test_where_the_matrix_says_nothing_two_approvers_decide(desk: Desk, make: Make) -> None:
    change = await desk.propose()
    last = await desk.row(Selector("matrix_change"))
    assert last is not None
    assert await desk.under(change) == last["id"]
    await desk.signed(change, desk.pat, desk.pru)
    row = await desk.row()
    assert row is not None and row["asks"] == 2
    assert await desk.status(change) == "APPLIED"


async def test_a_row_without_steps_is_changed_under_the_last_resort(desk: Desk, make: Make) -> None:
    await make.rule(tier=RiskTier.MINIMAL, quorum=0)
    change = await desk.propose(Selector("version", RiskTier.MINIMAL, Stage.PRODUCTION), content(sign_off(1)))
    last = await desk.row(Selector("matrix_change"))
    assert last is not None and await desk.under(change) == last["id"]


async def test_a_row_is_removed_under_itself(desk: Desk, make: Make) -> None:
    row = await make.rule(RISK, LEGAL, quorum=2)
    change = await desk.remove()
    assert await desk.under(change) == row.id
    await desk.signed(change, desk.rita, desk.lee)
    assert (await desk.status(change), await desk.row()) == ("APPLIED", None)
    data = orjson.loads(
        await desk.db.reads.fetchval("SELECT data::text FROM events WHERE kind = 'approval_matrix.changed'")
    )
    assert (data["after"], len(data["before"])) == (None, 64)


async def test_the_author_of_a_version_does_not_edit_the_approver_list(desk: Desk, make: Make) -> None:
    """Attack 24, by somebody who builds models."""
    await make.rule(RISK, LEGAL, quorum=2)
    for role in (Role.DEVELOPER, Role.MODEL_OWNER, Role.AUDITOR, Role.DATA_STEWARD, Role.EXECUTIVE):
        author = await make.person(None, role)
        await refused(make, desk.propose(by=author), Code.FORBIDDEN)
        await refused(make, desk.remove(by=author), Code.FORBIDDEN)
    assert await make.count("matrix_changes") == await make.count("approval_requests") == 0


async def test_whoever_proposes_does_not_sign_under_any_name_or_hand(desk: Desk, make: Make, db: Db) -> None:
    """Attack 24, by somebody who may propose and sign."""
    await make.rule(RISK, LEGAL, quorum=2)
    change = await desk.propose(HIGH, content(sign_off(2, (RISK, PRODUCT))), by=desk.rita)
    await refused(make, desk.sign(desk.rita, change), Code.SAME_PERSON, "request")
    twin = await make.person("rita.r", disciplines=[RISK])
    async with db.write(actor=None, operation="make") as tx:
        await people.link_identity(tx, None, person_id=desk.rita.person_id, issuer="https://git", subject="Rita.R")
    await refused(make, desk.sign(twin, change), Code.SAME_PERSON, "request")
    friend = await make.person("friend", disciplines=[RISK])
    async with db.write(actor=desk.rita.person_id, operation="op") as tx:
        lent = Lent(to_id=friend.person_id, ends_at=tx.at + timedelta(days=5))
        await standins.delegate(tx, desk.rita, lent)
    mine = desk.sign(friend, change, on_behalf_of=desk.rita.person_id)
    await refused(make, mine, Code.SAME_PERSON, "request")
    assert await make.count("sign_offs") == 0
    await desk.signed(change, friend, desk.lee)
    assert await desk.status(change) == "APPLIED"


async def test_an_admin_lowers_the_quorum_and_restores_it_only_with_the_quorum_in_force(desk: Desk, make: Make) -> None:
    """Attack 25."""
    row = await make.rule(RISK, LEGAL, PRODUCT, quorum=3)
    lower = await desk.propose(HIGH, content())
    await refused(make, desk.sign(desk.ada, lower), Code.FORBIDDEN)
    await desk.signed(lower, desk.rita, desk.lee)
    # Two would be enough for what is proposed; what is in force asks for three.
    assert (await desk.status(lower), (await desk.row())) == ("IN_REVIEW", {"id": row.id, "asks": 3})
    await desk.sign(desk.pru, lower)
    assert await desk.row() == {"id": row.id, "asks": 2}
    restore = await desk.propose(HIGH, content(BOARD))
    await desk.sign(desk.rita, restore)
    assert await desk.row() == {"id": row.id, "asks": 2}
    await desk.sign(desk.lee, restore)
    assert await desk.row() == {"id": row.id, "asks": 3}
    assert (await make.events()).count("approval_matrix.changed") == 2


async def test_what_decides_about_the_matrix_is_changed_under_itself(desk: Desk, make: Make) -> None:
    which = Selector("matrix_change")
    change = await desk.propose(which, content(sign_off(1, roles=(Role.AUDITOR,))))
    before = await desk.row(which)
    assert before is not None and await desk.under(change) == before["id"]
    narrower = await desk.propose(Selector("matrix_change", RiskTier.MINIMAL), content(sign_off(1)))
    assert await desk.under(narrower) == before["id"]
    await refused(make, desk.remove(which), Code.BAD_INPUT, "kind")


async def test_a_step_for_the_owner_asks_any_owner_for_the_matrix_is_of_no_model(desk: Desk, make: Make) -> None:
    steps = [Step("Owner", 1, roles=(Role.MODEL_OWNER,), group=Group.OWNERS), sign_off(1, (LEGAL,))]
    await make.rule(steps=steps, tier=RiskTier.LIMITED, escalation=[{"after_h": 8, "to": "OWNERS"}])
    change = await desk.propose(LIMITED, content(sign_off(1)))
    owner = await make.person("owner", Role.MODEL_OWNER)
    await desk.signed(change, owner, desk.lee)
    assert await desk.status(change) == "APPLIED"


@pytest.mark.parametrize(
    ("decision", "ends"),
    [(SignOffDecision.REJECT, "REJECTED"), (SignOffDecision.REQUEST_CHANGES, "CHANGES_REQUESTED")],
)
async def test_a_no_leaves_the_matrix_as_it_is(desk: Desk, make: Make, decision: SignOffDecision, ends: str) -> None:
    row = await make.rule(RISK, LEGAL, quorum=2)
    change = await desk.propose(HIGH, content(BOARD))
    await desk.sign(desk.rita, change, decision)
    assert (await desk.status(change), await desk.row()) == (ends, {"id": row.id, "asks": 2})
    assert (await make.events())[-2:] == [f"approval.{ends.lower()}", f"matrix_change.{ends.lower()}"]
    # It is over; the same may be proposed anew.
    await refused(make, desk.withdraw(desk.ada, change), Code.WRONG_STATE, "change")
    assert await desk.status(await desk.propose(HIGH, content(BOARD))) == "IN_REVIEW"


async def test_nobody_decides_within_the_term(desk: Desk, make: Make, db: Db, clock: SetClock) -> None:
    await make.rule(RISK, LEGAL, quorum=2, term_days=2)
    change = await desk.propose(HIGH, content(BOARD))
    clock.move(timedelta(days=30))
    await run_climb(db, Order({}, "clock"))
    assert (await desk.status(change), (await desk.asked(change))["status"]) == ("EXPIRED", "EXPIRED")


async def test_a_change_is_taken_back_by_its_author_or_an_admin(desk: Desk, make: Make, db: Db) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    change = await desk.propose(HIGH, content(BOARD), by=desk.pat)
    await refused(make, desk.withdraw(desk.rita, change), Code.FORBIDDEN, "change")
    assert (await desk.withdraw(desk.pat, change)).status == "WITHDRAWN"
    assert (await desk.asked(change))["status"] == "WITHDRAWN"
    before = await make.events()
    assert (await desk.withdraw(desk.ada, change)).status == "WITHDRAWN"
    assert await make.events() == before
    again = await desk.propose(HIGH, content(BOARD), by=desk.pat)
    assert (await desk.withdraw(desk.ada, again)).status == "WITHDRAWN"
    # Through the other door it is the same.
    third = await desk.propose(HIGH, content(BOARD), by=desk.pat)
    async with db.write(actor=desk.pat.person_id, operation="op") as tx:
        await approvals.withdraw(tx, desk.pat, (await desk.asked(third))["id"])
    assert await desk.status(third) == "WITHDRAWN"


async def test_nothing_to_review_is_refused(desk: Desk, make: Make) -> None:
    error = await refused(make, desk.remove(), Code.CONFLICT, "kind")
    assert error.why == (
        "the matrix has no row for versions of tier HIGH for stage PRODUCTION; there is nothing to review"
    )
    await desk.signed(await desk.propose(), desk.pat, desk.pru)
    error = await refused(make, desk.propose(), Code.CONFLICT, "kind")
    assert error.why == (
        "the row for versions of tier HIGH for stage PRODUCTION says so already; there is nothing to review"
    )
    open_one = await desk.propose(HIGH, content(BOARD))
    error = await refused(make, desk.propose(HIGH, content(BOARD), by=desk.pat), Code.CONFLICT, "kind")
    assert error.why == f"just this is in review already, as change {open_one.id}"


@pytest.mark.parametrize(
    ("said", "code", "field", "why"),
    [
        (
            {"steps": (sign_off(1, (RISK,)),)},
            Code.BAD_INPUT,
            "steps",
            "such a row fits HIGH models to PRODUCTION, which go by a board; ask for at least 2 different disciplines",
        ),
        (
            {"calendar": "mars"},
            Code.NOT_FOUND,
            "calendar",
            "there is no calendar mars; make it with setCalendar",
        ),
        (
            {"steps": (*content().steps, Step("Safety", 1, group=Group.TEAM, team="safety"))},
            Code.NOT_FOUND,
            "steps",
            "there is no team safety; make it, or name another",
        ),
        (
            {"escalation": (Escalation(8, "team:safety"),)},
            Code.NOT_FOUND,
            "escalation",
            "there is no team safety; make it, or name another",
        ),
        (
            {"reminders_h": (8, 90)},
            Code.BAD_INPUT,
            "remindersH",
            "a reminder comes after 90, but a term of 5 working days in the calendar default is 40 working hours",
        ),
    ],
)
async def test_what_the_matrix_cannot_say_is_not_proposed(
    desk: Desk, make: Make, said: dict[str, Any], code: Code, field: str, why: str
) -> None:
    steps = said.pop("steps", content().steps)
    error = await refused(make, desk.propose(HIGH, content(*steps, **said)), code, field)
    assert error.why == why
    assert await make.count("matrix_changes") == 0


async def test_a_summary_is_wanted(desk: Desk, make: Make) -> None:
    await refused(make, desk.propose(summary=" "), Code.BAD_INPUT, "summary")


async def test_a_change_that_is_not_there_is_not_taken_back(desk: Desk, make: Make) -> None:
    change = await desk.propose()
    ghost = change.model_copy(update={"id": desk.ada.person_id})
    with pytest.raises(Refused) as error:
        await desk.withdraw(desk.ada, ghost)
    assert error.value.code is Code.NOT_FOUND


async def test_another_term_leaves_what_was_asked_about_exceptions_under_the_rule_it_was_asked_under(
    desk: Desk, make: Make
) -> None:
    """The answer about an exception does not bind to the rule; it stays under the one that was in force."""
    policy = await make.policy()
    await make.exception(policy, await make.model(), granted=False)
    change = await desk.propose(Selector("exception"), content(sign_off(2, roles=(Role.POLICY_OWNER,))))
    await desk.signed(change, desk.pat)
    assert await desk.status(change) == "APPLIED"
    asked = await desk.db.reads.fetchrow(
        "SELECT status, rule #>> '{steps,0,quorum}' AS quorum FROM approval_requests WHERE subject_kind = 'exception'"
    )
    assert asked is not None
    assert (asked["status"], asked["quorum"]) == ("PENDING", "1")
