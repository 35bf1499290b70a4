"""An exception and the people around it: what they do to it, each in a transaction of their own."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import orjson

from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.tables import SignOffDecision, SubjectKind
from hub.db import Db, Tx
from hub.exceptions import actions, store
from hub.exceptions.life import extending
from hub.exceptions.tables import ExceptionExtension, PolicyException
from hub.models.tables import Model, ModelVersion, Stage
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.tables import PolicyVersion
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
P = ParamSpec("P")
Result = TypeVar("Result")


class Life:
    """Dev asks, Olaf owns, Rita and Pat may decide; a policy that allows ninety days, and a model with a version."""

    def __init__(self, db: Db, make: Make) -> None:
        self.db = db
        self.make = make

    async def begin(self, **wording: Any) -> "Life":
        self.dev = await self.make.person("dev", Role.DEVELOPER)
        self.olaf = await self.make.person("olaf", Role.MODEL_OWNER)
        self.rita = await self.make.person("rita", Role.MODEL_APPROVER)
        self.pat = await self.make.person("pat", Role.POLICY_OWNER)
        self.policy: PolicyVersion = await self.make.policy(**{"longest_exception_days": 90} | wording)
        self.model: Model = await self.make.model("scans")
        self.version: ModelVersion = await self.make.version(self.model, "3", metrics={"recall": 0.8})
        return self

    async def do(
        self,
        who: Principal,
        action: Callable[Concatenate[Tx, Principal, P], Awaitable[Result]],
        *args: P.args,
        **more: P.kwargs,
    ) -> Result:
        """One action of one person."""
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await action(tx, who, *args, **more)

    async def asked(self, **asked: Any) -> PolicyException:
        """Dev asks for an exception of thirty days, which Olaf would own."""
        return await self.do(
            self.dev, actions.request, self.make.deviation(self.policy, self.model, self.olaf, **asked)
        )

    async def granted(self, **asked: Any) -> PolicyException:
        """The same, granted by Rita."""
        made = await self.asked(**asked)
        return await self.do(self.rita, actions.decide, made.id, approve=True, note="Weighed.")

    async def extension(self, found: PolicyException, until: datetime, by: Principal | None = None) -> UUID:
        """An extension that the owner asks for; its id."""
        made = await self.do(
            by or self.olaf, extending.extend, found.id, until=until, justification="The scans are late."
        )
        return made.id

    async def sign(
        self,
        who: Principal,
        kind: SubjectKind,
        subject_id: UUID,
        decision: SignOffDecision = SignOffDecision.APPROVE,
        comment: str = "Looked at it.",
    ) -> None:
        """An answer to the newest question about something."""
        request = await self.request(kind, subject_id)
        await self.do(who, approvals.sign, request, decision=decision, comment=comment)

    async def request(self, kind: SubjectKind, subject_id: UUID) -> UUID:
        """The newest question about something."""
        async with self.db.write(actor=None, operation="op") as tx:
            found = await approval_store.newest(tx, kind, subject_id)
        assert found is not None
        return found.id

    async def now(self, exception_id: UUID) -> PolicyException:
        """An exception as it is stored now."""
        async with self.db.write(actor=None, operation="op") as tx:
            found = await store.one(tx, exception_id)
        assert found is not None
        return found

    async def extended(self, extension_id: UUID) -> ExceptionExtension:
        """An extension as it is stored now."""
        async with self.db.write(actor=None, operation="op") as tx:
            found = await tx.session.get(ExceptionExtension, extension_id)
        assert found is not None
        return found

    async def status(self, exception_id: UUID) -> str:
        """Where an exception stands at this instant."""
        async with self.db.write(actor=None, operation="op") as tx:
            return await store.status(tx, exception_id)

    async def covering(self, stage: Stage = Stage.PRODUCTION) -> UUID | None:
        """What covers the version at this instant, as the one function says."""
        return await self.db.reads.fetchval(  # type: ignore[no-any-return]
            "SELECT exception_covers($1, $2, $3, $4, $5)",
            self.policy.policy_id,
            self.model.id,
            self.version.id,
            stage.value,
            self.db.clock.now(),
        )

    async def told(self, kind: str) -> list[dict[str, Any]]:
        """The data of every event of a kind, in their order."""
        rows = await self.db.reads.fetch("SELECT data::text AS data FROM events WHERE kind = $1 ORDER BY seq", kind)
        return [orjson.loads(row["data"]) for row in rows]

    async def kinds(self) -> list[str]:
        """What was told of exceptions, in its order."""
        return [kind for kind in await self.make.events() if kind.startswith("exception.")]
