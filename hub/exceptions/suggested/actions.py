"""Suggesting that a policy be changed, and what becomes of it."""

from dataclasses import replace
from uuid import UUID

from hub import words
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Subject, record
from hub.exceptions.suggested import rules, store
from hub.exceptions.tables import PolicySuggestion, SuggestionStatus
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import Role
from hub.policies import store as policies
from hub.policies.changes import actions as changes
from hub.policies.tables import Policy
from hub.policies.written import wording_of


async def look(tx: Tx, policy_id: UUID) -> PolicySuggestion | None:
    """Suggest a change of a policy that was excepted often of late; none when it was not, or was said already."""
    if await policies.policy(tx, policy_id, lock=True) is None:
        return None
    begin = rules.since(tx.at, await store.newest(tx, policy_id))
    if begin is None:
        return None
    found = rules.many(await store.granted(tx, policy_id, begin))
    if found is None:
        return None
    team_id, granted = found
    ids = [one.id for one in granted]
    controls = await store.controls(tx, ids, rules.MOST_CONTROLS)
    made = PolicySuggestion(
        id=new_id(),
        policy_id=policy_id,
        team_id=team_id,
        facts=rules.facts(granted, controls, await store.reach(tx, policy_id)),
        exception_ids=ids,
        opened_at=tx.at,
    )
    await store.add(tx, made)
    told = {"policy": policy_id, "team": team_id, "granted": len(ids), "exceptions": ids}
    await record(tx, "policy.change_suggested", Subject("policy_suggestion", made.id), told)
    return made


async def take(tx: Tx, who: Principal, suggestion_id: UUID, *, summary: str = "") -> PolicySuggestion:
    """Open a draft of the policy whose rationale holds the facts; its author goes on from there."""
    said = words.optional(summary, "summary", most=rules.LONGEST_SUMMARY)
    found, policy = await _held(tx, who, suggestion_id)
    assert policy.current_version_id is not None
    current = await policies.version(tx, policy.current_version_id)
    assert current is not None
    facts = rules.told(found.facts)
    wording = wording_of(policy.key, current)
    rationale = f"{wording.rationale}\n\nTo be reconsidered ({tx.at:%Y-%m-%d}): {facts}"
    why = f"{said}\n\n{facts}" if said else facts
    change = await changes.propose(tx, who, replace(wording, rationale=rationale), summary=why)
    await _settle(tx, who, found, SuggestionStatus.TAKEN, change_id=change.id)
    told = {"policy": policy.id, "change": change.id}
    await record(tx, "policy.suggestion_taken", Subject("policy_suggestion", found.id), told)
    return found


async def dismiss(tx: Tx, who: Principal, suggestion_id: UUID, *, reason: str) -> PolicySuggestion:
    """Leave the policy as it is; nothing is suggested about it for a while."""
    why = words.wanted(reason, "reason")
    found, policy = await _held(tx, who, suggestion_id)
    await _settle(tx, who, found, SuggestionStatus.DISMISSED, reason=why)
    told = {"policy": policy.id, "reason_digest": digest_of_text(why)}
    await record(tx, "policy.suggestion_dismissed", Subject("policy_suggestion", found.id), told)
    return found


async def _held(tx: Tx, who: Principal, suggestion_id: UUID) -> tuple[PolicySuggestion, Policy]:
    """An open suggestion with its policy locked; for others than the policy's owner and ADMINs it is not there."""
    acting(tx, who, Permission.PROPOSE_POLICY)
    found = await store.one(tx, suggestion_id)
    policy = None if found is None else await policies.policy(tx, found.policy_id, lock=True)
    if policy is None or (policy.owner_id != who.person_id and Role.ADMIN not in who.roles):
        raise Refused(Code.NOT_FOUND, "there is no such suggestion", field="suggestion")
    again = await store.one(tx, suggestion_id)
    assert again is not None
    rules.check_open(again)
    return again, policy


async def _settle(
    tx: Tx,
    who: Principal,
    found: PolicySuggestion,
    status: SuggestionStatus,
    *,
    change_id: UUID | None = None,
    reason: str = "",
) -> None:
    settled = {"settled_by": who.person_id, "settled_at": tx.at, "change_id": change_id, "reason": reason}
    await store.change(tx, found.id, status=status, **settled)
