"""The head start that risk gives an exception in the backlog."""

from datetime import UTC, datetime

from hub.db import Db
from hub.exceptions.rules import weighted_since
from hub.models.tables import RiskTier
from hub.policies.tables import Severity

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_the_rule_and_the_database_give_the_same_head_start(db: Db) -> None:
    for risk in Severity:
        for tier in RiskTier:
            kept = await db.reads.fetchval("SELECT $1::timestamptz - exception_head_start($2, $3)", NOON, risk, tier)
            assert weighted_since(NOON, risk, tier) == kept, (risk, tier)
