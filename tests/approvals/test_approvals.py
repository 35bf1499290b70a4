"""Asking for approval and signing: who may, what counts, and what happens when two do it at once."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from hub.approvals import actions
from hub.approvals.tables import SignOffDecision
from hub.db import Db
from hub.errors import Code, Refused
from hub.models.tables import RiskTier
from hub.people import actions as people
from hub.people.tables import Discipline, PersonKind, Role
from tests.approvals.desk import ask, setting, sign, status
from tests.make import Make

APPROVE, REJECT, CHANGES = SignOffDecision.APPROVE, SignOffDecision.REJECT, SignOffDecision.REQUEST_CHANGES
RISK, LEGAL, PRODUCT = Discipline.RISK, Discipline.LEGAL, Discipline.PRODUCT


async def test_a_request_keeps_its_rule_and_its_term(db: Db, make: Make) -> None:
    rule = await make.rule(RISK, LEGAL, quorum=2, term_days=7, subject_kind="thing")
    model, dev = await make.model(), await make.person("dev", Role.DEVELOPER)
    asked = await ask(db, dev, model)
    assert asked.rule == {
        "id": str(rule.id),
        "tier": "HIGH",
        "stage": "PRODUCTION",
        "tag": None,
        "steps": [
            {
                "name": "Sign-off",
                "quorum": 2,
                "disciplines": {"LEGAL": 1, "RISK": 1},
                "different": 2,
                "roles": ["MODEL_APPROVER"],
                "group": "ANYBODY",
                "team": None,
            }
        ],
        "term_days": 7,
        "at_end": "EXPIRE",
        "calendar": "default",
    }
    # Asked on a Saturday: seven working days are over when the Tuesday after next closes.
    assert asked.due_at == datetime(2026, 12, 1, 17, tzinfo=UTC)
    assert (await make.events())[-1] == "approval.requested"


async def test_an_unclassified_model_needs_what_a_high_one_needs(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    assert (await ask(db, dev, model, tier=RiskTier.UNCLASSIFIED)).rule["tier"] == "HIGH"


async def test_without_a_rule_nothing_is_asked(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    before = await make.events()
    with pytest.raises(
        Refused, match="no approval rule for thing requests of tier PROHIBITED for stage PRODUCTION"
    ) as refused:
        await ask(db, dev, model, tier=RiskTier.PROHIBITED)
    assert refused.value.code is Code.NO_RULE
    assert await make.count("approval_requests") == 0
    assert await make.events() == before


async def test_the_same_is_not_asked_twice_at_once(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    thing = uuid4()
    answers = await asyncio.gather(*(ask(db, dev, model, id=thing) for _ in range(3)), return_exceptions=True)
    assert [answer.code for answer in answers if isinstance(answer, Refused)] == [Code.CONFLICT] * 2
    assert await make.count("approval_requests") == 1


async def test_enough_signatures_of_different_disciplines_approve(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK, LEGAL, quorum=2)
    rita = await make.person("rita", disciplines=[RISK])
    lee = await make.person("lee", disciplines=[LEGAL])
    asked = await ask(db, dev, model)
    first = await sign(db, rita, asked)
    assert (first.discipline, first.subject_digest, await status(db, asked)) == (RISK, "d" * 64, "PENDING")
    second = await sign(db, lee, asked)
    assert (second.discipline, await status(db, asked)) == (LEGAL, "APPROVED")
    assert (await make.events())[-3:] == ["approval.signed", "approval.signed", "approval.approved"]
    bodies = await db.reads.fetch("SELECT convert_from(body, 'UTF8') AS body FROM events WHERE kind LIKE 'approval.%'")
    assert not any("Seen." in row["body"] or "better" in row["body"] for row in bodies)


@pytest.mark.parametrize(("decision", "ends"), [(REJECT, "REJECTED"), (CHANGES, "CHANGES_REQUESTED")])
async def test_one_no_decides_and_says_why(db: Db, make: Make, decision: SignOffDecision, ends: str) -> None:
    model, dev = await setting(make, RISK, LEGAL, quorum=2)
    rita, lee = await make.person("rita", disciplines=[RISK]), await make.person("lee", disciplines=[LEGAL])
    asked = await ask(db, dev, model)
    with pytest.raises(Refused) as refused:
        await sign(db, rita, asked, decision, comment=" ")
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "comment")
    await sign(db, rita, asked, decision)
    assert await status(db, asked) == ends
    assert (await make.events())[-1] == f"approval.{ends.lower()}"
    with pytest.raises(Refused, match=f"this request is {ends}") as refused:
        await sign(db, lee, asked)
    assert refused.value.code is Code.WRONG_STATE
    assert await make.count("sign_offs") == 1


async def test_nobody_signs_for_their_own_work(db: Db, make: Make) -> None:
    await make.rule(RISK, subject_kind="thing")
    model = await make.model()
    dev, author, linked, named = [
        await make.person(name, disciplines=[RISK], email=f"{name}@example.org")
        for name in ("dev", "author", "linked", "named")
    ]
    asked = await ask(db, dev, model, authors=("ALinked", "named@EXAMPLE.org"), author_ids=(author.person_id,))
    async with db.write(actor=None, operation="op") as tx:
        await people.link_identity(tx, None, person_id=linked.person_id, issuer="mlflow", subject="alinked")
    before = await make.events()
    for who, why in ((dev, "you made this request"), (author, "own work"), (linked, "own work"), (named, "own work")):
        for decision in (APPROVE, REJECT):
            with pytest.raises(Refused, match=why) as refused:
                await sign(db, who, asked, decision)
            assert refused.value.code is Code.SAME_PERSON
    assert await make.count("sign_offs") == 0
    assert await status(db, asked) == "PENDING"
    assert await make.events() == before


async def test_a_service_account_signs_nothing(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    robot = await make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    asked = await ask(db, dev, model)
    with pytest.raises(Refused) as refused:
        await sign(db, robot, asked)
    assert refused.value.code is Code.FORBIDDEN
    await make.grant_anyway(robot, Role.MODEL_APPROVER, RISK)
    with pytest.raises(Refused, match="a service account signs nothing") as refused:
        await sign(db, await make.principal(robot), asked)
    assert refused.value.code is Code.SAME_PERSON
    assert await make.count("sign_offs") == 0


@pytest.mark.parametrize("decision", [APPROVE, REJECT])
async def test_whoever_does_not_hold_a_discipline_of_the_rule_neither_approves_nor_rejects(
    db: Db, make: Make, decision: SignOffDecision
) -> None:
    model, dev = await setting(make, RISK)
    other = await make.person("other", disciplines=[PRODUCT])
    root = await make.person("root", Role.ADMIN)
    asked = await ask(db, dev, model)
    for who in (other, root, dev):
        with pytest.raises(Refused) as refused:
            await sign(db, who, asked, decision)
        assert refused.value.code is Code.FORBIDDEN
    assert await status(db, asked) == "PENDING"


async def test_a_signature_for_what_is_signed_already_is_not_wanted(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK, LEGAL, quorum=2)
    rita, rob = await make.person("rita", disciplines=[RISK]), await make.person("rob", disciplines=[RISK])
    asked = await ask(db, dev, model)
    await sign(db, rita, asked)
    with pytest.raises(Refused, match="RISK has signed already; still wanted is LEGAL") as refused:
        await sign(db, rob, asked)
    assert (refused.value.code, refused.value.field) == (Code.WRONG_STATE, "discipline")
    assert await make.count("sign_offs") == 1


async def test_the_same_answer_again_is_the_same_sign_off(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita = await make.person("rita", disciplines=[RISK])
    asked = await ask(db, dev, model)
    first = await sign(db, rita, asked)
    before = await make.events()
    assert (await sign(db, rita, asked)).id == first.id
    with pytest.raises(Refused, match="you answered APPROVE before"):
        await sign(db, rita, asked, REJECT)
    assert await make.count("sign_offs") == 1
    assert await make.events() == before


async def test_a_digest_that_was_not_the_one_looked_at_is_stale(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita = await make.person("rita", disciplines=[RISK])
    asked = await ask(db, dev, model)
    with pytest.raises(Refused) as refused:
        await sign(db, rita, asked, digest_seen="e" * 64)
    assert refused.value.code is Code.STALE
    assert await make.count("sign_offs") == 0
    await sign(db, rita, asked, digest_seen="d" * 64)
    assert await status(db, asked) == "APPROVED"


@pytest.mark.parametrize("lost", ["role", "account"])
async def test_a_signer_who_lost_the_role_is_not_counted(db: Db, make: Make, lost: str) -> None:
    model, dev = await setting(make, RISK, LEGAL, quorum=2)
    rita, rob = await make.person("rita", disciplines=[RISK]), await make.person("rob", disciplines=[RISK])
    lee = await make.person("lee", disciplines=[LEGAL])
    asked = await ask(db, dev, model)
    await sign(db, rita, asked)
    await (make.take_roles(rita) if lost == "role" else make.deactivate(rita))
    await sign(db, lee, asked)
    assert await status(db, asked) == "PENDING"
    await sign(db, rob, asked)
    assert await status(db, asked) == "APPROVED"


@pytest.mark.parametrize("disciplines", [(), (RISK,)])
async def test_a_signer_whose_role_was_taken_meanwhile_signs_nothing(
    db: Db, make: Make, disciplines: tuple[Discipline, ...]
) -> None:
    model, dev = await setting(make, *disciplines)
    rita, gone = await make.person("rita", disciplines=[RISK]), await make.person("gone", disciplines=[RISK])
    asked = await ask(db, dev, model)
    await make.take_roles(rita)
    await make.deactivate(gone)
    for who in (rita, gone):
        with pytest.raises(Refused) as refused:
            await sign(db, who, asked)
        assert refused.value.code is Code.FORBIDDEN
    assert await make.count("sign_offs") == 0


async def test_two_signers_at_once_are_counted_both_and_decide_once(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK, LEGAL, PRODUCT, quorum=3)
    signers = [await make.person(f"p{n}", disciplines=[one]) for n, one in enumerate((RISK, LEGAL, PRODUCT))]
    asked = await ask(db, dev, model)
    await asyncio.gather(*(sign(db, who, asked) for who in signers))
    assert await status(db, asked) == "APPROVED"
    kinds = await make.events()
    assert (kinds.count("approval.signed"), kinds.count("approval.approved")) == (3, 1)


async def test_one_person_pressing_twice_at_once_signs_once(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK, LEGAL, quorum=2)
    both = await make.person("both", disciplines=[RISK, LEGAL])
    asked = await ask(db, dev, model)
    made = await asyncio.gather(*(sign(db, both, asked) for _ in range(4)))
    assert len({one.id for one in made}) == 1
    assert await make.count("sign_offs") == 1
    assert await status(db, asked) == "PENDING"


async def test_an_approval_and_a_rejection_at_once_end_in_one_state(db: Db, make: Make) -> None:
    model, dev = await setting(make, RISK)
    rita, rob = await make.person("rita", disciplines=[RISK]), await make.person("rob", disciplines=[RISK])
    asked = await ask(db, dev, model)
    answers = await asyncio.gather(sign(db, rita, asked), sign(db, rob, asked, REJECT), return_exceptions=True)
    assert [answer.code for answer in answers if isinstance(answer, Refused)] == [Code.WRONG_STATE]
    kinds = await make.events()
    assert kinds.count("approval.approved") + kinds.count("approval.rejected") == 1
    assert await make.count("sign_offs") == 1


async def test_a_hidden_request_is_the_same_as_none(db: Db, make: Make) -> None:
    await make.rule(RISK, subject_kind="thing")
    owner, rita = await make.person("owner", Role.DEVELOPER), await make.person("rita", disciplines=[RISK])
    asked = await ask(db, owner, await make.model(restricted=True, owner=owner))
    told = []
    for request_id in (asked.id, UUID(int=1)):
        with pytest.raises(Refused) as refused:
            async with db.write(actor=rita.person_id, operation="op") as tx:
                await actions.sign(tx, rita, request_id, decision=APPROVE)
        told.append((refused.value.code, refused.value.why))
    assert told[0] == told[1] == (Code.NOT_FOUND, "there is no such approval request")
