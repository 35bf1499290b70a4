"""Giving one's say to another: dated, scoped, never given on, never around the separation of duties, counted once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from hub.approvals.standins import actions
from hub.approvals.tables import Delegation, SignOffDecision
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.models.tables import Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, PersonKind, Role
from tests.approvals.desk import ask, inbox, lend, setting, sign, status
from tests.make import Make
from tests.steps import sign_off

RISK, LEGAL, PRODUCT = Discipline.RISK, Discipline.LEGAL, Discipline.PRODUCT


async def revoke(db: Db, who: Principal, given: Delegation) -> Delegation:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.revoke(tx, who, given.id)


async def test_a_delegate_signs_for_what_the_giver_signs_for_and_it_is_on_record(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[LEGAL])
    asked = await ask(db, dev, model)
    assert await inbox(db, lee) == []
    given = await lend(db, rita, lee, reason="On leave.")
    assert await inbox(db, lee) == [(asked.id, rita.person_id)]
    made = await sign(db, lee, asked, on_behalf_of=rita.person_id)
    assert (made.person_id, made.on_behalf_of, made.delegation_id) == (lee.person_id, rita.person_id, given.id)
    assert (made.role, made.discipline) == (Role.MODEL_APPROVER, RISK)
    assert await status(db, asked) == "APPROVED"
    assert await inbox(db, lee) == await inbox(db, rita) == []


async def test_without_a_delegation_nobody_signs_for_another(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[LEGAL])
    asked = await ask(db, dev, model)
    with pytest.raises(Refused, match="they have not given you their say") as refused:
        await sign(db, lee, asked, on_behalf_of=rita.person_id)
    assert (refused.value.code, refused.value.field) == (Code.FORBIDDEN, "onBehalfOf")
    assert await make.count("sign_offs") == 0


async def test_nobody_signs_for_somebody_who_is_not_there(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    lee = await make.person("lee", disciplines=[RISK])
    asked = await ask(db, dev, model)
    with pytest.raises(Refused, match="they have not given you their say") as refused:
        await sign(db, lee, asked, on_behalf_of=uuid4())
    assert (refused.value.code, refused.value.field) == (Code.FORBIDDEN, "onBehalfOf")
    assert await make.count("sign_offs") == 0


@pytest.mark.parametrize("side", ["signer asked", "giver asked", "signer made it", "giver made it"])
async def test_a_delegation_is_no_way_around_the_separation_of_duties(db: Db, make: Make, side: str) -> None:
    await make.rule(RISK, subject_kind="thing")
    model, dev = await make.model(), await make.person("dev", Role.DEVELOPER)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[RISK])
    await lend(db, rita, lee)
    asker = {"signer asked": lee, "giver asked": rita}.get(side, dev)
    makers = {"signer made it": (lee.person_id,), "giver made it": (rita.person_id,)}.get(side, ())
    asked = await ask(db, asker, model, author_ids=makers)
    assert not [one for one in await inbox(db, lee) if one[1] is not None]
    with pytest.raises(Refused) as refused:
        await sign(db, lee, asked, on_behalf_of=rita.person_id)
    assert refused.value.code is Code.SAME_PERSON
    assert await make.count("sign_offs") == 0


async def test_a_say_counts_once_whoever_gives_it(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK, quorum=2)
    rita, rob, lee = [await make.person(name, disciplines=[RISK]) for name in ("rita", "rob", "lee")]
    await lend(db, rita, lee)
    asked = await ask(db, dev, model)
    await sign(db, lee, asked, on_behalf_of=rita.person_id)
    with pytest.raises(Refused, match="your delegate has answered in your place") as refused:
        await sign(db, rita, asked)
    assert refused.value.code is Code.WRONG_STATE
    with pytest.raises(Refused, match="you answered APPROVE before"):
        await sign(db, lee, asked, SignOffDecision.REJECT)
    assert await status(db, asked) == "PENDING"
    await sign(db, rob, asked)
    assert await status(db, asked) == "APPROVED"


async def test_whoever_has_answered_needs_no_delegate(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK, quorum=2)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[LEGAL])
    await lend(db, rita, lee)
    asked = await ask(db, dev, model)
    await sign(db, rita, asked)
    assert await inbox(db, lee) == []
    with pytest.raises(Refused, match="has answered already") as refused:
        await sign(db, lee, asked, on_behalf_of=rita.person_id)
    assert (refused.value.code, refused.value.field) == (Code.WRONG_STATE, "onBehalfOf")


async def test_what_was_given_is_not_given_on(db: Db, make: Make) -> None:
    rita, lee, pia = [await make.person(name, disciplines=[RISK]) for name in ("rita", "lee", "pia")]
    await lend(db, rita, lee, days=5)
    before = await make.events()
    with pytest.raises(Refused, match="what was given is not given on") as refused:
        await lend(db, lee, pia, days=2)
    assert (refused.value.code, refused.value.field) == (Code.CONFLICT, "to")
    with pytest.raises(Refused, match="gave their own say away"):
        await lend(db, pia, rita, days=2)
    # When the first has ended, the second may begin.
    now = db.clock.now()
    await lend(db, lee, pia, days=9, starts_at=now + timedelta(days=6))
    assert (await make.events()) == [*before, "delegation.given"]
    assert await make.count("delegations") == 2


async def test_a_delegation_holds_from_its_start_until_its_end(db: Db, make: Make, clock: SetClock) -> None:
    model, dev = await setting(make, RISK)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[LEGAL])
    starts = db.clock.now() + timedelta(hours=1)
    await lend(db, rita, lee, days=1, starts_at=starts)
    asked = await ask(db, dev, model)
    for _ in range(2):
        assert await inbox(db, lee) == []
        with pytest.raises(Refused, match="they have not given you their say"):
            await sign(db, lee, asked, on_behalf_of=rita.person_id)
        clock.move(timedelta(days=1))
    clock.move(timedelta(days=-2) + timedelta(hours=1))
    assert await inbox(db, lee) == [(asked.id, rita.person_id)]
    await sign(db, lee, asked, on_behalf_of=rita.person_id)
    assert await status(db, asked) == "APPROVED"


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        ({"disciplines": (RISK,)}, True),
        ({"disciplines": (PRODUCT,)}, False),
        ({"stages": (Stage.PRODUCTION,)}, True),
        ({"stages": (Stage.STAGING,)}, False),
    ],
)
async def test_a_delegation_reaches_as_far_as_was_said(db: Db, make: Make, scope: dict[str, Any], may: bool) -> None:
    model, dev = await setting(make, RISK)
    rita = await make.person("rita", disciplines=[RISK, PRODUCT])
    lee = await make.person("lee", disciplines=[LEGAL])
    await lend(db, rita, lee, **scope)
    asked = await ask(db, dev, model)
    assert await inbox(db, lee) == ([(asked.id, rita.person_id)] if may else [])
    if may:
        await sign(db, lee, asked, on_behalf_of=rita.person_id)
    else:
        with pytest.raises(Refused) as refused:
            await sign(db, lee, asked, on_behalf_of=rita.person_id)
        assert refused.value.code is Code.FORBIDDEN
    assert await make.count("sign_offs") == int(may)


async def test_a_delegation_for_one_model_is_for_no_other(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    other = await make.model()
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[LEGAL])
    await lend(db, rita, lee, model_id=other.id)
    mine, theirs = await ask(db, dev, model), await ask(db, dev, other)
    assert await inbox(db, lee) == [(theirs.id, rita.person_id)]
    with pytest.raises(Refused, match="they have not given you their say"):
        await sign(db, lee, mine, on_behalf_of=rita.person_id)


async def test_a_revoked_delegation_takes_its_undecided_signature_along(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK, LEGAL, quorum=2)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[PRODUCT])
    leo = await make.person("leo", disciplines=[LEGAL])
    given = await lend(db, rita, lee)
    asked = await ask(db, dev, model)
    await sign(db, lee, asked, on_behalf_of=rita.person_id)
    assert (await revoke(db, rita, given)).revoked_at == db.clock.now()
    before = await make.events()
    await revoke(db, rita, given)
    assert await make.events() == before
    await sign(db, leo, asked)
    assert await status(db, asked) == "PENDING"
    # The giver's own say is wanted again, and may be given.
    assert await inbox(db, rita) == [(asked.id, None)]
    await sign(db, rita, asked)
    assert await status(db, asked) == "APPROVED"


async def test_somebody_else_s_delegation_is_revoked_by_an_admin_only(db: Db, make: Make) -> None:
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[RISK])
    given = await lend(db, rita, lee)
    with pytest.raises(Refused, match="you gave no such delegation") as refused:
        await revoke(db, lee, given)
    assert refused.value.code is Code.NOT_FOUND
    root = await make.person("root", Role.ADMIN)
    assert (await revoke(db, root, given)).revoked_at is not None


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"days": 0}, Code.TERM_IN_PAST, "endsAt"),
        ({"days": 91}, Code.TERM_TOO_LONG, "endsAt"),
        ({"disciplines": (LEGAL,)}, Code.BAD_INPUT, "disciplines"),
        ({"taker": "robot"}, Code.BAD_INPUT, "to"),
        ({"taker": "dev"}, Code.BAD_INPUT, "to"),
        ({"taker": "rita"}, Code.SAME_PERSON, "to"),
        ({"reason": "x" * 8_001}, Code.BAD_INPUT, "reason"),
    ],
)
async def test_a_delegation_that_is_not_fit_is_refused(
    db: Db, make: Make, given: dict[str, Any], code: Code, field: str
) -> None:
    people = {
        "rita": await make.person("rita", disciplines=[RISK]),
        "lee": await make.person("lee", disciplines=[RISK]),
        "dev": await make.person("dev", Role.DEVELOPER),
        "robot": await make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE),
    }
    before = await make.events()
    taker = people[given.pop("taker", "lee")]
    with pytest.raises(Refused) as refused:
        await lend(db, people["rita"], taker, **given)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await make.count("delegations") == 0
    assert await make.events() == before


async def test_a_developer_has_no_say_to_give(db: Db, make: Make) -> None:
    dev, lee = await make.person("dev", Role.DEVELOPER), await make.person("lee", disciplines=[RISK])
    with pytest.raises(Refused) as refused:
        await lend(db, dev, lee)
    assert refused.value.code is Code.FORBIDDEN


async def test_steps_are_asked_one_after_the_other(db: Db, make: Make) -> None:
    await make.rule(steps=[sign_off(1, [RISK]), sign_off(1, [LEGAL], name="Counsel")], subject_kind="thing")
    model, dev = await make.model(), await make.person("dev", Role.DEVELOPER)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[LEGAL])
    asked = await ask(db, dev, model)
    assert (await inbox(db, rita), await inbox(db, lee)) == ([(asked.id, None)], [])
    with pytest.raises(Refused, match="signed for RISK; you sign for LEGAL"):
        await sign(db, lee, asked)
    await sign(db, rita, asked)
    assert (await inbox(db, rita), await inbox(db, lee)) == ([], [(asked.id, None)])
    await sign(db, lee, asked)
    assert await status(db, asked) == "APPROVED"
