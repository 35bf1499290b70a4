"""Verbs on approval requests. Every way in, console, command line or chat, comes through here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub import words
from hub.approvals import rules, store, subjects
from hub.approvals.asked import store as asked_store
from hub.approvals.deadlines import rungs
from hub.approvals.deadlines.rungs import Rung
from hub.approvals.rules import OUTCOMES, ApprovalSubject
from hub.approvals.signing import Answer, Seated, seated
from hub.approvals.steps import Given, current, is_approved, steps_of, wants
from hub.approvals.store import Counted, Signing
from hub.approvals.tables import ApprovalRequest, ApprovalRule, ApprovalStatus, Channel, SignOff, SignOffDecision
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Entry, Subject, record, record_all
from hub.models import actions as models
from hub.models.rules import sees, treated_as
from hub.models.tables import RiskTier, Stage
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import Discipline, Role


@dataclass(frozen=True, slots=True)
class Wanted:
    """One approval that is asked for; a tier and a stage where the subject has them."""

    subject: ApprovalSubject
    reason: str
    tier: RiskTier | None = None
    stage: Stage | None = None
    rule: ApprovalRule | None = None
    """The rule to ask under where it is not the matrix's own choice."""


async def request(
    tx: Tx,
    who: Principal,
    subject: ApprovalSubject,
    *,
    reason: str,
    tier: RiskTier | None = None,
    stage: Stage | None = None,
    rule: ApprovalRule | None = None,
) -> ApprovalRequest:
    """Ask people whether a subject may go on, by the rule of the matrix for it."""
    (made,) = await request_all(tx, who, [Wanted(subject, reason, tier, stage, rule)])
    return made


async def request_all(tx: Tx, who: Principal, asks: Sequence[Wanted]) -> list[ApprovalRequest]:
    """Ask for any number of approvals of one kind, each by its rule; a fixed number of statements for one rule."""
    acting(tx, who, Permission.REQUEST_APPROVAL)
    if not asks:
        return []
    clean = [(ask, words.wanted(ask.reason, "reason")) for ask in asks]
    for scope_id in sorted({ask.subject.scope_id for ask in asks if ask.subject.scope_id is not None}):
        await models.visible_model(tx, who, scope_id)
    found = await _rules(tx, asks)
    kind = asks[0].subject.kind
    await store.hold_subjects(tx, [(ask.subject.id, ask.stage) for ask in asks])
    pending = await store.pending_of(tx, kind, [ask.subject.id for ask in asks])
    for ask in asks:
        if (there := pending.get((ask.subject.id, ask.stage))) is not None:
            said = f" for {ask.stage}" if ask.stage is not None else ""
            raise Refused(Code.CONFLICT, f"approval{said} is asked already, in request {there}", field="stage")
    ladders = {rule.id: await rungs.ladder(tx, rule, tx.at) for rule in {one.id: one for one in found}.values()}
    makers = await _makers(tx, who, [ask.subject for ask in asks])
    made = [
        _made(tx, who, ask, reason, rule, ladders[rule.id], by)
        for (ask, reason), rule, by in zip(clean, found, makers, strict=True)
    ]
    await store.add_requests(tx, made)
    ids = [one.id for one in made]
    await asked_store.refresh(tx, requests=ids)
    # Where everybody who could answer is away, the next in the path is told at once.
    climbing = [one for one in made if rungs.escalates(one.ladder)]
    away = await asked_store.all_away(tx, [one.id for one in climbing]) if climbing else {}
    for one in climbing:
        if one.id in away:
            await store.change(tx, one.id, ladder=rungs.brought_forward(one.ladder, tx.at), next_at=tx.at)
    entries = [Entry(_subject(one), _asked(one, away.get(one.id, [])), one.scope_id) for one in made]
    await record_all(tx, "approval.requested", entries)
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
    on_behalf_of: UUID | None = None,
    channel: Channel = Channel.API,
) -> SignOff:
    """Record one person's answer, and decide the request when it settles it; the same answer again changes nothing."""
    acting(tx, who, Permission.SIGN_APPROVAL)
    asked = await held(tx, who, request_id)
    if decision is SignOffDecision.WITHDRAW:
        raise Refused(Code.BAD_INPUT, "to take your answer back, use withdrawSignOff", field="decision")
    answers = await store.answers(tx, request_id)
    live = rules.live(answers, await store.revoked(tx, answers))
    if (before := live.get(who.person_id)) is not None:
        if before.decision is decision:
            return before
        raise Refused(
            Code.WRONG_STATE,
            f"you answered {before.decision} before; take that back first, then answer anew",
            field="decision",
        )
    rules.check_open(asked.status, asked.status_why)
    needed = rules.needs_comment(decision, asked.tier)
    written = words.wanted(comment, "comment") if needed else words.optional(comment, "comment")
    makers, names = await _content(tx, asked, digest_seen)
    now = await store.signing(tx, request_id, who.person_id, on_behalf_of or who.person_id, makers, names)
    rules.check_active(now.active, now.roles)
    answer = Answer(who.person_id, who.kind, on_behalf_of, decision, discipline)
    seat = await seated(tx, asked, answer, live, now)
    entry = 1 + sum(one.person_id == who.person_id for one in answers)
    made = _signed(tx, asked, seat, answer, now, written, entry, channel)
    await store.add_sign_off(tx, made)
    told = {
        "sign_off": made.id,
        "decision": decision,
        "discipline": made.discipline,
        "on_behalf_of": on_behalf_of,
        "channel": channel,
        "comment_digest": digest_of_text(written),
    }
    await record(tx, "approval.signed", _subject(asked), told, scope_id=asked.scope_id)
    if decision in OUTCOMES:
        await settle(tx, asked, OUTCOMES[decision])
    else:
        # Nobody's rights change while the lock on people is shared: what counted before counts still, and this one too.
        await _weigh(tx, asked, now.given(Counted(who.person_id, made.discipline, made.step, now.hands)))
    return made


async def withdraw_sign_off(
    tx: Tx, who: Principal, request_id: UUID, *, comment: str, channel: Channel = Channel.API
) -> SignOff:
    """Take one's answer back while the request is open: a new entry, and the first stays to be seen."""
    acting(tx, who, Permission.SIGN_APPROVAL)
    written = words.wanted(comment, "comment")
    asked = await held(tx, who, request_id)
    mine = [one for one in await store.answers(tx, request_id) if one.person_id == who.person_id]
    if not mine:
        raise Refused(Code.NOT_FOUND, "you have not answered this request; there is nothing to take back")
    if mine[-1].decision is SignOffDecision.WITHDRAW:
        return mine[-1]
    rules.check_open(asked.status, asked.status_why)
    made = mine[-1].model_copy(
        update={
            "id": new_id(),
            "entry": mine[-1].entry + 1,
            "decision": SignOffDecision.WITHDRAW,
            "comment": written,
            "acknowledgement": "",
            "channel": channel,
            "signed_at": tx.at,
        }
    )
    await store.add_sign_off(tx, made)
    told = {"sign_off": made.id, "before": mine[-1].id, "comment_digest": digest_of_text(written)}
    await record(tx, "approval.sign_off_withdrawn", _subject(asked), told, scope_id=asked.scope_id)
    await count(tx, asked, await makers_of(tx, asked))
    return made


async def withdraw(tx: Tx, who: Principal, request_id: UUID) -> ApprovalRequest:
    """Take a question back, as the one who asked it or an ADMIN; nothing happens when that was done."""
    acting(tx, who, Permission.REQUEST_APPROVAL)
    asked = await held(tx, who, request_id)
    if who.person_id != asked.requested_by and Role.ADMIN not in who.roles:
        raise Refused(Code.FORBIDDEN, "only whoever asked, or an ADMIN, takes a question back", field="request")
    if asked.status is ApprovalStatus.WITHDRAWN:
        return asked
    rules.check_open(asked.status, asked.status_why)
    await settle(tx, asked, ApprovalStatus.WITHDRAWN)
    return await again(tx, request_id)


async def count(tx: Tx, asked: ApprovalRequest, makers: Collection[UUID]) -> None:
    """Count the approvals that count now: the request is approved by them, or asks whoever is wanted still."""
    await _weigh(tx, asked, await store.given(tx, asked.id, but=makers))


async def _weigh(tx: Tx, asked: ApprovalRequest, given: Sequence[Given]) -> None:
    steps = steps_of(asked.rule["steps"])
    if is_approved(steps, given):
        await settle(tx, asked, ApprovalStatus.APPROVED)
        return
    wanted = wants(steps, given)
    if wanted != asked.wants:
        await store.change(tx, asked.id, wants=wanted, step=current(steps, given))
    await asked_store.refresh(tx, requests=[asked.id])


async def settle(
    tx: Tx,
    asked: ApprovalRequest,
    status: ApprovalStatus,
    *,
    why: str | None = None,
    told: Mapping[str, object] | None = None,
) -> None:
    """Decide a request, once: nobody is asked any more, and what hangs on it follows."""
    await store.change(
        tx, asked.id, status=status, status_why=why, decided_at=tx.at, next_at=None, late=tx.at > asked.due_at
    )
    await asked_store.refresh(tx, requests=[asked.id])
    kind = f"approval.{status.lower()}"
    await record(tx, kind, _subject(asked), {**_told(asked), **(told or {})}, scope_id=asked.scope_id)


async def void(tx: Tx, found: Mapping[UUID, tuple[ApprovalRequest, list[str]]]) -> None:
    """Make requests stale whose content changed, each with the names of what changed; their sign-offs count no more."""
    if not found:
        return
    await store.void(tx, {asked.id: ", ".join(names) for asked, names in found.values()})
    await asked_store.refresh(tx, requests=list(found))
    entries = [
        Entry(_subject(asked), {**_told(asked), "changed": names}, asked.scope_id) for asked, names in found.values()
    ]
    await record_all(tx, "approval.stale", entries)


async def recount(tx: Tx, request_id: UUID) -> None:
    """Decide a request that has all it needs by now, since somebody who signed it may sign again."""
    about = await store.about(tx, request_id)
    assert about is not None
    await subjects.hold(tx, *about)
    asked = await again(tx, request_id)
    if asked.status is ApprovalStatus.PENDING:
        await count(tx, asked, await makers_of(tx, asked))


async def counted(tx: Tx, asked: ApprovalRequest, *, but: Collection[UUID] = ()) -> list[Given]:
    """The approvals that count at this moment: roles, delegations, authors and identities are looked at anew.

    Those of some people, under whatever account, are left out.
    """
    await store.share_people(tx)
    return await store.given(tx, asked.id, but=await makers_of(tx, asked, also=but))


async def makers_of(tx: Tx, asked: ApprovalRequest, *, also: Collection[UUID] = ()) -> set[UUID]:
    """Everybody whose work a request is about, and who made it, under every account they have by now."""
    makers, names = _makers_named(asked)
    return await people.alike(tx, {*makers, *also}, names)


def _makers_named(asked: ApprovalRequest, now: ApprovalSubject | None = None) -> tuple[set[UUID], set[str]]:
    """The people and outside names whose work a request is about: as it was asked, and as it is now."""
    authors = asked.authors or {}
    made_by = {UUID(person) for person in authors.get("people", ())} | {asked.requested_by}
    names = set(authors.get("names", ()))
    return (made_by, names) if now is None else (made_by | set(now.author_ids), names | set(now.authors))


async def held(tx: Tx, who: Principal, request_id: UUID) -> ApprovalRequest:
    """A request that this person sees, locked after what its subject's concept locks before it."""
    absent = Refused(Code.NOT_FOUND, "there is no such approval request", field="request")
    found = await store.seen(tx, request_id, but=subjects.held_first())
    if found is None:
        about = await store.about(tx, request_id)
        if about is None:
            raise absent
        await subjects.hold(tx, *about)
        found = await store.seen(tx, request_id, but=())
        assert found is not None
    asked, guard = found
    if guard is not None and not sees(who, guard):
        raise absent
    return asked


async def again(tx: Tx, request_id: UUID) -> ApprovalRequest:
    """A request as it is, locked."""
    found = await store.request(tx, request_id, lock=True)
    assert found is not None
    return found


async def _rules(tx: Tx, asks: Sequence[Wanted]) -> list[ApprovalRule]:
    """The rule for each; refused where the matrix says nothing."""
    known: dict[tuple[object, ...], ApprovalRule | None] = {}
    found = []
    for ask in asks:
        if ask.rule is not None:
            found.append(ask.rule)
            continue
        tier = treated_as(ask.tier) if ask.tier is not None else None
        key = (ask.subject.kind, tier, ask.stage, ask.subject.scope_id)
        if key not in known:
            known[key] = await store.rule(tx, ask.subject.kind, tier, ask.stage, ask.subject.scope_id)
        rule = known[key]
        if rule is None:
            raise Refused(Code.NO_RULE, rules.no_rule(ask.subject.kind, tier, ask.stage), field="stage")
        if not rule.steps:
            raise Refused(
                Code.NO_RULE,
                f"the matrix asks nobody about {rules.selector(ask.subject.kind, tier, ask.stage)}:"
                " checks alone suffice",
                field="stage",
            )
        found.append(rule)
    return found


async def _makers(tx: Tx, who: Principal, found: Sequence[ApprovalSubject]) -> list[set[UUID]]:
    """Whose work each of these is, under every account they have; what the same people made is looked up once."""
    known: dict[tuple[object, ...], set[UUID]] = {}
    for one in found:
        if (one.author_ids, one.authors) not in known:
            by = {who.person_id, *one.author_ids}
            known[one.author_ids, one.authors] = await people.alike(tx, by, one.authors)
    return [known[one.author_ids, one.authors] for one in found]


def _made(
    tx: Tx,
    who: Principal,
    ask: Wanted,
    reason: str,
    rule: ApprovalRule,
    ladder: Sequence[Rung],
    makers: Collection[UUID],
) -> ApprovalRequest:
    subject = ask.subject
    return ApprovalRequest(
        id=new_id(),
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_digest=subject.digest,
        title=subject.title or f"{subject.kind.replace('_', ' ')} {subject.id}",
        parts=dict(subject.parts),
        authors={"names": sorted(set(subject.authors)), "people": sorted(str(person) for person in makers)},
        scope_id=subject.scope_id,
        tier=ask.tier,
        stage=ask.stage,
        rule=rules.snapshot(rule),
        wants=wants(steps_of(rule.steps), []),
        reason=reason,
        acknowledgement=rules.acknowledgement(subject),
        requested_by=who.person_id,
        requested_at=tx.at,
        due_at=ladder[-1].at,
        ladder=[rung.written() for rung in ladder],
        next_at=ladder[0].at,
    )


async def _content(tx: Tx, asked: ApprovalRequest, digest_seen: str | None) -> tuple[set[UUID], set[str]]:
    """Refuse a signature for what is not there any more; gives who made what is there, by id and by outside name."""
    if digest_seen is not None and digest_seen != asked.subject_digest:
        raise rules.stale("you looked at other content than this request is about")
    now = await subjects.now(tx, asked.subject_kind, asked.subject_id, asked.stage)
    if now is None:
        raise rules.stale("it is gone")
    if names := rules.changed(asked.parts or {}, now.parts):
        raise rules.stale(", ".join(names))
    return _makers_named(asked, now)


def _signed(
    tx: Tx,
    asked: ApprovalRequest,
    seat: Seated,
    answer: Answer,
    now: Signing,
    comment: str,
    entry: int,
    channel: Channel,
) -> SignOff:
    return SignOff(
        id=new_id(),
        request_id=asked.id,
        person_id=answer.person_id,
        entry=entry,
        step=seat.step,
        role=seat.role,
        discipline=seat.discipline,
        decision=answer.decision,
        comment=comment,
        acknowledgement=rules.declared(asked, answer.decision),
        subject_digest=asked.subject_digest,
        channel=channel,
        on_behalf_of=answer.on_behalf_of,
        delegation_id=seat.delegation_id,
        opened_at=now.opened_at,
        opened=now.opened,
        signed_at=tx.at,
    )


def _subject(asked: ApprovalRequest) -> Subject:
    return Subject("approval_request", asked.id, asked.subject_digest)


def _told(asked: ApprovalRequest) -> dict[str, object]:
    return {"subject": {"kind": asked.subject_kind, "id": asked.subject_id}, "stage": asked.stage}


def _asked(made: ApprovalRequest, away: Sequence[str]) -> dict[str, object]:
    told = _told(made) | {
        "rule": made.rule["id"],
        "due_at": made.due_at,
        "reason_digest": digest_of_text(made.reason),
    }
    return told | {"away": list(away)} if away else told
