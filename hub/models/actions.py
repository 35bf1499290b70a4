"""Verbs on models. A model that somebody may not see is, to them, not there."""

from uuid import UUID

from hub import words
from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Subject, record
from hub.models import store
from hub.models.rules import sees
from hub.models.tables import Model, ModelVersion, RiskTier
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Permission, Principal
from hub.people.acting import acting


async def classify(tx: Tx, who: Principal, model_id: UUID, *, tier: RiskTier, why: str) -> Model:
    """Say how much harm a model could do, and why; nothing happens when that was said before."""
    acting(tx, who, Permission.CLASSIFY_MODEL)
    reason = words.wanted(why, "why")
    if tier is RiskTier.UNCLASSIFIED:
        raise Refused(
            Code.BAD_INPUT,
            "UNCLASSIFIED says that nobody looked; choose PROHIBITED, HIGH, LIMITED or MINIMAL",
            field="tier",
        )
    model = await visible_model(tx, who, model_id, lock=True)
    if (model.tier, model.tier_why) == (tier, reason):
        return model
    told = {"tier": tier, "before": model.tier, "why_digest": digest_of_text(reason)}
    await store.change(tx, model_id, tier=tier, tier_why=reason)
    await record(tx, "model.classified", Subject("model", model_id), told, scope_id=model_id)
    return await visible_model(tx, who, model_id)


async def set_owner(tx: Tx, who: Principal, model_id: UUID, *, owner_id: UUID, team_id: UUID | None = None) -> Model:
    """Say who answers for a model, and with which team; without one, its team stays. Nothing happens when it is so."""
    acting(tx, who, Permission.SET_OWNER)
    model = await visible_model(tx, who, model_id, lock=True)
    await people.answerable(tx, owner_id, "owner")
    if team_id is not None and await people_store.team(tx, team_id) is None:
        raise Refused(Code.NOT_FOUND, "there is no such team", field="team")
    team = team_id if team_id is not None else model.team_id
    if (model.owner_id, model.team_id) == (owner_id, team):
        return model
    told = {"owner": owner_id, "before": model.owner_id, "team": team, "team_before": model.team_id}
    await store.change(tx, model_id, owner_id=owner_id, team_id=team)
    await record(tx, "model.owner_set", Subject("model", model_id), told, scope_id=model_id)
    changed = await store.model(tx, model_id)
    assert changed is not None
    return changed


async def visible_model(tx: Tx, who: Principal, model_id: UUID, *, lock: bool = False, field: str = "model") -> Model:
    """A model that this person sees; refused the same way when it is hidden and when it is absent."""
    found = await store.model(tx, model_id, lock=lock)
    if found is None or not sees(who, found):
        raise Refused(Code.NOT_FOUND, "there is no such model", field=field)
    return found


async def visible_version(tx: Tx, who: Principal, version_id: UUID) -> tuple[Model, ModelVersion]:
    """A version that this person sees, with its model."""
    found = await store.version(tx, version_id)
    if found is None or not sees(who, found[0]):
        raise Refused(Code.NOT_FOUND, "there is no such version", field="version")
    return found
