"""What people do to one exception, done to many: by the same actions, which ask the same of whoever acts."""

from hub.db import Tx
from hub.exceptions.bulk.kinds import kind
from hub.exceptions.bulk.rules import Arguments, BulkAction, Chosen
from hub.exceptions.life import actions as life
from hub.people.access import Principal


@kind(BulkAction.ASSIGN_OWNER)
async def assign(tx: Tx, who: Principal, one: Chosen, given: Arguments) -> str:
    """Have somebody else answer for it."""
    assert one.row is not None and given.owner_id is not None
    await life.assign(tx, who, one.id, owner_id=given.owner_id)
    return "is owned by them already" if one.row.owner_id == given.owner_id else "gets another owner"


@kind(BulkAction.REVOKE)
async def revoke(tx: Tx, who: Principal, one: Chosen, given: Arguments) -> str:
    """Take it back, at once."""
    assert given.reason is not None
    await life.revoke(tx, who, one.id, reason=given.reason)
    return "taken back"
