"""Those who work off the backlog find what they look for, heaviest first."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.events.record import Subject, record
from hub.exceptions import actions
from hub.exceptions.tables import PolicyException
from hub.models.tables import RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.tables import Severity
from tests.asking import Ask
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BATCH = UUID("0b7c0000-0000-7000-8000-00000000000a")
LIST = """query List($filter: PolicyExceptionFilter, $by: PolicyExceptionOrderBy!, $after: String, $first: Int = 50) {
  exceptions(first: $first, after: $after, filter: $filter, orderBy: [{by: $by}]) {
    totalCount pageInfo { hasNextPage endCursor } nodes { justification }
  }
}"""


async def listed(ask: Ask, who: Principal, by: str = "REQUESTED_AT", **filter: Any) -> list[str]:
    found = await ask(who, LIST, filter=filter, by=by)
    names = [node["justification"] for node in found["exceptions"]["nodes"]]
    assert found["exceptions"]["totalCount"] == len(names)
    return names


async def reject(db: Db, make: Make, asked: PolicyException) -> None:
    judge = await make.person(None, Role.POLICY_OWNER)
    async with db.write(actor=judge.person_id, operation="op") as tx:
        await actions.decide(tx, judge, asked.id, approve=False, note="Meet it.")


@pytest.fixture
async def company(db: Db, make: Make, clock: SetClock) -> dict[str, Any]:
    """A company with one exception of each sort; each says its name as its justification."""
    pat = await make.person("pat", Role.POLICY_OWNER)
    recall, bias = [await make.policy(key, by=pat, longest_exception_days=90) for key in ("recall", "bias")]
    desk, lab = await make.team("desk"), await make.team("lab")
    ada, bob = await make.person("ada", Role.DEVELOPER, teams=[desk]), await make.person("bob", Role.DEVELOPER)
    cards = await make.model("cards", owner=ada, team=desk)
    loans = await make.model("loans", tier=RiskTier.MINIMAL, team=lab)
    hidden = await make.model("hidden", owner=bob, restricted=True)
    version = await make.version(cards)
    days = timedelta(days=1)

    async def one(name: str, policy: Any = recall, model: Any = cards, by: Principal = ada, **asked: Any) -> Any:
        clock.move(timedelta(minutes=1))
        return await make.exception(policy, model, by=by, justification=name, **asked)

    made = {
        "past": await one("past", expires_at=NOON + 5 * days),
        "critical": await one(
            "critical", risk_before=Severity.CRITICAL, risk_after=Severity.CRITICAL, expires_at=NOON + 80 * days
        ),
        "waiting": await one("waiting", bias, loans, granted=False, ticket_url="https://t.example.com/1", by=bob),
        "late": await one("late", review_at=NOON + 2 * days, version_id=version.id, stage=Stage.PRODUCTION),
        "soon": await one("soon", expires_at=NOON + 15 * days, batch_id=BATCH),
        "red": await one("red", expires_at=NOON + 60 * days, controls=("Nobody deploys on Fridays.",)),
        "secret": await one("secret", bias, hidden, by=bob, granted=False),
        "rejected": await one("rejected", granted=False),
    }
    await reject(db, make, made["rejected"])
    clock.move(NOON + 10 * days - clock.now())
    async with db.write(actor=None, operation="op") as tx:
        red = text("UPDATE compensating_controls SET red_since = :at WHERE exception_id = :id")
        await tx.session.execute(red, {"at": NOON + 9 * days, "id": made["red"].id})
        written = text("UPDATE policy_exceptions SET template = 'retraining' WHERE id = :id")
        await tx.session.execute(written, {"id": made["soon"].id})
    return {"ada": ada, "bob": bob, "desk": desk, "recall": recall, "version": version, **made}


async def test_each_filter_finds_its_own(ask: Ask, company: dict[str, Any], make: Make) -> None:
    ada = company["ada"]
    version, desk, bob = company["version"], company["desk"], company["bob"]
    every = ["past", "critical", "waiting", "late", "soon", "red", "rejected"]
    still_open = ["critical", "waiting", "late", "soon", "red"]
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({}, every),
        ({"open": True}, still_open),
        ({"open": False}, ["past", "rejected"]),
        ({"ended": True}, ["past", "rejected"]),
        ({"ended": False}, still_open),
        ({"undecided": True}, ["waiting"]),
        ({"undecided": False, "open": True}, ["critical", "late", "soon", "red"]),
        ({"suspended": True}, ["red"]),
        ({"suspended": False, "open": True}, ["critical", "waiting", "late", "soon"]),
        ({"reviewOverdue": True}, ["late"]),
        ({"reviewOverdue": False, "open": True}, ["critical", "waiting", "soon", "red"]),
        ({"withinDays": 5}, ["soon"]),
        ({"withinDays": 21}, ["late", "soon"]),
        ({"withinDays": 2_147_483_647}, ["critical", "late", "soon", "red"]),
        ({"withinDays": -1}, []),
        ({"riskAfter": ["CRITICAL"]}, ["critical"]),
        ({"stage": ["PRODUCTION"]}, ["late"]),
        ({"version": f"ModelVersion:{version.id}"}, ["late"]),
        ({"hasTicket": True}, ["waiting"]),
        ({"hasTicket": False, "open": True}, ["critical", "late", "soon", "red"]),
        ({"template": "retraining"}, ["soon"]),
        ({"batch": str(BATCH)}, ["soon"]),
        ({"batch": "'; --"}, []),
        ({"text": "FRIDAYS"}, ["red"]),
        ({"text": "critic"}, ["critical"]),
        ({"team": f"Team:{desk.id}"}, ["past", "critical", "late", "soon", "red", "rejected"]),
        ({"requester": f"Person:{bob.person_id}"}, ["waiting"]),
        ({"any": [{"undecided": True}, {"suspended": True}]}, ["waiting", "red"]),
    ]
    assert [(filter, await listed(ask, ada, **filter)) for filter, _ in asked] == asked


async def test_the_heaviest_comes_first_and_pages_go_on_from_there(ask: Ask, company: dict[str, Any]) -> None:
    ada = company["ada"]
    # CRITICAL of a HIGH tier counts as asked for 360 days earlier, MEDIUM of a MINIMAL tier 15 days, of a HIGH 60 days.
    heaviest = ["critical", "late", "soon", "red", "waiting"]
    assert await listed(ask, ada, "WEIGHTED_AGE", open=True) == heaviest
    told: list[str] = []
    after = None
    while True:
        page = (await ask(ada, LIST, filter={"open": True}, by="WEIGHTED_AGE", after=after, first=2))["exceptions"]
        told += [node["justification"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert told == heaviest
    assert (await listed(ask, ada, "REVIEW_AT", open=True))[0] == "late"


async def test_what_hangs_on_a_hidden_model_is_in_no_list_and_no_count(ask: Ask, company: dict[str, Any]) -> None:
    assert "secret" not in await listed(ask, company["ada"])
    assert await listed(ask, company["bob"], open=True, requester=f"Person:{company['bob'].person_id}") == [
        "waiting",
        "secret",
    ]


async def test_what_the_clock_noted_as_over_is_passed_by_and_nothing_else_is(
    db: Db, ask: Ask, company: dict[str, Any], make: Make
) -> None:
    before = await listed(ask, company["ada"], open=True)
    async with db.write(actor=None, operation="op") as tx:
        for name in ("past", "soon", "rejected"):
            row = company[name]
            await record(tx, "exception.expired", Subject("exception", row.id), {}, scope_id=row.model_id)
    noted = "expiry_noted_at IS NOT NULL"
    assert (
        await make.count("policy_exceptions", noted)
        == await make.count("policy_exceptions", f"{noted} AND justification = 'past'")
        == 1
    )
    assert await listed(ask, company["ada"], open=True) == before
    assert await listed(ask, company["ada"], ended=True) == ["past", "rejected"]
