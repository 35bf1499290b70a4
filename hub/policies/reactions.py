"""What follows for policies when models change, or what is known of the data they were made from."""

from collections.abc import Collection
from uuid import UUID

from hub.db import Tx
from hub.events.reactions import Happened, on
from hub.events.record import Entry, Subject, record_all
from hub.policies import store


@on("model.registered", "model.classified")
async def bind(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Models that are new, or in another tier, are bound to the policies that select them."""
    await store.bind_models(tx, [event.subject.id for event in happened])


@on("model.changed")
async def bind_tagged(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Models with other tags are bound anew, where a policy selects by tags."""
    changed = [event.subject.id for event in happened if "tags" in _parts(event) or "record" in _parts(event)]
    if changed:
        await store.share_bindings(tx)
        if (await store.selecting(tx)).by_tag:
            await _rebind(tx, changed)


@on("version.registered", "version.changed")
async def bind_made(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Models of versions whose data sets became known are bound anew, where a policy selects by categories of data."""
    models = {event.scope_id for event in happened if event.kind == "version.registered" or "details" in _parts(event)}
    if models:
        await store.share_bindings(tx)
        if (await store.selecting(tx)).by_data:
            await _rebind(tx, {id for id in models if id is not None})


@on("dataset.described")
async def bind_described(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Models made from data sets of which something else is said are bound anew."""
    # Alone: a version whose data sets are being written beside this would not be seen, nor see the description.
    await store.hold_bindings(tx)
    if (await store.selecting(tx)).by_data:
        await _rebind(tx, await store.made_from(tx, [event.subject.id for event in happened]))


async def _rebind(tx: Tx, models: Collection[UUID]) -> None:
    moved = await store.bind_models(tx, sorted(models))
    entries = [
        Entry(Subject("model", id), {"bound": bound, "unbound": unbound}, id) for id, (bound, unbound) in moved.items()
    ]
    await record_all(tx, "model.rebound", entries)


def _parts(event: Happened) -> Collection[str]:
    parts = event.data.get("parts")
    return [str(part) for part in parts] if isinstance(parts, list) else []
