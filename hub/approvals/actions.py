"""Verbs on approval requests. Every way in, console, command line or chat, comes through here."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

from hub import words
from hub.approvals import rules, store
from hub.approvals.rules import ApprovalSubject, Matrix
from hub.approvals.tables import ApprovalRequest, ApprovalStatus, SignOff, SignOffDecision
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Entry, Subject, record, record_all
from hub.models import actions as models
from hub.models.rules import treated_as
from hub.models.tables import RiskTier, Stage
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import Discipline, PersonKind

Current = Callable[[Tx, UUID, Stage], Awaitable[Mapping[str, str]]]
"""Gives the parts of a subject's digest as they are now, for a subject and a stage."""

_current: dict[str, Current] = {}

OUTCOMES = {
    SignOffDecision.REJECT: ApprovalStatus.REJECTED,
    SignOffDecision.REQUEST_CHANGES: ApprovalStatus.CHANGES_REQUESTED,
}


def currently(kind: str) -> Callable[[Current], Current]:
    """Let a concept say what the content of its subjects is now; it is asked once more at every signature."""

    def register(current: Current) -> Current:
        _current[kind] = current
        return current

    return register


async def request(
    tx: Tx, who: Principal, subject: ApprovalSubject, *, tier: RiskTier, stage: Stage, reason: str
) -> ApprovalRequest:
    """Ask people whether a subject may go to a stage, by the rule for its tier."""
    acting(tx, who, Permission.REQUEST_APPROVAL)
    written = words.wanted(reason, "reason")
    await models.visible_model(tx, who, subject.scope_id)
    rule = await store.rule(tx, treated_as(tier), stage)
    if rule is None:
        raise Refused(
            Code.NO_RULE,
            f"no approval rule for {treated_as(tier)} models and stage {stage}; an ADMIN must add one to the matrix",
            field="stage",
        )
    await store.hold_subject(tx, subject.id, stage)
    if (pending := await store.pending_of(tx, subject.id, stage)) is not None:
        raise Refused(Code.CONFLICT, f"approval for {stage} is asked already, in request {pending}", field="stage")
    made = ApprovalRequest(
        id=new_id(),
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_digest=subject.digest,
        parts=dict(subject.parts),
        authors={"names": sorted(set(subject.authors)), "people": sorted(str(person) for person in subject.author_ids)},
        scope_id=subject.scope_id,
        stage=stage,
        rule=rules.snapshot(rule),
        reason=written,
        requested_by=who.person_id,
        requested_at=tx.at,
        due_at=tx.at + timedelta(days=rule.term_days),
    )
    await store.add_request(tx, made)
    told = {
        "subject": {"kind": subject.kind, "id": subject.id},
        "stage": stage,
        "rule": rule.id,
        "due_at": made.due_at,
        "reason_digest": digest_of_text(written),
    }
    await record(tx, "approval.requested", _subject(made), told, scope_id=made.scope_id)
    return made


async def sign(
    tx: Tx,
    who: Principal,
    request_id: UUID,
    *,
    decision: SignOffDecision,
    comment: str = "",
    digest_seen: str | None = None,
    discipline: Discipline | None = None,
) -> SignOff:
    """Record one person's answer, and decide the request when it settles it; the same answer again changes nothing."""
    acting(tx, who, Permission.SIGN_APPROVAL)
    approves = decision is SignOffDecision.APPROVE
    written = words.optional(comment, "comment") if approves else words.wanted(comment, "comment")
    asked = await _visible(tx, who, request_id)
    before = await store.sign_off_of(tx, request_id, who.person_id)
    if before is not None:
        if before.decision is decision:
            return before
        raise Refused(
            Code.WRONG_STATE, f"you answered {before.decision} before; an answer is not changed", field="decision"
        )
    rules.check_open(asked.status, asked.status_why)
    held = await _check_signer(tx, who, asked)
    await _check_content(tx, asked, digest_seen)
    matrix, given = Matrix.of(asked.rule), await store.given(tx, request_id)
    made = SignOff(
        id=new_id(),
        request_id=request_id,
        person_id=who.person_id,
        discipline=rules.discipline_for(matrix, given, held, discipline, decision),
        decision=decision,
        comment=written,
        subject_digest=asked.subject_digest,
        signed_at=tx.at,
    )
    await store.add_sign_off(tx, made)
    told = {
        "sign_off": made.id,
        "decision": decision,
        "discipline": made.discipline,
        "comment_digest": digest_of_text(written),
    }
    await record(tx, "approval.signed", _subject(asked), told, scope_id=asked.scope_id)
    outcome = OUTCOMES.get(decision)
    if outcome is None and rules.is_approved(matrix, await store.given(tx, request_id)):
        outcome = ApprovalStatus.APPROVED
    if outcome is not None:
        await store.change(tx, request_id, status=outcome, decided_at=tx.at)
        await record(tx, f"approval.{outcome.lower()}", _subject(asked), _told(asked), scope_id=asked.scope_id)
    return made


async def void(tx: Tx, found: Mapping[UUID, tuple[ApprovalRequest, list[str]]]) -> None:
    """Make requests stale whose content changed, each with the names of what changed; their sign-offs count no more."""
    if not found:
        return
    await store.void(tx, {asked.id: ", ".join(names) for asked, names in found.values()})
    entries = [
        Entry(_subject(asked), {**_told(asked), "changed": names}, asked.scope_id) for asked, names in found.values()
    ]
    await record_all(tx, "approval.stale", entries)


async def _visible(tx: Tx, who: Principal, request_id: UUID) -> ApprovalRequest:
    absent = Refused(Code.NOT_FOUND, "there is no such approval request", field="request")
    asked = await store.request(tx, request_id, lock=True)
    if asked is None:
        raise absent
    try:
        await models.visible_model(tx, who, asked.scope_id)
    except Refused as error:
        raise absent from error
    return asked


async def _check_signer(tx: Tx, who: Principal, asked: ApprovalRequest) -> frozenset[Discipline]:
    # As of now: what the reader of the token knew may have been taken away since.
    now = await people.standing(tx, who.person_id, who.scopes)
    if now is None:
        raise Refused(Code.FORBIDDEN, "your account is not active; nothing was signed")
    now.require(Permission.SIGN_APPROVAL)
    authors = asked.authors or {}
    made_by = await people.named(tx, authors.get("names", ()))
    rules.check_signer(
        who.person_id,
        is_service=now.kind is PersonKind.SERVICE,
        requested_by=asked.requested_by,
        authors=made_by | {UUID(person) for person in authors.get("people", ())},
    )
    return now.disciplines


async def _check_content(tx: Tx, asked: ApprovalRequest, digest_seen: str | None) -> None:
    if digest_seen is not None and digest_seen != asked.subject_digest:
        raise rules.stale("you looked at other content than this request is about")
    current = _current.get(asked.subject_kind)
    if current is not None:
        names = rules.changed(asked.parts or {}, await current(tx, asked.subject_id, asked.stage))
        if names:
            raise rules.stale(", ".join(names))


def _subject(asked: ApprovalRequest) -> Subject:
    return Subject("approval_request", asked.id, asked.subject_digest)


def _told(asked: ApprovalRequest) -> dict[str, object]:
    return {"subject": {"kind": asked.subject_kind, "id": asked.subject_id}, "stage": asked.stage}
