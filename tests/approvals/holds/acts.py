"""What people do to a release, each thing a transaction through the hub's own actions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from hub.approvals import actions as approvals
from hub.approvals.standins import actions as standins
from hub.approvals.standins.rules import Lent
from hub.approvals.tables import SignOffDecision
from hub.checks.evidence import actions as evidence
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind
from hub.db import Db, Tx
from hub.deployments import actions as deployments
from hub.events.canonical import digest_of
from hub.events.jobs import Order, handlers
from hub.events.record import Subject, record
from hub.models import actions as models
from hub.models.tables import Stage
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.approvals.holds.cast import SCOPES, Cast

APPROVER = Role.MODEL_APPROVER


@dataclass
class Acts:
    """The doors of one release; `lingers` is how long a transaction may be kept open before it commits."""

    db: Db
    cast: Cast
    root: Principal
    rng: Random = field(default_factory=lambda: Random(0))
    lingers: int = 0

    async def ask(self, who: str) -> None:
        """Somebody asks for the deployment, or asks the gate again."""
        person = self.cast.people[who]
        async with self._tx(person) as tx:
            await deployments.request(tx, person, self.cast.version, Stage.PRODUCTION, reason="It does better.")

    async def sign(self, who: str, decision: SignOffDecision = SignOffDecision.APPROVE, of: str | None = None) -> None:
        """Somebody answers the newest question, for themselves or for somebody else."""
        person, behalf = self.cast.people[who], self.cast.people[of].person_id if of else None
        if (asked := await self.question()) is not None:
            async with self._tx(person) as tx:
                await approvals.sign(tx, person, asked, decision=decision, comment="Seen.", on_behalf_of=behalf)

    async def take_back(self, who: str) -> None:
        """Somebody takes their answer back."""
        person = self.cast.people[who]
        if (asked := await self.question()) is not None:
            async with self._tx(person) as tx:
                await approvals.withdraw_sign_off(tx, person, asked, comment="Not sure.")

    async def drop(self, who: str) -> None:
        """Somebody takes the question back."""
        person = self.cast.people[who]
        if (asked := await self.question()) is not None:
            async with self._tx(person) as tx:
                await approvals.withdraw(tx, person, asked)

    async def give_up(self, who: str) -> None:
        """Somebody takes the wish itself back."""
        person = self.cast.people[who]
        intent = await self.db.reads.fetchval(
            "SELECT id FROM deployment_intents WHERE version_id = $1 ORDER BY requested_at DESC, id DESC LIMIT 1",
            self.cast.version,
        )
        if intent is not None:
            async with self._tx(person) as tx:
                await deployments.withdraw(tx, person, intent)

    async def show(self, who: str, title: str) -> None:
        """Somebody adds a test report: the version is to be looked at anew."""
        person = self.cast.people[who]
        async with self._tx(person) as tx:
            report = Report(EvidenceKind.PERFORMANCE, title=title, figures={"recall": 0.9})
            await evidence.add(tx, person, self.cast.version, report)

    async def rework(self, number: int) -> None:
        """The registry shows the version with other content."""
        digest = digest_of(["version", self.cast.number, number])
        async with self._tx(None) as tx:
            change = text("UPDATE model_versions SET digest = :digest WHERE id = :id")
            await tx.session.execute(change, {"digest": digest, "id": self.cast.version})
            subject = Subject("version", self.cast.version, digest)
            await record(tx, "version.changed", subject, {"parts": ["status"]}, scope_id=self.cast.model)

    async def revoke(self, who: str, discipline: Discipline) -> None:
        """Somebody is an approver for a discipline no more."""
        async with self._tx(self.root) as tx:
            id = self.cast.people[who].person_id
            await people.revoke_role(tx, self.root, person_id=id, role=APPROVER, discipline=discipline)

    async def grant(self, who: str, discipline: Discipline) -> None:
        """Somebody is an approver for a discipline."""
        async with self._tx(self.root) as tx:
            id = self.cast.people[who].person_id
            await people.grant_role(tx, self.root, person_id=id, role=APPROVER, discipline=discipline)

    async def leave(self, who: str) -> None:
        """Somebody's account is closed."""
        async with self._tx(self.root) as tx:
            await people.deactivate(tx, self.root, self.cast.people[who].person_id)

    async def link(self, who: str, name: str) -> None:
        """It turns out that an outside name is somebody's."""
        async with self._tx(self.root) as tx:
            id = self.cast.people[who].person_id
            issuer = f"issuer-{who}"
            await people.link_identity(tx, self.root, person_id=id, issuer=issuer, subject=name)

    async def lend(self, who: str, to: str, *disciplines: Discipline) -> None:
        """Somebody gives their say to another."""
        person = self.cast.people[who]
        ends = self.db.clock.now() + timedelta(days=10)
        async with self._tx(person) as tx:
            taker = self.cast.people[to].person_id
            await standins.delegate(tx, person, Lent(taker, ends, disciplines=disciplines))

    async def unlend(self, who: str) -> None:
        """Somebody takes back what they gave."""
        person = self.cast.people[who]
        newest = await self.db.reads.fetchval(
            "SELECT id FROM delegations WHERE from_id = $1 ORDER BY revoked_at NULLS FIRST, id DESC LIMIT 1",
            person.person_id,
        )
        if newest is not None:
            async with self._tx(person) as tx:
                await standins.revoke(tx, person, newest)

    async def own(self, who: str) -> None:
        """The model is somebody else's from now on."""
        async with self._tx(self.root) as tx:
            await models.set_owner(tx, self.root, self.cast.model, owner_id=self.cast.people[who].person_id)

    async def question(self) -> UUID | None:
        """The newest question about the version, open or not."""
        found: UUID | None = await self.db.reads.fetchval(
            "SELECT id FROM approval_requests WHERE subject_id = $1 ORDER BY requested_at DESC, id DESC LIMIT 1",
            self.cast.version,
        )
        return found

    async def now(self, who: str) -> Principal | None:
        """Somebody as they are now."""
        async with self.db.write(actor=None, operation="make") as tx:
            return await people_store.standing(tx, self.cast.people[who].person_id, SCOPES)

    @asynccontextmanager
    async def _tx(self, who: Principal | None) -> AsyncIterator[Tx]:
        async with self.db.write(actor=None if who is None else who.person_id, operation="op") as tx:
            yield tx
            for _ in range(self.rng.randrange(self.lingers + 1)):
                await asyncio.sleep(0)


async def run_job(db: Db) -> str | None:
    """Take one job of the queue and do it; gives what it was, or None when nothing waits."""
    async with db.write(actor=None, operation="worker") as tx:
        taken = (await tx.session.execute(_TAKE)).mappings().first()
    if taken is None:
        return None
    by_name: dict[str, Any] = {job.entrypoint: handler for job, handler in handlers.items()}
    await by_name[taken["entrypoint"]](db, Order(orjson.loads(taken["payload"]), "job"))
    return str(taken["entrypoint"])


_TAKE = text("""
DELETE FROM pgqueuer WHERE id = (
    SELECT id FROM pgqueuer ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING entrypoint, payload
""")
