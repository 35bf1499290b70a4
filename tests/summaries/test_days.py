"""The sums by day are the sums of the lines, whoever folds, however often, and whatever is restricted meanwhile."""

import asyncio
import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.db import Db
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.models.tables import Model, RiskTier
from hub.summaries.jobs import due
from hub.summaries.tables import SUMS
from tests.make import Make
from tests.summaries.past import Past, at, folded

_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in SUMS)
KEY = "dimension, day, value, restricted_model_id"
DAYS = f"SELECT {KEY}, {_SUMS} FROM exception_days GROUP BY {KEY} ORDER BY {KEY}"
LINES = f"""
SELECT {KEY}, {_SUMS} FROM (
  SELECT (l.effective_at AT TIME ZONE 'UTC')::date AS day, CASE WHEN m.restricted THEN m.id END AS restricted_model_id,
      v.*, l.*
  FROM exception_lines l JOIN models m ON m.id = l.model_id
  CROSS JOIN LATERAL (VALUES ('NOTHING', ''), ('TIER', l.tier), ('POLICY', l.policy_id::text), ('KIND', l.kind),
      ('TEAM', coalesce(l.team_id::text, '')), ('RISK', l.risk), ('STAGE', coalesce(l.stage, ''))) v (dimension, value)
  WHERE l.folded) x
GROUP BY {KEY} ORDER BY {KEY}
"""


async def agree(db: Db) -> None:
    """The days hold the folded lines, no more and no less; sums of nothing but zeros apart."""
    found = [row for row in await db.reads.fetch(DAYS) if any(row[name] for name in SUMS)]
    wanted = [row for row in await db.reads.fetch(LINES) if any(row[name] for name in SUMS)]
    assert found == wanted


async def restrict(db: Db, model: Model) -> None:
    async with db.write(actor=None, operation="test") as tx:
        await tx.session.execute(text("UPDATE models SET restricted = NOT restricted WHERE id = :id"), {"id": model.id})


async def test_a_day_is_one_row_for_each_thing_that_it_can_be_told_apart_by(db: Db, past: Past) -> None:
    for _ in range(3):
        await past.asked(at(10, 1))
    await folded(db)
    found = await db.reads.fetch("SELECT dimension, value, opened FROM exception_days ORDER BY dimension")
    policy = await db.reads.fetchval("SELECT policy_id::text FROM exception_lines LIMIT 1")
    assert [tuple(row) for row in found] == [
        ("KIND", "EXCEPTION", 3),
        ("NOTHING", "", 3),
        ("POLICY", policy, 3),
        ("RISK", "MEDIUM", 3),
        ("STAGE", "", 3),
        ("TEAM", "", 3),
        ("TIER", "HIGH", 3),
    ]


async def test_folding_twice_or_at_once_changes_nothing(db: Db, past: Past, make: Make) -> None:
    rows = [await past.in_force(at(10, day), until=at(11, day)) for day in range(1, 8)]
    await asyncio.gather(*(due(db, make.now) for _ in range(3)))
    await agree(db)
    once = await db.reads.fetch("SELECT * FROM exception_days ORDER BY id")
    await folded(db)
    assert await db.reads.fetch("SELECT * FROM exception_days ORDER BY id") == once
    await past.ended(at(10, 9), rows[0], ExceptionStatus.REVOKED)
    await folded(db)
    await agree(db)
    # The end that was taken back is no day's any more.
    assert await make.count("exception_days", f"day = '{at(11, 1):%Y-%m-%d}'") == 0
    assert await make.count("exception_days", "NOT folded") == 0


async def test_lines_of_a_model_that_is_being_restricted_are_folded_the_next_time(
    db: Db, past: Past, make: Make
) -> None:
    model = await make.model()
    await past.asked(at(10, 1), model=model)
    async with db.write(actor=None, operation="test") as tx:
        await tx.session.execute(text("UPDATE models SET restricted = true WHERE id = :id"), {"id": model.id})
        await folded(db)
        assert await make.count("exception_lines", "folded") == 0
    await folded(db)
    assert await make.count("exception_days", f"restricted_model_id = '{model.id}'") == 7
    assert await make.count("exception_days", "restricted_model_id IS NULL") == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_days_are_the_lines_after_any_history(db: Db, past: Past, make: Make, seed: int) -> None:
    chance = random.Random(seed)
    estate = [await make.model(tier=tier) for tier in (RiskTier.HIGH, RiskTier.MINIMAL)]
    rows: list[PolicyException] = []
    when = at(9, 1)
    for _ in range(50):
        when += timedelta(hours=chance.randint(1, 40))
        match chance.choice(("ask", "ask", "end", "move", "restrict", "fold")):
            case "ask":
                rows.append(await past.in_force(when, until=when + timedelta(days=9), model=chance.choice(estate)))
            case "end" if rows:
                await past.ended(when, rows.pop(chance.randrange(len(rows))), ExceptionStatus.RESOLVED)
            case "move" if rows:
                await past.moved(when, chance.choice(rows), chance.choice([*RiskTier]))
            case "restrict":
                await restrict(db, chance.choice(estate))
            case "fold":
                await folded(db)
        await agree(db)
    await folded(db)
    await agree(db)
    assert await make.count("exception_lines", "NOT folded") == 0
