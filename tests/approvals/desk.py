"""What tests of approvals do: ask about a thing that only they know, answer, look at who is asked, let time pass."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from hub.approvals import actions, subjects
from hub.approvals.deadlines import jobs
from hub.approvals.rules import ApprovalSubject
from hub.approvals.standins import actions as standins
from hub.approvals.standins.rules import Lent
from hub.approvals.tables import ApprovalRequest, Delegation, SignOff, SignOffDecision
from hub.db import Db, Tx
from hub.events.jobs import Order
from hub.models.tables import Model, RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.make import Make

APPROVE = SignOffDecision.APPROVE

things: dict[UUID, ApprovalSubject] = {}
"""A thing is as it was asked about until a test changes it here."""


@subjects.subject("thing")
async def thing_now(_tx: Tx, thing_id: UUID, _stage: object) -> ApprovalSubject | None:
    return things.get(thing_id)


async def ask(
    db: Db, who: Principal, model: Model, *, tier: RiskTier = RiskTier.HIGH, **subject: Any
) -> ApprovalRequest:
    """Ask about some thing of a model."""
    about = ApprovalSubject("thing", subject.pop("id", uuid4()), "d" * 64, model.id, **subject)
    things[about.id] = about
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.request(tx, who, about, tier=tier, stage=Stage.PRODUCTION, reason="It is better.")


async def sign(
    db: Db, who: Principal, asked: ApprovalRequest, decision: SignOffDecision = APPROVE, **more: Any
) -> SignOff:
    comment = more.pop("comment", "Seen.")
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.sign(tx, who, asked.id, decision=decision, comment=comment, **more)


async def status(db: Db, asked: ApprovalRequest) -> str:
    return str(await db.reads.fetchval("SELECT status FROM approval_requests WHERE id = $1", asked.id))


async def setting(make: Make, *disciplines: Discipline, quorum: int = 1) -> tuple[Model, Principal]:
    await make.rule(*disciplines, quorum=quorum, subject_kind="thing")
    return await make.model(), await make.person("dev", Role.DEVELOPER)


async def lend(db: Db, giver: Principal, taker: Principal, days: float = 5, **more: Any) -> Delegation:
    """Somebody gives another their say, from now on."""
    asked = Lent(to_id=taker.person_id, ends_at=db.clock.now() + timedelta(days=days), **more)
    async with db.write(actor=giver.person_id, operation="op") as tx:
        return await standins.delegate(tx, giver, asked)


async def inbox(db: Db, who: Principal) -> list[tuple[UUID, UUID | None]]:
    """What somebody is asked now: each request, with whoever they stand in for."""
    rows = await db.reads.fetch(
        "SELECT request_id, via_id FROM approval_asks WHERE person_id = $1"
        " AND coalesce(from_at <= $2, true) AND coalesce(until_at > $2, true) ORDER BY due_at, request_id",
        who.person_id,
        db.clock.now(),
    )
    return [(row["request_id"], row["via_id"]) for row in rows]


async def tick(db: Db) -> None:
    """The clock looks, and what it finds is done."""
    await jobs.due(db, db.clock.now())
    if await db.reads.fetchval("SELECT count(*) FROM pgqueuer"):
        async with db.write(actor=None, operation="op") as tx:
            await (await tx.raw()).execute("DELETE FROM pgqueuer")
        await jobs.run_climb(db, Order({}, "job"))


def about(asked: ApprovalRequest) -> dict[str, Any]:
    """What every event of a request tells."""
    return {"subject": {"kind": asked.subject_kind, "id": str(asked.subject_id)}, "stage": asked.stage}


async def last(db: Db, kind: str) -> dict[str, Any]:
    """What the newest event of a kind tells."""
    found: dict[str, Any] = orjson.loads(
        await db.reads.fetchval("SELECT data FROM events WHERE kind = $1 ORDER BY seq DESC LIMIT 1", kind)
    )
    return found
