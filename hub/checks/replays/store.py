"""The SQL of backtests and of drafts that run beside the wording in force."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import insert as plain_insert
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from hub.checks.tables import Backtest, BacktestFinding, BacktestStatus, ShadowResult
from hub.db import Tx
from hub.models.tables import RiskTier, Stage
from hub.policies.changes.rules import OPEN
from hub.policies.tables import DecisionPoint, Policy, PolicyChange, PolicyVersion
from hub.statements import sql

LIVE = (BacktestStatus.QUEUED, BacktestStatus.RUNNING)

# Where a backtest ends, and how many documents it will have looked at.
_EXTENT = text("""
SELECT (SELECT id FROM check_inputs ORDER BY id DESC LIMIT 1) AS last,
       (SELECT count(*) FROM check_inputs WHERE at >= :since) AS total
""")

# The next documents in the order of their ids. An id never changes, while `at` moves whenever a document is asked
# again: in the order of `at` a document could be met twice, or never. How far one statement looks is bounded, for most
# documents of an old hub were last asked before the days that are wanted.
_NEXT = text("""
SELECT i.id, i.version_id, i.model_id, i.stage, i.decision_point, i.tier, i.document, i.at, m.owner_id,
    i.decision_point = ANY (:points) AND NOT EXISTS (
        SELECT FROM check_inputs n
        WHERE n.version_id = i.version_id AND n.stage = i.stage AND n.decision_point = ANY (:points)
          AND (n.at, n.id) > (i.at, i.id)) AS newest,
    (SELECT json_agg(jsonb_path_query_array(r.rule, '$.steps[*].disciplines.keyvalue().key'))::text
     FROM approval_requests r
     WHERE r.subject_id = i.version_id AND r.subject_kind = 'version' AND r.stage = i.stage AND r.status = 'PENDING'
       AND NOT EXISTS (
           SELECT FROM check_inputs n WHERE n.version_id = i.version_id AND n.stage = i.stage
             AND (n.at, n.id) > (i.at, i.id))) AS requests
FROM (SELECT l.* FROM (
          SELECT * FROM check_inputs WHERE id > :after AND id <= :last ORDER BY id LIMIT :look) l
      WHERE l.at >= :since ORDER BY l.id LIMIT :many) i
JOIN models m ON m.id = i.model_id
ORDER BY i.id
""")
_LOOKED = text("SELECT id FROM check_inputs WHERE id > :after AND id <= :last ORDER BY id OFFSET :look - 1 LIMIT 1")

_SHADOWS = sql("SELECT * FROM policy_changes WHERE shadow AND status = ANY (:open)")

_COVERED = text("""
SELECT a.place
FROM unnest(CAST(:models AS uuid[]), CAST(:versions AS uuid[]), CAST(:stages AS text[]))
    WITH ORDINALITY AS a (model, version, stage, place)
WHERE exception_covers(:policy, a.model, a.version, a.stage, :at) IS NOT NULL
""")

_FOUND = text("""
SELECT count(DISTINCT version_id) FILTER (WHERE after <> 'ERROR') AS versions_newly_failing,
       count(DISTINCT model_id) FILTER (WHERE after <> 'ERROR') AS models_newly_failing,
       count(DISTINCT model_id) FILTER (WHERE needs_exception) AS exceptions_needed
FROM backtest_findings WHERE backtest_id = :backtest
""")


@dataclass(frozen=True, slots=True)
class Input:
    """A stored document with what the graph knows of it; `newest` of its version and stage at the points asked.

    `requests` are the disciplines of each pending approval request that rests on it.
    """

    id: UUID
    version_id: UUID
    model_id: UUID
    stage: Stage
    decision_point: DecisionPoint
    tier: RiskTier
    document: str
    at: datetime
    owner_id: UUID | None
    newest: bool
    requests: Sequence[Sequence[str]]


async def changes(tx: Tx, change_ids: Collection[UUID], *, lock: bool = False) -> Sequence[PolicyChange]:
    """Changes, locked when asked: backtests of one are asked for one after the other."""
    statement = select(PolicyChange).where(col(PolicyChange.id).in_(change_ids)).order_by(col(PolicyChange.id))
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await tx.session.execute(statement.execution_options(populate_existing=True))).scalars().all()


async def version_with_key(tx: Tx, version_id: UUID) -> tuple[PolicyVersion, str]:
    """A published wording, and its policy's key."""
    statement = select(PolicyVersion, Policy.key).join(Policy).where(col(PolicyVersion.id) == version_id)
    row = (await tx.session.execute(statement)).one()
    return row[0], row[1]


async def live(tx: Tx, change_ids: Collection[UUID], days: int) -> Sequence[Backtest]:
    """The backtests of these changes over as many days that are under way."""
    statement = select(Backtest).where(
        col(Backtest.change_id).in_(change_ids), col(Backtest.days) == days, col(Backtest.status).in_(LIVE)
    )
    return (await tx.session.execute(statement)).scalars().all()


async def add(tx: Tx, rows: Sequence[Backtest]) -> None:
    """Add backtests in one statement."""
    if rows:
        await tx.session.execute(plain_insert(Backtest).values([row.model_dump() for row in rows]))


async def one(tx: Tx, backtest_id: UUID) -> Backtest | None:
    """One backtest as it stands, locked: its batches, stops and resumptions come one after the other."""
    statement = select(Backtest).where(col(Backtest.id) == backtest_id).with_for_update(key_share=True)
    row = (await tx.session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is not None:
        tx.session.expunge(row)  # what is counted into it is written by `write`, and by nothing else
    return row


async def write(tx: Tx, backtest_id: UUID, **values: Any) -> None:
    """Write columns of one backtest."""
    statement = update(Backtest).where(col(Backtest.id) == backtest_id).values(**values)
    await tx.session.execute(statement.execution_options(synchronize_session=False))


async def extent(tx: Tx, since: datetime) -> tuple[UUID | None, int]:
    """The last document there is, and how many were asked since then."""
    row = (await tx.session.execute(_EXTENT, {"since": since})).one()
    return row.last, row.total


async def following(
    tx: Tx, after: UUID, last: UUID, since: datetime, points: Sequence[DecisionPoint], *, many: int, look: int
) -> tuple[list[Input], UUID | None]:
    """The next documents, and after which to go on; None when there are no more. `look` bounds what is passed over."""
    span = {"after": after, "last": last, "look": look}
    asked = {**span, "since": since, "points": [point.value for point in points], "many": many}
    found = [_input(row) for row in await tx.session.execute(_NEXT, asked)]
    if len(found) == many:
        return found, found[-1].id
    return found, (await tx.session.execute(_LOOKED, span)).scalar_one_or_none()


async def covered(tx: Tx, policy_id: UUID, inputs: Sequence[Input], at: datetime) -> set[UUID]:
    """Those of these documents whose version has an exception from the policy."""
    if not inputs:
        return set()
    values = {
        "policy": policy_id,
        "models": [one.model_id for one in inputs],
        "versions": [one.version_id for one in inputs],
        "stages": [one.stage.value for one in inputs],
        "at": at,
    }
    return {inputs[place - 1].id for place in (await tx.session.execute(_COVERED, values)).scalars()}


async def add_findings(tx: Tx, rows: Sequence[BacktestFinding]) -> None:
    """Add findings in one statement; of one version and stage the last stays."""
    if rows:
        made = insert(BacktestFinding).values([row.model_dump() for row in rows])
        kept = ("id", "backtest_id", "version_id", "stage")
        last = {column.name: column for column in made.excluded if column.name not in kept}
        await tx.session.execute(made.on_conflict_do_update(index_elements=kept[1:], set_=last))


async def found(tx: Tx, backtest_id: UUID) -> dict[str, int]:
    """How many versions and models a backtest found, each counted once."""
    return dict((await tx.session.execute(_FOUND, {"backtest": backtest_id})).mappings().one())


async def shadows(tx: Tx) -> Sequence[PolicyChange]:
    """The drafts that run beside the wording in force."""
    return await tx.rows(PolicyChange, _SHADOWS, {"open": OPEN})


async def put_shadows(tx: Tx, rows: Sequence[ShadowResult]) -> None:
    """Write what drafts said, in one statement; of one change, version and stage the last stays."""
    if rows:
        made = insert(ShadowResult).values([row.model_dump() for row in rows])
        kept = ("id", "change_id", "version_id", "stage")
        last = {column.name: column for column in made.excluded if column.name not in kept}
        await tx.session.execute(made.on_conflict_do_update(index_elements=kept[1:], set_=last))


def _input(row: Any) -> Input:
    return Input(
        row.id,
        row.version_id,
        row.model_id,
        Stage(row.stage),
        DecisionPoint(row.decision_point),
        RiskTier(row.tier),
        row.document,
        row.at,
        row.owner_id,
        row.newest,
        orjson.loads(row.requests) if row.requests is not None else (),
    )
