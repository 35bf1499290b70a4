"""What happened in the demo's company before one looks: agreed, described, excepted, tested, asked.

Everything goes through the same actions as people's own doings; only the dates of what lies in the past are set back.
What is told already is not told again, nor is what people changed since put back.
"""

from hub.checks import actions as checks
from hub.db import Db
from hub.demo import deviations, history, provenance, releases, reports, rulebook
from hub.demo.cast import MEMBERS, OWNERS, TEAMS, TIERS
from hub.demo.company import Company, Say
from hub.graph.execute import Engine
from hub.models import actions as models
from hub.models.tables import Stage
from hub.people import actions as people
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint


class Story:
    """Tells the demo's past into a database."""

    def __init__(self, db: Db, engine: Engine, say: Say) -> None:
        self._company = Company(db, engine, say)

    async def before_the_sync(self) -> None:
        """People, teams, roles, policies: what a registry's owners and tags will be matched with."""
        seen = await self._company.seen()
        if "ines.moreau" not in seen.people:
            await self._people()
        if "named-owner" not in seen.policies:
            await rulebook.adopt(self._company)

    async def after_the_sync(self) -> None:
        """Tiers, data, exceptions, a draft, evidence, evaluations, wishes to deploy, a change in review."""
        company = self._company
        if await rulebook.told(company, rulebook.TIGHTER):
            return
        await self._classify()
        await provenance.describe(company)
        await history.remember(company)
        await deviations.deviate(company)
        await rulebook.draft(company)
        await reports.add(company)
        await self._evaluate()
        await releases.ask(company)
        await rulebook.tighten(company)

    async def _people(self) -> None:
        async with self._company.db.write(actor=None, operation="demo") as tx:
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
        self._company.say(f"{len(MEMBERS)} people in {len(TEAMS)} teams")

    async def _classify(self) -> None:
        seen = await self._company.seen()
        if seen.unclassified:
            async with self._company.acting("priya.raman", days_ago=398) as (tx, priya):
                for name in sorted(seen.unclassified & TIERS.keys()):
                    tier, why = TIERS[name]
                    await models.classify(tx, priya, seen.models[name], tier=tier, why=why)
            self._company.say("models put into their risk tiers by priya.raman")
        for name in sorted(seen.without_team & OWNERS.keys()):
            owner, team = OWNERS[name]
            async with self._company.acting(owner, days_ago=398) as (tx, who):
                await models.set_owner(tx, who, seen.models[name], owner_id=who.person_id, team_id=seen.teams[team])
        if seen.without_team:
            self._company.say("each model given to its owner's team")

    async def _evaluate(self) -> None:
        versions = await self._company.versions()
        in_use = await self._company.versions(Stage.PRODUCTION)
        async with self._company.db.write(actor=None, operation="demo") as tx:
            await checks.evaluate(tx, list(versions.values()), DecisionPoint.PROMOTE, Stage.PRODUCTION)
            await checks.evaluate(tx, list(in_use.values()), DecisionPoint.MONITOR, Stage.PRODUCTION)
        self._company.say(f"policies asked about {len(versions)} versions, as if each were to go to production")
