"""The year of exceptions that the demo remembers."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.app import application
from hub.clock import Clock
from hub.db import Db
from hub.demo import history
from hub.demo.cast import OWNERS
from hub.demo.company import Company
from hub.demo.past import PAST, End
from hub.demo.story import Story
from hub.models.tables import RiskTier
from tests.make import Make

BIND = """
INSERT INTO policy_bindings (id, policy_id, model_id, why, bound_at)
SELECT gen_random_uuid(), p.id, m.id, 'For this test.', :at FROM policies p, models m ON CONFLICT DO NOTHING
"""
STATUS = """
SELECT exception_status(state, starts_at, expires_at, suspended_from, $1) AS status, count(*) AS n
FROM policy_exceptions GROUP BY 1
"""


@pytest.fixture
async def company(db: Db, clock: Clock, make: Make) -> Company:
    """The demo's people, policies and models, before anything was excepted."""
    engine = application(db, clock, development=False).state.hub.engine
    story, company = Story(db, engine, lambda _: None), Company(db, engine, lambda _: None)
    await story.before_the_sync()
    for name in OWNERS:
        await make.model(name, tier=RiskTier.UNCLASSIFIED)
    await story._classify()
    # Some policies apply by what data models are made from, which is not told here.
    async with db.write(actor=None, operation="make") as tx:
        await tx.session.execute(text(BIND), {"at": tx.at})
    return company


async def test_each_ended_as_it_is_told(company: Company, db: Db, make: Make) -> None:
    await history.remember(company)
    stand = {row["status"]: row["n"] for row in await db.reads.fetch(STATUS, db.clock.now())}
    told = Counter(past.end for past in PAST)
    assert stand == {
        "ACTIVE": told[End.LASTS],
        "EXPIRED": told[End.EXPIRED],
        "REJECTED": told[End.REJECTED],
        "RESOLVED": told[End.RESOLVED],
        "REVOKED": told[End.REVOKED],
        "WITHDRAWN": told[End.WITHDRAWN],
    }
    extended = sum(1 for past in PAST if past.extended_by)
    assert await make.count("policy_exceptions", "extensions_used = 1") == extended == 3
    first = await db.reads.fetchval("SELECT min(at) FROM events WHERE kind = 'exception.requested'")
    assert first == db.clock.now() - timedelta(days=PAST[0].days_ago)
    assert await make.count("approval_requests", "status = 'PENDING'") == 0


async def test_it_is_remembered_once(company: Company, make: Make) -> None:
    await history.remember(company)
    await history.remember(company)
    assert await make.count("policy_exceptions") == len(PAST)
