"""Who has how much on their hands."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.exceptions import actions
from hub.exceptions.tables import PolicyException
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.tables import PolicyVersion
from tests.asking import Ask
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LOAD = """query Load($by: ExceptionLoadBy!) { exceptionLoad(by: $by, first: 20) { totalCount nodes {
  open inForce suspended overdueReviews endingSoon undecided undecidedSince owner { handle } team { key } policy { key }
} } }"""
APPROVERS = """{ exceptionApproverLoad(first: 20) { nodes {
  person { handle } questions oldestAt answered medianHours
} } }"""


async def load(ask: Ask, who: Principal, by: str) -> list[tuple[Any, ...]]:
    """Each line as its name, then its numbers; of equal ones by their names."""
    found = (await ask(who, LOAD, by=by))["exceptionLoad"]["nodes"]
    numbers = ("open", "inForce", "suspended", "overdueReviews", "endingSoon", "undecided", "undecidedSince")
    told = [(_name(row), *(row[number] for number in numbers)) for row in found]
    assert [line[1] for line in told] == sorted((line[1] for line in told), reverse=True)
    return sorted(told, key=lambda line: (-line[1], line[0] or ""))


def _name(row: dict[str, Any]) -> str | None:
    things = (row["owner"], row["team"], row["policy"])
    return next((thing.get("handle") or thing["key"] for thing in things if thing is not None), None)


class Company:
    """Two teams, two policies, one restricted model of bob's; carol decides."""

    def __init__(self, db: Db, make: Make, clock: SetClock) -> None:
        self.db, self.make, self.clock = db, make, clock

    async def found(self) -> "Company":
        make = self.make
        self.carol = await make.person("carol", Role.POLICY_OWNER)
        self.recall, self.bias = [await make.policy(key, by=self.carol) for key in ("recall", "bias")]
        self.desk = await make.team("desk")
        self.ada = await make.person("ada", Role.DEVELOPER, teams=[self.desk])
        self.bob = await make.person("bob", Role.DEVELOPER)
        self.cards, self.loans = await make.model("cards", team=self.desk), await make.model("loans")
        self.hidden = await make.model("hidden", owner=self.bob, restricted=True)
        return self

    async def asks(self, by: Principal, policy: PolicyVersion, model: Any, **asked: Any) -> PolicyException:
        async with self.db.write(actor=by.person_id, operation="op") as tx:
            return await actions.request(tx, by, self.make.deviation(policy, model, by, **asked))

    async def granted(self, by: Principal, policy: PolicyVersion, model: Any, **asked: Any) -> PolicyException:
        made = await self.asks(by, policy, model, **asked)
        async with self.db.write(actor=self.carol.person_id, operation="op") as tx:
            return await actions.decide(tx, self.carol, made.id, approve=True, note="Weighed.")


@pytest.fixture
async def company(db: Db, make: Make, clock: SetClock) -> Company:
    return await Company(db, make, clock).found()


async def test_load_is_told_by_owner_team_and_policy(ask: Ask, company: Company, clock: SetClock, db: Db) -> None:
    c = company
    await c.granted(c.ada, c.recall, c.cards, expires_at=NOON + 3 * DAY)
    await c.granted(c.ada, c.recall, c.cards, expires_at=NOON + 60 * DAY, review_at=NOON + 5 * DAY)
    red = await c.granted(c.ada, c.bias, c.loans, expires_at=NOON + 20 * DAY)
    await c.granted(c.bob, c.bias, c.loans, expires_at=NOON + 90 * DAY)
    clock.move(DAY)
    await c.asks(c.bob, c.recall, c.cards)
    clock.move(DAY)
    await c.asks(c.bob, c.recall, c.hidden)
    clock.move(8 * DAY)
    async with db.write(actor=None, operation="op") as tx:
        held = text("UPDATE compensating_controls SET red_since = :at WHERE exception_id = :id")
        await tx.session.execute(held, {"at": tx.at, "id": red.id})
    waits, hidden_waits = "2026-11-22T12:00:00+00:00", "2026-11-23T12:00:00+00:00"
    assert await load(ask, c.ada, "OWNER") == [
        ("ada", 2, 1, 1, 1, 1, 0, None),
        ("bob", 2, 1, 0, 0, 0, 1, waits),
    ]
    assert await load(ask, c.ada, "TEAM") == [
        (None, 2, 1, 1, 0, 1, 0, None),
        ("desk", 2, 1, 0, 1, 0, 1, waits),
    ]
    assert await load(ask, c.ada, "POLICY") == [
        ("bias", 2, 1, 1, 0, 1, 0, None),
        ("recall", 2, 1, 0, 1, 0, 1, waits),
    ]
    assert hidden_waits > waits
    assert await load(ask, c.bob, "OWNER") == [
        ("bob", 3, 1, 0, 0, 0, 2, waits),
        ("ada", 2, 1, 1, 1, 1, 0, None),
    ]


async def test_approvers_see_what_is_open_and_each_their_own_pace(
    ask: Ask, company: Company, clock: SetClock, db: Db, make: Make
) -> None:
    c = company
    audit = await make.person("audit", Role.AUDITOR)
    for hours in (2, 10, 3):
        made = await c.asks(c.ada, c.recall, c.cards)
        clock.move(timedelta(hours=hours))
        async with db.write(actor=c.carol.person_id, operation="op") as tx:
            await actions.decide(tx, c.carol, made.id, approve=False, note="Meet it.")
    first = clock.now()
    await c.asks(c.ada, c.recall, c.cards)
    clock.move(timedelta(hours=1))
    await c.asks(c.bob, c.recall, c.hidden)
    await c.asks(c.ada, c.bias, c.loans)
    full = {
        "person": {"handle": "carol"},
        "questions": 2,
        "oldestAt": first.isoformat(),
        "answered": 3,
        "medianHours": 3.0,
    }

    async def lines(who: Principal) -> Any:
        return (await ask(who, APPROVERS))["exceptionApproverLoad"]["nodes"]

    assert await lines(c.carol) == [full]
    assert await lines(audit) == [full]
    assert await lines(c.ada) == [{**full, "answered": None, "medianHours": None}]
    clock.move(91 * DAY)
    assert (await lines(c.carol))[0]["answered"] == 0
