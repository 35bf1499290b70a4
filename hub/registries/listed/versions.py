"""Takes in a page of versions, with their tags, aliases and cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from hub.db import Tx, new_id
from hub.events.canonical import digest_of
from hub.events.record import Entry, Subject, record_all
from hub.models.tables import Stage
from hub.registries.adapter import SECTIONS, Card, RegistryVersion, Rejected
from hub.registries.digests import content_digest
from hub.registries.listed import store
from hub.registries.listed.models import NO_CARD, card_of, listed_digest
from hub.registries.rules import Claim, Taken, changed_parts, fits, version_key
from hub.registries.store import note

UNLISTED = "its model was not listed; it is taken in with the next sync that lists it"
TOO_LONG = "its ids are longer than what is kept"


@dataclass(frozen=True, slots=True)
class Differing:
    """A listed version beside its row; `before` is None for a new one."""

    id: UUID
    model_id: UUID
    version: RegistryVersion
    seen_digest: str
    digest: str
    card: Card
    card_digest: str | None
    before: Mapping[str, Any] | None

    @property
    def only_looked_at(self) -> bool:
        """Whether nothing but the model's card may have changed."""
        return self.before is not None and self.before["seen_digest"] == ""


async def take(tx: Tx, claim: Claim, listed: Sequence[RegistryVersion]) -> Taken:
    """Note every version of a page; write those that are new, changed or back, with their events."""
    versions = list({(one.model_id, one.external_id): one for one in listed if fits(one)}.values())
    rejected = [Rejected(_named(version), TOO_LONG) for version in listed if not fits(version)]
    digests = [listed_digest(version) for version in versions]
    keys = [version_key(version.model_id, version.external_id) for version in versions]
    seen = await note(tx, claim.run_id, "version", keys, digests)
    models, ids = [version.model_id for version in versions], [version.external_id for version in versions]
    rows = await store.versions_differing(tx, claim.registry_id, models, ids, digests)
    rejected += [Rejected(_named(versions[row["n"] - 1]), UNLISTED) for row in rows if row["model_id"] is None]
    rows = [row for row in rows if row["model_id"] is not None]
    if not rows:
        return Taken(seen, rejected=tuple(rejected))
    cards = _Cards(await store.model_cards(tx, sorted({row["model_id"] for row in rows})))
    differing = []
    for row in rows:
        version, digest = versions[row["n"] - 1], digests[row["n"] - 1]
        card, card_digest = cards.of(row["model_id"], version.card)
        content = content_digest(claim.registry_key, version)
        before = row if row["id"] is not None else None
        one = Differing(row["id"] or new_id(), row["model_id"], version, digest, content, card, card_digest, before)
        differing.append(one)
    new = [one for one in differing if one.before is None]
    old = [one for one in differing if one.before is not None]
    await _add(tx, claim, new)
    changed = await _change(tx, claim, old) if old else 0
    return Taken(seen, len(new), changed, tuple(rejected))


class _Cards:
    """Versions' cards over those of their models, each digested once for the many versions that share it."""

    def __init__(self, of_models: Mapping[UUID, str]) -> None:
        self._of_models = {id: Card(**orjson.loads(text)) for id, text in of_models.items()}
        self._digests: dict[UUID | None, str | None] = {None: None}

    def of(self, model_id: UUID, own: Card) -> tuple[Card, str | None]:
        """The card that holds for a version, and its digest; None for a card without a section."""
        above = self._of_models.get(model_id)
        if own != NO_CARD:
            card = own.over(above) if above is not None else own
            return card, card_digest(card)
        if above is None:
            return NO_CARD, None
        if model_id not in self._digests:
            self._digests[model_id] = card_digest(above)
        return above, self._digests[model_id]


def card_digest(card: Card) -> str | None:
    """SHA-256 over the written sections; None when there are none."""
    sections = card_of(card)
    return digest_of(sections) if sections else None


async def _add(tx: Tx, claim: Claim, new: Sequence[Differing]) -> None:
    await store.add(tx, "model_versions", store.VERSION_COLUMNS, [_row(tx, one) for one in new])
    await store.add(tx, "version_tags", ("id", "version_id", "key", "value"), _tags(new))
    if aliases := _aliases(new):
        await store.set_aliases(tx, [], aliases)
    cards = [_card(tx, one, new_id()) for one in new if one.card_digest is not None]
    await store.add(tx, "model_cards", store.CARD_COLUMNS, cards)
    await record_all(
        tx,
        "version.registered",
        [_entry(one, {"number": one.version.number, "sync": claim.run_id}) for one in new],
    )


async def _change(tx: Tx, claim: Claim, old: Sequence[Differing]) -> int:
    ids = [one.id for one in old]
    retagged = await store.set_version_tags(tx, ids, _tags(old))
    realiased = await store.set_aliases(tx, ids, _aliases(old))
    changed, returned, touched = [], [], set()
    for one in old:
        assert one.before is not None
        parts = _parts(one, retagged, realiased)
        if one.before["missing"]:
            returned.append(_entry(one, {"sync": claim.run_id}))
        if parts:
            changed.append(_entry(one, {"parts": parts, "sync": claim.run_id}))
        if parts or one.before["missing"]:
            touched.add(one.id)
    await store.change_versions(tx, [_changed(one, one.id in touched) for one in old])
    recarded = [
        one
        for one in old
        if one.before is not None and one.before["card_digest"] != (one.card_digest or _blank(one.before))
    ]
    card_ids = await store.set_cards(tx, [_card(tx, one, new_id()) for one in recarded])
    await record_all(tx, "version.returned", returned)
    await record_all(tx, "version.changed", changed)
    await record_all(
        tx,
        "card.changed",
        [
            Entry(
                Subject("card", card_ids[one.id], one.card_digest),
                {"version": one.id, "sync": claim.run_id},
                one.model_id,
            )
            for one in recarded
        ],
    )
    return len({one.id for one in recarded} | touched)


def _blank(before: Mapping[str, Any]) -> str | None:
    """The digest of a card that lost its last section; a version that never had one gets none."""
    return None if before["card_digest"] is None else EMPTY_DIGEST


def _parts(one: Differing, retagged: set[UUID], realiased: set[UUID]) -> list[str]:
    before, version = one.before, one.version
    assert before is not None
    now: dict[str, object] = {"status": version.status, "description": version.description}
    now["source_uri"] = version.source_uri
    if version.stage is not None:
        now["stage"] = version.stage
    if version.author is not None:
        now["author"] = version.author
    parts = changed_parts(before, now)
    parts += [part for part, ids in (("tags", retagged), ("aliases", realiased)) if one.id in ids]
    # What cannot be told apart here, such as a change behind the cut of a long tag, is still a change.
    if not parts and not one.only_looked_at and before["seen_digest"] != one.seen_digest:
        parts = ["record"]
    return parts


def _row(tx: Tx, one: Differing) -> tuple[object, ...]:
    version = one.version
    return (
        one.id,
        one.model_id,
        version.external_id,
        version.number,
        version.stage or Stage.DEVELOPMENT.value,
        version.status,
        version.description,
        version.author,
        version.source_uri,
        "{}",
        one.digest,
        one.seen_digest,
        version.created_at,
        tx.at,
        _raw(version),
    )


def _changed(one: Differing, touched: bool) -> tuple[object, ...]:
    version = one.version
    return (
        one.id,
        version.stage,
        version.status,
        version.description,
        version.author,
        version.source_uri,
        one.digest,
        one.seen_digest,
        _raw(version),
        touched,
    )


def _raw(version: RegistryVersion) -> str:
    """What has no column; `run_id` and `code_commit` are what its details are asked with."""
    raw = dict(version.raw)
    if version.run_id:
        raw["run_id"] = version.run_id
    if version.code_commit:
        raw["code_commit"] = version.code_commit
    return orjson.dumps(raw).decode()


def _tags(differing: Sequence[Differing]) -> list[tuple[object, ...]]:
    return [
        (new_id(), one.id, key, value)
        for one in differing
        for key, value in {tag.key: tag.value for tag in one.version.tags}.items()
    ]


def _aliases(differing: Sequence[Differing]) -> list[tuple[object, ...]]:
    """The aliases of a page; of a name that two versions of a model claim, the last."""
    claimed = {(one.model_id, alias): one.id for one in differing for alias in one.version.aliases}
    return [(new_id(), model_id, version_id, alias) for (model_id, alias), version_id in claimed.items()]


def _card(tx: Tx, one: Differing, id: UUID) -> tuple[object, ...]:
    sections = (getattr(one.card, section) for section in SECTIONS)
    return (id, one.id, *sections, one.card_digest or EMPTY_DIGEST, tx.at)


def _entry(one: Differing, data: Mapping[str, object]) -> Entry:
    return Entry(Subject("version", one.id, one.digest), data, one.model_id)


def _named(version: RegistryVersion) -> str:
    return f"{version.model_id[:100]}/{version.number}"


EMPTY_DIGEST = digest_of({})
