"""A kind of subject that only these tests know: a thing, which is as it was asked until a test changes it."""

from uuid import UUID

import pytest

from hub.approvals import subjects
from hub.approvals.rules import ApprovalSubject
from hub.db import Tx

things: dict[UUID, ApprovalSubject] = {}


@subjects.subject("thing")
async def thing_now(_tx: Tx, thing_id: UUID, _stage: object) -> ApprovalSubject | None:
    return things.get(thing_id)


@pytest.fixture(autouse=True)
def _none_left() -> None:
    things.clear()
