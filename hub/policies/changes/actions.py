"""Verbs on policy changes: somebody writes one, somebody else decides it, and only then does the policy change."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub import words
from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.tables import SignOffDecision
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Subject, record
from hub.people import store as people_store
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import PersonKind
from hub.policies import store as policies
from hub.policies.actions import check_bundle, current_of, new_policy, put_in_force
from hub.policies.changes import review, rules, store
from hub.policies.changes.telling import overtake, tell
from hub.policies.rules import Wording, checked
from hub.policies.tables import ChangeKind, ChangeStatus, Policy, PolicyChange, PolicyStatus
from hub.policies.written import differing, wording, wording_of, written


async def propose(tx: Tx, who: Principal, asked: Wording, *, summary: str, bundle: str | None = None) -> PolicyChange:
    """Draft another wording of a policy, or the first one under a new key."""
    acting(tx, who, Permission.PROPOSE_POLICY)
    clean = checked(asked)
    said = _summary(summary)
    name = rules.bundle_name(bundle) if bundle is not None else None
    policy = await policies.locked(tx, new_policy(tx, who.person_id, clean))
    check_bundle(policy, name)
    rules.check_by_hand(policy, name)
    rules.check_going_on(policy)
    fields = await _fields(tx, policy, clean)
    made = drafted(
        tx, who, policy, ChangeKind.WORDING, summary=said, changed=fields, wording=written(clean), bundle=name
    )
    return await _open(tx, policy, made)


async def revise(tx: Tx, who: Principal, change_id: UUID, asked: Wording, *, summary: str) -> PolicyChange:
    """Put another text into one's own change, which is a draft again; nothing happens when it says so already.

    What ran in shadow was the text before, so the shadow ends.
    """
    acting(tx, who, Permission.PROPOSE_POLICY)
    clean = checked(asked)
    said = _summary(summary)
    change, policy = await _held(tx, change_id)
    rules.check_author(change, who.person_id)
    rules.check_revisable(change, clean.key, policy)
    text = written(clean)
    if (change.wording, change.summary) == (text, said):
        return change
    fields, before = await _fields(tx, policy, clean), change.digest
    draft = change.model_copy(update={"wording": text, "summary": said})
    values = {"wording": text, "summary": said, "changed": list(fields), "digest": rules.digest(draft), "shadow": False}
    await store.change(tx, [change_id], status=ChangeStatus.DRAFT, submitted_at=None, **values)
    await review.end(tx, [change], "text")
    await store.settle(tx, [policy.id])
    revised = await _again(tx, change_id)
    await tell(tx, "policy.change_revised", [revised], before=before)
    return revised


async def submit(tx: Tx, who: Principal, change_id: UUID) -> PolicyChange:
    """Put one's own draft to review; nothing happens when it is there."""
    acting(tx, who, Permission.PROPOSE_POLICY)
    change, policy = await _held(tx, change_id)
    rules.check_author(change, who.person_id)
    rules.check_open(change)
    if change.status is ChangeStatus.IN_REVIEW:
        return change
    await store.change(tx, [change_id], status=ChangeStatus.IN_REVIEW, submitted_at=tx.at)
    await store.settle(tx, [policy.id])
    await tell(tx, "policy.change_submitted", [change])
    await review.ask(tx, who, [change], {policy.id: policy})
    return await _again(tx, change_id)


async def withdraw(tx: Tx, who: Principal, change_id: UUID) -> PolicyChange:
    """Take one's own change back; nothing happens when that was done."""
    acting(tx, who, Permission.PROPOSE_POLICY)
    change, policy = await _held(tx, change_id)
    rules.check_author(change, who.person_id)
    if change.status is ChangeStatus.WITHDRAWN:
        return change
    rules.check_open(change)
    await store.change(tx, [change_id], status=ChangeStatus.WITHDRAWN, shadow=False)
    await store.settle(tx, [policy.id])
    await tell(tx, "policy.change_withdrawn", [change])
    await review.take_back(tx, [change])
    return await _again(tx, change_id)


async def restore(tx: Tx, who: Principal, version_id: UUID, *, summary: str, bundle: str | None = None) -> PolicyChange:
    """Draft that an older wording be in force again; that of a policy that is over brings the policy back."""
    acting(tx, who, Permission.PROPOSE_POLICY)
    said = _summary(summary)
    version = await policies.version(tx, version_id)
    if version is None:
        raise Refused(Code.NOT_FOUND, "there is no such policy version", field="version")
    policy = await _policy(tx, version.policy_id)
    check_bundle(policy, bundle)
    clean = checked(wording_of(policy.key, version))
    fields = await _fields(tx, policy, clean)
    made = drafted(
        tx,
        who,
        policy,
        ChangeKind.RESTORE,
        summary=said,
        changed=fields,
        wording=written(clean),
        bundle=bundle,
        restores_id=version_id,
    )
    return await _open(tx, policy, made)


async def deprecate(
    tx: Tx, who: Principal, policy_id: UUID, *, summary: str, bundle: str | None = None
) -> PolicyChange:
    """Draft that a policy be marked as one to be replaced; it applies on."""
    return await _end(tx, who, policy_id, ChangeKind.DEPRECATE, summary, bundle)


async def retire(tx: Tx, who: Principal, policy_id: UUID, *, summary: str, bundle: str | None = None) -> PolicyChange:
    """Draft that a policy apply to nothing any more."""
    return await _end(tx, who, policy_id, ChangeKind.RETIRE, summary, bundle)


async def decide(
    tx: Tx, who: Principal, change_id: UUID, *, approve: bool, note: str = "", digest_seen: str | None = None
) -> PolicyChange:
    """Answer the question about a change that somebody else submitted; it is carried out when that settles it."""
    acting(tx, who, Permission.DECIDE_POLICY)
    said = words.optional(note, "note") if approve else words.wanted(note, "note")
    await review.hold(tx, change_id)
    change, policy = await _held(tx, change_id)
    rules.check_decidable(change, digest_seen, policy.current_version_id)
    await _check_decider(tx, who, change)
    asked = await approval_store.newest(tx, review.KIND, change_id)
    if asked is None:
        raise Refused(
            Code.WRONG_STATE,
            "this change was submitted before changes were put to people; its author revises and submits it once more",
            field="change",
        )
    decision = SignOffDecision.APPROVE if approve else SignOffDecision.REJECT
    await approvals.sign(tx, who, asked.id, decision=decision, comment=said)
    return await _again(tx, change_id)


async def settled(tx: Tx, change_id: UUID, status: ChangeStatus, *, by: UUID | None, note: str) -> None:
    """Do what peers decided about a change: an approved one is carried out now. Whoever calls holds its policy."""
    change = await _again(tx, change_id)
    if change.status is not ChangeStatus.IN_REVIEW:
        return
    policy = await _policy(tx, change.policy_id)
    if status is ChangeStatus.DRAFT:
        await store.change(tx, [change_id], status=status, submitted_at=None, decision_note=note)
        await store.settle(tx, [policy.id])
        await tell(tx, "policy.change_returned", [change], note_digest=digest_of_text(note))
        return
    approve = status is ChangeStatus.PUBLISHED
    decided = {"decided_by": by, "decided_at": tx.at, "decision_note": note, "shadow": False}
    await store.change(tx, [change_id], status=status, **decided)
    await tell(tx, "policy.change_decided", [change], approved=approve, note_digest=digest_of_text(note))
    if approve:
        assert by is not None, "a person approved it"
        await _carry_out(tx, by, policy, change)
        await overtake(tx, policy.id)
    else:
        await store.settle(tx, [policy.id])


async def shadow(tx: Tx, who: Principal, change_id: UUID, *, on: bool) -> PolicyChange:
    """Have a draft asked beside the wording in force, or no longer; nothing happens when it is so."""
    acting(tx, who, Permission.PROPOSE_POLICY)
    change, _policy_of = await _held(tx, change_id)
    rules.check_shadow(change)
    if change.shadow == on:
        return change
    await store.change(tx, [change_id], shadow=on)
    await tell(tx, "policy.shadow_set", [change], on=on)
    return await _again(tx, change_id)


def drafted(
    tx: Tx,
    who: Principal,
    policy: Policy,
    kind: ChangeKind,
    *,
    summary: str,
    changed: tuple[str, ...],
    wording: Mapping[str, Any] | None = None,
    bundle: str | None = None,
    restores_id: UUID | None = None,
) -> PolicyChange:
    """The row of a change, over the wording that is in force now."""
    made = PolicyChange(
        id=new_id(),
        policy_id=policy.id,
        kind=kind,
        status=ChangeStatus.DRAFT,
        base_version_id=policy.current_version_id,
        restores_id=restores_id,
        wording=dict(wording) if wording is not None else None,
        changed=list(changed),
        digest="",
        summary=summary,
        bundle=bundle,
        author_id=who.person_id,
        created_at=tx.at,
    )
    made.digest = rules.digest(made)
    return made


async def _open(tx: Tx, policy: Policy, made: PolicyChange) -> PolicyChange:
    rules.check_only_one(made, await store.open_of(tx, [policy.id]))
    await store.add(tx, [made])
    await tell(tx, "policy.change_proposed", [made])
    return made


async def _end(
    tx: Tx, who: Principal, policy_id: UUID, kind: ChangeKind, summary: str, bundle: str | None
) -> PolicyChange:
    acting(tx, who, Permission.PROPOSE_POLICY)
    said = _summary(summary)
    policy = await _policy(tx, policy_id)
    check_bundle(policy, bundle)
    rules.check_end(policy, kind)
    made = drafted(tx, who, policy, kind, summary=said, changed=("status",), bundle=bundle)
    return await _open(tx, policy, made)


async def _carry_out(tx: Tx, by: UUID, policy: Policy, change: PolicyChange) -> None:
    if change.wording is not None:
        # Checked anew: what a rule may say can have changed since it was proposed.
        clean = checked(wording(change.wording))
        if policy.current_version_id is None:
            await _find_owner(tx, by, policy)
        current = await current_of(tx, policy)
        made = await put_in_force(tx, by, policy, current, clean, bundle=change.bundle)
        await store.change(tx, [change.id], published_version_id=made.id)
        return
    status = rules.ENDS[change.kind]
    await policies.change(tx, policy.id, status=status)
    _, unbound = await policies.bind_policy(tx, policy.id)
    told = {"version": policy.current_version_id, "change": change.id, "unbound": unbound}
    kind = "policy.deprecated" if status is PolicyStatus.DEPRECATED else "policy.retired"
    await record(tx, kind, Subject("policy", policy.id), told)


async def _find_owner(tx: Tx, by: UUID, policy: Policy) -> None:
    owner = await people_store.person(tx, policy.owner_id)
    if owner is not None and owner.kind is PersonKind.SERVICE:
        # A machine answers for nothing: who lets its policy in force answers for it.
        await policies.change(tx, policy.id, owner_id=by)


async def _check_decider(tx: Tx, who: Principal, change: PolicyChange) -> None:
    # As of now: what the reader of the token knew may have been taken away since.
    now = await people_store.standing(tx, who.person_id, who.scopes)
    if now is None:
        raise Refused(Code.FORBIDDEN, "your account is not active; nothing was decided")
    now.require(Permission.DECIDE_POLICY)
    namesakes = await people_store.alike(tx, {change.author_id})
    rules.check_decider(who.person_id, change.author_id, is_service=now.kind is PersonKind.SERVICE, namesakes=namesakes)


async def _fields(tx: Tx, policy: Policy, clean: Wording) -> tuple[str, ...]:
    current = await current_of(tx, policy)
    found = differing(wording_of(policy.key, current) if current is not None else None, clean)
    if policy.status in rules.OVER:
        found += ("status",)
    if not found:
        raise Refused(Code.CONFLICT, f"{policy.key} says so already; there is nothing to review", field="key")
    return found


async def _held(tx: Tx, change_id: UUID) -> tuple[PolicyChange, Policy]:
    """A change with its policy locked: every change of a policy is made under that lock."""
    found = await store.one(tx, change_id)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is no such policy change", field="change")
    policy = await _policy(tx, found.policy_id)
    return await _again(tx, change_id), policy


async def _again(tx: Tx, change_id: UUID) -> PolicyChange:
    found = await store.one(tx, change_id)
    assert found is not None
    return found


async def _policy(tx: Tx, policy_id: UUID) -> Policy:
    found = await policies.policy(tx, policy_id, lock=True)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is no such policy", field="policy")
    return found


def _summary(text: str) -> str:
    return words.wanted(text, "summary", most=rules.LONGEST_SUMMARY)
