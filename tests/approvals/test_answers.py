"""What is on record of an answer, how it is taken back, and who is asked when people come and go."""

import pytest

from hub.approvals import actions
from hub.approvals.tables import Channel, SignOff, SignOffDecision
from hub.db import Db
from hub.errors import Code, Refused
from hub.models.tables import RiskTier
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.approvals.desk import ask, inbox, setting, sign, status
from tests.make import Make

RISK, LEGAL = Discipline.RISK, Discipline.LEGAL


async def take_back(db: Db, who: Principal, asked: object, comment: str = "I misread it.") -> SignOff:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.withdraw_sign_off(tx, who, asked.id, comment=comment)  # type: ignore[attr-defined]


async def test_an_answer_keeps_what_its_signer_was_and_declared(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita = await make.person("rita", disciplines=[RISK])
    asked = await ask(db, dev, model, title="fraud 3 to PRODUCTION")
    made = await sign(db, rita, asked, channel=Channel.CLI)
    row = await db.reads.fetchrow("SELECT * FROM sign_offs")
    assert row is not None
    assert (row["role"], row["discipline"], row["channel"], row["entry"], row["step"]) == (
        "MODEL_APPROVER",
        "RISK",
        "CLI",
        1,
        0,
    )
    seen = f"I have looked at fraud 3 to PRODUCTION as it was put to me under the digest {'d' * 64}"
    assert row["acknowledgement"] == made.acknowledgement == f"{seen}, it is not my own work, and I approve it."
    assert (row["opened_at"], row["opened"]) == (None, 0)


async def test_what_could_do_much_harm_is_not_approved_without_a_word(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    await make.rule(RISK, tier=RiskTier.LIMITED, subject_kind="thing")
    rita = await make.person("rita", disciplines=[RISK])
    high, limited = await ask(db, dev, model), await ask(db, dev, model, tier=RiskTier.LIMITED)
    with pytest.raises(Refused) as refused:
        await sign(db, rita, high, comment=" ")
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "comment")
    assert await make.count("sign_offs") == 0
    await sign(db, rita, limited, comment="")
    assert await status(db, limited) == "APPROVED"


async def test_an_answer_taken_back_counts_no_more_and_both_stay_on_record(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK, LEGAL, quorum=2)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[LEGAL])
    asked = await ask(db, dev, model)
    await sign(db, rita, asked)
    assert await inbox(db, rita) == []
    gone = await take_back(db, rita, asked)
    assert (gone.decision, gone.entry, gone.comment) == (SignOffDecision.WITHDRAW, 2, "I misread it.")
    assert (await take_back(db, rita, asked)).id == gone.id
    assert await inbox(db, rita) == [(asked.id, None)]
    await sign(db, lee, asked)
    assert await status(db, asked) == "PENDING"
    again = await sign(db, rita, asked, comment="Now I have read it all.")
    assert (again.entry, await status(db, asked)) == (3, "APPROVED")
    rows = await db.reads.fetch("SELECT decision FROM sign_offs WHERE person_id = $1 ORDER BY entry", rita.person_id)
    assert [row["decision"] for row in rows] == ["APPROVE", "WITHDRAW", "APPROVE"]


async def test_what_is_decided_is_not_taken_back(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita, rob = await make.person("rita", disciplines=[RISK]), await make.person("rob", disciplines=[RISK])
    asked = await ask(db, dev, model)
    await sign(db, rita, asked)
    with pytest.raises(Refused, match="this request is APPROVED") as refused:
        await take_back(db, rita, asked)
    assert refused.value.code is Code.WRONG_STATE
    with pytest.raises(Refused, match="you have not answered") as refused:
        await take_back(db, rob, asked)
    assert refused.value.code is Code.NOT_FOUND
    assert await make.count("sign_offs") == 1


async def test_the_database_itself_lets_nobody_change_an_answer(database: str) -> None:
    import asyncpg

    from hub.db import APP_ROLE

    connection = await asyncpg.connect(database)
    for table in ("sign_offs", "approval_comments", "approval_mentions", "approval_openings"):
        may = [
            verb
            for verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            if await connection.fetchval("SELECT has_table_privilege($1, $2, $3)", APP_ROLE, table, verb)
        ]
        assert may == ["SELECT", "INSERT"], table
    await connection.close()


async def test_whoever_asked_takes_the_question_back_and_nobody_is_asked_any_more(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita = await make.person("rita", disciplines=[RISK])
    asked = await ask(db, dev, model)
    for who, code in ((rita, Code.FORBIDDEN), (dev, None), (dev, None)):
        try:
            async with db.write(actor=who.person_id, operation="op") as tx:
                await actions.withdraw(tx, who, asked.id)
        except Refused as refused:
            assert refused.code is code
        else:
            assert code is None
    assert (await status(db, asked), await inbox(db, rita)) == ("WITHDRAWN", [])
    assert (await make.events()).count("approval.withdrawn") == 1


async def test_who_may_sign_now_is_asked_and_who_may_not_any_more_is_not(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita, rob = await make.person("rita", disciplines=[RISK]), await make.person("rob", Role.DEVELOPER)
    asked = await ask(db, dev, model)
    assert (await inbox(db, rita), await inbox(db, rob)) == ([(asked.id, None)], [])
    async with db.write(actor=None, operation="op") as tx:
        await people.grant_role(tx, None, person_id=rob.person_id, role=Role.MODEL_APPROVER, discipline=RISK)
        await people.revoke_role(tx, None, person_id=rita.person_id, role=Role.MODEL_APPROVER, discipline=RISK)
    assert (await inbox(db, rita), await inbox(db, rob)) == ([], [(asked.id, None)])
    async with db.write(actor=None, operation="op") as tx:
        await people.deactivate(tx, None, rob.person_id)
        before = await make.events()
        await people.deactivate(tx, None, rob.person_id)
        await people.revoke_role(tx, None, person_id=rita.person_id, role=Role.MODEL_APPROVER, discipline=RISK)
    assert await inbox(db, rob) == []
    assert (await make.events())[len(before) :] == ["person.deactivated"]


async def test_nobody_closes_their_own_account(db: Db, make: Make) -> None:
    root = await make.person("root", Role.ADMIN)
    with pytest.raises(Refused) as refused:
        async with db.write(actor=root.person_id, operation="op") as tx:
            await people.deactivate(tx, root, root.person_id)
    assert refused.value.code is Code.SAME_PERSON
    assert await make.count("people", "active") == 1


async def test_who_does_not_see_the_model_is_not_asked_until_they_do(db: Db, make: Make) -> None:
    await make.rule(RISK, subject_kind="thing")
    owner, rita = await make.person("owner", Role.MODEL_OWNER), await make.person("rita", disciplines=[RISK])
    team = await make.team("clinic")
    model = await make.model(restricted=True, owner=owner, team=team)
    asked = await ask(db, owner, model)
    assert await inbox(db, rita) == []
    async with db.write(actor=None, operation="op") as tx:
        await people.add_member(tx, None, team_id=team.id, person_id=rita.person_id)
    assert await inbox(db, rita) == [(asked.id, None)]
