"""Reviews, attestations and criteria: who is told when, and what their exception's end or a new date does to it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.exceptions.rules import Control, Criterion
from hub.models.tables import Model
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.tables import PolicyVersion
from tests.asking import Ask
from tests.exceptions.deadlines.desk import change, passes, tick, told
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REVIEWS = ("exception.review_due", "exception.review_overdue")
ATTESTATIONS = ("exception.attestation_due", "exception.attestation_stale")


@pytest.fixture
async def story(make: Make) -> tuple[PolicyVersion, Principal, Principal]:
    """A policy, its owner, and a developer."""
    keeper = await make.person("keeper", Role.POLICY_OWNER)
    return await make.policy(by=keeper, longest_exception_days=400), keeper, await make.person("dev", Role.DEVELOPER)


async def test_a_review_is_told_to_its_owner_and_in_copy_to_the_policys(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Principal, Principal]
) -> None:
    policy, keeper, dev = story
    values = {"expires_at": NOON + timedelta(days=90), "review_at": NOON + timedelta(days=40)}
    made = [await make.exception(policy, await make.model(), by=dev, **values) for _ in range(2)]
    clock.move(timedelta(days=40) - timedelta(seconds=1))
    assert await tick(db) is False
    await passes(db, clock, seconds=1)
    await passes(db, clock, days=7)
    await passes(db, clock, days=7)
    rows = await told(db, *REVIEWS)
    assert sorted((kind, whom) for kind, whom, _ in rows) == sorted(
        (kind, who.person_id) for kind in REVIEWS for who in (keeper, dev)
    )
    for _, whom, data in rows:
        assert {one["exception"] for one in data["exceptions"]} == {str(one.id) for one in made}
        assert {one["in_copy"] for one in data["exceptions"]} == {whom == keeper.person_id}
        assert data["late"] is False
    assert {one["days_left"] for _, _, data in rows[2:] for one in data["exceptions"]} == {-7}


async def test_a_review_that_was_made_is_not_overdue_and_the_next_one_is_told(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Principal, Principal]
) -> None:
    policy, _, dev = story
    made = await make.exception(
        policy, await make.model(), by=dev, expires_at=NOON + timedelta(days=90), review_at=NOON + timedelta(days=20)
    )
    await passes(db, clock, days=20)
    await change(db, made.id, review_at=NOON + timedelta(days=50))
    await passes(db, clock, days=8)
    assert [kind for kind, _, _ in await told(db, *REVIEWS)] == ["exception.review_due"] * 2
    await passes(db, clock, days=22)
    assert [kind for kind, _, _ in await told(db, *REVIEWS)] == ["exception.review_due"] * 4


async def test_what_ends_before_is_neither_reviewed_nor_overdue(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Principal, Principal]
) -> None:
    policy, _, dev = story
    for review in (35, 40):
        await make.exception(
            policy,
            await make.model(),
            by=dev,
            expires_at=NOON + timedelta(days=40),
            review_at=NOON + timedelta(days=review),
        )
    for _ in range(60):
        await passes(db, clock, days=1)
    rows = await told(db, *REVIEWS)
    assert [(kind, len(data["exceptions"])) for kind, _, data in rows] == [("exception.review_due", 1)] * 2
    # What nobody looked at until it had ended is not to be looked at any more.
    await make.exception(
        policy,
        await make.model(),
        by=dev,
        expires_at=clock.now() + timedelta(days=9),
        review_at=clock.now() + timedelta(days=5),
    )
    await passes(db, clock, days=10)
    assert len(await told(db, *REVIEWS)) == 2


async def test_the_policys_owner_hears_nothing_of_a_model_they_do_not_see(
    db: Db, make: Make, clock: SetClock, ask: Ask, story: tuple[PolicyVersion, Principal, Principal]
) -> None:
    policy, keeper, dev = story
    stranger, auditor = await make.person("stranger", Role.DEVELOPER), await make.person("auditor", Role.AUDITOR)
    values = {"expires_at": NOON + timedelta(days=90), "review_at": NOON + timedelta(days=40)}
    hidden = await make.model(restricted=True, owner=dev)
    secret = await make.exception(policy, await make.model(), by=dev, **values)
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(
            text("UPDATE policy_exceptions SET model_id = :m WHERE id = :id"), {"m": hidden.id, "id": secret.id}
        )
    open_one = await make.exception(policy, await make.model(), by=dev, **values)
    await passes(db, clock, days=40)
    rows = await told(db, *REVIEWS)
    assert {whom: {one["exception"] for one in data["exceptions"]} for _, whom, data in rows} == {
        keeper.person_id: {str(open_one.id)},
        dev.person_id: {str(open_one.id), str(secret.id)},
    }
    query = '{ events(first: 9, filter: {kind: ["exception.review_due"]}) { totalCount nodes { data } } }'
    seen = {who.handle: (await ask(who, query))["events"] for who in (dev, keeper, stranger, auditor)}
    assert {handle: found["totalCount"] for handle, found in seen.items()} == {
        "dev": 1,
        "keeper": 1,
        "stranger": 0,
        "auditor": 2,
    }
    assert str(secret.id) not in str(seen["keeper"])


async def test_whoever_is_to_attest_hears_three_days_before_and_when_it_is_stale(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Principal, Principal]
) -> None:
    policy, _, dev = story
    nora = await make.person("nora", Role.DEVELOPER)
    controls = (
        Control("Every scan is read twice.", attest_every_days=30, attestor_id=nora.person_id),
        Control("Logs are looked at.", attest_every_days=30),
    )
    made = await make.exception(
        policy, await make.model(), by=dev, expires_at=NOON + timedelta(days=90), controls=controls
    )
    await _attested(db, due_at=NOON + timedelta(days=30))
    await tick(db)
    for days in (27, 3):
        await passes(db, clock, days=days)
    rows = await told(db, *ATTESTATIONS)
    assert [kind for kind, _, _ in rows] == [ATTESTATIONS[0]] * 2 + [ATTESTATIONS[1]] * 2
    assert {whom for _, whom, _ in rows} == {nora.person_id, dev.person_id}
    named = {
        str(row["id"]): row["attestor_id"] or dev.person_id
        for row in await db.reads.fetch("SELECT id, attestor_id FROM compensating_controls")
    }
    for _, whom, data in rows:
        (one,) = data["exceptions"]
        assert (one["exception"], named[one["about"]], data["late"]) == (str(made.id), whom, False)
    await _attested(db, due_at=clock.now() + timedelta(days=30))
    await passes(db, clock, days=26)
    assert len(await told(db, *ATTESTATIONS)) == 4
    await passes(db, clock, days=1)
    assert len(await told(db, *ATTESTATIONS)) == 6


async def test_a_control_of_a_short_round_is_not_asked_for_as_soon_as_it_is_granted(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Principal, Principal]
) -> None:
    policy, _, dev = story
    controls = (Control("Logs are looked at.", attest_every_days=2),)
    await make.exception(policy, await make.model(), by=dev, expires_at=NOON + timedelta(days=50), controls=controls)
    assert await tick(db) is False
    await passes(db, clock, days=2)
    assert [kind for kind, _, _ in await told(db, *ATTESTATIONS)] == [ATTESTATIONS[1]]


async def test_a_criterion_is_told_when_it_is_due_unless_it_is_met(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Principal, Principal]
) -> None:
    policy, _, dev = story
    criteria = tuple(Criterion(f"Step {n} is done.", due_at=NOON + timedelta(days=20)) for n in range(3))
    made = await make.exception(
        policy,
        await make.model(),
        by=dev,
        expires_at=NOON + timedelta(days=90),
        criteria=(*criteria, Criterion("Done.")),
    )
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE acceptance_criteria SET met_at = now() WHERE description LIKE 'Step 1%'"))
    await passes(db, clock, days=20)
    ((_, whom, data),) = await told(db, "exception.criterion_due")
    open_ones = await db.reads.fetch("SELECT id FROM acceptance_criteria WHERE met_at IS NULL AND due_at IS NOT NULL")
    assert whom == dev.person_id
    assert {one["about"] for one in data["exceptions"]} == {str(row["id"]) for row in open_ones}
    assert {one["exception"] for one in data["exceptions"]} == {str(made.id)}
    assert len(open_ones) == 2


async def test_a_policy_that_is_given_away_is_told_to_its_new_owner(
    db: Db, make: Make, clock: SetClock, story: tuple[PolicyVersion, Principal, Principal]
) -> None:
    policy, keeper, dev = story
    heir = await make.person("heir", Role.POLICY_OWNER)
    model: Model = await make.model()
    await make.exception(
        policy, model, by=dev, expires_at=NOON + timedelta(days=90), review_at=NOON + timedelta(days=20)
    )
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE policies SET owner_id = :heir"), {"heir": heir.person_id})
    await passes(db, clock, days=20)
    assert {whom for _, whom, _ in await told(db, *REVIEWS)} == {dev.person_id, heir.person_id}
    assert keeper.person_id != heir.person_id


async def _attested(db: Db, *, due_at: datetime) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE compensating_controls SET attestation_due_at = :due"), {"due": due_at})
