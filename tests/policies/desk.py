"""Does what people do to policy changes, each in a transaction of its own."""

from typing import Any
from uuid import UUID

import pytest

from hub.db import Db
from hub.errors import Code, Refused
from hub.people.access import Principal
from hub.policies.changes import actions
from hub.policies.tables import ChangeKind, PolicyChange
from tests.make import Make


class Desk:
    """The verbs of changes over one database."""

    def __init__(self, db: Db, make: Make) -> None:
        self.db = db
        self.make = make

    async def propose(self, who: Principal, summary: str = "Better.", **said: Any) -> PolicyChange:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.propose(tx, who, self.make.wording(**said), summary=summary)

    async def revise(self, who: Principal, id: UUID, summary: str = "Better.", **said: Any) -> PolicyChange:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.revise(tx, who, id, self.make.wording(**said), summary=summary)

    async def submit(self, who: Principal, id: UUID) -> PolicyChange:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.submit(tx, who, id)

    async def withdraw(self, who: Principal, id: UUID) -> PolicyChange:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.withdraw(tx, who, id)

    async def shadow(self, who: Principal, id: UUID, on: bool = True) -> PolicyChange:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.shadow(tx, who, id, on=on)

    async def decide(self, who: Principal, id: UUID, approve: bool = True, **more: Any) -> PolicyChange:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.decide(tx, who, id, approve=approve, note="Read it.", **more)

    async def restore(self, who: Principal, version_id: UUID) -> PolicyChange:
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await actions.restore(tx, who, version_id, summary="It was better.")

    async def end(self, who: Principal, policy_id: UUID, kind: ChangeKind) -> PolicyChange:
        verb = actions.retire if kind is ChangeKind.RETIRE else actions.deprecate
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            return await verb(tx, who, policy_id, summary="Another policy says it better.")

    async def in_review(self, who: Principal, **said: Any) -> PolicyChange:
        return await self.submit(who, (await self.propose(who, **said)).id)

    async def published(self, who: Principal, judge: Principal, **said: Any) -> PolicyChange:
        return await self.decide(judge, (await self.in_review(who, **said)).id)

    async def policy(self) -> Any:
        (found,) = await self.db.reads.fetch("SELECT * FROM policies")
        return found

    async def statuses(self) -> list[str]:
        return [row[0] for row in await self.db.reads.fetch("SELECT status FROM policy_changes ORDER BY id")]

    async def bound(self) -> set[str]:
        rows = await self.db.reads.fetch("SELECT m.name FROM policy_bindings b JOIN models m ON m.id = b.model_id")
        return {row[0] for row in rows}


async def refused(make: Make, doing: Any, code: Code, field: str | None = None) -> Refused:
    """What was refused, and that nothing was written."""
    before = await make.events()
    with pytest.raises(Refused) as error:
        await doing
    assert (error.value.code, error.value.field) == (code, field), error.value.why
    assert await make.events() == before
    return error.value
