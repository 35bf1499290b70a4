"""Policy changes as approvals know them: the question put to peers, and what follows from their answer."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals import subjects
from hub.approvals.actions import Wanted
from hub.approvals.rules import ApprovalSubject
from hub.approvals.tables import ApprovalStatus, SubjectKind
from hub.db import Tx
from hub.people.access import Principal
from hub.policies import store as policies
from hub.policies.changes import store
from hub.policies.tables import ChangeStatus, Policy, PolicyChange

KIND = SubjectKind.POLICY_CHANGE


async def hold(tx: Tx, change_id: UUID) -> None:
    """What is locked before the request about a change is: the bindings, then the policy, as for every publication."""
    await policies.hold_bindings(tx)
    found = await store.one(tx, change_id)
    if found is not None:
        await policies.policy(tx, found.policy_id, lock=True)


@subjects.subject(KIND, hold=hold)
async def subject_now(tx: Tx, change_id: UUID, _stage: object) -> ApprovalSubject | None:
    """A change as it is now; none once it is not in review any more."""
    found = await store.one(tx, change_id)
    if found is None or found.status is not ChangeStatus.IN_REVIEW:
        return None
    policy = await policies.policy(tx, found.policy_id)
    assert policy is not None
    return _subject(policy, found)


async def ask(tx: Tx, who: Principal, changes: Sequence[PolicyChange], by_id: Mapping[UUID, Policy]) -> None:
    """Put changes of one author to their peers; a fixed number of statements for any number."""
    if not changes:
        return
    await approvals.request_all(tx, who, [Wanted(_subject(by_id[one.policy_id], one), one.summary) for one in changes])


async def end(tx: Tx, changes: Sequence[PolicyChange], why: str) -> None:
    """Have nobody decide changes that are another text by now, or are not asked any more."""
    pending = await approval_store.pending(tx, KIND, subject_ids=[one.id for one in changes])
    await approvals.void(tx, {one.id: (one, [why]) for one in pending})


async def take_back(tx: Tx, changes: Sequence[PolicyChange]) -> None:
    """Withdraw the questions about changes that their author took back."""
    for one in await approval_store.pending(tx, KIND, subject_ids=[change.id for change in changes]):
        await approvals.settle(tx, one, ApprovalStatus.WITHDRAWN)


def _subject(policy: Policy, change: PolicyChange) -> ApprovalSubject:
    parts = {"text": change.digest, "wording in force": str(policy.current_version_id)}
    return ApprovalSubject(
        KIND,
        change.id,
        change.digest,
        None,
        parts=parts,
        author_ids=(change.author_id,),
        title=f"{change.kind.lower()} of {policy.key}",
    )
