"""Verbs on policies."""

from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import Role
from hub.policies import store
from hub.policies.rules import Wording, checked, digest
from hub.policies.tables import Policy, PolicyStatus, PolicyVersion

OVER = frozenset({PolicyStatus.DEPRECATED, PolicyStatus.RETIRED})


async def publish(tx: Tx, who: Principal, asked: Wording) -> PolicyVersion:
    """Publish the next version of a policy, the first one if its key is new, and bind it to the models of its tiers.

    What is published never changes: publishing the current wording again gives that version and writes nothing.
    """
    acting(tx, who, Permission.PUBLISH_POLICY)
    wording = checked(asked)
    await store.hold_bindings(tx)
    policy = await store.locked(tx, _new(tx, who, wording))
    if policy.owner_id != who.person_id and Role.ADMIN not in who.roles:
        raise Refused(Code.FORBIDDEN, f"{policy.key} has another owner; ask them to publish it", field="key")
    if policy.status in OVER:
        raise Refused(Code.WRONG_STATE, f"{policy.key} is {policy.status}; publish under a new key", field="key")
    current = await store.version(tx, policy.current_version_id) if policy.current_version_id else None
    content = digest(wording)
    if current is not None and current.digest == content:
        return current
    made = _version(tx, who, policy, wording, number=1 if current is None else current.number + 1, content=content)
    await store.add_version(tx, made)
    await store.change(
        tx,
        policy.id,
        title=wording.title,
        status=PolicyStatus.PUBLISHED,
        severity=wording.severity,
        enforcement=wording.enforcement,
        current_version_id=made.id,
    )
    bound, unbound = await store.bind_policy(tx, policy.id)
    told = {"version": made.id, "number": made.number, "bound": bound, "unbound": unbound}
    await record(tx, "policy.published", Subject("policy", policy.id, content), told)
    return made


def _new(tx: Tx, who: Principal, wording: Wording) -> Policy:
    return Policy(
        key=wording.key,
        title=wording.title,
        severity=wording.severity,
        enforcement=wording.enforcement,
        owner_id=who.person_id,
        created_at=tx.at,
    )


def _version(tx: Tx, who: Principal, policy: Policy, wording: Wording, *, number: int, content: str) -> PolicyVersion:
    return PolicyVersion(
        id=new_id(),
        policy_id=policy.id,
        number=number,
        rule=wording.rule,
        rationale=wording.rationale,
        remediation=wording.remediation,
        severity=wording.severity,
        enforcement=wording.enforcement,
        decision_points=list(wording.decision_points),
        tiers=list(wording.tiers),
        stages=list(wording.stages),
        service_level_days=wording.service_level_days,
        longest_exception_days=wording.longest_exception_days,
        digest=content,
        published_by=who.person_id,
        published_at=tx.at,
    )
