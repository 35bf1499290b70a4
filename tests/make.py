"""Makes what a story needs, each thing in a transaction of its own and with all that follows from it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlmodel import SQLModel, col, select

import hub.wiring  # noqa: F401
from hub.approvals.steps import Step
from hub.approvals.tables import ApprovalRule
from hub.db import Db, Tx
from hub.events.canonical import digest_of
from hub.events.record import Subject, record
from hub.events.tables import Event
from hub.exceptions import actions as exceptions
from hub.exceptions.asking.rules import whole_days
from hub.exceptions.rules import Control, Deviation
from hub.exceptions.tables import ExceptionKind, PolicyException, RiskTreatment
from hub.lineage.tables import Dataset, LineageEdge, LineageKind, LineageRole, Run
from hub.models.tables import Model, ModelCard, ModelVersion, RiskTier, Stage, VersionMetric, VersionTag
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Principal, Scope
from hub.people.tables import Discipline, PersonKind, Role, RoleGrant, Team
from hub.policies import actions as policies
from hub.policies.rules import Wording
from hub.policies.tables import DecisionPoint, Enforcement, PolicyVersion, Severity
from hub.registries.tables import Registry
from tests.steps import sign_off

Row = TypeVar("Row", bound=SQLModel)


class Make:
    """A factory bound to one database; what is not said is chosen."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self._numbers = count(1)
        self._registry: UUID | None = None

    async def person(
        self,
        handle: str | None = None,
        *roles: Role,
        disciplines: Iterable[Discipline] = (),
        scopes: Iterable[Scope] = (Scope.GOVERN, Scope.ADMIN),
        kind: PersonKind = PersonKind.HUMAN,
        email: str | None = None,
        teams: Sequence[Team] = (),
    ) -> Principal:
        """A person as they act: with these roles, an approver's for each discipline."""
        name = handle or f"person{next(self._numbers)}"
        async with self.db.write(actor=None, operation="make") as tx:
            made = await people.create_person(tx, None, handle=name, name=name.title(), email=email, kind=kind)
            for role in roles:
                await people.grant_role(tx, None, person_id=made.id, role=role)
            for discipline in disciplines:
                await people.grant_role(tx, None, person_id=made.id, role=Role.MODEL_APPROVER, discipline=discipline)
            for team in teams:
                await people.add_member(tx, None, team_id=team.id, person_id=made.id)
            principal = await people_store.standing(tx, made.id, scopes)
            assert principal is not None
        return principal

    async def deactivate(self, who: Principal) -> None:
        """Somebody leaves."""
        async with self.db.write(actor=None, operation="make") as tx:
            await tx.session.execute(text("UPDATE people SET active = false WHERE id = :id"), {"id": who.person_id})

    async def take_roles(self, who: Principal) -> None:
        """Somebody loses every role."""
        async with self.db.write(actor=None, operation="make") as tx:
            await tx.session.execute(text("DELETE FROM role_grants WHERE person_id = :id"), {"id": who.person_id})

    async def grant_anyway(self, who: Principal, role: Role, discipline: Discipline | None = None) -> None:
        """A role that no action would have given."""
        await self.add(RoleGrant(person_id=who.person_id, role=role, discipline=discipline, granted_at=self.now))

    async def principal(self, who: Principal) -> Principal:
        """Somebody as they are now."""
        async with self.db.write(actor=None, operation="make") as tx:
            found = await people_store.standing(tx, who.person_id, who.scopes)
        assert found is not None
        return found

    async def team(self, key: str) -> Team:
        async with self.db.write(actor=None, operation="make") as tx:
            return await people.create_team(tx, None, key=key, name=key.title())

    async def registry(self) -> UUID:
        """One registry for all models that do not say otherwise."""
        if self._registry is None:
            made = await self.add(
                Registry(key="mlflow", kind="mlflow", name="MLflow", base_url="http://localhost", created_at=self.now)
            )
            self._registry = made.id
        return self._registry

    async def model(
        self,
        name: str | None = None,
        *,
        tier: RiskTier = RiskTier.HIGH,
        owner: Principal | None = None,
        team: Team | None = None,
        restricted: bool = False,
    ) -> Model:
        """A model as a sync registers it, with the bindings that follow."""
        row = Model(
            **self.model_values(name or f"model{next(self._numbers)}", registry_id=await self.registry()),
            tier=tier,
            owner_id=owner.person_id if owner else None,
            team_id=team.id if team else None,
            restricted=restricted,
        )
        async with self.db.write(actor=None, operation="make") as tx:
            await _flushed(tx, row)
            await record(tx, "model.registered", Subject("model", row.id), {}, scope_id=row.id)
        return row

    def model_values(self, name: str, *, registry_id: UUID) -> dict[str, Any]:
        """The columns that every model has."""
        return {
            "registry_id": registry_id,
            "external_id": name,
            "name": name,
            "seen_digest": "",
            "created_at": self.now,
            "updated_at": self.now,
        }

    async def version(
        self,
        model: Model,
        name: str | None = None,
        *,
        stage: Stage = Stage.STAGING,
        author: str | None = None,
        run_author: str | None = None,
        metrics: Mapping[str, float | str] | None = None,
        segments: Mapping[str, Mapping[str, float]] | None = None,
        card: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        datasets: Mapping[str, LineageRole] | None = None,
        signature: Mapping[str, Any] | None = None,
    ) -> ModelVersion:
        """A version as a sync registers it; a metric given as text has no finite value."""
        called = name or str(next(self._numbers))
        run = Run(
            registry_id=model.registry_id,
            external_id=f"run {model.id} {called}",
            author=run_author,
            started_at=self.now,
        )
        row = ModelVersion(
            model_id=model.id,
            external_id=called,
            name=called,
            stage=stage,
            author=author,
            run_id=run.id,
            signature=dict(signature) if signature is not None else None,
            digest=digest_of([model.name, called]),
            seen_digest="",
            created_at=self.now,
            updated_at=self.now,
        )
        async with self.db.write(actor=None, operation="make") as tx:
            await _flushed(tx, run)
            await _flushed(tx, row)
            for metric, value in (metrics or {}).items():
                told = {"value_text": value} if isinstance(value, str) else {"value": value}
                await _flushed(tx, VersionMetric(version_id=row.id, name=metric, segment="", **told))
            for metric, values in (segments or {}).items():
                for segment, value in values.items():
                    await _flushed(tx, VersionMetric(version_id=row.id, name=metric, segment=segment, value=value))
            if card is not None:
                described: dict[str, Any] = dict(card)
                digest = digest_of(described)
                await _flushed(tx, ModelCard(version_id=row.id, **described, digest=digest, updated_at=self.now))
            for key, value in (tags or {}).items():
                await _flushed(tx, VersionTag(version_id=row.id, key=key, value=value))
            for dataset, role in (datasets or {}).items():
                await self._dataset(tx, run, dataset, role)
            await record(tx, "version.registered", Subject("version", row.id, row.digest), {}, scope_id=model.id)
        return row

    async def policy(self, key: str = "recall", *, by: Principal | None = None, **wording: Any) -> PolicyVersion:
        """A published policy."""
        who = by or await self.person(None, Role.POLICY_OWNER)
        async with self.db.write(actor=who.person_id, operation="make") as tx:
            return await policies.publish(tx, who, self.wording(key, **wording))

    def wording(self, key: str = "recall", **wording: Any) -> Wording:
        """What a policy says; by default recall of at least 0.9, blocking, for every model, stage and decision."""
        asked: dict[str, Any] = {
            "key": key,
            "title": key.title(),
            "rule": "metrics.recall >= 0.9",
            "rationale": "A missed case harms a patient.",
            "remediation": "Train on more cases.",
            "severity": Severity.HIGH,
            "enforcement": Enforcement.BLOCKING,
            "decision_points": tuple(DecisionPoint),
            **wording,
        }
        return Wording(**asked)

    async def rule(
        self,
        *disciplines: Discipline,
        tier: RiskTier | None = RiskTier.HIGH,
        stage: Stage | None = Stage.PRODUCTION,
        quorum: int = 1,
        steps: Sequence[Step] | None = None,
        term_days: int = 5,
        **more: Any,
    ) -> ApprovalRule:
        """A row of the approval matrix: one step of so many from these disciplines, or the steps that are given."""
        chosen = steps if steps is not None else ([sign_off(quorum, disciplines)] if quorum else [])
        values: dict[str, Any] = {"reminders_h": [], "escalation": [], "set_at": self.now, **more}
        written = [step.written() for step in chosen]
        return await self.add(ApprovalRule(tier=tier, stage=stage, steps=written, term_days=term_days, **values))

    def deviation(self, policy: PolicyVersion, model: Model, owner: Principal, **asked: Any) -> Deviation:
        """What an exception asks for; by default for thirty days from now. Controls may be their words alone."""
        values: dict[str, Any] = {
            "kind": ExceptionKind.EXCEPTION,
            "recommended_treatment": RiskTreatment.MITIGATE,
            "justification": "More cases arrive next month.",
            "controls": ("A radiologist reads every scan.",),
            "expires_at": self.now + timedelta(days=30),
            **asked,
        }
        values["controls"] = tuple(Control(one) if isinstance(one, str) else one for one in values["controls"])
        return Deviation(policy_id=policy.policy_id, model_id=model.id, owner_id=owner.person_id, **values)

    async def exception(
        self, policy: PolicyVersion, model: Model, *, by: Principal | None = None, granted: bool = True, **asked: Any
    ) -> PolicyException:
        """An exception that was asked for and, unless told otherwise, granted."""
        who = by or await self.person(None, Role.DEVELOPER)
        async with self.db.write(actor=who.person_id, operation="make") as tx:
            made = await exceptions.request(tx, who, self.deviation(policy, model, who, **asked))
        if not granted:
            return made
        for judge in await self._judges(made):
            async with self.db.write(actor=judge.person_id, operation="make") as tx:
                made = await exceptions.decide(tx, judge, made.id, approve=True, note="Weighed.")
        return made

    async def _judges(self, asked: PolicyException) -> list[Principal]:
        """Who grants it by the seeded rows of the matrix: what is long or risky needs two disciplines."""
        days = whole_days(asked.expires_at - asked.starts_at)
        about = (days, asked.risk_after, asked.recommended_treatment, asked.tier)
        if await self.db.reads.fetchval("SELECT cardinality(exception_tags($1, $2, $3, $4))", *about):
            return [await self.person(None, disciplines=[one]) for one in (Discipline.RISK, Discipline.COMPLIANCE)]
        return [await self.person(None, Role.POLICY_OWNER)]

    async def add(self, row: Row) -> Row:
        """Any row, as it stands."""
        async with self.db.write(actor=None, operation="make") as tx:
            await _flushed(tx, row)
        return row

    async def count(self, table: str, where: str = "true") -> int:
        """How many rows a table has."""
        return int(await self.db.reads.fetchval(f"SELECT count(*) FROM {table} WHERE {where}"))

    async def events(self, *, since: int = 0) -> list[str]:
        """The kinds of all events in their order, without the first ones."""
        async with self.db.write(actor=None, operation="make") as tx:
            return list((await tx.session.execute(select(Event.kind).order_by(col(Event.seq)))).scalars())[since:]

    async def waits(self, task: "asyncio.Future[Any]") -> bool:
        """Whether a task comes to wait for a lock before it is done."""
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        # Not by the reading pool: its role does not see what others wait for.
        watcher = await asyncpg.connect(self.db.url)
        try:
            while not task.done():
                if await watcher.fetchval(asked):
                    return True
            return False
        finally:
            await watcher.close()

    @property
    def now(self) -> datetime:
        return self.db.clock.now()

    async def _dataset(self, tx: Tx, run: Run, name: str, role: LineageRole) -> None:
        row = Dataset(namespace="files", name=name, digest=f"digest of {name}", created_at=self.now)
        await _flushed(tx, row)
        edge = LineageEdge(
            from_kind=LineageKind.DATASET,
            from_id=row.id,
            to_kind=LineageKind.RUN,
            to_id=run.id,
            role=role,
            created_at=self.now,
        )
        await _flushed(tx, edge)


async def _flushed(tx: Tx, row: SQLModel) -> None:
    tx.session.add(row)
    await tx.session.flush()


@pytest.fixture
def make(db: Db) -> Make:
    """The factory of this test's database."""
    return Make(db)
