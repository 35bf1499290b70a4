"""A version that waits for its approval while something burns, and who may do what about it."""

from typing import Any
from uuid import UUID

import orjson

from hub.approvals import actions as approvals
from hub.approvals.bypass import actions
from hub.approvals.tables import ApprovalRequest, BreakGlass, SignOff, SignOffDecision
from hub.checks.actions import ask_approval
from hub.db import Db
from hub.models.tables import Model, ModelVersion, Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.make import Make

REASON = "Version 2 rejects every card payment since 11:40."
APPROVE, REJECT = SignOffDecision.APPROVE, SignOffDecision.REJECT


class Emergency:
    """Ivy answers for incidents; Mia made the version, Dev asked for it, Una and Lee had no hand in it."""

    ivy: Principal
    dev: Principal
    mia: Principal
    una: Principal
    lee: Principal
    model: Model
    version: ModelVersion
    asked: ApprovalRequest

    def __init__(self, db: Db, make: Make) -> None:
        self.db, self.make = db, make

    async def begin(self) -> "Emergency":
        make = self.make
        self.ivy = await make.person("ivy", Role.INCIDENT_RESPONDER)
        self.dev = await make.person("dev", Role.DEVELOPER)
        self.mia = await make.person("mia", disciplines=[Discipline.RISK])
        self.una = await make.person("una", Role.AUDITOR)
        self.lee = await make.person("lee", disciplines=[Discipline.LEGAL])
        await make.rule(Discipline.RISK)
        self.model = await make.model("fraud")
        self.version = await make.version(self.model, "3", author="mia")
        self.asked = await self.ask(self.version)
        return self

    async def ask(self, version: ModelVersion, who: Principal | None = None) -> ApprovalRequest:
        """Somebody asks for the approval of a version."""
        by = who or self.dev
        async with self.db.write(actor=by.person_id, operation="op") as tx:
            return await ask_approval(tx, by, version.id, stage=Stage.PRODUCTION, reason="It does better.")

    async def breaks(
        self, who: Principal | None = None, asked: ApprovalRequest | None = None, **given: Any
    ) -> BreakGlass:
        """Somebody breaks the glass."""
        by = who or self.ivy
        async with self.db.write(actor=by.person_id, operation="op") as tx:
            return await actions.break_glass(tx, by, (asked or self.asked).id, **{"reason": REASON, **given})

    async def reviews(self, who: Principal, made: BreakGlass, decision: SignOffDecision = APPROVE) -> SignOff:
        """Somebody answers whether it was justified."""
        assert made.review_id is not None
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await approvals.sign(tx, who, made.review_id, decision=decision, comment="Read the log.")

    async def justified(self, made: BreakGlass) -> None:
        """The two who had no hand in it find it justified."""
        for who in (self.una, self.lee):
            await self.reviews(who, made)

    async def row(self, table: str, id: UUID | None) -> dict[str, Any]:
        """A row as it is now."""
        found = await self.db.reads.fetchrow(f"SELECT * FROM {table} WHERE id = $1", id)
        assert found is not None
        return dict(found)

    async def told(self, kind: str) -> dict[str, Any]:
        """The newest event of a kind, as it is stored byte for byte."""
        body = await self.db.reads.fetchval("SELECT body FROM events WHERE kind = $1 ORDER BY seq DESC LIMIT 1", kind)
        found: dict[str, Any] = orjson.loads(body)
        return found
