"""Verbs on approval requests. Every way in, console, command line or chat, comes through here."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from hub import words
from hub.approvals import rules, store, subjects
from hub.approvals.asked import store as asked_store
from hub.approvals.bypass import rules as bypass_rules
from hub.approvals.requesting import Wanted as Wanted
from hub.approvals.requesting import request as request
from hub.approvals.requesting import request_all as request_all
from hub.approvals.rules import OUTCOMES, event_subject
from hub.approvals.rules import told as told_of
from hub.approvals.signing import Answer, Seated, seated
from hub.approvals.steps import Given, current, is_approved, steps_of, wants
from hub.approvals.store import Counted, Signing
from hub.approvals.tables import ApprovalRequest, ApprovalStatus, Channel, SignOff, SignOffDecision
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.events.record import Entry, record, record_all
from hub.models.rules import sees
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import Discipline, Role


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
        why = "to take your answer back, use withdrawSignOff (hub approvals unsign)"
        raise Refused(Code.BAD_INPUT, why, field="decision")
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
    bypass_rules.check_answer(asked.subject_kind, decision)
    needed = rules.needs_comment(decision, asked.tier)
    written = words.wanted(comment, "comment") if needed else words.optional(comment, "comment")
    makers, names = await check_content(tx, asked, digest_seen)
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
    await record(tx, "approval.signed", event_subject(asked), told, scope_id=asked.scope_id)
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
    await record(tx, "approval.sign_off_withdrawn", event_subject(asked), told, scope_id=asked.scope_id)
    await count(tx, asked, await makers_of(tx, asked))
    return made


async def withdraw(tx: Tx, who: Principal, request_id: UUID) -> ApprovalRequest:
    """Take a question back, as the one who asked it or an ADMIN; nothing happens when that was done."""
    acting(tx, who, Permission.REQUEST_APPROVAL)
    asked = await held(tx, who, request_id)
    bypass_rules.check_kept(asked.subject_kind)
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
    await store.change(tx, asked.id, status=status, status_why=why, **rules.decided(asked, tx.at))
    await asked_store.refresh(tx, requests=[asked.id])
    kind = f"approval.{status.lower()}"
    await record(tx, kind, event_subject(asked), {**told_of(asked), **(told or {})}, scope_id=asked.scope_id)


async def void(tx: Tx, found: Mapping[UUID, tuple[ApprovalRequest, list[str]]]) -> None:
    """Make requests stale whose content changed, each with the names of what changed; their sign-offs count no more."""
    if not found:
        return
    await store.void(tx, {asked.id: ", ".join(names) for asked, names in found.values()})
    await asked_store.refresh(tx, requests=list(found))
    entries = [
        Entry(event_subject(asked), {**told_of(asked), "changed": names}, asked.scope_id)
        for asked, names in found.values()
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
    makers, names = rules.makers(asked)
    return await people.alike(tx, {*makers, *also}, names)


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


async def check_content(tx: Tx, asked: ApprovalRequest, digest_seen: str | None) -> tuple[set[UUID], set[str]]:
    """Refuse a signature for what is not there any more; gives who made what is there, by id and by outside name."""
    if digest_seen is not None and digest_seen != asked.subject_digest:
        raise rules.stale("you looked at other content than this request is about")
    now = await subjects.now(tx, asked.subject_kind, asked.subject_id, asked.stage)
    if now is None:
        raise rules.stale("it is gone")
    if names := rules.changed(asked.parts or {}, now.parts):
        raise rules.stale(", ".join(names))
    return rules.makers(asked, now)


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
