"""A draft beside the policy in force, and stored documents that either may be asked of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from hub.checks.replays import actions
from hub.checks.replays.jobs import run_backtest
from hub.checks.tables import Backtest, CheckInput
from hub.db import Db
from hub.events.canonical import canonical, digest_of
from hub.events.jobs import Order
from hub.models.tables import Model, ModelVersion, RiskTier, Stage
from hub.people.access import Principal
from hub.policies.changes import actions as changes
from hub.policies.tables import DecisionPoint, PolicyChange
from tests.make import Make

HOUR = timedelta(hours=1)


@dataclass
class Replays:
    """Stores documents, proposes drafts, and does what waits in the queue of backtests."""

    db: Db
    make: Make
    author: Principal

    async def store(
        self,
        version: ModelVersion,
        *,
        stage: Stage = Stage.PRODUCTION,
        point: DecisionPoint = DecisionPoint.DEPLOY,
        tier: RiskTier = RiskTier.HIGH,
        ago: timedelta = HOUR,
        tags: Mapping[str, str] | None = None,
        categories: tuple[str, ...] = (),
        **metrics: float,
    ) -> CheckInput:
        """What rules saw of a version some time ago."""
        document: dict[str, Any] = {
            "model": {"name": "m", "registry": "mlflow", "tier": tier.value, "tags": dict(tags or {})},
            "version": {"name": version.name, "tags": {}},
            "metrics": metrics,
            "datasets": [{"name": "cases", "role": "TRAINING", "categories": list(categories)}],
        }
        return await self.make.add(
            CheckInput(
                version_id=version.id,
                model_id=version.model_id,
                stage=stage,
                decision_point=point,
                tier=tier,
                digest=digest_of(document),
                document=canonical(document).decode(),
                at=self.make.now - ago,
            )
        )

    async def versions(self, *recalls: float, owner: Principal | None = None, model: Model | None = None) -> list[UUID]:
        """A version with a stored document for each recall, each of a model of its own unless one is given."""
        made = []
        for recall in recalls:
            version = await self.make.version(model or await self.make.model(owner=owner), stage=Stage.PRODUCTION)
            await self.store(version, recall=recall)
            made.append(version.id)
        return made

    async def propose(self, key: str = "recall", **wording: Any) -> PolicyChange:
        """A draft; without other words one that asks recall of 0.95."""
        asked = self.make.wording(key, **{"rule": "metrics.recall >= 0.95", **wording})
        async with self.db.write(actor=self.author.person_id, operation="op") as tx:
            return await changes.propose(tx, self.author, asked, summary="Ask more.")

    async def revise(self, change: PolicyChange, **wording: Any) -> None:
        async with self.db.write(actor=self.author.person_id, operation="op") as tx:
            asked = self.make.wording("recall", **wording)
            await changes.revise(tx, self.author, change.id, asked, summary="Ask something else.")

    async def submit(self, change: PolicyChange) -> None:
        async with self.db.write(actor=self.author.person_id, operation="op") as tx:
            await changes.submit(tx, self.author, change.id)

    async def ask(self, change: PolicyChange, *, days: int = 30) -> Backtest:
        async with self.db.write(actor=self.author.person_id, operation="op") as tx:
            return await actions.ask(tx, self.author, change.id, days=days)

    async def stop(self, id: UUID) -> None:
        async with self.db.write(actor=self.author.person_id, operation="op") as tx:
            await actions.stop(tx, self.author, id)

    async def resume(self, id: UUID) -> None:
        async with self.db.write(actor=self.author.person_id, operation="op") as tx:
            await actions.resume(tx, self.author, id)

    async def waiting(self) -> list[dict[str, Any]]:
        """The batches that wait."""
        rows = await self.db.reads.fetch(
            "SELECT id, payload FROM pgqueuer WHERE entrypoint = $1 ORDER BY id", actions.BACKTEST.entrypoint
        )
        return [{"id": row["id"], "payload": orjson.loads(row["payload"])} for row in rows]

    async def work(self, *, most: int = 1_000, times: int = 1) -> int:
        """Do batches until none wait, each job so many times; gives how many there were."""
        done = 0
        while done < most and (rows := await self.waiting()):
            for _ in range(times):
                await run_backtest(self.db, Order(rows[0]["payload"], "op"))
            async with self.db.write(actor=None, operation="op") as tx:
                await tx.session.execute(text("DELETE FROM pgqueuer WHERE id = :id"), {"id": rows[0]["id"]})
            done += 1
        return done

    async def row(self, id: UUID) -> dict[str, Any]:
        found = dict((await self.db.reads.fetchrow("SELECT * FROM backtests WHERE id = $1", id)) or {})
        return {**found, "counts": orjson.loads(found["counts"])}

    async def counts(self, id: UUID) -> dict[str, Any]:
        """What a backtest counted, without what is zero."""
        return {key: value for key, value in (await self.row(id))["counts"].items() if value}

    async def seen(self, id: UUID, at: datetime) -> None:
        """A document was asked again."""
        async with self.db.write(actor=None, operation="op") as tx:
            await tx.session.execute(text("UPDATE check_inputs SET at = :at WHERE id = :id"), {"id": id, "at": at})
