"""What tests of the gate do: ask it, sign, do the jobs that wait, look at what is written."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from hub.approvals import actions as approvals
from hub.approvals.tables import SignOffDecision
from hub.checks.actions import evaluate
from hub.db import Db
from hub.deployments import actions
from hub.deployments.permits import envelope
from hub.deployments.permits.statement import Statement
from hub.deployments.tables import DeploymentIntent
from hub.events.jobs import Order, handlers
from hub.models.tables import ModelVersion, Stage
from hub.people.access import Principal
from hub.policies.tables import DecisionPoint
from tests.make import Make


class Gate:
    """The gate of one database."""

    def __init__(self, db: Db, make: Make) -> None:
        self.db = db
        self.make = make

    async def ask(
        self,
        who: Principal,
        version: ModelVersion,
        stage: Stage = Stage.PRODUCTION,
        *,
        back_to: ModelVersion | None = None,
        reason: str = "It does better.",
    ) -> DeploymentIntent:
        """Somebody asks for a deployment."""
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.request(
                tx, who, version.id, stage, reason=reason, rollback_version_id=back_to.id if back_to else None
            )

    async def sign(
        self, who: Principal, request: UUID | None, decision: SignOffDecision = SignOffDecision.APPROVE
    ) -> None:
        """Somebody answers an approval request."""
        assert request is not None
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            await approvals.sign(tx, who, request, decision=decision, comment="Looked at.")

    async def evaluate(
        self, version: ModelVersion, point: DecisionPoint = DecisionPoint.MONITOR, stage: Stage = Stage.PRODUCTION
    ) -> None:
        """Policies are asked, as by the schedule."""
        async with self.db.write(actor=None, operation="clock") as tx:
            await evaluate(tx, [version.id], point, stage, since=tx.at)

    async def change(self, statement: str, **values: Any) -> None:
        """Rows change under everybody's feet."""
        async with self.db.write(actor=None, operation="sync") as tx:
            await tx.session.execute(text(statement), values)

    async def measure(self, version: ModelVersion, recall: float) -> None:
        """Another value of the metric that the usual policy looks at."""
        await self.change("UPDATE version_metrics SET value = :v WHERE version_id = :id", v=recall, id=version.id)

    async def intents(self) -> list[tuple[str, str]]:
        """Where every intent stands and why, oldest first."""
        rows = await self.db.reads.fetch("SELECT status, status_why FROM deployment_intents ORDER BY id")
        return [(row["status"], row["status_why"]) for row in rows]

    async def intent(self, id: UUID) -> dict[str, Any]:
        row = await self.db.reads.fetchrow("SELECT * FROM deployment_intents WHERE id = $1", id)
        assert row is not None
        return dict(row)

    async def permits(self) -> list[dict[str, Any]]:
        """Every permit, oldest first."""
        return [dict(row) for row in await self.db.reads.fetch("SELECT * FROM permits ORDER BY id")]

    async def keys(self) -> dict[str, bytes]:
        """The public keys."""
        rows = await self.db.reads.fetch("SELECT key_id, public_key FROM signing_keys")
        return {row["key_id"]: bytes.fromhex(row["public_key"]) for row in rows}

    async def verified(self, permit: dict[str, Any]) -> Statement:
        """A permit's statement, once it is verified with the hub's keys."""
        return envelope.verify(permit["envelope"], await self.keys(), now=self.db.clock.now())

    async def work(self, *only: str) -> list[str]:
        """Do what waits in the queue, or only these kinds of it; gives what was done."""
        done = []
        by_name = {job.entrypoint: handler for job, handler in handlers.items()}
        while rows := [row for row in await self._queued() if not only or row["entrypoint"].split(".")[1] in only]:
            for row in rows:
                await by_name[row["entrypoint"]](self.db, Order(orjson.loads(row["payload"]), "job"))
                await self.change("DELETE FROM pgqueuer WHERE id = :id", id=row["id"])
                done.append(row["entrypoint"])
        return done

    async def event(self, kind: str) -> dict[str, Any]:
        """What the newest event of a kind tells."""
        data = await self.db.reads.fetchval("SELECT data FROM events WHERE kind = $1 ORDER BY seq DESC LIMIT 1", kind)
        found: dict[str, Any] = orjson.loads(data)
        return found

    async def counts(
        self, tables: Iterable[str] = ("deployment_intents", "approval_requests", "permits", "events")
    ) -> list[int]:
        """How many rows there are."""
        return [await self.make.count(table) for table in tables]

    async def _queued(self) -> list[Any]:
        return list(await self.db.reads.fetch("SELECT id, entrypoint, payload FROM pgqueuer ORDER BY id"))
