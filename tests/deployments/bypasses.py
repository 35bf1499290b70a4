"""A release that cannot wait for its approval, and what becomes of it."""

from uuid import UUID

from hub.approvals.bypass.actions import break_glass
from hub.approvals.tables import BreakGlass, SignOffDecision
from hub.clock import SetClock
from hub.deployments.jobs import due
from hub.deployments.tables import DeploymentIntent
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.deployments.releases import Release

REASON = "Version 2 rejects every card payment since 11:40."


class Bypass(Release):
    """Version 2 of a model is at production; version 3 waits for Rita while Ivy breaks the glass."""

    ivy: Principal
    una: Principal
    lee: Principal

    async def waiting(self) -> "Bypass":
        make = self.make
        self.dev = await make.person("dev", Role.DEVELOPER)
        self.ivy = await make.person("ivy", Role.INCIDENT_RESPONDER)
        self.rita = await make.person("rita", disciplines=[Discipline.RISK])
        self.una = await make.person("una", Role.AUDITOR)
        self.lee = await make.person("lee", disciplines=[Discipline.LEGAL])
        self.pat = await make.person("pat", Role.POLICY_OWNER)
        self.rule = await make.rule(Discipline.RISK)
        self.policy = await make.policy(by=self.pat)
        self.model = await make.model("fraud")
        self.old = await make.version(self.model, "2", metrics={"recall": 0.93}, card={"factors": "Age."})
        self.new = await make.version(self.model, "3", metrics={"recall": 0.95}, card={"factors": "Age."})
        self.before = await self.allowed(self.old)
        await self.seen(self.old)
        self.intent = await self.gate.ask(self.dev, self.new)
        return self

    async def goes_ahead(
        self, who: Principal | None = None, request: UUID | None = None, *, hours: int = 4
    ) -> BreakGlass:
        """Somebody goes ahead without the approval."""
        by, asked = who or self.ivy, request or self.intent.approval_request_id
        assert asked is not None
        async with self.gate.db.write(actor=by.person_id, operation="op") as tx:
            return await break_glass(tx, by, asked, reason=REASON, hours=hours)

    async def runs(self, *, hours: int = 4) -> BreakGlass:
        """Version 3 went ahead and is seen to run."""
        made = await self.goes_ahead(hours=hours)
        await self.seen(self.new)
        assert (await self.now())[0] == "DEPLOYED"
        return made

    async def now(self) -> tuple[str, str]:
        """Where the release stands, and why."""
        row = await self.gate.intent(self.intent.id)
        return row["status"], row["status_why"]

    async def again(self) -> DeploymentIntent:
        """Somebody asks for the same deployment once more."""
        return await self.gate.ask(self.dev, self.new)

    async def question(self) -> UUID:
        """The question about the version that waits for Rita."""
        found: UUID = await self.gate.db.reads.fetchval(
            "SELECT id FROM approval_requests WHERE subject_kind = 'version' AND status = 'PENDING'"
        )
        return found

    async def asked_beside(self) -> UUID:
        """Asked for once more while it is in force, people are asked; gives the question."""
        await self.again()
        return await self.question()

    async def justified(self, made: BreakGlass) -> None:
        """The two who had no hand in it find it justified."""
        for who in (self.una, self.lee):
            await self.gate.sign(who, made.review_id)

    async def rejected(self, made: BreakGlass) -> None:
        """One of them finds it unjustified."""
        await self.gate.sign(self.una, made.review_id, SignOffDecision.REJECT)

    async def tick(self, clock: SetClock) -> list[str]:
        """The clock looks, and what it finds is done."""
        await due(self.gate.db, clock.now())
        return await self.gate.work("expire_deployments")
