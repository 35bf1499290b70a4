"""What happened in the demo's company before one looks: agreed, granted, lapsed, asked.

Everything goes through the same actions as people's own doings; only the dates of what lies in the past are set back.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from hub.approvals import actions as approvals
from hub.approvals.tables import SignOffDecision
from hub.checks import actions as checks
from hub.db import Db, Tx
from hub.demo.cast import MEMBERS, OWNERS, POLICIES, TEAMS, TIERS
from hub.exceptions import actions as exceptions
from hub.exceptions.rules import Deviation
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.graph.execute import Engine
from hub.graph.values import Reader
from hub.models import actions as models
from hub.models.tables import Stage
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Principal, Scope, Sight
from hub.people.tables import Role
from hub.policies import actions as policies
from hub.policies.tables import DecisionPoint

Say = Callable[[str], None]

LOOK = """
query Look($model: String!, $version: String!) {
  model(name: $model) { id version(name: $version) { id } versions(last: 100) { nodes { id } } }
}
"""
FOUND = """
query Found {
  people(first: 100) { nodes { handle id } }
  teams(first: 100) { nodes { key id } }
  policies(first: 100) { nodes { key id } }
  exceptions(first: 1) { totalCount }
}
"""


class Story:
    """Tells the demo's past into a database; what is told already is not told again."""

    def __init__(self, db: Db, engine: Engine, say: Say) -> None:
        self._db = db
        self._engine = engine
        self._say = say
        self._reader = Reader(Sight.ALL, {"person": UUID(int=0), "teams": []}, frozenset())

    async def before_the_sync(self) -> None:
        """People, teams, roles, policies: what a registry's owners and tags will be matched with."""
        known = await self._ids("people", "handle")
        if "ines.moreau" not in known:
            await self._people()
        if "named-owner" not in await self._ids("policies", "key"):
            async with self._as("sofia.marchetti", days_ago=75) as (tx, sofia):
                for wording in POLICIES:
                    await policies.publish(tx, sofia, wording)
            self._say(f"{len(POLICIES)} policies published by sofia.marchetti")

    async def after_the_sync(self) -> None:
        """Tiers, exceptions, evaluations, an approval that waits."""
        if (await self._ask(FOUND, {}))["exceptions"]["totalCount"]:
            return
        await self._classify()
        await self._near_its_end()
        await self._lapsed()
        await self._wanted()
        await self._evaluate()
        await self._awaiting()

    async def _people(self) -> None:
        async with self._db.write(actor=None, operation="demo") as tx:
            teams = {key: (await people.create_team(tx, None, key=key, name=name)).id for key, name in TEAMS.items()}
            for member in MEMBERS:
                email = f"{member.handle}@example.com"
                made = await people.create_person(
                    tx, None, handle=member.handle, name=member.name, email=email, kind=member.kind
                )
                for role in member.roles:
                    if role is not Role.MODEL_APPROVER:
                        await people.grant_role(tx, None, person_id=made.id, role=role)
                for discipline in member.disciplines:
                    await people.grant_role(
                        tx, None, person_id=made.id, role=Role.MODEL_APPROVER, discipline=discipline
                    )
                if member.team:
                    await people.add_member(tx, None, team_id=teams[member.team], person_id=made.id)
        self._say(f"{len(MEMBERS)} people in {len(TEAMS)} teams")

    async def _classify(self) -> None:
        async with self._as("priya.raman", days_ago=70) as (tx, priya):
            for name, (tier, why) in TIERS.items():
                model, _, _ = await self._look(name, "1")
                await models.classify(tx, priya, model, tier=tier, why=why)
        self._say("models put into their risk tiers by priya.raman")
        teams = await self._ids("teams", "key")
        for name, (owner, team) in OWNERS.items():
            model, _, _ = await self._look(name, "1")
            async with self._as(owner, days_ago=70) as (tx, who):
                await models.set_owner(tx, who, model, owner_id=who.person_id, team_id=teams[team])
        self._say("each model given to its owner's team")

    async def _near_its_end(self) -> None:
        model, version, _ = await self._look("breast-cancer-diagnosis", "2")
        await self._granted(
            "recall-by-segment",
            model,
            version,
            asked_by="tomas.lindqvist",
            owner="ines.moreau",
            days_ago=84,
            days=89,
            why="The pilot clinics cannot go back to reading alone while version 3 is reviewed. Small tumours are"
            " read twice by people in the meantime.",
            controls=(
                "Every sample with a mean radius under 12 is read by two cytologists, whatever the model says.",
                "Missed tumours are counted each week; three in a week end the pilot.",
            ),
            criteria="Version 3, with recall of at least 0.8 in every segment, is in production.",
        )
        self._say("an exception that ends in five days: breast-cancer-diagnosis 2 from recall-by-segment")

    async def _lapsed(self) -> None:
        model, version, _ = await self._look("postal-digit-reader", "2")
        await self._granted(
            "model-card",
            model,
            version,
            asked_by="omar.haddad",
            owner="omar.haddad",
            days_ago=40,
            days=31,
            why="The card is being written with the depot's staff; sorting starts before it is done.",
            controls=("A clerk sees every letter whose digits are read with less than 0.9 confidence.",),
            criteria="The card's nine sections are filled in.",
        )
        self._say("an exception that ended nine days ago: postal-digit-reader 2 from model-card")

    async def _wanted(self) -> None:
        model, version, _ = await self._look("wine-cultivar", "3")
        async with self._as("jonas.okafor", days_ago=1) as (tx, jonas):
            asked = await self._deviation(
                "segments-reported",
                model,
                version,
                "jonas.okafor",
                tx,
                45,
                "The laboratory's new sampling plan, by vineyard, is evaluated next month; the segments come with it.",
                ("Bottles from vineyards with fewer than eight samples are checked by hand.",),
                "Accuracy by vineyard is logged.",
            )
            await exceptions.request(tx, jonas, asked)
        self._say("an exception that waits for a decision: wine-cultivar 3 from segments-reported")

    async def _evaluate(self) -> None:
        async with self._db.write(actor=None, operation="demo") as tx:
            for name in TIERS:
                _, _, versions = await self._look(name, "1")
                await checks.evaluate(tx, versions, DecisionPoint.PROMOTE, Stage.PRODUCTION)
        self._say("policies asked about every version, as if each were to go to production")

    async def _awaiting(self) -> None:
        _, version, _ = await self._look("breast-cancer-diagnosis", "3")
        async with self._as("tomas.lindqvist", days_ago=0) as (tx, tomas):
            asked = await checks.ask_approval(
                tx,
                tomas,
                version,
                stage=Stage.PRODUCTION,
                reason="Finds nine in ten small tumours where version 2 finds six; reviewed, and easier to explain.",
            )
        async with self._as("priya.raman", days_ago=0) as (tx, priya):
            await approvals.sign(
                tx,
                priya,
                asked.id,
                decision=SignOffDecision.APPROVE,
                comment="Segments hold, calibration is good. Watch the worst-cell measures in the first month.",
            )
        self._say("an approval that waits for COMPLIANCE: breast-cancer-diagnosis 3 to production")

    async def _granted(
        self,
        policy: str,
        model: UUID,
        version: UUID,
        *,
        asked_by: str,
        owner: str,
        days_ago: int,
        days: int,
        why: str,
        controls: tuple[str, ...],
        criteria: str,
    ) -> None:
        async with self._as(asked_by, days_ago=days_ago) as (tx, who):
            asked = await self._deviation(policy, model, version, owner, tx, days, why, controls, criteria)
            made = await exceptions.request(tx, who, asked)
        async with self._as("lea.brandt", days_ago=days_ago - 1) as (tx, lea):
            await exceptions.decide(tx, lea, made.id, approve=True, note="Granted with the controls as written.")

    async def _deviation(
        self,
        policy: str,
        model: UUID,
        version: UUID,
        owner: str,
        tx: Tx,
        days: int,
        why: str,
        controls: tuple[str, ...],
        criteria: str,
    ) -> Deviation:
        return Deviation(
            policy_id=(await self._ids("policies", "key"))[policy],
            model_id=model,
            version_id=version,
            kind=ExceptionKind.WAIVER,
            treatment=RiskTreatment.MITIGATE,
            justification=why,
            controls=controls,
            acceptance_criteria=criteria,
            owner_id=(await self._ids("people", "handle"))[owner],
            expires_at=tx.at + timedelta(days=days),
            review_at=tx.at + timedelta(days=days // 2),
        )

    @asynccontextmanager
    async def _as(self, handle: str, *, days_ago: int) -> AsyncIterator[tuple[Tx, Principal]]:
        """A transaction of one person, at an instant in the past."""
        person = (await self._ids("people", "handle"))[handle]
        async with self._db.write(actor=person, operation="demo") as now:
            tx = replace(now, at=now.at - timedelta(days=days_ago))
            who = await people_store.standing(tx, person, (Scope.GOVERN,))
            assert who is not None
            yield tx, who

    async def _look(self, model: str, version: str) -> tuple[UUID, UUID, list[UUID]]:
        found = (await self._ask(LOOK, {"model": model, "version": version}))["model"]
        every = [_uuid(node["id"]) for node in found["versions"]["nodes"]]
        return _uuid(found["id"]), _uuid(found["version"]["id"]), every

    async def _ids(self, field: str, key: str) -> dict[str, UUID]:
        return {node[key]: _uuid(node["id"]) for node in (await self._ask(FOUND, {}))[field]["nodes"]}

    async def _ask(self, text: str, variables: dict[str, object]) -> dict[str, Any]:
        operation = self._engine.operation(self._engine.document(text), None)
        coerced = self._engine.variables(operation, variables)
        found: dict[str, Any] = orjson.loads(await self._engine.read(operation, coerced, self._reader))
        return found


def _uuid(id: str) -> UUID:
    return UUID(id.partition(":")[2])
