"""Asking anew for what an exception that has ended let pass."""

from uuid import UUID

from hub.db import Tx
from hub.errors import Code, Refused
from hub.exceptions import holding, moves, store
from hub.exceptions.moves import Verb
from hub.people.access import Principal


async def check(tx: Tx, who: Principal, before_id: UUID, policy_id: UUID, model_id: UUID) -> None:
    """Refuse a request that follows an exception from another policy, for another model, or one that lasts still.

    Nothing is taken over from the one before: whoever asks says everything anew.
    """
    try:
        before = await holding.held(tx, who, before_id, lock=False)
    except Refused as error:
        raise Refused(Code.NOT_FOUND, error.why, field="renewedFrom") from error
    moves.check_renewal(before, policy_id, model_id)
    try:
        moves.check(Verb.RENEW, await store.status(tx, before_id), ())
    except Refused as error:
        raise Refused(error.code, error.why, field="renewedFrom") from error
