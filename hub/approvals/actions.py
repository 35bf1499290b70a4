"""Verbs on approval requests. Every way in, console, command line or chat, comes through here."""

from collections.abc import Collection, Mapping
from uuid import UUID

from hub import words
from hub.approvals import rules, store, subjects
from hub.approvals.asked import store as asked_store
from hub.approvals.bypass import rules as bypass_rules
from hub.approvals.counting import store as counting
from hub.approvals.counting.rules import Counted, Makers, asks_fewer, seated
from hub.approvals.counting.store import Signing
from hub.approvals.requesting import Wanted as Wanted
from hub.approvals.requesting import request as request
from hub.approvals.requesting import request_all as request_all
from hub.approvals.rules import OUTCOMES
from hub.approvals.signing import Answer, Seated, seat_of
from hub.approvals.steps import Given, Progress, progress, steps_of
from hub.approvals.tables import ApprovalRequest, ApprovalStatus, Channel, SignOff, SignOffDecision
from hub.approvals.telling import entry, tell, tell_all
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.models.rules import sees
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.people.tables import Discipline, Role
from hub.statements import Write, adding, fresh


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
    now = await counting.signing(tx, request_id, who.person_id, on_behalf_of or who.person_id)
    live = rules.live(now.answers)
    if (before := live.get(who.person_id)) is not None:
        if before.decision is decision:
            return await store.answer(tx, before.id)
        raise Refused(
            Code.WRONG_STATE,
            f"you answered {before.decision} before; take that back first, then answer anew",
            field="decision",
        )
    rules.check_open(asked.status, asked.status_why)
    bypass_rules.check_answer(asked.subject_kind, decision)
    needed = rules.needs_comment(decision, asked.tier)
    written = words.wanted(comment, "comment") if needed else words.optional(comment, "comment")
    makers = await check_content(tx, asked, digest_seen)
    rules.check_active(now.active, now.roles)
    answer = Answer(who.person_id, who.kind, on_behalf_of, decision, discipline)
    steps = steps_of(asked.rule["steps"])
    seat = await seat_of(tx, asked, answer, live, now, makers, steps)
    made = _signed(tx, asked, seat, answer, now, written, channel)
    told = {
        "sign_off": made.id,
        "decision": decision,
        "discipline": made.discipline,
        "on_behalf_of": on_behalf_of,
        "channel": channel,
        "comment_digest": digest_of_text(written),
    }
    # Nobody's rights change while the lock on people is shared: what counted before counts still, and this one too.
    mine = Counted(who.person_id, made.discipline, made.step, now.together)
    counted = [*now.counted, mine] if decision is SignOffDecision.APPROVE else now.counted
    far = progress(steps, seated(counted, makers))
    ends = OUTCOMES.get(decision, ApprovalStatus.APPROVED if far.is_approved else None)
    besides = [adding(made)]
    if ends is None:
        besides += [
            *moved(asked, far),
            asked_store.not_these(asked.id, {who.person_id, on_behalf_of or who.person_id}),
        ]
    await tell(tx, "signed", asked, told, besides)
    if ends is not None:
        await settle(tx, asked, ends)
    elif far.step != asked.step or not asks_fewer(asked.wants, far.wants, now.others_asked):
        await asked_store.refresh(tx, requests=[asked.id])
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
    told = {"sign_off": made.id, "before": mine[-1].id, "comment_digest": digest_of_text(written)}
    await tell(tx, "sign_off_withdrawn", asked, told, [adding(made)])
    await count(tx, asked)
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


async def count(tx: Tx, asked: ApprovalRequest) -> None:
    """Count the approvals that count now: the request is approved by them, or asks whoever is wanted still."""
    far = progress(steps_of(asked.rule["steps"]), await counting.given(tx, asked.id, rules.makers(asked)))
    if far.is_approved:
        await settle(tx, asked, ApprovalStatus.APPROVED)
        return
    if writes := moved(asked, far):
        await tx.send(*writes)
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
    decided = store.changed(asked.id, status=status, status_why=why, **rules.decided(asked, tx.at))
    await tell(tx, status.lower(), asked, told or {}, [decided, asked_store.nobody([asked.id])])


async def void(tx: Tx, found: Mapping[UUID, tuple[ApprovalRequest, list[str]]]) -> None:
    """Make requests stale whose content changed, each with the names of what changed; their sign-offs count no more."""
    if not found:
        return
    await store.void(tx, {asked.id: ", ".join(names) for asked, names in found.values()})
    entries = [entry(asked, {"changed": names}) for asked, names in found.values()]
    await tell_all(tx, "stale", entries, [asked_store.nobody(list(found))])


async def recount(tx: Tx, request_id: UUID) -> None:
    """Decide a request that has all it needs by now, since somebody who signed it may sign again."""
    about = await store.about(tx, request_id)
    assert about is not None
    await subjects.hold(tx, *about)
    asked = await again(tx, request_id)
    if asked.status is ApprovalStatus.PENDING:
        await count(tx, asked)


async def counted(tx: Tx, asked: ApprovalRequest, *, but: Collection[UUID] = ()) -> list[Given]:
    """The approvals that count at this moment: roles, delegations, authors and identities are looked at anew.

    Those of some people, under whatever account, are left out.
    """
    await store.share_people(tx)
    return await counting.given(tx, asked.id, rules.makers(asked, also=but))


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


async def check_content(tx: Tx, asked: ApprovalRequest, digest_seen: str | None) -> Makers:
    """Refuse a signature for what is not there any more; gives who made what is there."""
    if digest_seen is not None and digest_seen != asked.subject_digest:
        raise rules.stale("you looked at other content than this request is about")
    now = await subjects.now(tx, asked.subject_kind, asked.subject_id, asked.stage)
    if now is None:
        raise rules.stale("it is gone")
    if names := rules.changed(asked.parts or {}, now.parts):
        raise rules.stale(", ".join(names))
    return rules.makers(asked, now)


def moved(asked: ApprovalRequest, far: Progress) -> list[Write]:
    """What is written of a request that waits for others than before; nothing of one that does not."""
    return [] if far.wants == asked.wants else [store.changed(asked.id, wants=far.wants, step=far.step)]


def _signed(
    tx: Tx, asked: ApprovalRequest, seat: Seated, answer: Answer, now: Signing, comment: str, channel: Channel
) -> SignOff:
    return fresh(
        SignOff,
        id=new_id(),
        request_id=asked.id,
        person_id=answer.person_id,
        entry=1 + sum(one.person_id == answer.person_id for one in now.answers),
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
