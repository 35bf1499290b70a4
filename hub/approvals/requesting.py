"""Putting questions to people: by which rule, whom, and until when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub import words
from hub.approvals import rules, store
from hub.approvals.asked import store as asked_store
from hub.approvals.deadlines import rungs
from hub.approvals.deadlines.rungs import Rung
from hub.approvals.rules import ApprovalSubject
from hub.approvals.steps import progress, steps_of
from hub.approvals.tables import ApprovalRequest, ApprovalRule
from hub.approvals.telling import entry, tell_all
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.models import actions as models
from hub.models.rules import treated_as
from hub.models.tables import RiskTier, Stage
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting


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
    await tell_all(tx, "requested", [entry(one, _asked(one, away.get(one.id, []))) for one in made])
    return made


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
        wants=progress(steps_of(rule.steps), []).wants,
        reason=reason,
        acknowledgement=rules.acknowledgement(subject),
        requested_by=who.person_id,
        requested_at=tx.at,
        due_at=ladder[-1].at,
        ladder=[rung.written() for rung in ladder],
        next_at=ladder[0].at,
    )


def _asked(made: ApprovalRequest, away: Sequence[str]) -> dict[str, object]:
    said: dict[str, object] = {
        "rule": made.rule["id"],
        "due_at": made.due_at,
        "reason_digest": digest_of_text(made.reason),
    }
    return said | {"away": list(away)} if away else said
