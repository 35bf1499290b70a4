"""What tests of discussions do: ask for approval, say something, look at the clock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.approvals import actions as approvals
from hub.approvals.tables import ApprovalRequest
from hub.approvals.talk import actions
from hub.approvals.talk.actions import Said
from hub.db import Db
from hub.models.tables import Model
from hub.people.access import Principal
from hub.people.tables import Discipline, Role, Team
from tests.approvals.desk import ask
from tests.make import Make

WRITTEN = ("approval_comments", "approval_mentions", "events")


class Talk:
    """A request of dev's about amy's work, which rita reviews for RISK and lee for LEGAL."""

    dev: Principal
    amy: Principal
    rita: Principal
    lee: Principal
    model: Model
    request: ApprovalRequest

    def __init__(self, db: Db, make: Make) -> None:
        self.db, self.make = db, make

    async def begin(
        self,
        *,
        model: Model | None = None,
        teams: Sequence[Team] = (),
        authors: tuple[str, ...] = (),
        **rule: Any,
    ) -> "Talk":
        make = self.make
        self.dev = await make.person("dev", Role.DEVELOPER, teams=teams)
        self.amy = await make.person("amy", Role.MODEL_APPROVER, teams=teams)
        self.rita = await make.person("rita", disciplines=[Discipline.RISK], teams=teams)
        self.lee = await make.person("lee", disciplines=[Discipline.LEGAL], teams=teams)
        await make.rule(Discipline.RISK, Discipline.LEGAL, quorum=2, subject_kind="thing", **rule)
        self.model = model or await make.model("fraud")
        self.request = await ask(self.db, self.dev, self.model, authors=authors, author_ids=(self.amy.person_id,))
        return self

    async def says(self, who: Principal, body: str, *, internal: bool = False) -> Said:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.comment(tx, who, self.request.id, body, internal=internal)

    async def asks(self, who: Principal, body: str = "Which segments were left out?") -> Said:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.ask(tx, who, self.request.id, body)

    async def answers(self, who: Principal, body: str = "Those under 18.") -> Said:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.answer(tx, who, self.request.id, body)

    async def resumes(self, who: Principal) -> ApprovalRequest:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.resume(tx, who, self.request.id)

    async def withdraws(self) -> None:
        async with self.db.write(actor=self.dev.person_id, operation="op") as tx:
            await approvals.withdraw(tx, self.dev, self.request.id)

    async def row(self) -> dict[str, Any]:
        """The request as it is."""
        found = await self.db.reads.fetchrow("SELECT * FROM approval_requests WHERE id = $1", self.request.id)
        assert found is not None
        return dict(found) | {"ladder": orjson.loads(found["ladder"])}

    async def ahead(self) -> list[tuple[datetime, str]]:
        """The rungs of its ladder."""
        return [(datetime.fromisoformat(rung["at"]), rung["kind"]) for rung in (await self.row())["ladder"]]

    async def mentioned(self, comment: UUID) -> set[str]:
        rows = await self.db.reads.fetch(
            "SELECT p.handle FROM approval_mentions m JOIN people p ON p.id = m.person_id WHERE m.comment_id = $1",
            comment,
        )
        return {row["handle"] for row in rows}

    async def written(self) -> list[int]:
        return [await self.make.count(table) for table in WRITTEN]
