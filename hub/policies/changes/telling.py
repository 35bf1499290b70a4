"""What the audit trail is told of policy changes, and the end of those that another one overtook."""

from collections.abc import Sequence
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals.tables import SubjectKind
from hub.db import Tx
from hub.events.canonical import digest_of_text
from hub.events.record import Entry, Subject, record_all
from hub.policies.changes import store
from hub.policies.tables import ChangeStatus, PolicyChange


async def tell(tx: Tx, kind: str, changes: Sequence[PolicyChange], **more: object) -> None:
    """Record one event for each of some changes."""
    await record_all(tx, kind, [Entry(_subject(one), {**_told(one), **more}) for one in changes])


async def overtake(tx: Tx, policy_id: UUID) -> None:
    """Close what else is open for a policy whose wording, or standing, has just changed."""
    left = await store.open_of(tx, [policy_id])
    if left:
        await store.change(tx, [one.id for one in left], status=ChangeStatus.STALE, shadow=False)
        await tell(tx, "policy.change_stale", left)
        await approvals.void(
            tx,
            {
                one.id: (one, ["wording in force"])
                for one in await approval_store.pending(
                    tx, SubjectKind.POLICY_CHANGE, subject_ids=[change.id for change in left]
                )
            },
        )


def _subject(change: PolicyChange) -> Subject:
    return Subject("policy_change", change.id, change.digest)


def _told(change: PolicyChange) -> dict[str, object]:
    return {
        "policy": change.policy_id,
        "change_kind": change.kind,
        "changed": change.changed,
        "base": change.base_version_id,
        "bundle": change.bundle,
        "summary_digest": digest_of_text(change.summary),
    }
