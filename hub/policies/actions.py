"""Putting wordings in force, and who answers. People propose and decide by hub/policies/changes; this follows."""

from uuid import UUID

from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.people import actions as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import Role
from hub.policies import store
from hub.policies.cel import compile_rule
from hub.policies.changes.rules import OVER
from hub.policies.changes.telling import overtake
from hub.policies.rules import Wording, checked
from hub.policies.tables import Policy, PolicyStatus, PolicyVersion
from hub.policies.written import differing, digest, wording_of, written

LONGEST_READ = 200


async def publish(tx: Tx, who: Principal, asked: Wording, *, bundle: str | None = None) -> PolicyVersion:
    """Publish the next version of a policy without a review: for a hub that is being filled, not for people.

    What is published never changes: publishing the current wording again gives that version and writes nothing.
    """
    acting(tx, who, Permission.PROPOSE_POLICY)
    wording = checked(asked)
    await store.hold_bindings(tx)
    policy = await store.locked(tx, new_policy(tx, who.person_id, wording))
    if policy.owner_id != who.person_id and Role.ADMIN not in who.roles:
        raise Refused(Code.FORBIDDEN, f"{policy.key} has another owner; ask them to publish it", field="key")
    check_bundle(policy, bundle)
    if policy.status in OVER:
        raise Refused(Code.WRONG_STATE, f"{policy.key} is {policy.status}; publish under a new key", field="key")
    current = await current_of(tx, policy)
    if current is not None and not differing(wording_of(policy.key, current), wording):
        return current
    made = await put_in_force(tx, who.person_id, policy, current, wording, bundle=bundle)
    await overtake(tx, policy.id)
    return made


async def put_in_force(
    tx: Tx, by: UUID, policy: Policy, current: PolicyVersion | None, wording: Wording, *, bundle: str | None
) -> PolicyVersion:
    """Make a wording the policy's next version, and bind it; hold the bindings and the policy before.

    A wording that is the current one makes no version: then a policy that was over is in force again with it.
    """
    made = current
    if made is None or differing(wording_of(policy.key, made), wording):
        made = _version(tx, by, policy, wording, number=1 if current is None else current.number + 1)
        await store.add_version(tx, made)
    await store.change(
        tx,
        policy.id,
        title=wording.title,
        status=PolicyStatus.PUBLISHED,
        severity=wording.severity,
        enforcement=wording.enforcement,
        review_on=wording.review_on,
        current_version_id=made.id,
        bundle=bundle if bundle is not None else policy.bundle,
    )
    bound, unbound = await store.bind_policy(tx, policy.id)
    told = {"version": made.id, "number": made.number, "bound": bound, "unbound": unbound}
    await record(tx, "policy.published", Subject("policy", policy.id, made.digest), told)
    return made


async def set_owner(tx: Tx, who: Principal, policy_id: UUID, *, owner_id: UUID) -> Policy:
    """Say who answers for a policy; nothing happens when it is so. What it says is a matter of its changes."""
    acting(tx, who, Permission.PROPOSE_POLICY)
    policy = await store.policy(tx, policy_id, lock=True)
    if policy is None:
        raise Refused(Code.NOT_FOUND, "there is no such policy", field="policy")
    if policy.owner_id != who.person_id and Role.ADMIN not in who.roles:
        why = f"only the owner of {policy.key} or an ADMIN gives it to somebody; ask one of them"
        raise Refused(Code.FORBIDDEN, why, field="policy")
    await people.answerable(tx, owner_id, "owner")
    if policy.owner_id == owner_id:
        return policy
    told = {"owner": owner_id, "before": policy.owner_id}
    await store.change(tx, policy_id, owner_id=owner_id)
    await record(tx, "policy.owner_set", Subject("policy", policy_id), told)
    changed = await store.policy(tx, policy_id)
    assert changed is not None
    return changed


async def current_of(tx: Tx, policy: Policy) -> PolicyVersion | None:
    """The wording in force; none before the first one."""
    return await store.version(tx, policy.current_version_id) if policy.current_version_id is not None else None


def check_bundle(policy: Policy, bundle: str | None) -> None:
    """Refuse to touch what a bundle owns, but for that bundle itself."""
    if policy.bundle is None or policy.bundle == bundle:
        return
    raise Refused(
        Code.BUNDLE_OWNED,
        f"{policy.key} belongs to the bundle {policy.bundle}; edit it there, in Git, and run hub policy apply",
        field="key",
    )


def new_policy(tx: Tx, owner_id: UUID, wording: Wording) -> Policy:
    """The row of a policy that nobody has approved yet."""
    return Policy(
        key=wording.key,
        title=wording.title,
        severity=wording.severity,
        enforcement=wording.enforcement,
        owner_id=owner_id,
        created_at=tx.at,
    )


def _version(tx: Tx, by: UUID, policy: Policy, wording: Wording, *, number: int) -> PolicyVersion:
    # A version has the wording's own fields, under their own names; these few are not JSON.
    said = written(wording) | {
        "severity": wording.severity,
        "enforcement": wording.enforcement,
        "review_on": wording.review_on,
    }
    del said["key"]
    return PolicyVersion(
        **said,
        id=new_id(),
        policy_id=policy.id,
        number=number,
        reads=_reads(wording.rule),
        digest=digest(wording),
        published_by=by,
        published_at=tx.at,
    )


def _reads(rule: str) -> list[str]:
    """What a rule looks at; where a name is longer than is kept, all that stands beside it."""
    every = compile_rule(rule).reads
    return sorted({path if len(path) <= LONGEST_READ else path.partition(".")[0] for path in every})
