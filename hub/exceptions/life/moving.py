"""How every move begins: the exception is held, and whoever moves it may, from where it stands."""

from dataclasses import dataclass
from uuid import UUID

from hub.db import Tx
from hub.exceptions import holding, moves, store
from hub.exceptions.moves import Hat, Verb
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.exceptions.telling import tell
from hub.people.access import Permission, Principal
from hub.people.acting import acting


@dataclass(frozen=True, slots=True)
class Moved:
    """An exception that is about to be moved, and in what hats whoever moves it faces it."""

    found: PolicyException
    worn: frozenset[Hat]


async def begin(tx: Tx, who: Principal, exception_id: UUID, verb: Verb) -> Moved:
    """Hold an exception for a move; refused to whoever may not make it, and from where it leads nowhere."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    found = await holding.held(tx, who, exception_id)
    now = await holding.standing(tx, who)
    worn = moves.hats(now, found)
    moves.check(verb, await store.status(tx, exception_id), worn)
    if moves.MOVES[verb].apart:
        await holding.check_uninvolved(tx, now, found)
    return Moved(found, worn)


async def again(tx: Tx, exception_id: UUID) -> PolicyException:
    """An exception as it is now; whoever calls holds it."""
    found = await store.one(tx, exception_id)
    assert found is not None
    return found


async def end(tx: Tx, exception_id: UUID, state: ExceptionStatus, note: str) -> None:
    """End a granted exception from this moment on; what it covered is asked again, and what follows follows."""
    await store.end(tx, exception_id, state, by=tx.actor, note=note)
    await tell(tx, f"exception.{state.lower()}", await again(tx, exception_id))
