"""A bundle from Git put beside the catalog: what would change, and the changes opened for it, all in review at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from hub import words
from hub.db import Tx
from hub.errors import Code, Refused
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.policies import store as policies
from hub.policies.actions import check_bundle, new_policy
from hub.policies.changes import review, rules, store
from hub.policies.changes.actions import drafted
from hub.policies.changes.telling import tell
from hub.policies.rules import Wording, checked
from hub.policies.tables import ChangeKind, ChangeStatus, Policy, PolicyChange, PolicyStatus, PolicyVersion
from hub.policies.written import differing, wording_of, written

MOST_POLICIES = 500


class PlanAction(StrEnum):
    """What applying a bundle does about one policy."""

    ADD = "ADD"
    CHANGE = "CHANGE"
    TAKE_OVER = "TAKE_OVER"
    RETIRE = "RETIRE"
    WITHDRAW = "WITHDRAW"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True)
class Planned:
    """What applying a bundle does about one policy; `change_id` is the change that asks for it, once there is one."""

    key: str
    action: PlanAction
    changed: tuple[str, ...] = ()
    change_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """One policy on the way: the change that is open and says the same, or what a new one is to say."""

    planned: Planned
    policy: Policy | None
    kind: ChangeKind | None = None
    wording: Wording | None = None
    kept: PolicyChange | None = None
    outdated: tuple[PolicyChange, ...] = field(default=())


async def apply(
    tx: Tx,
    who: Principal,
    bundle: str,
    wordings: Sequence[Wording],
    *,
    summary: str,
    dry_run: bool = False,
    take_over: bool = False,
) -> list[Planned]:
    """Have the catalog say what a bundle says, by changes that are reviewed as any other; gives the plan, by key.

    What the bundle owns and no longer names is to be retired. An open change of the bundle that says the same stands;
    one that says something else is taken back. A few statements for any number of policies.
    """
    acting(tx, who, Permission.PROPOSE_POLICY)
    name = rules.bundle_name(bundle)
    said = words.wanted(summary, "summary", most=rules.LONGEST_SUMMARY)
    asked = _checked(wordings)
    if not dry_run:
        await policies.add_policies(tx, [new_policy(tx, who.person_id, wording) for wording in asked.values()])
    rows = await policies.with_versions(tx, sorted(asked), bundle=name, lock=not dry_run)
    found = {policy.key: (policy, version) for policy, version in rows}
    opened: defaultdict[UUID, list[PolicyChange]] = defaultdict(list)
    for change in await store.open_of(tx, [policy.id for policy, _ in rows]):
        if change.bundle == name:
            opened[change.policy_id].append(change)
    steps = []
    for key in sorted(asked.keys() | found.keys()):
        policy, version = found.get(key, (None, None))
        mine = opened[policy.id] if policy is not None else []
        step = _step(key, asked.get(key), policy, version, mine, bundle=name, take_over=take_over)
        if step is not None:
            steps.append(step)
    return [step.planned for step in steps] if dry_run else await _carry_out(tx, who, name, said, steps)


def _checked(wordings: Sequence[Wording]) -> dict[str, Wording]:
    if not 1 <= len(wordings) <= MOST_POLICIES:
        raise Refused(
            Code.BAD_INPUT,
            f"{len(wordings)} policies given; a bundle has 1 to {MOST_POLICIES}. Retire policies one by one instead",
            field="policies",
        )
    made: dict[str, Wording] = {}
    for at, wording in enumerate(wordings):
        place = f"policies[{at}]"
        try:
            clean = checked(wording)
        except Refused as refused:
            # The key is shown only where it is one.
            named = "" if refused.field == "key" else f"{wording.key}: "
            raise Refused(refused.code, f"{named}{refused.why}", field=f"{place}.{refused.field}") from refused
        if clean.key in made:
            raise Refused(Code.BAD_INPUT, f"{clean.key} is there twice; give each key once", field=f"{place}.key")
        made[clean.key] = clean
    return made


def _step(
    key: str,
    wording: Wording | None,
    policy: Policy | None,
    version: PolicyVersion | None,
    mine: Sequence[PolicyChange],
    *,
    bundle: str,
    take_over: bool,
) -> _Step | None:
    """What is to be done about one policy; none when the bundle no longer has anything to do with it."""
    action, kind, changed = _wanted(wording, policy, version, bundle, take_over)
    text = written(wording) if wording is not None else None
    same = [one for one in mine if kind is not None and _says(one, kind, text, policy)]
    kept = same[0] if same else None
    outdated = tuple(one for one in mine if one is not kept)
    if kind is None and outdated:
        # Nothing is wanted any more, and what is still open would say otherwise if somebody approved it.
        action = PlanAction.WITHDRAW
    elif kind is None and wording is None:
        return None
    planned = Planned(key, action, changed, kept.id if kept is not None else None)
    return _Step(planned, policy, kind, wording, kept, outdated)


def _wanted(
    wording: Wording | None, policy: Policy | None, version: PolicyVersion | None, bundle: str, take_over: bool
) -> tuple[PlanAction, ChangeKind | None, tuple[str, ...]]:
    if wording is None:
        assert policy is not None
        if policy.bundle == bundle and policy.status in (PolicyStatus.PUBLISHED, PolicyStatus.DEPRECATED):
            return PlanAction.RETIRE, ChangeKind.RETIRE, ("status",)
        return PlanAction.UNCHANGED, None, ()
    if policy is None or version is None:
        return PlanAction.ADD, ChangeKind.WORDING, differing(None, wording)
    if not take_over:
        check_bundle(policy, bundle)
        rules.check_by_hand(policy, bundle)
    changed = differing(wording_of(policy.key, version), wording)
    is_over = policy.status in rules.OVER
    kind = ChangeKind.RESTORE if is_over else ChangeKind.WORDING
    if is_over:
        changed += ("status",)
    if policy.bundle != bundle:
        return PlanAction.TAKE_OVER, kind, (*changed, "bundle")
    return (PlanAction.CHANGE, kind, changed) if changed else (PlanAction.UNCHANGED, None, ())


def _says(change: PolicyChange, kind: ChangeKind, text: Mapping[str, object] | None, policy: Policy | None) -> bool:
    assert policy is not None
    return (
        change.status is ChangeStatus.IN_REVIEW
        and change.kind is kind
        and change.wording == text
        and change.base_version_id == policy.current_version_id
    )


async def _carry_out(tx: Tx, who: Principal, bundle: str, summary: str, steps: Sequence[_Step]) -> list[Planned]:
    made: list[PolicyChange] = []
    plan: list[Planned] = []
    for step in steps:
        planned = step.planned
        if step.kind is not None and step.kept is None:
            change = _change(tx, who, bundle, summary, step)
            made.append(change)
            planned = Planned(planned.key, planned.action, planned.changed, change.id)
        plan.append(planned)
    outdated = [change for step in steps for change in step.outdated]
    if outdated:
        await store.change(tx, [one.id for one in outdated], status=ChangeStatus.WITHDRAWN, shadow=False)
        await tell(tx, "policy.change_withdrawn", outdated)
        await review.take_back(tx, outdated)
    await store.add(tx, made)
    await store.settle(tx, sorted({one.policy_id for one in [*made, *outdated]}))
    await tell(tx, "policy.change_proposed", made)
    await tell(tx, "policy.change_submitted", made)
    await review.ask(tx, who, made, {step.policy.id: step.policy for step in steps if step.policy is not None})
    return plan


def _change(tx: Tx, who: Principal, bundle: str, summary: str, step: _Step) -> PolicyChange:
    assert step.policy is not None and step.kind is not None
    change = drafted(
        tx,
        who,
        step.policy,
        step.kind,
        summary=summary,
        changed=step.planned.changed,
        wording=written(step.wording) if step.wording is not None else None,
        bundle=bundle,
        restores_id=step.policy.current_version_id if step.kind is ChangeKind.RESTORE else None,
    )
    change.status, change.submitted_at = ChangeStatus.IN_REVIEW, tx.at
    return change
