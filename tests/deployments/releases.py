"""A release that takes the place of another."""

from typing import Any

from sqlalchemy import text

from hub.approvals.tables import ApprovalRule
from hub.deployments.tables import Deployment, DeploymentIntent, DeploymentStatus
from hub.events.record import Subject, record
from hub.models.tables import Model, ModelVersion, RiskTier
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from hub.policies.tables import PolicyVersion
from tests.deployments.gates import Gate
from tests.make import Make


class Release:
    """Version 2 of a model is at production, and version 3 was allowed to take its place."""

    dev: Principal
    rita: Principal
    pat: Principal
    rule: ApprovalRule
    policy: PolicyVersion
    model: Model
    old: ModelVersion
    new: ModelVersion
    before: DeploymentIntent
    intent: DeploymentIntent

    def __init__(self, gate: Gate, make: Make) -> None:
        self.gate, self.make = gate, make

    async def begin(self, *, tier: RiskTier = RiskTier.HIGH, safe: bool = False) -> "Release":
        make = self.make
        self.dev = await make.person("dev", Role.DEVELOPER)
        self.rita = await make.person("rita", disciplines=[Discipline.RISK])
        self.rule = await make.rule(Discipline.RISK, tier=tier)
        self.pat = await make.person("pat", Role.POLICY_OWNER)
        self.policy = await make.policy(by=self.pat, safe_rollback=safe)
        self.model = await make.model("fraud", tier=tier)
        self.old = await make.version(self.model, "2", metrics={"recall": 0.93}, card={"factors": "Age."})
        self.new = await make.version(self.model, "3", metrics={"recall": 0.95}, card={"factors": "Age."})
        self.before = await self.allowed(self.old)
        await self.seen(self.old)
        self.intent = await self.allowed(self.new)
        return self

    async def allowed(self, version: ModelVersion) -> DeploymentIntent:
        asked = await self.gate.ask(self.dev, version)
        await self.gate.sign(self.rita, asked.approval_request_id)
        return asked

    async def seen(self, version: ModelVersion, environment: str = "prod-eu") -> None:
        """The registry shows that a version runs."""
        row = await self.make.add(
            Deployment(
                registry_id=self.model.registry_id,
                external_id=f"{version.name} {environment}",
                model_id=self.model.id,
                version_id=version.id,
                endpoint="fraud",
                environment=environment,
                status=DeploymentStatus.RUNNING,
                observed_at=self.make.now,
            )
        )
        async with self.gate.db.write(actor=None, operation="sync") as tx:
            told = {"version": version.id, "status": "RUNNING"}
            await record(tx, "deployment.observed", Subject("deployment", row.id), told, scope_id=self.model.id)

    async def changed(self, statement: str, kind: str, subject: str, id: Any) -> None:
        """What a sync does: it writes, and records what it wrote."""
        async with self.gate.db.write(actor=None, operation="sync") as tx:
            await tx.session.execute(text(statement))
            await record(tx, kind, Subject(subject, id), {"parts": []}, scope_id=self.model.id)

    async def breaks(self, recall: float = 0.4) -> None:
        """The new version does badly, and the schedule finds it."""
        await self.gate.measure(self.new, recall)
        await self.gate.evaluate(self.new)
