"""What did not hold once: each story failed before it was mended."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.approvals import actions as approvals
from hub.approvals.standins import actions as standins
from hub.approvals.standins.rules import Lent
from hub.approvals.steps import Group, Step
from hub.approvals.tables import SignOffDecision
from hub.db import Db
from hub.deployments.tables import DeploymentIntent
from hub.errors import Code, Refused
from hub.models import actions as models
from hub.models.tables import Stage
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.approvals.holds.acts import run_job
from tests.deployments.gates import Gate
from tests.deployments.wishes import Story
from tests.make import Make

RISK, LEGAL, COMPLIANCE = Discipline.RISK, Discipline.LEGAL, Discipline.COMPLIANCE
APPROVER = Role.MODEL_APPROVER


@pytest.fixture
def gate(db: Db, make: Make) -> Gate:
    return Gate(db, make)


@pytest.fixture
async def story(make: Make) -> Story:
    return await Story().begin(make)


async def asked(gate: Gate, story: Story) -> DeploymentIntent:
    return await gate.ask(story.dev, story.version)


async def inbox(db: Db) -> set[str]:
    """Who is asked, and in whose place."""
    rows = await db.reads.fetch(
        "SELECT p.handle, v.handle AS via FROM approval_asks a JOIN people p ON p.id = a.person_id"
        " LEFT JOIN people v ON v.id = a.via_id"
    )
    return {row["handle"] if row["via"] is None else f"{row['handle']} for {row['via']}" for row in rows}


async def take(db: Db, who: Principal, discipline: Discipline) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await people.revoke_role(tx, None, person_id=who.person_id, role=APPROVER, discipline=discipline)


async def give(db: Db, who: Principal, role: Role, discipline: Discipline | None = None) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await people.grant_role(tx, None, person_id=who.person_id, role=role, discipline=discipline)


async def link(db: Db, who: Principal, subject: str) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await people.link_identity(tx, None, person_id=who.person_id, issuer="idp", subject=subject)


async def lend(db: Db, who: Principal, to: Principal, *disciplines: Discipline) -> None:
    async with db.write(actor=who.person_id, operation="op") as tx:
        ends = db.clock.now() + timedelta(days=3)
        await standins.delegate(tx, who, Lent(to.person_id, ends, disciplines=disciplines))


async def status(db: Db) -> list[str]:
    return [row["status"] for row in await db.reads.fetch("SELECT status FROM approval_requests ORDER BY id")]


async def test_a_discipline_whose_signer_lost_the_role_is_asked_again(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    await make.person("rob", disciplines=[RISK])
    await gate.sign(story.rita, (await asked(gate, story)).approval_request_id)
    assert await inbox(db) == {"carl"}
    await take(db, story.rita, RISK)
    assert await inbox(db) == {"carl", "rob"}


async def test_a_request_that_lacks_nothing_once_a_signer_may_sign_again_is_decided(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    wish = await asked(gate, story)
    await gate.sign(story.rita, wish.approval_request_id)
    await take(db, story.rita, RISK)
    await gate.sign(story.carl, wish.approval_request_id)
    assert await status(db) == ["PENDING"]
    await give(db, story.rita, APPROVER, RISK)
    while await run_job(db) is not None:
        pass
    assert await status(db) == ["APPROVED"]
    assert [one for one, _ in await gate.intents()] == ["APPROVED"]


async def test_whoever_turns_out_to_be_the_author_is_asked_no_more(
    db: Db, gate: Gate, story: Story, make: Make
) -> None:
    await make.person("rob", disciplines=[RISK])
    await asked(gate, story)
    assert await inbox(db) == {"rita", "rob", "carl"}
    await link(db, story.rita, "Author")
    assert await inbox(db) == {"rob", "carl"}
    await make.person("new", email="author@example.org")
    await link(db, await make.person("other", disciplines=[COMPLIANCE]), "author")
    assert await inbox(db) == {"rob", "carl"}


async def test_what_the_author_signed_under_another_name_is_asked_of_others(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    await make.person("rob", disciplines=[RISK])
    await gate.sign(story.rita, (await asked(gate, story)).approval_request_id)
    await link(db, story.rita, "author")
    assert await inbox(db) == {"rob", "carl"}


async def test_a_stand_in_who_is_given_another_role_is_asked_still(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    stan = await make.person("stan", disciplines=[LEGAL])
    await lend(db, story.rita, stan)
    await asked(gate, story)
    assert await inbox(db) == {"rita", "stan for rita", "carl"}
    await give(db, stan, Role.DATA_STEWARD)
    assert await inbox(db) == {"rita", "stan for rita", "carl"}


async def test_a_stand_in_for_one_of_two_open_disciplines_is_asked(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    stan, both = (
        await make.person("stan", disciplines=[LEGAL]),
        await make.person("both", disciplines=[RISK, COMPLIANCE]),
    )
    await lend(db, both, stan, RISK)
    wish = await asked(gate, story)
    assert await inbox(db) == {"rita", "carl", "both", "stan for both"}
    await gate.sign(story.rita, wish.approval_request_id)
    assert await inbox(db) == {"carl", "both"}


async def test_the_delegation_that_fits_counts_where_there_are_two(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    stan, both = (
        await make.person("stan", disciplines=[LEGAL]),
        await make.person("both", disciplines=[RISK, COMPLIANCE]),
    )
    await lend(db, both, stan, RISK)
    await lend(db, both, stan, COMPLIANCE)
    wish = await asked(gate, story)
    assert wish.approval_request_id is not None
    await gate.sign(story.rita, wish.approval_request_id)
    async with db.write(actor=stan.person_id, operation="op") as tx:
        made = await approvals.sign(
            tx,
            stan,
            wish.approval_request_id,
            decision=SignOffDecision.APPROVE,
            comment="Seen.",
            on_behalf_of=both.person_id,
        )
    assert made.discipline is COMPLIANCE
    assert await status(db) == ["APPROVED"]


async def test_a_delegation_for_one_discipline_does_not_reach_where_no_discipline_is_asked(
    db: Db, make: Make, gate: Gate
) -> None:
    await make.rule(quorum=1)
    version = await make.version(await make.model())
    dev, stan = await make.person("dev", Role.DEVELOPER), await make.person("stan", disciplines=[LEGAL])
    both = await make.person("both", disciplines=[RISK, COMPLIANCE])
    await lend(db, both, stan, RISK)
    wish = await gate.ask(dev, version)
    await take(db, both, RISK)
    assert await inbox(db) == {"stan", "both"}
    assert wish.approval_request_id is not None
    with pytest.raises(Refused) as refused:
        async with db.write(actor=stan.person_id, operation="op") as tx:
            await approvals.sign(
                tx,
                stan,
                wish.approval_request_id,
                decision=SignOffDecision.APPROVE,
                comment="Seen.",
                on_behalf_of=both.person_id,
            )
    assert refused.value.code is Code.FORBIDDEN
    assert await make.count("sign_offs") == 0


async def test_a_stand_in_who_approves_no_more_neither_is_asked_nor_counts(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    stan = await make.person("stan", disciplines=[LEGAL])
    await lend(db, story.rita, stan)
    wish = await asked(gate, story)
    assert wish.approval_request_id is not None
    async with db.write(actor=stan.person_id, operation="op") as tx:
        await approvals.sign(
            tx,
            stan,
            wish.approval_request_id,
            decision=SignOffDecision.APPROVE,
            comment="Seen.",
            on_behalf_of=story.rita.person_id,
        )
    await take(db, stan, LEGAL)
    await gate.sign(story.carl, wish.approval_request_id)
    assert await status(db) == ["PENDING"]
    assert await inbox(db) == set()


async def test_an_owner_who_owns_it_no_more_does_not_count(db: Db, make: Make, gate: Gate) -> None:
    await make.rule(steps=[Step("Owner", 1, group=Group.OWNERS), Step("Risk", 1, {RISK: 1})])
    dev, root = await make.person("dev", Role.DEVELOPER), await make.person("root", Role.ADMIN)
    first, second = await make.person("first", disciplines=[LEGAL]), await make.person("second", disciplines=[LEGAL])
    rita = await make.person("rita", disciplines=[RISK])
    model = await make.model(owner=first)
    wish = await gate.ask(dev, await make.version(model))
    await gate.sign(first, wish.approval_request_id)
    assert await inbox(db) == {"rita"}
    async with db.write(actor=root.person_id, operation="op") as tx:
        await models.set_owner(tx, root, model.id, owner_id=second.person_id)
    assert await inbox(db) == {"second"}
    with pytest.raises(Refused):
        await gate.sign(rita, wish.approval_request_id)
    await gate.sign(second, wish.approval_request_id)
    await gate.sign(rita, wish.approval_request_id)
    assert await status(db) == ["APPROVED"]


async def test_whoever_wants_a_release_does_not_sign_for_it_when_a_colleague_asks_again(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    await gate.measure(story.version, 0.5)
    await gate.ask(story.rita, story.version)
    await gate.measure(story.version, 0.95)
    wish = await gate.ask(story.dev, story.version)
    assert await inbox(db) == {"carl"}
    with pytest.raises(Refused) as refused:
        await gate.sign(story.rita, wish.approval_request_id)
    assert refused.value.code is Code.SAME_PERSON


async def test_the_requester_does_not_sign_under_a_second_account(db: Db, make: Make, gate: Gate, story: Story) -> None:
    second = await make.person("second", disciplines=[RISK])
    await link(db, second, "DEV")
    wish = await asked(gate, story)
    assert await inbox(db) == {"rita", "carl"}
    with pytest.raises(Refused) as refused:
        await gate.sign(second, wish.approval_request_id)
    assert refused.value.code is Code.SAME_PERSON


async def test_two_accounts_of_one_human_being_count_once(db: Db, make: Make, gate: Gate, story: Story) -> None:
    await link(db, story.carl, "rita")
    wish = await asked(gate, story)
    await gate.sign(story.rita, wish.approval_request_id)
    await gate.sign(story.carl, wish.approval_request_id)
    assert await status(db) == ["PENDING"]
    assert await make.count("permits") == 0


async def test_a_role_is_not_taken_while_it_is_counted(db: Db, make: Make, gate: Gate, story: Story) -> None:
    wish = await asked(gate, story)
    await gate.sign(story.rita, wish.approval_request_id)
    assert wish.approval_request_id is not None
    async with db.write(actor=story.carl.person_id, operation="op") as tx:
        await approvals.sign(
            tx, story.carl, wish.approval_request_id, decision=SignOffDecision.APPROVE, comment="Seen."
        )
        taking = asyncio.create_task(take(db, story.rita, RISK))
        assert await make.waits(taking)
    await taking
    kinds = [kind for kind in await make.events() if kind in ("approval.approved", "role.revoked")]
    assert kinds == ["approval.approved", "role.revoked"]


async def test_whoever_becomes_an_approver_while_another_signs_is_asked_for_what_is_open_then(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    wish = await asked(gate, story)
    new = await make.person("new", Role.DEVELOPER)
    assert wish.approval_request_id is not None
    async with db.write(actor=story.rita.person_id, operation="op") as tx:
        await approvals.sign(
            tx, story.rita, wish.approval_request_id, decision=SignOffDecision.APPROVE, comment="Seen."
        )
        giving = asyncio.create_task(give(db, new, APPROVER, RISK))
        await make.waits(giving)
    await giving
    assert await inbox(db) == {"carl"}


async def test_an_approval_that_is_given_while_the_gate_asks_is_not_made_stale(
    db: Db, make: Make, gate: Gate, story: Story
) -> None:
    wish = await asked(gate, story)
    await gate.sign(story.rita, wish.approval_request_id)
    assert wish.approval_request_id is not None
    async with db.write(actor=story.carl.person_id, operation="op") as tx:
        async with db.write(actor=None, operation="elsewhere") as other:
            # As the gate holds them when it comes first.
            for table, id in (("models", story.model.id), ("model_versions", story.version.id)):
                await other.session.execute(text(f"SELECT id FROM {table} WHERE id = :id FOR SHARE"), {"id": id})
            await approvals.sign(
                tx, story.carl, wish.approval_request_id, decision=SignOffDecision.APPROVE, comment="Seen."
            )
        await make.rule(RISK, tier=None, stage=Stage.PRODUCTION, tag=None)
        await gate.change("DELETE FROM approval_rules WHERE tier = 'HIGH' AND subject_kind = 'version'")
        asking = asyncio.create_task(asked(gate, story))
        assert await make.waits(asking)
    await asking
    assert await status(db) == ["APPROVED", "PENDING"]
    assert (await make.events()).count("approval.stale") == 0
