"""Attacks on approvals, each with the right answer.

What comes by Slack (a forged or broken signature, an account of another workspace, a message that links to the new
question) is for its door to refuse; here stands what the action itself answers, whatever door it is called through.
"""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.approvals import actions as approvals
from hub.approvals.standins import actions as standins
from hub.approvals.standins.rules import Lent
from hub.approvals.tables import Channel, SignOffDecision
from hub.checks.evidence import actions as evidence
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind
from hub.db import Db
from hub.deployments.tables import DeploymentIntent
from hub.errors import Code, Refused
from hub.events.canonical import digest_of
from hub.events.record import Subject, record
from hub.models.tables import Stage
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import Discipline, PersonKind, Role
from tests.asking import Ask
from tests.deployments.gates import Gate
from tests.deployments.wishes import Story
from tests.make import Make

RISK, COMPLIANCE = Discipline.RISK, Discipline.COMPLIANCE
APPROVE, REJECT = SignOffDecision.APPROVE, SignOffDecision.REJECT

SIGN = """mutation($id: ID!, $decision: SignOffDecision!, $key: String, $channel: Channel!) {
  signApproval(input: {request: $id, decision: $decision, comment: "Seen.", channel: $channel}, idempotencyKey: $key) {
    ... on ApprovalSigned { signOff { id decision } } ... on Refusal { code why } } }"""


@pytest.fixture
def gate(db: Db, make: Make) -> Gate:
    return Gate(db, make)


@pytest.fixture
async def story(make: Make) -> Story:
    return await Story().begin(make)


async def question(gate: Gate, story: Story, stage: Stage = Stage.PRODUCTION) -> UUID:
    wish: DeploymentIntent = await gate.ask(story.dev, story.version, stage)
    assert wish.approval_request_id is not None
    return wish.approval_request_id


async def refused(gate: Gate, who: Principal, asked: UUID, decision: SignOffDecision = APPROVE, **more: Any) -> Refused:
    """How somebody's answer is refused; nothing is written of it."""
    before = await gate.counts(("sign_offs", "events", "permits"))
    with pytest.raises(Refused) as found:
        async with gate.db.write(actor=who.person_id, operation="op") as tx:
            await approvals.sign(tx, who, asked, decision=decision, comment="Seen.", **more)
    assert await gate.counts(("sign_offs", "events", "permits")) == before
    return found.value


async def changed(gate: Gate, story: Story, **columns: str) -> None:
    """A sync finds the version otherwise."""
    written = ", ".join(f"{name} = '{value}'" for name, value in columns.items())
    await gate.change(f"UPDATE model_versions SET {written} WHERE id = :id", id=story.version.id)
    async with gate.db.write(actor=None, operation="sync") as tx:
        subject = Subject("version", story.version.id)
        await record(tx, "version.changed", subject, {"parts": []}, scope_id=story.model.id)


async def status(gate: Gate) -> list[tuple[str, str | None]]:
    rows = await gate.db.reads.fetch("SELECT status, status_why FROM approval_requests ORDER BY id")
    return [(row["status"], row["status_why"]) for row in rows]


async def test_15_a_button_pressed_twice_and_a_request_replayed_are_one_sign_off(
    ask: Ask, gate: Gate, story: Story, make: Make
) -> None:
    asked = f"ApprovalRequest:{await question(gate, story)}"
    pressed: dict[str, Any] = {"id": asked, "decision": "APPROVE", "channel": "SLACK"}
    at_once = await asyncio.gather(*(ask(story.rita, SIGN, **pressed) for _ in range(3)))
    keyed = [await ask(story.rita, SIGN, **pressed, key="k") for _ in range(2)]
    assert len({str(answer["signApproval"]["signOff"]) for answer in (*at_once, *keyed)}) == 1
    assert await make.count("sign_offs") == 1
    assert (await make.events()).count("approval.signed") == 1


async def test_17_whoever_was_deactivated_signs_nothing_though_their_token_was_read_before(
    ask: Ask, db: Db, gate: Gate, story: Story
) -> None:
    asked = await question(gate, story)
    await ask.token(story.rita)
    async with db.write(actor=None, operation="op") as tx:
        await people.deactivate(tx, None, story.rita.person_id)
    assert (await refused(gate, story.rita, asked)).code is Code.FORBIDDEN
    variables = {"id": f"ApprovalRequest:{asked}", "decision": "APPROVE", "channel": "SLACK"}
    assert (await ask.reply(story.rita, SIGN, **variables)).status_code == 401


async def test_18_a_question_whose_content_changed_is_stale_and_names_what_changed(gate: Gate, story: Story) -> None:
    asked = await question(gate, story)
    await changed(gate, story, digest=digest_of("other"))
    assert await status(gate) == [("STALE", "version")]
    old = await refused(gate, story.rita, asked)
    assert (old.code, old.why) == (
        Code.STALE,
        "what was to be approved has changed since it was asked: version; ask for a new approval",
    )
    again = await question(gate, story)
    seen = await gate.db.reads.fetchval("SELECT subject_digest FROM approval_requests WHERE id = $1", asked)
    assert (await refused(gate, story.rita, again, digest_seen=seen)).code is Code.STALE


async def test_19_the_author_approves_through_nobody_else(db: Db, gate: Gate, story: Story, make: Make) -> None:
    author = await make.person("ann", disciplines=[RISK])
    await link(db, author, "author")
    second = await make.person("ann2", disciplines=[RISK])
    await link(db, second, "ann")
    bot = await make.person("bot", Role.SERVICE, kind=PersonKind.SERVICE)
    await make.grant_anyway(bot, Role.MODEL_APPROVER, RISK)
    stan = await make.person("stan", disciplines=[RISK])
    async with db.write(actor=author.person_id, operation="op") as tx:
        await standins.delegate(tx, author, Lent(stan.person_id, make.now + timedelta(days=2)))
    asked = await question(gate, story)
    for who in (author, second, await make.principal(bot)):
        assert (await refused(gate, who, asked)).code is Code.SAME_PERSON
    assert (await refused(gate, stan, asked, on_behalf_of=author.person_id)).code is Code.SAME_PERSON


async def test_20_an_approver_who_adds_to_the_version_does_not_approve_what_it_is_then(
    db: Db, gate: Gate, story: Story
) -> None:
    asked = await question(gate, story)
    async with db.write(actor=story.rita.person_id, operation="op") as tx:
        report = Report(EvidenceKind.PERFORMANCE, title="Better still", figures={"recall": 0.99})
        await evidence.add(tx, story.rita, story.version.id, report)
    assert await status(gate) == [("STALE", "evidence")]
    assert (await refused(gate, story.rita, asked)).code is Code.STALE
    await link(db, story.rita, "rita@git")
    await changed(gate, story, author="rita@git")
    assert (await refused(gate, story.rita, await question(gate, story))).code is Code.SAME_PERSON


async def test_21_one_person_by_three_doors_counts_once(db: Db, gate: Gate, make: Make) -> None:
    await make.rule(quorum=2)
    dev, both = await make.person("dev", Role.DEVELOPER), await make.person("both", disciplines=[RISK, COMPLIANCE])
    wish = await gate.ask(dev, await make.version(await make.model()))
    assert wish.approval_request_id is not None
    for channel in (Channel.CONSOLE, Channel.SLACK, Channel.API):
        async with db.write(actor=both.person_id, operation="op") as tx:
            await approvals.sign(tx, both, wish.approval_request_id, decision=APPROVE, comment="Seen.", channel=channel)
    assert await make.count("sign_offs") == 1
    assert [one for one, _ in await status(gate)] == ["PENDING"]
    assert await make.count("permits") == 0


async def test_22_what_was_signed_for_staging_is_not_signed_for_production(
    gate: Gate, story: Story, make: Make
) -> None:
    await make.rule(RISK, stage=Stage.STAGING)
    await gate.sign(story.rita, await question(gate, story, Stage.STAGING))
    production = await question(gate, story)
    assert [one for one, _ in await status(gate)] == ["APPROVED", "PENDING"]
    assert await make.count("sign_offs", f"request_id = '{production}'") == 0
    assert [permit["stage"] for permit in await gate.permits()] == ["STAGING"]


async def test_23_a_version_made_again_under_its_name_is_signed_anew(gate: Gate, story: Story, make: Make) -> None:
    asked = await question(gate, story)
    await gate.sign(story.rita, asked)
    await gate.change("UPDATE model_versions SET missing_since = now() WHERE id = :id", id=story.version.id)
    async with gate.db.write(actor=None, operation="sync") as tx:
        await record(tx, "version.missing", Subject("version", story.version.id), {}, scope_id=story.model.id)
    await changed(gate, story, digest=digest_of("made again"))
    await gate.change("UPDATE model_versions SET missing_since = NULL WHERE id = :id", id=story.version.id)
    assert (await refused(gate, story.carl, asked)).code is Code.STALE
    again = await question(gate, story)
    await gate.sign(story.carl, again)
    assert [one for one, _ in await status(gate)] == ["STALE", "PENDING"]
    assert await make.count("permits") == 0


async def test_26_whoever_lost_the_role_between_signature_and_release_is_not_counted(
    db: Db, gate: Gate, story: Story, make: Make
) -> None:
    asked = await question(gate, story)
    await gate.sign(story.rita, asked)
    async with db.write(actor=None, operation="op") as tx:
        await people.revoke_role(tx, None, person_id=story.rita.person_id, role=Role.MODEL_APPROVER, discipline=RISK)
    await gate.sign(story.carl, asked)
    assert [one for one, _ in await status(gate)] == ["PENDING"]
    assert await make.count("permits") == 0
    await gate.sign(await make.person("rob", disciplines=[RISK]), asked)
    (permit,) = await gate.permits()
    signers = [one["person"] for one in (await gate.verified(permit)).predicate["approvals"]]
    assert str(story.rita.person_id) not in signers
    assert len(signers) == 2


async def test_27_nobody_rejects_who_could_not_approve(ask: Ask, gate: Gate, story: Story, make: Make) -> None:
    asked = await question(gate, story)
    others = [await make.person(role.value.lower(), role) for role in Role if role is not Role.SERVICE]
    others.append(await make.person("product", disciplines=[Discipline.PRODUCT]))
    for who in (*others, story.dev):
        assert (await refused(gate, who, asked, REJECT)).code in (Code.FORBIDDEN, Code.SAME_PERSON)
    variables = {"id": f"ApprovalRequest:{asked}", "decision": "REJECT", "channel": "CONSOLE"}
    told = await ask(story.dev, SIGN, **variables)
    assert told["signApproval"]["code"] == "FORBIDDEN"
    assert [one for one, _ in await status(gate)] == ["PENDING"]


async def link(db: Db, who: Principal, subject: str) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await people.link_identity(tx, None, person_id=who.person_id, issuer="git", subject=subject)
