"""Does what people do to the approval matrix, each in a transaction of its own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals.matrix import actions
from hub.approvals.matrix.rules import Content, Selector
from hub.approvals.steps import Step
from hub.approvals.tables import MatrixChange, SignOffDecision
from hub.db import Db
from hub.models.tables import RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.make import Make
from tests.steps import sign_off

RISK, LEGAL, PRODUCT = Discipline.RISK, Discipline.LEGAL, Discipline.PRODUCT
HIGH = Selector("version", RiskTier.HIGH, Stage.PRODUCTION)
LIMITED = Selector("version", RiskTier.LIMITED, Stage.PRODUCTION)


def content(*steps: Step, **said: Any) -> Content:
    """What a row says; by default that RISK and LEGAL sign."""
    values: dict[str, Any] = {"term_days": 5, "rationale": "Harm is weighed by two.", **said}
    return Content(steps=steps or (sign_off(2, (RISK, LEGAL)),), **values)


class Desk:
    """The verbs of the matrix over one database, and those who sign: one for each discipline, a policy owner."""

    ada: Principal
    rita: Principal
    lee: Principal
    pru: Principal
    pat: Principal

    def __init__(self, db: Db, make: Make) -> None:
        self.db = db
        self.make = make

    async def begin(self) -> "Desk":
        self.ada = await self.make.person("ada", Role.ADMIN)
        self.rita = await self.make.person("rita", disciplines=[RISK])
        self.lee = await self.make.person("lee", disciplines=[LEGAL])
        self.pru = await self.make.person("pru", disciplines=[PRODUCT])
        self.pat = await self.make.person("pat", Role.POLICY_OWNER)
        return self

    async def propose(
        self, which: Selector = HIGH, said: Content | None = None, *, by: Principal | None = None, summary: str = "So."
    ) -> MatrixChange:
        who = by or self.ada
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.propose(tx, who, which, said or content(), summary=summary)

    async def remove(self, which: Selector = HIGH, *, by: Principal | None = None) -> MatrixChange:
        who = by or self.ada
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.propose(tx, who, which, None, summary="It is not needed.")

    async def withdraw(self, who: Principal, change: MatrixChange) -> MatrixChange:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.withdraw(tx, who, change.id)

    async def sign(
        self,
        who: Principal,
        change: MatrixChange,
        decision: SignOffDecision = SignOffDecision.APPROVE,
        on_behalf_of: UUID | None = None,
    ) -> None:
        asked = (await self.asked(change))["id"]
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            await approvals.sign(tx, who, asked, decision=decision, comment="Read it.", on_behalf_of=on_behalf_of)

    async def signed(self, change: MatrixChange, *signers: Principal) -> None:
        for who in signers:
            await self.sign(who, change)

    async def asked(self, change: MatrixChange) -> Mapping[str, Any]:
        """The newest question about a change."""
        row = await self.db.reads.fetchrow(
            "SELECT id, status, status_why, rule::text, due_at, tier FROM approval_requests"
            " WHERE subject_kind = 'matrix_change' AND subject_id = $1 ORDER BY requested_at DESC, id DESC",
            change.id,
        )
        assert row is not None
        return dict(row)

    async def under(self, change: MatrixChange) -> UUID:
        """The row that a change is asked under."""
        found = await self.db.reads.fetchval(
            "SELECT (rule ->> 'id')::uuid FROM approval_requests WHERE subject_id = $1", change.id
        )
        return UUID(str(found))

    async def status(self, change: MatrixChange) -> str:
        return str(await self.db.reads.fetchval("SELECT status FROM matrix_changes WHERE id = $1", change.id))

    async def row(self, which: Selector = HIGH) -> dict[str, Any] | None:
        """A row of the matrix: its id, and how many signatures it asks for."""
        found = await self.db.reads.fetchrow(
            "SELECT id, approval_rule_asks(steps) AS asks FROM approval_rules WHERE subject_kind = $1"
            " AND tier IS NOT DISTINCT FROM $2 AND stage IS NOT DISTINCT FROM $3 AND tag IS NOT DISTINCT FROM $4",
            which.kind,
            which.tier,
            which.stage,
            which.tag,
        )
        return None if found is None else dict(found)
