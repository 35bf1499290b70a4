"""A version as reviewers meet it: with card, data, metrics, policies, an exception, and people who ask and sign."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from hub.approvals import actions as approvals
from hub.approvals.tables import ApprovalRequest, SignOffDecision
from hub.checks import actions
from hub.checks.evidence import actions as evidence
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, Verdict
from hub.db import Db
from hub.events.record import Subject, record
from hub.lineage.tables import DatasetDescription, LineageEdge, LineageKind, LineageRole
from hub.models.tables import ModelVersion, Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from hub.policies.tables import Enforcement
from tests.make import Make

CARD = {"intended_use": "Second reading of scans.", "factors": "Age, sex.", "caveats_and_recommendations": "  "}


class Case:
    """One model; two policies, of which one is broken and excepted; a rule that wants one signature of RISK."""

    def __init__(self, db: Db, make: Make) -> None:
        self.db, self.make = db, make

    async def begin(self) -> "Case":
        make = self.make
        self.pat = await make.person("pat", Role.POLICY_OWNER, Role.DATA_STEWARD)
        self.dev = await make.person("dev", Role.DEVELOPER)
        self.rita = await make.person("rita", disciplines=[Discipline.RISK])
        self.owner = await make.person("olga", Role.MODEL_OWNER)
        self.recall = await make.policy(by=self.pat)
        self.factors = await make.policy(
            "factors", by=self.pat, rule="has(card.factors)", enforcement=Enforcement.WARNING, remediation="Write it."
        )
        await make.rule(Discipline.RISK)
        self.model = await make.model("scans", owner=self.owner)
        self.exception = await make.exception(self.recall, self.model)
        self.version = await self.new_version("1", recall=0.85)
        return self

    async def new_version(
        self, name: str, *, recall: float, card: Mapping[str, str] = CARD, **values: Any
    ) -> ModelVersion:
        """A version trained on the data set `scans NAME` and evaluated on `holdout NAME`."""
        return await self.make.version(
            self.model,
            name,
            author="ada@example.com",
            metrics={"recall": recall, "auc": 0.9},
            segments={"recall": {"age=80+": recall - 0.1}},
            card=card,
            datasets={f"scans {name}": LineageRole.TRAINING, f"holdout {name}": LineageRole.EVALUATION},
            **values,
        )

    async def derive(self, name: str, source: str) -> None:
        """That one data set was made from another, and that again from the first: what a cycle looks like."""
        ids = {}
        for one in (name, source):
            ids[one] = await self.db.reads.fetchval("SELECT id FROM datasets WHERE name = $1", one)
        for above, below in ((source, name), (name, source)):
            await self.make.add(
                LineageEdge(
                    from_kind=LineageKind.DATASET,
                    from_id=ids[above],
                    to_kind=LineageKind.DATASET,
                    to_id=ids[below],
                    role=LineageRole.DERIVED,
                    created_at=self.make.now,
                )
            )

    async def describe(self, name: str, **said: Any) -> None:
        await self.make.add(
            DatasetDescription(
                namespace="files", name=name, described_by=self.pat.person_id, described_at=self.make.now, **said
            )
        )

    async def report(
        self, kind: EvidenceKind = EvidenceKind.FAIRNESS, *, by: Principal | None = None, **said: Any
    ) -> None:
        """A test report about the version."""
        values: dict[str, Any] = {"verdict": Verdict.PASS, "figures": {"gap": 0.02}, "title": "Gap", **said}
        who = by or self.dev
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            await evidence.add(tx, who, self.version.id, Report(kind=kind, measured_at=self.make.now, **values))

    async def ask(self, version: ModelVersion | None = None, stage: Stage = Stage.PRODUCTION) -> ApprovalRequest:
        async with self.db.write(actor=self.dev.person_id, operation="op") as tx:
            return await actions.ask_approval(
                tx, self.dev, (version or self.version).id, stage=stage, reason="Better on scans of the old."
            )

    async def sign(
        self, asked: ApprovalRequest, decision: SignOffDecision = SignOffDecision.APPROVE, comment: str = "Looked."
    ) -> None:
        async with self.db.write(actor=self.rita.person_id, operation="op") as tx:
            await approvals.sign(tx, self.rita, asked.id, decision=decision, comment=comment)

    async def change(self, statement: str, kind: str | None = None, subject: Subject | None = None) -> None:
        """What a sync does: it writes, and records what it wrote."""
        async with self.db.write(actor=None, operation="sync") as tx:
            await tx.session.execute(text(statement))
            if kind is not None and subject is not None:
                await record(tx, kind, subject, {}, scope_id=self.model.id)

    async def frozen(self, request_id: UUID) -> dict[str, Any]:
        """The row that belongs to a request, with its content read."""
        row = await self.db.reads.fetchrow(
            "SELECT d.*, d.content::text AS text FROM approval_requests r"
            " JOIN dossiers d ON (d.version_id, d.stage, d.digest) = (r.subject_id, r.stage, r.subject_digest)"
            " WHERE r.id = $1",
            request_id,
        )
        assert row is not None
        return {**dict(row), "content": orjson.loads(row["text"])}
