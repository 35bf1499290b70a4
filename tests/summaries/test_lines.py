"""What is counted of each event: the same whether it is counted as it happens or all anew."""

import re
from datetime import datetime

import asyncpg
import pytest

from hub.db import Db
from hub.exceptions.tables import ExceptionStatus
from hub.models.tables import RiskTier
from hub.people.tables import Role
from hub.policies.tables import Severity
from hub.summaries.reactions import COUNTED
from tests.make import Make
from tests.summaries.past import Past, at, folded, lines, rebuilt

SHOWN = ("opened", "granted", "rejected", "withdrawn", "extended", "expired", "revoked", "resolved")


def told(line: asyncpg.Record) -> tuple[datetime, str, int, int]:
    """When a line counts, what it counts, and how many more are open and in force by it."""
    words = " ".join(f"{name}{line[name]:+d}" for name in SHOWN if line[name])
    return line["effective_at"], words or line["tier"], line["open_delta"], line["in_force_delta"]


async def test_a_grant_writes_its_end_into_the_future_and_an_extension_moves_it(db: Db, past: Past) -> None:
    row = await past.asked(at(10, 1), until=at(11, 1))
    await past.granted(at(10, 3), row)
    await past.extended(at(10, 20), row, at(12, 1))
    await past.ended(at(11, 10), row, ExceptionStatus.RESOLVED)
    assert [told(line) for line in await lines(db)] == [
        (at(10, 1), "opened+1", 1, 0),
        (at(10, 3), "granted+1", 0, 1),
        (at(11, 1), "expired+1", -1, -1),
        (at(10, 20), "extended+1", 0, 0),
        (at(11, 1), "expired-1", 1, 1),
        (at(12, 1), "expired+1", -1, -1),
        (at(11, 10), "resolved+1", -1, -1),
        (at(12, 1), "expired-1", 1, 1),
    ]
    opened = int(at(10, 1).timestamp())
    assert [line["opened_epoch_delta"] // opened for line in await lines(db)] == [1, 0, -1, 0, 1, -1, -1, 1]
    assert [(line["decided"], line["decide_seconds"]) for line in await lines(db) if line["decided"]] == [(1, 172_800)]


@pytest.mark.parametrize("state", [ExceptionStatus.REJECTED, ExceptionStatus.WITHDRAWN])
async def test_what_was_never_granted_has_no_end_by_date(db: Db, past: Past, state: ExceptionStatus) -> None:
    row = await past.asked(at(10, 1), until=at(10, 2))
    await past.ended(at(10, 9), row, state)
    assert [told(line) for line in await lines(db)] == [
        (at(10, 1), "opened+1", 1, 0),
        (at(10, 9), f"{state.lower()}+1", -1, 0),
    ]


async def test_what_has_ended_ends_no_second_time(db: Db, past: Past) -> None:
    row = await past.in_force(at(10, 1), until=at(10, 8))
    await past.ended(at(10, 9), row, ExceptionStatus.REVOKED)
    await past.moved(at(10, 10), row, RiskTier.LIMITED)
    other = await past.in_force(at(10, 1), until=at(11, 8))
    await past.ended(at(10, 9), other, ExceptionStatus.REVOKED)
    await past.ended(at(10, 9, 13), other, ExceptionStatus.RESOLVED)
    counts = [sum(line[name] for line in await lines(db)) for name in ("opened", "expired", "revoked", "resolved")]
    assert counts == [2, 1, 1, 0]


async def test_a_move_takes_what_is_open_and_its_end_to_the_new_group(db: Db, past: Past, make: Make) -> None:
    team = await make.team("claims")
    row = await past.in_force(at(10, 1), until=at(11, 1))
    await past.moved(at(10, 5), row, RiskTier.LIMITED, team)
    # An owner who changes is nothing that is counted by.
    await past.moved(at(10, 6), row, RiskTier.LIMITED, team)
    assert [(*told(line), line["tier"], line["team_id"]) for line in (await lines(db))[3:]] == [
        (at(10, 5), "HIGH", -1, -1, "HIGH", None),
        (at(10, 5), "LIMITED", 1, 1, "LIMITED", team.id),
        (at(11, 1), "expired-1", 1, 1, "HIGH", None),
        (at(11, 1), "expired+1", -1, -1, "LIMITED", team.id),
    ]


async def test_a_risk_that_any_event_tells_anew_is_a_move_too(db: Db, past: Past) -> None:
    row = await past.asked(at(10, 1))
    row.risk_after = Severity.HIGH
    await past.granted(at(10, 5), row)
    assert [(line["risk"], line["open_delta"]) for line in await lines(db)] == [
        ("MEDIUM", 1),
        ("MEDIUM", -1),
        ("HIGH", 1),
        ("HIGH", 0),
        ("HIGH", -1),
    ]


async def test_all_that_is_counted_anew_is_what_was_counted_as_it_happened(db: Db, past: Past) -> None:
    rows = [await past.in_force(at(9, day), until=at(11, day)) for day in range(1, 6)]
    await past.moved(at(9, 10), rows[0], RiskTier.LIMITED)
    await past.extended(at(9, 11), rows[1], at(12, 1))
    await past.ended(at(9, 12), rows[2], ExceptionStatus.REVOKED)
    await past.ended(at(9, 13), await past.asked(at(9, 9)), ExceptionStatus.REJECTED)
    live = await lines(db)
    for _ in range(2):
        await rebuilt(db)
        assert await lines(db) == live
        await folded(db)
    assert len(live) == 26


async def test_real_requests_and_decisions_are_counted(db: Db, make: Make) -> None:
    policy, model, dev = await make.policy(), await make.model(), await make.person("dev", Role.DEVELOPER)
    made = await make.exception(policy, model, by=dev)
    assert [told(line) for line in await lines(db)] == [
        (make.now, "opened+1", 1, 0),
        (make.now, "granted+1", 0, 1),
        (made.expires_at, "expired+1", -1, -1),
    ]
    line = (await lines(db))[0]
    assert (line["exception_id"], line["policy_id"], line["tier"], line["kind"], line["risk"], line["stage"]) == (
        made.id,
        policy.policy_id,
        "HIGH",
        "EXCEPTION",
        "MEDIUM",
        None,
    )


async def test_every_kind_that_is_counted_is_reacted_to(db: Db) -> None:
    written = await db.reads.fetchval("SELECT pg_get_functiondef('exception_lines_of'::regproc)")
    assert set(re.findall(r"ARRAY\[(.*?)\]", written, re.DOTALL)[0].replace("'", "").split()) == {
        f"{kind}," if kind != COUNTED[-1] else kind for kind in COUNTED
    }
