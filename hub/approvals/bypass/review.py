"""Break-glasses as approvals know them: the question whether one was justified, and what its answer says."""

from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals import rules as approval_rules
from hub.approvals import store as approval_store
from hub.approvals import subjects
from hub.approvals.bypass import rules, store
from hub.approvals.rules import ApprovalSubject
from hub.approvals.tables import ApprovalRequest, BreakGlass, SubjectKind
from hub.db import Tx
from hub.events.canonical import digest_of
from hub.events.record import Subject, record
from hub.models.rules import treated_as
from hub.people import store as people
from hub.people.access import Principal

KIND = SubjectKind.BREAK_GLASS


@subjects.subject(KIND)
async def subject_now(tx: Tx, break_glass_id: UUID, _stage: object) -> ApprovalSubject | None:
    """A break-glass, which stays what it was; whose hand was in it is looked at anew."""
    made = await store.one(tx, break_glass_id)
    asked = None if made is None else await approval_store.request(tx, made.request_id)
    if made is None or asked is None:
        return None
    return await _subject(tx, made, asked)


async def ask(tx: Tx, who: Principal, made: BreakGlass, asked: ApprovalRequest) -> ApprovalRequest:
    """Ask for the review of a break-glass that is about to happen."""
    tier = treated_as(asked.tier) if asked.tier is not None else None
    rule = await approval_store.rule(tx, KIND, tier, asked.stage, asked.scope_id)
    return await approvals.request(
        tx,
        who,
        await _subject(tx, made, asked),
        reason=made.reason,
        tier=asked.tier,
        stage=asked.stage,
        rule=rules.held_to(rule) if rule is not None and rule.steps else None,
    )


async def reviewed(tx: Tx, break_glass_id: UUID, *, justified: bool) -> None:
    """Write down what reviewers found; what hangs on it follows."""
    made = await store.one(tx, break_glass_id)
    assert made is not None
    await store.review(tx, break_glass_id, justified=justified)
    told = {
        "request": made.request_id,
        "review": made.review_id,
        "justified": justified,
        "late": tx.at > made.review_due_at,
    }
    subject = Subject(KIND, made.id, digest_of(rules.parts(made)))
    await record(tx, "break_glass.reviewed", subject, told, scope_id=made.scope_id)


async def _subject(tx: Tx, made: BreakGlass, asked: ApprovalRequest) -> ApprovalSubject:
    now = await subjects.now(tx, asked.subject_kind, asked.subject_id, asked.stage)
    involved = approval_rules.makers(asked, now).people
    names = {*(asked.authors or {}).get("names", ()), *(now.authors if now is not None else ())}
    by = await people.person(tx, made.person_id)
    assert by is not None
    parts = rules.parts(made)
    return ApprovalSubject(
        KIND,
        made.id,
        digest_of(parts),
        made.scope_id,
        parts=parts,
        authors=tuple(sorted(names)),
        author_ids=tuple(sorted(involved | {made.person_id})),
        title=f"break-glass of {asked.title} by {by.handle}",
    )
