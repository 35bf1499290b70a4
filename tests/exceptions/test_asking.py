"""What a request for an exception must keep to, what stands in for what it leaves out, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.db import Db
from hub.errors import Code, Refused
from hub.exceptions import actions
from hub.exceptions.rules import Control, Criterion, Deviation
from hub.exceptions.tables import PolicyException
from hub.models.tables import Model, RiskTier
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from hub.policies.tables import PolicyVersion, Severity
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def ask(db: Db, who: Principal, asked: Deviation) -> PolicyException:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.request(tx, who, asked)


async def setting(make: Make, tier: RiskTier = RiskTier.HIGH) -> tuple[PolicyVersion, Model, Principal]:
    """A policy that binds a model, and a developer."""
    policy = await make.policy(longest_exception_days=90)
    return policy, await make.model(tier=tier), await make.person("dev", Role.DEVELOPER)


async def refused(db: Db, make: Make, who: Principal, asked: Deviation) -> tuple[Code, str | None, str]:
    """How a request is refused: its code, its field, why; nothing of it was written."""
    before = await make.events()
    with pytest.raises(Refused) as found:
        await ask(db, who, asked)
    tables = ("policy_exceptions", "compensating_controls", "acceptance_criteria", "approval_requests")
    assert [await make.count(table) for table in tables] == [0, 0, 0, 0]
    assert await make.events() == before
    return found.value.code, found.value.field, found.value.why


async def test_without_a_criterion_it_closes_when_the_policy_passes(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    made = await ask(db, dev, make.deviation(policy, model, dev))
    rows = await db.reads.fetch("SELECT description, policy_id FROM acceptance_criteria")
    assert [tuple(row) for row in rows] == [("recall passes", policy.policy_id)]
    assert made.policy_version_id == policy.id


@pytest.mark.parametrize(
    ("tier", "asked", "rhythm", "first"),
    [
        (RiskTier.HIGH, {"expires_at": NOON + timedelta(days=80)}, 30, 30),
        (RiskTier.UNCLASSIFIED, {"expires_at": NOON + timedelta(days=80)}, 30, 30),
        (RiskTier.LIMITED, {"expires_at": NOON + timedelta(days=80)}, 60, 60),
        (RiskTier.MINIMAL, {"expires_at": NOON + timedelta(days=90)}, 90, 90),
        (RiskTier.HIGH, {"expires_at": NOON + timedelta(days=20)}, 20, 20),
        (RiskTier.HIGH, {"review_every_days": 7}, 7, 7),
        (RiskTier.HIGH, {"review_every_days": 30}, 30, 30),
        (RiskTier.HIGH, {"review_every_days": 7, "review_at": NOON + timedelta(days=3)}, 7, 3),
        (RiskTier.HIGH, {"review_at": NOON + timedelta(days=3)}, None, 3),
        (RiskTier.HIGH, {"starts_at": NOON + timedelta(days=5), "review_every_days": 7}, 7, 12),
    ],
)  # fmt: skip
async def test_it_is_looked_at_again_in_proportion_to_its_tier(
    db: Db, make: Make, tier: RiskTier, asked: dict[str, Any], rhythm: int | None, first: int
) -> None:
    policy, model, dev = await setting(make, tier)
    made = await ask(db, dev, make.deviation(policy, model, dev, **asked))
    assert (made.review_every_days, made.review_at) == (rhythm, NOON + timedelta(days=first))


async def test_a_part_of_a_day_counts_whole_and_no_review_comes_after_the_end(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    end = NOON + timedelta(days=30) - timedelta(minutes=1)
    made = await ask(db, dev, make.deviation(policy, model, dev, expires_at=end, review_every_days=30))
    assert (made.review_every_days, made.review_at) == (30, end)


@pytest.mark.parametrize(
    ("asked", "code", "field", "why"),
    [
        ({"risk_before": Severity.LOW}, Code.BAD_INPUT, "riskAfter",
         "the risk after the controls is MEDIUM, above LOW without them; lower it, or raise riskBefore"),
        ({"ticket_url": "javascript:alert(1)"}, Code.BAD_INPUT, "ticketUrl", "is no http or https address"),
        ({"ticket_url": "https://"}, Code.BAD_INPUT, "ticketUrl", "is no http or https address"),
        ({"ticket_url": "https://[half"}, Code.BAD_INPUT, "ticketUrl", "is no http or https address"),
        ({"ticket_url": "https://x/a b"}, Code.BAD_INPUT, "ticketUrl", "is no http or https address"),
        ({"ticket_url": "https://ada:secret@x/1"}, Code.BAD_INPUT, "ticketUrl", "holds a user name"),
        ({"ticket_url": "https://x/" + "y" * 1_991}, Code.BAD_INPUT, "ticketUrl", "2001 characters; at most 2000"),
        ({"review_every_days": 0}, Code.BAD_INPUT, "reviewEveryDays", "every 0 days was asked; the exception lasts 30"),
        ({"review_every_days": 31}, Code.BAD_INPUT, "reviewEveryDays", "every 31 days was asked"),
        ({"controls": (Control("a"), Control("b", attest_every_days=0))}, Code.BAD_INPUT, "controls",
         "control 2: every 0 days asked; 1 to 365 can be kept"),
        ({"controls": (Control("a", attest_every_days=366),)}, Code.BAD_INPUT, "controls", "control 1: every 366 days"),
        ({"controls": (Control("a", attestor_id=UUID(int=7)),)}, Code.BAD_INPUT, "controls", "and not how often"),
        ({"controls": (Control("a", attest_every_days=7, attestor_id=UUID(int=7)),)}, Code.NOT_FOUND, "controls",
         "control 1 names nobody that there is"),
        ({"controls": (Control("a"), Control("b", policy_id=UUID(int=7)))}, Code.NOT_FOUND, "controls",
         "control 2 names no policy that there is"),
        ({"criteria": (Criterion("a", policy_id=UUID(int=7)),)}, Code.NOT_FOUND, "criteria",
         "criterion 1 names no policy that there is"),
        ({"criteria": (Criterion("a", due_at=NOON),)}, Code.BAD_INPUT, "criteria", "criterion 1 is due 2026-11-21"),
        ({"criteria": (Criterion("a", due_at=NOON + timedelta(days=31)),)}, Code.BAD_INPUT, "criteria", "and the end"),
        ({"criteria": (Criterion("a", due_at=datetime(2026, 12, 1)),)}, Code.BAD_INPUT, "criteria",  # noqa: DTZ001
         "criterion 1: dueAt has no time zone"),
        ({"policy_version_id": uuid4()}, Code.STALE, "policyVersion", "in version 1; read it, then ask anew"),
        ({"template": "no-such"}, Code.BAD_INPUT, "template", "there is no template 'no-such'"),
        ({"template": "emergency-fix"}, Code.BAD_INPUT, "justification", "4 of the 4 sections that emergency-fix asks"),
    ],
)  # fmt: skip
async def test_what_a_request_says_wrongly_is_refused_by_its_field(
    db: Db, make: Make, asked: dict[str, Any], code: Code, field: str, why: str
) -> None:
    policy, model, dev = await setting(make)
    found = await refused(db, make, dev, make.deviation(policy, model, dev, **asked))
    assert found[:2] == (code, field)
    assert why in found[2]


async def test_a_control_is_never_what_fails_and_always_what_is_checked(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    owner = await make.person("owner", Role.POLICY_OWNER)
    other = await make.policy("drift", by=owner)
    elsewhere = await make.policy("minimal-only", by=owner, tiers=(RiskTier.MINIMAL,))

    async def told(*, tie: UUID, word: str = "control") -> str:
        said = (
            {"controls": (Control("a", policy_id=tie),)} if word == "control" else {"criteria": (Criterion("a", tie),)}
        )
        return (await refused(db, make, dev, make.deviation(policy, model, dev, **said)))[2]

    assert "control 1 is tied to the policy that is not to be kept" in await told(tie=policy.policy_id)
    for word in ("control", "criterion"):
        found = await told(tie=elsewhere.policy_id, word=word)
        assert found.startswith(f"{word} 1 is tied to minimal-only, which does not apply to this model")
    controls = (Control("a", policy_id=other.policy_id),)
    criteria = (Criterion("b", policy_id=policy.policy_id),)
    await ask(db, dev, make.deviation(policy, model, dev, controls=controls, criteria=criteria))
    tied = await db.reads.fetchval("SELECT policy_id FROM compensating_controls")
    assert (tied, await db.reads.fetchval("SELECT policy_id FROM acceptance_criteria")) == (
        other.policy_id,
        policy.policy_id,
    )


async def test_a_control_is_confirmed_by_a_person_who_is_there(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    robot = await make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    gone = await make.person("gone", Role.DEVELOPER)
    await make.deactivate(gone)
    for who, why in ((robot, "control 1: robot is a service account"), (gone, "control 1: gone is not active")):
        controls = (Control("a", attest_every_days=7, attestor_id=who.person_id),)
        found = await refused(db, make, dev, make.deviation(policy, model, dev, controls=controls))
        assert found[:2] == (Code.BAD_INPUT, "controls")
        assert found[2].startswith(why)


async def test_the_wording_that_was_read_is_the_one_that_is_deviated_from(db: Db, make: Make) -> None:
    owner = await make.person("owner", Role.POLICY_OWNER)
    read, model, dev = await make.policy(by=owner), await make.model(), await make.person("dev", Role.DEVELOPER)
    later = await make.policy(by=owner, rule="metrics.recall >= 0.95")
    found = await refused(db, make, dev, make.deviation(read, model, dev, policy_version_id=read.id))
    assert found == (
        Code.STALE, "policyVersion", "recall says something else by now, in version 2; read it, then ask anew",
    )  # fmt: skip
    made = await ask(db, dev, make.deviation(later, model, dev, policy_version_id=later.id))
    assert made.policy_version_id == later.id


async def test_an_end_written_in_another_zone_is_told_in_utc(db: Db, make: Make) -> None:
    policy, model, dev = await setting(make)
    end = datetime.fromisoformat("2026-11-21T13:00:00+02:00")
    found = await refused(db, make, dev, make.deviation(policy, model, dev, expires_at=end))
    assert found[2] == "2026-11-21 11:00 UTC is not after now, 2026-11-21 12:00 UTC; choose a later end"
