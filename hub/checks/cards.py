"""Model cards as approvals know them: what a card claims is read by somebody who did not write it."""

from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals import subjects
from hub.approvals.rules import ApprovalSubject
from hub.approvals.tables import ApprovalRequest, SubjectKind
from hub.checks import store
from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.reactions import Happened, on
from hub.models import actions as models
from hub.people.access import Permission, Principal
from hub.people.acting import acting

KIND = SubjectKind.CARD


@subjects.subject(KIND)
async def subject_now(tx: Tx, version_id: UUID, _stage: object) -> ApprovalSubject | None:
    """A version's card as it is now; none while it has none."""
    row = await store.card(tx, version_id)
    if row is None:
        return None
    return ApprovalSubject(
        KIND,
        version_id,
        row["digest"],
        row["model_id"],
        parts={"card": row["digest"]},
        authors=tuple(sorted(name for name in {row["author"], row["run_author"]} if name)),
        title=f"card of {row['model']} {row['version']}",
    )


async def ask_approval(tx: Tx, who: Principal, version_id: UUID, *, reason: str) -> ApprovalRequest:
    """Ask people whether a version's card says what is to be said."""
    acting(tx, who, Permission.REQUEST_APPROVAL)
    model, _ = await models.visible_version(tx, who, version_id)
    subject = await subject_now(tx, version_id, None)
    if subject is None:
        raise Refused(
            Code.WRONG_STATE, "this version has no card yet; write one in its registry, then sync it", field="version"
        )
    return await approvals.request(tx, who, subject, tier=model.tier, reason=reason)


@on("card.changed")
async def look_again(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What was asked about a card that says something else by now is stale; the event's subject is the card."""
    versions = await store.version_of_card(tx, [event.subject.id for event in happened])
    pending = await approval_store.pending(tx, KIND, subject_ids=versions)
    await approvals.void(tx, {one.id: (one, ["card"]) for one in pending})
