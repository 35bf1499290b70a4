"""Tells the trail of exceptions at chosen instants, as the actions on exceptions do; trends hold to nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from hub.db import Db, new_id
from hub.exceptions import rules
from hub.exceptions.tables import ExceptionKind, ExceptionStatus, PolicyException, RiskTreatment
from hub.exceptions.telling import tell
from hub.models.tables import Model, RiskTier
from hub.people.access import Principal
from hub.people.tables import Team
from hub.policies.tables import PolicyVersion, Severity
from hub.summaries import store
from hub.summaries.tables import SUMS


def at(month: int, day: int, hour: int = 12, *, year: int = 2026) -> datetime:
    """An instant in UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC)


class Past:
    """Exceptions of one policy whose lives are told event by event."""

    def __init__(self, db: Db, policy: PolicyVersion, model: Model, owner: Principal) -> None:
        self._db = db
        self._policy = policy
        self._model = model
        self._owner = owner

    async def asked(self, when: datetime, *, until: datetime | None = None, **said: Any) -> PolicyException:
        """Somebody asks for an exception, for thirty days unless told otherwise."""
        model = said.pop("model", self._model)
        values: dict[str, Any] = {
            "policy_id": self._policy.policy_id,
            "tier": model.tier,
            "team_id": model.team_id,
            "risk_after": Severity.MEDIUM,
            **said,
        }
        row = PolicyException(
            id=new_id(),
            model_id=model.id,
            kind=ExceptionKind.EXCEPTION,
            state=ExceptionStatus.SUBMITTED,
            justification="",
            recommended_treatment=RiskTreatment.MITIGATE,
            owner_id=self._owner.person_id,
            requested_by=self._owner.person_id,
            requested_at=when,
            weighted_since=rules.weighted_since(when, values["risk_after"], values["tier"]),
            starts_at=when,
            expires_at=until or when + timedelta(days=30),
            **values,
        )
        await self.tells(when, "exception.requested", row)
        return row

    async def granted(self, when: datetime, row: PolicyException) -> None:
        row.state = ExceptionStatus.APPROVED
        await self.tells(when, "exception.approved", row)

    async def in_force(self, when: datetime, *, until: datetime, **said: Any) -> PolicyException:
        """One that was asked for and granted at once."""
        row = await self.asked(when, until=until, **said)
        await self.granted(when, row)
        return row

    async def extended(self, when: datetime, row: PolicyException, until: datetime) -> None:
        was, row.expires_at = row.expires_at, until
        await self.tells(when, "exception.extended", row, was_expires_at=was)

    async def ended(self, when: datetime, row: PolicyException, state: ExceptionStatus) -> None:
        """Rejected, withdrawn, revoked or resolved."""
        row.state = state
        await self.tells(when, f"exception.{state.lower()}", row)

    async def moved(self, when: datetime, row: PolicyException, tier: RiskTier, team: Team | None = None) -> None:
        """The model was put into another tier, or given to another team."""
        was, row.tier, row.team_id = (row.tier, row.team_id), tier, team.id if team else row.team_id
        await self.tells(when, "exception.moved", row, was_tier=was[0], was_team=was[1], was_owner=row.owner_id)

    async def tells(self, when: datetime, kind: str, row: PolicyException, **more: object) -> None:
        """One event, at this instant."""
        async with self._db.write(actor=None, operation="past") as tx:
            await tell(replace(tx, at=when), kind, row, **more)


async def lines(db: Db) -> list[asyncpg.Record]:
    """All that is counted, in the order of events."""
    names = "exception_id, recorded_at, effective_at, policy_id, team_id, tier, kind, risk, stage, " + ", ".join(SUMS)
    return await db.reads.fetch(
        f"SELECT {names} FROM exception_lines ORDER BY recorded_at, exception_id, place, effective_at"
    )


async def folded(db: Db) -> None:
    """The clock folds what there is."""
    async with db.write(actor=None, operation="past") as tx:
        await store.fold(tx)


async def rebuilt(db: Db) -> None:
    """Everything is derived anew from the trail."""
    async with db.write(actor=None, operation="past") as tx:
        await store.rebuild(tx)
