"""One action on many exceptions: tried out for each and undone, or done."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.db import Tx
from hub.errors import Code, Refused
from hub.exceptions.bulk import kinds, moving, rules, store  # noqa: F401  moving registers its kinds
from hub.exceptions.bulk.rules import Arguments, BulkAction, Chosen, Outcome
from hub.models import actions as models
from hub.people.access import Permission, Principal
from hub.people.acting import acting


@dataclass(frozen=True, slots=True)
class Shown:
    """What an action would do to each, and the digest by which it is done so."""

    digest: str
    outcomes: tuple[Outcome, ...]


async def preview(tx: Tx, who: Principal, ids: Sequence[UUID], action: BulkAction, given: Arguments) -> Shown:
    """What would happen to each, found out by doing it and undoing all of it; nothing is left of it."""
    chosen = await _chosen(tx, who, ids, action, given)
    async with tx.trial():
        outcomes = await _each(tx, who, chosen, action, given)
    return Shown(rules.digest(chosen, action, given), tuple(outcomes))


async def act(
    tx: Tx, who: Principal, ids: Sequence[UUID], action: BulkAction, given: Arguments, *, digest: str
) -> tuple[Outcome, ...]:
    """Do to each what was shown; what is refused of one leaves the others. Refused as a whole when it was another."""
    chosen = await _chosen(tx, who, ids, action, given)
    rules.check_fresh(digest, rules.digest(chosen, action, given))
    return tuple(await _each(tx, who, chosen, action, given))


async def _chosen(tx: Tx, who: Principal, ids: Sequence[UUID], action: BulkAction, given: Arguments) -> list[Chosen]:
    """The selection, held; in its order, each once."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    kinds.doing(action)
    wanted = list(dict.fromkeys(ids))
    rules.check_asked(wanted, action, given)
    held = await store.held(tx, wanted)
    seen = {model: await _sees(tx, who, model) for model in {row.model_id for row, _ in held.values()}}
    made = []
    for id in wanted:
        row, status = held.get(id, (None, None))
        visible = row is not None and seen[row.model_id]
        made.append(Chosen(id, row, status) if visible else Chosen(id, None, None))
    return made


async def _each(
    tx: Tx, who: Principal, chosen: Sequence[Chosen], action: BulkAction, given: Arguments
) -> list[Outcome]:
    do, made = kinds.doing(action), []
    for one in chosen:
        try:
            if one.row is None:
                raise Refused(Code.NOT_FOUND, "there is no such exception", field="exception")
            async with tx.part():
                made.append(Outcome(one.id, await do(tx, who, one, given)))
        except Refused as refused:
            made.append(Outcome(one.id, "", refused))
    return made


async def _sees(tx: Tx, who: Principal, model_id: UUID) -> bool:
    try:
        await models.visible_model(tx, who, model_id)
    except Refused:
        return False
    return True
