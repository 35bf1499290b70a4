"""Verbs on backtests, and the batch by which one goes on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import orjson

from hub.checks.context import activated
from hub.checks.replays import rules, store
from hub.checks.replays.rules import Asked, Said, Seen
from hub.checks.replays.store import Input
from hub.checks.tables import Backtest, BacktestFinding, BacktestStatus, Outcome
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.jobs import Job, Lane, enqueue, enqueue_all
from hub.events.record import Entry, Subject, record, record_all
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.policies.cel import Document
from hub.policies.changes.rules import OPEN
from hub.policies.tables import PolicyChange
from hub.policies.written import wording, wording_of

BACKTEST = Job("backtest", Lane.BULK)
"""Payload: backtest, and the cursor that it goes on from; a cursor that is past is done already."""

USUAL_DAYS = 30
BATCH = 500
LOOK = 20_000
SLICE = 25
"""Documents asked about before others of this process get a turn."""

START = UUID(int=0)
REVISED = "the draft was revised since; ask for a new backtest of it"


@dataclass(frozen=True, slots=True)
class _Replayed:
    seen: Input
    moved: rules.Movement | None
    before: Said
    after: Said
    concerned: bool


async def ask(tx: Tx, who: Principal, change_id: UUID, *, days: int = USUAL_DAYS) -> Backtest:
    """Replay a draft over the documents of the last days; one that is under way for the same draft is given back."""
    _may(tx, who)
    rules.checked_days(days)
    found = await store.changes(tx, [change_id], lock=True)
    if not found:
        raise Refused(Code.NOT_FOUND, "there is no such policy change", field="change")
    (change,) = found
    if change.wording is None:
        raise Refused(
            Code.WRONG_STATE, f"a change of kind {change.kind} has no wording to replay; it needs none", field="change"
        )
    if change.status not in OPEN:
        raise Refused(
            Code.WRONG_STATE, f"the change is {change.status}; a draft or one in review is replayed", field="change"
        )
    return (await queue(tx, found, asked_by=who.person_id, days=days))[0]


async def queue(
    tx: Tx, changes: Sequence[PolicyChange], *, asked_by: UUID | None, days: int = USUAL_DAYS
) -> list[Backtest]:
    """Queue a backtest of each of these drafts, or give the one that is under way; a fixed number of statements.

    Without a person they are asked for by whoever wrote each draft.
    """
    live = {(one.change_id, one.digest): one for one in await store.live(tx, [one.id for one in changes], days)}
    made = {
        change.id: Backtest(
            id=new_id(),
            change_id=change.id,
            digest=change.digest,
            days=days,
            counts=rules.fresh_counts(),
            asked_by=asked_by or change.author_id,
            queued_at=tx.at,
        )
        for change in changes
        if (change.id, change.digest) not in live
    }
    await store.add(tx, list(made.values()))
    told = [
        Entry(
            Subject("backtest", made[change.id].id, change.digest),
            {"change": change.id, "policy": change.policy_id, "days": days},
        )
        for change in changes
        if change.id in made
    ]
    await record_all(tx, "backtest.asked", told)
    await enqueue_all(tx, BACKTEST, [{"backtest": one.id, "cursor": ""} for one in made.values()])
    return [live.get((change.id, change.digest)) or made[change.id] for change in changes]


async def stop(tx: Tx, who: Principal, backtest_id: UUID) -> Backtest:
    """Stop a backtest; what it has counted stays, and `resume` goes on from there."""
    _may(tx, who)
    found = await _locked(tx, backtest_id)
    if found.status is BacktestStatus.STOPPED:
        return found
    if found.status not in store.LIVE:
        raise Refused(Code.WRONG_STATE, f"the backtest is {found.status}; there is nothing to stop", field="backtest")
    await store.write(tx, backtest_id, status=BacktestStatus.STOPPED)
    await _told(tx, "backtest.stopped", found)
    return found


async def resume(tx: Tx, who: Principal, backtest_id: UUID) -> Backtest:
    """Go on with a backtest that was stopped, or that broke off."""
    _may(tx, who)
    found = await _locked(tx, backtest_id)
    if found.status in store.LIVE:
        return found
    if found.status is BacktestStatus.DONE:
        raise Refused(Code.WRONG_STATE, "the backtest is done; ask for a new one", field="backtest")
    change = await _change(tx, found)
    if change is None or change.digest != found.digest:
        raise Refused(Code.STALE, REVISED, field="backtest")
    status = BacktestStatus.RUNNING if found.started_at is not None else BacktestStatus.QUEUED
    await store.write(tx, backtest_id, status=status, why=None, ended_at=None)
    await _told(tx, "backtest.resumed", found)
    await _go_on(tx, backtest_id, found.cursor)
    return found


async def fail(tx: Tx, backtest_id: UUID, why: str) -> None:
    """End a backtest that cannot go on by itself; one that no longer runs stays as it is."""
    found = await store.one(tx, backtest_id)
    if found is not None and found.status in store.LIVE:
        await store.write(tx, backtest_id, status=BacktestStatus.FAILED, why=why, ended_at=tx.at)
        await _told(tx, "backtest.failed", found)


async def advance(tx: Tx, backtest_id: UUID, cursor: str) -> bool:
    """Count one batch and queue the next, all in this transaction; false when there is nothing more to be done.

    The cursor moves with the counts: whoever comes with one that is past finds its batch done.
    """
    found = await store.one(tx, backtest_id)
    if found is None or found.status not in store.LIVE or found.cursor != cursor:
        return False
    change = await _change(tx, found)
    if change is None or change.wording is None or change.digest != found.digest:
        await fail(tx, backtest_id, REVISED)
        return False
    since = found.queued_at - timedelta(days=found.days)
    if found.started_at is None:
        last, found.total = await store.extent(tx, since)
        found.started_at = tx.at
        after: UUID | None = START if last is not None else None
    else:
        after, last = (UUID(part) for part in cursor.split("/"))
    if after is not None and last is not None:
        draft, published = await _wordings(tx, change)
        points = sorted(draft.points | (published.points if published is not None else set()))
        inputs, after = await store.following(tx, after, last, since, points, many=BATCH, look=LOOK)
        await _count(tx, found, change, inputs, draft, published)
        found.done += len(inputs)
    going_on = after is not None and after != last
    values = {"done": found.done, "counts": found.counts, "started_at": found.started_at}
    if going_on:
        cursor = f"{after}/{last}"
        total = max(found.total, found.done)
        await store.write(tx, backtest_id, status=BacktestStatus.RUNNING, cursor=cursor, total=total, **values)
        await _go_on(tx, backtest_id, cursor)
    else:
        # What was asked again meanwhile may have come into the days that are looked at.
        values["counts"] = found.counts | await store.found(tx, backtest_id)
        ended = {"status": BacktestStatus.DONE, "total": found.done, "ended_at": tx.at, "cursor": "", **values}
        await store.write(tx, backtest_id, **ended)
        await _told(tx, "backtest.done", found)
    return going_on


async def _count(
    tx: Tx, found: Backtest, change: PolicyChange, inputs: Sequence[Input], draft: Asked, published: Asked | None
) -> None:
    """Ask both wordings of each document, and count what moved."""
    today = found.queued_at.date()
    replayed: list[_Replayed] = []
    for place, seen in enumerate(inputs):
        replayed.append(_replay(seen, draft, published, today))
        if place % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    findings: list[_Replayed] = []
    for one in replayed:
        if one.concerned:
            rules.count_requests(found.counts, one.seen.requests)
        if one.moved is None:
            continue
        rules.count(found.counts, one.moved, one.seen.tier, one.seen.owner_id)
        if one.seen.newest and one.moved in (rules.Movement.NEWLY_FAILING, rules.Movement.NEWLY_ERROR):
            findings.append(one)
    closing = [one.seen for one in findings if one.after.outcome is Outcome.FAIL]
    covered = await store.covered(tx, change.policy_id, closing, found.queued_at)
    needing = {one.id for one in closing} - covered
    rows = [_finding(found.id, one, needs_exception=one.seen.id in needing) for one in findings]
    await store.add_findings(tx, rows)


def _replay(seen: Input, draft: Asked, published: Asked | None, today: date) -> _Replayed:
    stored = orjson.loads(seen.document)
    values = activated(stored, stage=seen.stage, decision_point=seen.decision_point, now=seen.at)
    ready = Seen(values, Document(values), seen.tier, seen.stage, seen.decision_point)
    after = draft.says(ready, today, why=seen.newest)
    before = Said(None, after.enforcement) if published is None else published.says(ready, today, why=False)
    concerned = bool(seen.requests) and any(
        asked is not None and asked.concerns(values, seen.stage) for asked in (draft, published)
    )
    return _Replayed(seen, rules.movement(before.outcome, after.outcome), before, after, concerned)


def _finding(backtest_id: UUID, one: _Replayed, *, needs_exception: bool) -> BacktestFinding:
    assert one.after.outcome is not None
    return BacktestFinding(
        id=new_id(),
        backtest_id=backtest_id,
        version_id=one.seen.version_id,
        model_id=one.seen.model_id,
        stage=one.seen.stage,
        decision_point=one.seen.decision_point,
        tier=one.seen.tier,
        before=one.before.outcome,
        after=one.after.outcome,
        enforcement=one.after.enforcement,
        needs_exception=needs_exception,
        explanation=one.after.explanation,
        asked_at=one.seen.at,
    )


async def _wordings(tx: Tx, change: PolicyChange) -> tuple[Asked, Asked | None]:
    """The draft, and what it was written against: that does not change while the backtest runs."""
    assert change.wording is not None
    draft = Asked(wording(change.wording))
    if change.base_version_id is None:
        return draft, None
    version, key = await store.version_with_key(tx, change.base_version_id)
    return draft, Asked(wording_of(key, version))


async def _locked(tx: Tx, backtest_id: UUID) -> Backtest:
    found = await store.one(tx, backtest_id)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is no such backtest", field="backtest")
    return found


async def _change(tx: Tx, found: Backtest) -> PolicyChange | None:
    return next(iter(await store.changes(tx, [found.change_id])), None)


async def _go_on(tx: Tx, backtest_id: UUID, cursor: str) -> None:
    await enqueue(tx, BACKTEST, {"backtest": backtest_id, "cursor": cursor})


async def _told(tx: Tx, kind: str, found: Backtest) -> None:
    counts = {moved.value: found.counts[moved.value] for moved in rules.Movement}
    told = {"change": found.change_id, "done": found.done, "counts": counts}
    await record(tx, kind, Subject("backtest", found.id, found.digest), told)


def _may(tx: Tx, who: Principal) -> None:
    """Who writes policies may, and who decides on them."""
    propose, decide = Permission.PROPOSE_POLICY, Permission.DECIDE_POLICY
    acting(tx, who, decide if decide in who.permissions else propose)
