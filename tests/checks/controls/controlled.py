"""A model that does not keep one policy, under an exception whose control is another one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from hub.checks.actions import evaluate
from hub.db import Db
from hub.exceptions.rules import Control, Criterion
from hub.exceptions.tables import PolicyException
from hub.models.tables import Model, ModelVersion, Stage
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint, PolicyVersion
from tests.deployments.gates import Gate
from tests.make import Make

KEPT, BROKEN = 50.0, 300.0


class Controlled:
    """`recall` is not kept; the exception from it rests on `latency`, which is."""

    recall: PolicyVersion
    latency: PolicyVersion
    model: Model
    version: ModelVersion
    dev: Principal
    pat: Principal
    exception: PolicyException

    def __init__(self, db: Db, make: Make) -> None:
        self.db, self.make, self.gate = db, make, Gate(db, make)

    async def begin(self) -> "Controlled":
        self.dev = await self.make.person("dev", Role.DEVELOPER)
        self.recall = await self.make.policy()
        self.pat = await self.make.person("pat", Role.POLICY_OWNER)
        self.latency = await self.republish()
        self.model = await self.make.model("fraud")
        self.version = await self.add("3")
        return self

    async def republish(self, **wording: Any) -> PolicyVersion:
        """The control's policy in other words."""
        return await self.make.policy("latency", by=self.pat, **{"rule": "metrics.latency <= 100.0", **wording})

    async def add(self, name: str, *, recall: float = 0.8, latency: float = KEPT) -> ModelVersion:
        metrics = {"recall": recall, "latency": latency}
        return await self.make.version(self.model, name, stage=Stage.PRODUCTION, author="author", metrics=metrics)

    async def grant(self, **asked: Any) -> PolicyException:
        """The exception from recall; by default its only control is that latency passes."""
        tied = Control("Slow answers are thrown away.", policy_id=self.latency.policy_id)
        values = {"controls": (tied,), "stage": Stage.PRODUCTION, **asked}
        self.exception = await self.make.exception(self.recall, self.model, by=self.dev, **values)
        return self.exception

    def criterion(self, policy: PolicyVersion | None = None) -> Criterion:
        return Criterion("It is good enough.", policy_id=None if policy is None else policy.policy_id)

    async def ask(self, *versions: ModelVersion, only: PolicyVersion | None = None) -> None:
        """Policies are asked of these versions for production, or of the one there is."""
        policies = None if only is None else [only.policy_id]
        async with self.db.write(actor=None, operation="clock") as tx:
            ids = [one.id for one in versions or (self.version,)]
            await evaluate(tx, ids, DecisionPoint.MONITOR, Stage.PRODUCTION, since=tx.at, only=policies)

    async def measure(self, metric: str, value: float, version: ModelVersion | None = None) -> None:
        of = (version or self.version).id
        await self.gate.change(
            "UPDATE version_metrics SET value = :v WHERE version_id = :id AND name = :name", v=value, id=of, name=metric
        )

    async def outcome(self, policy: PolicyVersion | None = None, version: ModelVersion | None = None) -> str | None:
        found: str | None = await self.db.reads.fetchval(
            "SELECT outcome FROM compliance WHERE policy_id = $1 AND version_id = $2 AND stage = 'PRODUCTION'",
            (policy or self.recall).policy_id,
            (version or self.version).id,
        )
        return found

    async def status(self) -> str:
        found: str = await self.db.reads.fetchval(
            "SELECT exception_status(state, starts_at, expires_at, suspended_from, $2)"
            " FROM policy_exceptions WHERE id = $1",
            self.exception.id,
            self.db.clock.now(),
        )
        return found

    async def control(self) -> Mapping[str, Any]:
        row = await self.db.reads.fetchrow(
            "SELECT * FROM compensating_controls WHERE exception_id = $1 ORDER BY id LIMIT 1", self.exception.id
        )
        assert row is not None
        return dict(row)

    async def told(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        """The events of these kinds, each with what it tells."""
        rows = await self.db.reads.fetch("SELECT kind, data FROM events WHERE kind = ANY ($1) ORDER BY seq", kinds)
        return [(row["kind"], orjson.loads(row["data"])) for row in rows]

    async def moves(self) -> list[str]:
        """How the exception was suspended and resumed."""
        return [kind.partition(".")[2] for kind, _ in await self.told(*SUSPENDING)]

    def id(self, version: ModelVersion | None = None) -> UUID:
        return (version or self.version).id


SUSPENDING = ("exception.suspended", "exception.resumed", "exception.control_turned")
