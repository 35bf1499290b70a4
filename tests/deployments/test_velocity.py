"""How long a version takes to production, and where the time goes: exact seconds, read from the trail."""

from datetime import timedelta
from typing import Any

import pytest

from hub.approvals.tables import SignOffDecision
from hub.approvals.talk import actions as talk
from hub.clock import SetClock
from hub.models.tables import Model, ModelVersion, RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.deployments.gates import Gate
from tests.deployments.releases import Release
from tests.deployments.wishes import Story
from tests.make import Make

STATES = "buildingS checkingS waitingForPeopleS pausedForInformationS releasingS"
VELOCITY = f"""query($id: ID!) {{ node(id: $id) {{ ... on ModelVersion {{ velocity(first: 5) {{ nodes {{
  stage tier registeredAt askedAt deployedAt {STATES} totalS fromFirstVersionS bottleneck intent {{ status }}
  version {{ name }} }} }} deploymentIntents(first: 1) {{ nodes {{ velocity {{ {STATES} }} }} }} }} }} }}"""
MONTHS = """query($since: DateTime, $until: DateTime) { approvalVelocity(since: $since, until: $until, first: 20) {
  nodes { month tier stage releases bottleneck buildingMedianS buildingP90S checkingMedianS checkingP90S
    waitingForPeopleMedianS waitingForPeopleP90S pausedForInformationMedianS pausedForInformationP90S
    releasingMedianS releasingP90S totalMedianS totalP90S } } }"""


async def shown(ask: Ask, who: Principal, version: ModelVersion) -> dict[str, Any]:
    """The velocity of a version that one deployment was asked of, which its intent shows alike."""
    found = (await ask(who, VELOCITY, id=f"ModelVersion:{version.id}"))["node"]
    (one,) = found["velocity"]["nodes"]
    (intent,) = found["deploymentIntents"]["nodes"]
    assert intent["velocity"] == {name: one[name] for name in STATES.split()}
    return dict(one)


def spent(found: dict[str, Any]) -> list[int]:
    return [found[name] for name in STATES.split()]


async def seen(gate: Gate, make: Make, model: Model, version: ModelVersion) -> None:
    """The registry shows that a version runs in production."""
    release = Release(gate, make)
    release.model = model
    await release.seen(version)


async def questioned(gate: Gate, clock: SetClock, make: Make) -> Story:
    """Two days of building, an hour of being blocked, three hours of waiting, then a question."""
    story = await Story().begin(make, recall=0.5)
    clock.move(timedelta(days=2))
    assert (await gate.ask(story.dev, story.version)).status == "BLOCKED"
    clock.move(timedelta(hours=1))
    await gate.measure(story.version, 0.95)
    asked = await gate.ask(story.dev, story.version)
    clock.move(timedelta(hours=3))
    assert asked.approval_request_id is not None
    async with gate.db.write(actor=story.rita.person_id, operation="op") as tx:
        await talk.ask(tx, story.rita, asked.approval_request_id, "Why now?")
    return story


async def answered(gate: Gate, clock: SetClock, story: Story) -> None:
    """Five hours later the answer, two hours later two signatures."""
    request = await gate.db.reads.fetchval("SELECT id FROM approval_requests WHERE status = 'PENDING'")
    clock.move(timedelta(hours=5))
    async with gate.db.write(actor=story.dev.person_id, operation="op") as tx:
        await talk.answer(tx, story.dev, request, "The clinic opens.")
    clock.move(timedelta(hours=2))
    for who in (story.rita, story.carl):
        await gate.sign(who, request)


async def test_each_state_has_its_seconds_and_the_longest_is_named(
    ask: Ask, gate: Gate, make: Make, clock: SetClock
) -> None:
    story = await questioned(gate, clock, make)
    await answered(gate, clock, story)
    clock.move(timedelta(minutes=30))
    await seen(gate, make, story.model, story.version)
    done = {
        "stage": "PRODUCTION",
        "tier": "HIGH",
        "registeredAt": "2026-11-21T12:00:00+00:00",
        "askedAt": "2026-11-23T12:00:00+00:00",
        "deployedAt": "2026-11-23T23:30:00+00:00",
        "buildingS": 172_800,
        "checkingS": 3_600,
        "waitingForPeopleS": 18_000,
        "pausedForInformationS": 18_000,
        "releasingS": 1_800,
        "totalS": 214_200,
        "fromFirstVersionS": 214_200,
        "bottleneck": "BUILDING",
        "intent": {"status": "DEPLOYED"},
        "version": {"name": "3"},
    }
    assert await shown(ask, story.dev, story.version) == done
    # What happens to it afterwards is not part of its way.
    clock.move(timedelta(days=1))
    await gate.measure(story.version, 0.4)
    await gate.evaluate(story.version)
    clock.move(timedelta(days=1))
    assert await shown(ask, story.dev, story.version) == {**done, "intent": {"status": "HALTED"}}


async def test_on_the_way_the_state_that_lasts_is_counted_up_to_now(
    ask: Ask, gate: Gate, make: Make, clock: SetClock
) -> None:
    story = await questioned(gate, clock, make)
    clock.move(timedelta(days=3))
    found = await shown(ask, story.dev, story.version)
    assert spent(found) == [172_800, 3_600, 10_800, 259_200, 0]
    assert (found["bottleneck"], found["deployedAt"], found["totalS"]) == ("PAUSED_FOR_INFORMATION", None, None)
    clock.move(timedelta(days=-3))
    await answered(gate, clock, story)
    clock.move(timedelta(minutes=10))
    assert spent(await shown(ask, story.dev, story.version)) == [172_800, 3_600, 18_000, 18_000, 600]


async def test_a_way_that_is_over_takes_no_more_time(ask: Ask, gate: Gate, make: Make, clock: SetClock) -> None:
    story = await questioned(gate, clock, make)
    clock.move(timedelta(hours=1))
    request = await gate.db.reads.fetchval("SELECT id FROM approval_requests WHERE status = 'PENDING'")
    await gate.sign(story.rita, request, SignOffDecision.REJECT)
    clock.move(timedelta(days=9))
    found = await shown(ask, story.dev, story.version)
    assert spent(found) == [172_800, 3_600, 10_800, 3_600, 0]
    assert (found["intent"], found["totalS"]) == ({"status": "REJECTED"}, None)


async def test_the_way_from_the_first_version_is_counted_too(ask: Ask, gate: Gate, make: Make, clock: SetClock) -> None:
    dev, model = await open_gate(make)
    await make.version(model, "1", metrics={"recall": 0.5})
    clock.move(timedelta(days=10))
    await released(gate, make, clock, dev, model, "2", building_s=60, releasing_s=5)
    version = await gate.db.reads.fetchval("SELECT id FROM model_versions WHERE name = '2'")
    found = (await ask(dev, VELOCITY, id=f"ModelVersion:{version}"))["node"]["velocity"]["nodes"][0]
    assert (found["totalS"], found["fromFirstVersionS"]) == (65, 864_065)
    assert spent(found) == [60, 0, 0, 0, 5]


async def open_gate(make: Make, **model: Any) -> tuple[Principal, Model]:
    """A LIMITED model, for which checks alone suffice."""
    if await make.count("approval_rules", "subject_kind = 'version'") == 0:
        await make.rule(tier=RiskTier.LIMITED, quorum=0)
        await make.policy()
    return await make.person(None, Role.DEVELOPER), await make.model(tier=RiskTier.LIMITED, **model)


async def released(
    gate: Gate,
    make: Make,
    clock: SetClock,
    who: Principal,
    model: Model,
    name: str,
    *,
    building_s: int,
    releasing_s: int,
) -> None:
    """A version that is asked for so long after it was registered, and runs so long after it was allowed."""
    version = await make.version(model, name, metrics={"recall": 0.95})
    clock.move(timedelta(seconds=building_s))
    assert (await gate.ask(who, version)).status == "APPROVED"
    clock.move(timedelta(seconds=releasing_s))
    await seen(gate, make, model, version)


@pytest.fixture
async def history(gate: Gate, make: Make, clock: SetClock) -> tuple[Principal, Principal]:
    """Four releases in November, a fifth of a model that its owner alone sees, and one in December."""
    dev, model = await open_gate(make)
    for name, n in (("1", 2), ("2", 4), ("3", 1), ("4", 3)):
        await released(gate, make, clock, dev, model, name, building_s=100 * n, releasing_s=10 * n)
    owner = await make.person("owner", Role.DEVELOPER)
    _, hidden = await open_gate(make, restricted=True, owner=owner)
    await released(gate, make, clock, owner, hidden, "h", building_s=100, releasing_s=10_000)
    clock.move(timedelta(days=20))
    await released(gate, make, clock, dev, model, "5", building_s=7, releasing_s=9)
    return dev, owner


def month(name: str, releases: int, bottleneck: str, **figures: tuple[int, int]) -> dict[str, Any]:
    """One line, with median and ninth tenth of each span."""
    told = {"month": name, "tier": "LIMITED", "stage": "PRODUCTION", "releases": releases, "bottleneck": bottleneck}
    for span in ("building", "checking", "waitingForPeople", "pausedForInformation", "releasing", "total"):
        median, p90 = figures.get(span, (0, 0))
        told |= {f"{span}MedianS": median, f"{span}P90S": p90}
    return told


DECEMBER = month("2026-12", 1, "RELEASING", building=(7, 7), releasing=(9, 9), total=(16, 16))
NOVEMBER = month("2026-11", 4, "BUILDING", building=(250, 370), releasing=(25, 37), total=(275, 407))


async def test_months_tell_medians_and_what_nine_in_ten_stay_under(
    ask: Ask, history: tuple[Principal, Principal]
) -> None:
    dev, _ = history
    assert (await ask(dev, MONTHS))["approvalVelocity"]["nodes"] == [DECEMBER, NOVEMBER]


async def test_what_a_reader_does_not_see_is_in_none_of_their_figures(
    ask: Ask, history: tuple[Principal, Principal], make: Make
) -> None:
    _, owner = history
    auditor = await make.person("eve", Role.AUDITOR)
    # The fifth: 100 s of building and 10,000 s of releasing.
    whole = month("2026-11", 5, "BUILDING", building=(200, 360), releasing=(30, 6_016), total=(330, 6_236))
    for who in (owner, auditor):
        assert (await ask(who, MONTHS))["approvalVelocity"]["nodes"] == [DECEMBER, whole]


async def test_a_month_that_is_over_is_computed_again_by_itself(ask: Ask, history: tuple[Principal, Principal]) -> None:
    dev, _ = history
    since, until = "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"
    assert (await ask(dev, MONTHS, since=since, until=until))["approvalVelocity"]["nodes"] == [NOVEMBER]
    assert (await ask(dev, MONTHS, since=until))["approvalVelocity"]["nodes"] == [DECEMBER]
    assert (await ask(dev, MONTHS, until=since))["approvalVelocity"]["nodes"] == []
