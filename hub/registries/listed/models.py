"""Takes in a page of models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from hub.db import Tx, new_id
from hub.events.record import Entry, Subject, record_all
from hub.models.tables import RiskTier
from hub.registries.adapter import SECTIONS, Card, RegistryModel, RegistryVersion
from hub.registries.digests import seen_digest
from hub.registries.listed import store
from hub.registries.rules import Claim, Taken, changed_parts, owner_named
from hub.registries.store import note


@dataclass(frozen=True, slots=True)
class Differing:
    """A listed model beside its row; `before` is None for a new one."""

    id: UUID
    model: RegistryModel
    seen_digest: str
    before: Mapping[str, Any] | None


async def take(tx: Tx, claim: Claim, listed: Sequence[RegistryModel]) -> Taken:
    """Note every model of a page; write those that are new, changed or back, with their events."""
    models = list({one.external_id: one for one in listed}.values())
    names, digests = [model.external_id for model in models], [listed_digest(model) for model in models]
    seen = await note(tx, claim.run_id, "model", names, digests)
    rows = await store.models_differing(tx, claim.registry_id, names, digests)
    if rows:
        differing = [
            Differing(
                row["id"] or new_id(),
                models[row["n"] - 1],
                digests[row["n"] - 1],
                row if row["id"] is not None else None,
            )
            for row in rows
        ]
        await _write(tx, claim, differing)
    return Taken(seen)


async def _write(tx: Tx, claim: Claim, differing: Sequence[Differing]) -> None:
    owners = await _owners(tx, differing)
    new = [one for one in differing if one.before is None]
    old = [one for one in differing if one.before is not None]
    await store.add(tx, "models", store.MODEL_COLUMNS, [_row(tx, claim, one, owners.get(one.id)) for one in new])
    if old:
        await store.change_models(tx, [_change(one, owners.get(one.id)) for one in old])
    tags = [
        (new_id(), one.id, key, value)
        for one in differing
        for key, value in {tag.key: tag.value for tag in one.model.tags}.items()
    ]
    retagged = await store.set_model_tags(tx, [one.id for one in differing], tags)
    recarded = [one.id for one in old if one.before and _loaded(one.before["card"]) != card_of(one.model.card)]
    if recarded:
        await store.look_again(tx, recarded)
    await record_all(
        tx, "model.registered", [_entry(one.id, {"registry": claim.registry_id, "sync": claim.run_id}) for one in new]
    )
    await _tell_changed(tx, claim, old, retagged)
    owned = [_entry(id, {"owner": owner, "before": None, "sync": claim.run_id}) for id, owner in owners.items()]
    await record_all(tx, "model.owner_set", owned)


async def _tell_changed(tx: Tx, claim: Claim, old: Sequence[Differing], retagged: set[UUID]) -> None:
    changed, returned = [], []
    for one in old:
        assert one.before is not None
        now = {"name": one.model.name, "description": one.model.description, "owner_hint": one.model.owner_hint}
        parts = changed_parts(one.before, now) + (["tags"] if one.id in retagged else [])
        if one.before["missing"]:
            returned.append(_entry(one.id, {"sync": claim.run_id}))
        if parts or not one.before["missing"]:
            changed.append(_entry(one.id, {"parts": parts or ["record"], "sync": claim.run_id}))
    await record_all(tx, "model.returned", returned)
    await record_all(tx, "model.changed", changed)


async def _owners(tx: Tx, differing: Sequence[Differing]) -> dict[UUID, UUID]:
    """Whom tags name as owners of models that have none.

    A restricted model is left out: whoever may write tags in the registry would decide who sees it.
    """
    wanted = {
        one.id: name
        for one in differing
        if one.before is None or (one.before["owner_id"] is None and not one.before["restricted"])
        if (name := owner_named(one.model.tags))
    }
    found = await store.owners(tx, wanted.values())
    return {id: found[name] for id, name in wanted.items() if name in found}


def listed_digest(record: RegistryModel | RegistryVersion) -> str:
    """SHA-256 over everything listed about a record, its card included: some registries keep cards apart from tags."""
    listed = seen_digest(record)
    if record.card == NO_CARD:
        return listed
    return sha256(orjson.dumps([listed, *(getattr(record.card, section) for section in SECTIONS)])).hexdigest()


def card_of(card: Card) -> dict[str, str]:
    """The sections that are written."""
    return {section: text for section in SECTIONS if (text := getattr(card, section)) is not None}


def _row(tx: Tx, claim: Claim, one: Differing, owner: UUID | None) -> tuple[object, ...]:
    model = one.model
    return (
        one.id,
        claim.registry_id,
        model.external_id,
        model.name,
        model.description,
        RiskTier.UNCLASSIFIED.value,
        "",
        owner,
        model.owner_hint,
        False,
        one.seen_digest,
        model.created_at or tx.at,
        tx.at,
        _raw(model),
    )


def _change(one: Differing, owner: UUID | None) -> tuple[object, ...]:
    model = one.model
    return one.id, model.name, model.description, model.owner_hint, owner, one.seen_digest, _raw(model)


def _raw(model: RegistryModel) -> str:
    card = card_of(model.card)
    return orjson.dumps({**model.raw, "card": card} if card else dict(model.raw)).decode()


def _loaded(card: str | None) -> object:
    return {} if card is None else orjson.loads(card)


def _entry(id: UUID, data: Mapping[str, object]) -> Entry:
    return Entry(Subject("model", id), data, id)


NO_CARD = Card()
