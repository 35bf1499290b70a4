"""The verb that asks for one exception for each model with some tags, all of them or none."""

from collections.abc import Callable, Sequence
from uuid import UUID

from hub import words
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.exceptions.asking import actions as asking
from hub.exceptions.rules import Deviation
from hub.exceptions.selected import store
from hub.exceptions.selected.store import Chosen
from hub.people.access import Permission, Principal
from hub.people.acting import acting

MOST_MODELS, MOST_TAGS = 100, 10

Read = Callable[[UUID, UUID], Deviation]
"""What is asked for one model, within a batch."""


async def request_all(
    tx: Tx,
    who: Principal,
    policy_id: UUID,
    tags: Sequence[tuple[str, str | None]],
    read: Read,
    *,
    dry_run: bool,
) -> tuple[UUID, list[tuple[Chosen, UUID | None]]]:
    """Ask for each model that carries all the tags now, under one batch; gives what was made for which.

    A dry run chooses the models and asks nothing. One that is refused refuses all, with its model's name.
    """
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    wanted = _tags(tags)
    found = await store.carrying(tx, who, policy_id, wanted, most=MOST_MODELS + 1)
    told = " and ".join(key if value is None else f"{key}={value}" for key, value in wanted)
    if not found:
        why = f"the policy applies to no model that you see with {told}; look at Model.tags, or ask for one model"
        raise Refused(Code.NOT_FOUND, why, field="tags")
    if len(found) > MOST_MODELS:
        why = f"more than {MOST_MODELS} models carry {told}; at most {MOST_MODELS} are asked for at once: add a tag"
        raise Refused(Code.BAD_INPUT, why, field="tags")
    batch = new_id()
    if dry_run:
        return batch, [(one, None) for one in found]
    made: list[tuple[Chosen, UUID | None]] = []
    for one in found:
        try:
            made.append((one, (await asking.request(tx, who, read(one.id, batch))).id))
        except Refused as refused:
            raise Refused(refused.code, f"{one.name}: {refused.why}", field=refused.field) from refused
    return batch, made


def _tags(tags: Sequence[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    if not 1 <= len(tags) <= MOST_TAGS:
        raise Refused(Code.BAD_INPUT, f"{len(tags)} tags given; 1 to {MOST_TAGS} choose models", field="tags")
    return [
        (words.wanted(key, "tags", most=200), None if value is None else words.optional(value, "tags", most=1_000))
        for key, value in tags
    ]
