"""A decision binds to content: what changes makes a request stale at once, what does not leaves it alone."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from hub.approvals import actions as approvals
from hub.approvals.tables import ApprovalRequest, ApprovalRule, SignOffDecision
from hub.checks import actions
from hub.checks.dossier import dossier, dossier_digest
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.models import actions as models
from hub.models.tables import Model, ModelVersion, RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from hub.policies.tables import DecisionPoint, PolicyVersion
from tests.make import Make


class Story:
    """A version, a policy it keeps, and a request to take it to production that one person of RISK has signed."""

    db: Db
    make: Make
    pat: Principal
    policy: PolicyVersion
    rule: ApprovalRule
    model: Model
    version: ModelVersion
    lee: Principal
    asked: ApprovalRequest

    async def begin(self, db: Db, make: Make) -> "Story":
        self.db, self.make = db, make
        self.pat = await make.person("pat", Role.POLICY_OWNER)
        self.policy = await make.policy(by=self.pat)
        self.rule = await make.rule(Discipline.RISK, Discipline.LEGAL, quorum=2)
        self.model = await make.model()
        self.version = await make.version(
            self.model, author="author", metrics={"recall": 0.95}, card={"factors": "Age."}
        )
        self.lee = await make.person("lee", disciplines=[Discipline.LEGAL])
        dev, rita = await make.person("dev", Role.DEVELOPER), await make.person("rita", disciplines=[Discipline.RISK])
        async with db.write(actor=dev.person_id, operation="op") as tx:
            self.asked = await actions.ask_approval(tx, dev, self.version.id, stage=Stage.PRODUCTION, reason="Better.")
        await self.sign(rita)
        return self

    async def sign(self, who: Principal) -> None:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            await approvals.sign(tx, who, self.asked.id, decision=SignOffDecision.APPROVE, comment="Seen.")

    async def evaluate(self) -> None:
        async with self.db.write(actor=None, operation="op") as tx:
            await actions.evaluate(tx, [self.version.id], DecisionPoint.PROMOTE, Stage.PRODUCTION)

    async def change(self, statement: str, kind: str | None = None, *subject: Any) -> None:
        """What a sync does: it writes, and records what it wrote."""
        async with self.db.write(actor=None, operation="sync") as tx:
            await tx.session.execute(text(statement))
            if kind is not None:
                await record(tx, kind, Subject(*subject), {}, scope_id=self.model.id)

    async def status(self) -> tuple[str, str | None]:
        row = await self.db.reads.fetchrow("SELECT status, status_why FROM approval_requests")
        assert row is not None
        return row["status"], row["status_why"]


@pytest.fixture
async def story(db: Db, make: Make) -> Story:
    return await Story().begin(db, make)


async def test_a_request_binds_to_the_dossier(story: Story) -> None:
    async with story.db.write(actor=None, operation="op") as tx:
        now = await dossier(tx, story.version.id, Stage.PRODUCTION)
        assert await dossier_digest(tx, story.version.id, Stage.PRODUCTION) == story.asked.subject_digest == now.digest
        assert await dossier_digest(tx, story.version.id, Stage.STAGING) != now.digest
    assert story.asked.parts == now.parts
    assert sorted(now.parts) == ["approval rule", "card", "checks", "evidence", "policies", "stage", "version"]
    assert now.authors == ("author",)


async def test_the_versions_author_does_not_sign(story: Story) -> None:
    author = await story.make.person("author", disciplines=[Discipline.LEGAL])
    with pytest.raises(Refused) as refused:
        await story.sign(author)
    assert refused.value.code is Code.SAME_PERSON
    assert await story.make.count("sign_offs") == 1


async def _card(story: Story) -> None:
    card = await story.db.reads.fetchval("SELECT id FROM model_cards")
    await story.change("UPDATE model_cards SET digest = 'other'", "card.changed", "card", card)


async def _version(story: Story) -> None:
    await story.change("UPDATE model_versions SET digest = 'other'", "version.changed", "version", story.version.id)


async def _gone(story: Story) -> None:
    await story.change(
        "UPDATE model_versions SET missing_since = now()", "version.missing", "version", story.version.id
    )


async def _result(story: Story) -> None:
    await story.change("UPDATE version_metrics SET value = 0.91")
    await story.evaluate()


async def _wording(story: Story) -> None:
    await story.make.policy(by=story.pat, rule="metrics.recall >= 0.94")


async def _binding(story: Story) -> None:
    await story.make.policy("other", by=story.pat, rule="metrics.recall >= 0.1")


async def _unbinding(story: Story) -> None:
    await story.make.policy(by=story.pat, tiers=(RiskTier.LIMITED,))


async def _tier(story: Story) -> None:
    ada = await story.make.person("ada", Role.MODEL_OWNER)
    async with story.db.write(actor=ada.person_id, operation="op") as tx:
        await models.classify(tx, ada, story.model.id, tier=RiskTier.LIMITED, why="It only sorts.")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_card, "card"),
        (_version, "version"),
        (_gone, "version"),
        (_result, "checks"),
        (_wording, "policies"),
        (_binding, "policies"),
        (_unbinding, "checks, policies"),
        (_tier, "approval rule"),
    ],
)
async def test_what_changes_makes_the_request_stale_at_once(
    story: Story, change: Callable[[Story], Awaitable[None]], why: str
) -> None:
    await change(story)
    assert await story.status() == ("STALE", why)
    data = await story.db.reads.fetchval("SELECT data FROM events WHERE kind = 'approval.stale'")
    assert orjson.loads(data)["changed"] == why.split(", ")
    with pytest.raises(Refused, match=f"has changed since it was asked: {why}") as refused:
        await story.sign(story.lee)
    assert refused.value.code is Code.STALE
    assert await story.make.count("sign_offs") == 1


async def test_the_change_and_the_staleness_commit_together(story: Story) -> None:
    with pytest.raises(RuntimeError, match="the sync failed"):
        async with story.db.write(actor=None, operation="sync") as tx:
            await tx.session.execute(text("UPDATE model_versions SET digest = 'other'"))
            subject = Subject("version", story.version.id)
            await record(tx, "version.changed", subject, {}, scope_id=story.model.id)
            raise RuntimeError("the sync failed")
    assert await story.status() == ("PENDING", None)
    await story.sign(story.lee)
    assert (await story.status())[0] == "APPROVED"


async def test_what_leaves_the_content_alone_leaves_the_request_alone(story: Story, clock: SetClock) -> None:
    clock.move(timedelta(hours=1))
    await story.evaluate()
    await story.change("UPDATE model_versions SET raw = '{}'", "version.changed", "version", story.version.id)
    other = await story.make.version(story.model, metrics={"recall": 0.1})
    async with story.db.write(actor=None, operation="op") as tx:
        await actions.evaluate(tx, [other.id, story.version.id], DecisionPoint.MONITOR, Stage.STAGING)
    await story.make.policy("elsewhere", by=story.pat, tiers=(RiskTier.LIMITED,))
    await story.make.policy("staging", by=story.pat, stages=(Stage.STAGING,))
    await story.change("UPDATE model_cards SET updated_at = now()")
    assert await story.status() == ("PENDING", None)
    await story.sign(story.lee)
    assert (await story.status())[0] == "APPROVED"


async def test_a_quorum_lowered_without_a_word_is_seen_at_the_next_signature(story: Story) -> None:
    await story.change("UPDATE approval_rules SET steps = jsonb_set(steps, '{0,quorum}', '1')")
    with pytest.raises(Refused, match="approval rule") as refused:
        await story.sign(story.lee)
    assert refused.value.code is Code.STALE
    assert await story.status() == ("PENDING", None)
    await story.change("UPDATE approval_rules SET steps = jsonb_set(steps, '{0,quorum}', '2')")
    await story.sign(story.lee)
    assert (await story.status())[0] == "APPROVED"


async def test_a_decided_request_stays_decided(story: Story) -> None:
    await story.sign(story.lee)
    await _version(story)
    assert (await story.status())[0] == "APPROVED"


async def test_after_a_change_one_asks_anew_with_the_new_content(story: Story) -> None:
    await _result(story)
    dev = await story.make.person("dev2", Role.DEVELOPER)
    async with story.db.write(actor=dev.person_id, operation="op") as tx:
        again = await actions.ask_approval(tx, dev, story.version.id, stage=Stage.PRODUCTION, reason="Again.")
    assert again.subject_digest != story.asked.subject_digest
    assert await story.make.count("approval_requests", "status = 'PENDING'") == 1


async def test_a_signature_and_a_change_at_once_end_in_one_of_two_ways(story: Story) -> None:
    signed, _ = await asyncio.gather(story.sign(story.lee), _version(story), return_exceptions=True)
    status, _ = await story.status()
    if signed is None:
        assert status == "APPROVED"
    else:
        assert isinstance(signed, Refused)
        assert (signed.code, status) == (Code.STALE, "STALE")


async def test_a_publication_waits_for_a_request_and_makes_it_stale(story: Story) -> None:
    await _version(story)
    dev = await story.make.person("dev2", Role.DEVELOPER)
    async with story.db.write(actor=dev.person_id, operation="op") as tx:
        again = await actions.ask_approval(tx, dev, story.version.id, stage=Stage.PRODUCTION, reason="Again.")
        publication = asyncio.create_task(_wording(story))
        assert await story.make.waits(publication)
    await publication
    row = await story.db.reads.fetchrow("SELECT status, status_why FROM approval_requests WHERE id = $1", again.id)
    assert row is not None
    assert tuple(row) == ("STALE", "policies")


async def test_asking_needs_the_permission_and_the_sight_before_anything_is_evaluated(story: Story) -> None:
    robot = await story.make.person("auditor", Role.AUDITOR)
    dev = await story.make.person("dev2", Role.DEVELOPER)
    hidden = await story.make.version(await story.make.model(restricted=True))
    before = await story.make.count("check_results")
    for who, version, code in ((robot, story.version, Code.FORBIDDEN), (dev, hidden, Code.NOT_FOUND)):
        with pytest.raises(Refused) as refused:
            async with story.db.write(actor=who.person_id, operation="op") as tx:
                await actions.ask_approval(tx, who, version.id, stage=Stage.PRODUCTION, reason="x")
        assert refused.value.code is code
    assert await story.make.count("check_results") == before


async def test_asking_without_a_rule_leaves_no_results_behind(story: Story) -> None:
    dev = await story.make.person("dev2", Role.DEVELOPER)
    before = await story.make.count("check_results"), await story.make.events()
    with pytest.raises(Refused) as refused:
        async with story.db.write(actor=dev.person_id, operation="op") as tx:
            await actions.ask_approval(tx, dev, story.version.id, stage=Stage.STAGING, reason="x")
    assert refused.value.code is Code.NO_RULE
    assert (await story.make.count("check_results"), await story.make.events()) == before
