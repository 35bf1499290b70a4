"""The approval matrix, requests, sign-offs and inboxes in the graph."""

from datetime import datetime

import strawberry

from hub.approvals import tables
from hub.approvals.steps import Group
from hub.approvals.tables import ApprovalStatus, Channel, SignOffDecision, TermEnd
from hub.graph.declare import Order, about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.models.graph import Model
from hub.models.tables import RiskTier, Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.people.tables import Discipline, Role

strawberry.enum(ApprovalStatus, description="What became of a request.")
strawberry.enum(SignOffDecision, description="One person's answer to a request.")
strawberry.enum(TermEnd, description="What happens to a request that nobody decided within its term.")
strawberry.enum(Channel, description="Through which door somebody answered.")
strawberry.enum(Group, name="ApprovalGroup", description="Among whom a step finds those who may answer.")

THROUGH_REQUEST = through_model(
    "(SELECT ar.scope_id FROM approval_requests ar WHERE ar.id = {t}.request_id)", or_none=True
)


@strawberry.input(description="Which rows of the approval matrix.")
class ApprovalRuleFilter:
    kind: list[str] | None = where("{t}.subject_kind = ANY({v})", "About one of these kinds of subject.", cast="text[]")
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "For one of these risk tiers.", cast="text[]")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these target stages.", cast="text[]")
    tag: str | None = where("{t}.tag = {v}", "For models that carry this tag.")


@planned(
    tables.ApprovalRule,
    orders={
        "KIND": "subject_kind",
        "TIER": Order("coalesce({t}.tier::text, '')", "text"),
        "STAGE": Order("coalesce({t}.stage::text, '')", "text"),
    },
    default="KIND,TIER,STAGE",
    filter=ApprovalRuleFilter,
)
class ApprovalRule(Node):
    """A row of the approval matrix; the most specific one that fits is what a request is made under."""

    subject_kind: str = column("About which kind of subject.")
    tier: RiskTier | None = column("For models of this risk tier; null means any.")
    stage: Stage | None = column("For this target stage; null means any.")
    tag: str | None = column("For models that carry this tag, as key or key=value; null means any.")
    steps: JSON = column(
        "What is asked of people, step after step: name, quorum, least signatures by discipline, least number of"
        " different disciplines, roles, group, team. Empty where checks alone suffice."
    )
    term_days: int = column("Working days in which to decide.")
    reminders_h: JSON = column("Working hours after which those who are asked are reminded.")
    escalation: JSON = column("After how many working hours who is told that nobody decides.")
    at_end: TermEnd = column("What happens to a request that nobody decided within its term.")
    calendar: str = column("The calendar whose working time counts.")
    rationale: str = column("Why it is asked.")
    set_at: datetime = column("Since when it is in force.")


@strawberry.input(description="Which approval requests.")
class ApprovalRequestFilter:
    status: list[ApprovalStatus] | None = where("{t}.status = ANY({v})", "That stand so.", cast="text[]")
    kind: list[str] | None = where("{t}.subject_kind = ANY({v})", "About one of these kinds of subject.", cast="text[]")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "For one of these stages.", cast="text[]")
    model: strawberry.ID | None = where("{t}.scope_id = {v}", "About this model.", cast="uuid", node="Model")
    version: strawberry.ID | None = where(
        "({t}.subject_kind = 'version' AND {t}.subject_id = {v})",
        "About this version.",
        cast="uuid",
        node="ModelVersion",
    )
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "Asked in one of these risk tiers.", cast="text[]")
    requested_by: strawberry.ID | None = where(
        "{t}.requested_by = {v}", "Asked by this person.", cast="uuid", node="Person"
    )
    asked: strawberry.ID | None = where(
        "EXISTS (SELECT 1 FROM approval_asks q WHERE q.request_id = {t}.id AND q.person_id = {v})",
        "That wait for this person.",
        cast="uuid",
        node="Person",
    )
    overdue: bool | None = where(
        "({t}.status = 'PENDING' AND {t}.due_at < coalesce({t}.paused_at, {now})) = {v}",
        "Whether a pending one is past its term.",
        cast="bool",
    )
    paused: bool | None = where(
        "({t}.paused_at IS NOT NULL) = {v}", "Whether the clock stands still until a question is answered.", cast="bool"
    )
    due: InstantRange | None = about("{t}.due_at", "When they are due.")
    requested: InstantRange | None = about("{t}.requested_at", "When they were asked.")
    any: "list[ApprovalRequestFilter] | None" = either("At least one of these holds.")
    not_: "ApprovalRequestFilter | None" = neither("This does not hold.")


@planned(
    tables.ApprovalRequest,
    visible=through_model("{t}.scope_id", or_none=True),
    orders={"REQUESTED_AT": "requested_at", "DUE_AT": "due_at"},
    default="-REQUESTED_AT",
    filter=ApprovalRequestFilter,
)
class ApprovalRequest(Node):
    """The question put to people whether a subject may take a step."""

    title: str = column("What it is about, in a few words.")
    subject_kind: str = column("What sort of thing it is about.")
    subject_digest: str = column("SHA-256 of exactly what is to be looked at.")
    tier: RiskTier | None = column("The model's risk tier when it was asked.")
    stage: Stage | None = column("The stage it asks for.")
    status: ApprovalStatus = column("What became of it.")
    status_why: str | None = column("What changed, for a stale one; why, where there is more to say.")
    rule: JSON = column("The approval rule as it was when asked.")
    step: int = column("Which step of the rule stands open, counted from 0.")
    open_disciplines: JSON = column(
        "The disciplines for which a signature is wanted now; empty where they are not told apart.",
        sql="coalesce({t}.wants -> 'disciplines', '[]')",
    )
    lacking: int = column(
        "How many more signatures its open step needs; 0 once it is decided.",
        sql="CASE WHEN {t}.status = 'PENDING' THEN coalesce(({t}.wants ->> 'lacking')::int, 0) ELSE 0 END",
    )
    reason: str = column("Why it is asked.")
    # In two pieces, since what stands in braces is filled in when a query is compiled.
    acknowledgement: str = column(
        "What everybody declares who approves.",
        sql="replace({t}.acknowledgement, '{' || 'decision}', 'approve it')",
    )
    requested_at: datetime = column("When it was asked.")
    due_at: datetime = column("When it is to be decided.")
    next_at: datetime | None = column("When somebody is reminded or told next, or the term ends.")
    paused_at: datetime | None = column("Since when its clock stands still, until a question is answered.")
    late: bool = column("Whether it was decided after its term.")
    decided_at: datetime | None = column("When it was decided.")
    requested_by: Person | None = one("Who asked.", by="requested_by", implied=True)
    model: Model | None = one("The model it is about.", by="scope_id", implied=True)
    sign_offs: "Connection[SignOff]" = many(
        "The answers so far; a person's newest one is what they say.", by="request_id", implied=True
    )
    asked: "Connection[ApprovalAsk]" = many("Who is asked now.", by="request_id", implied=True)


@strawberry.input(description="Which sign-offs.")
class SignOffFilter:
    decision: list[SignOffDecision] | None = where("{t}.decision = ANY({v})", "That said so.", cast="text[]")
    person: strawberry.ID | None = where("{t}.person_id = {v}", "Of this person.", cast="uuid", node="Person")
    live: bool | None = where(
        "(NOT EXISTS (SELECT 1 FROM sign_offs n WHERE n.request_id = {t}.request_id AND n.person_id = {t}.person_id"
        " AND n.entry > {t}.entry) AND {t}.decision <> 'WITHDRAW') = {v}",
        "Whether it is what its signer says today.",
        cast="bool",
    )
    signed: InstantRange | None = about("{t}.signed_at", "When they were given.")


@planned(
    tables.SignOff,
    visible=THROUGH_REQUEST,
    orders={"SIGNED_AT": "signed_at"},
    default="-SIGNED_AT",
    filter=SignOffFilter,
)
class SignOff(Node):
    """One person's recorded answer; added to, never changed."""

    decision: SignOffDecision = column("What they said; WITHDRAW takes back what they said before.")
    entry: int = column("Their how manieth answer to this request it is.")
    step: int = column("The step of the rule they answered, counted from 0.")
    role: Role | None = column("The role they signed in.")
    discipline: Discipline | None = column("The field they signed for.")
    comment: str = column("What they wrote.")
    acknowledgement: str = column("What they declared, word for word as it was shown.")
    subject_digest: str = column("SHA-256 of what they looked at.")
    channel: Channel = column("Through which door they answered.")
    opened_at: datetime | None = column("When they first opened what was put before them; null when they never did.")
    opened: int = column("How many pieces of evidence they had opened.")
    took_s: int | None = column(
        "Seconds from opening it to the answer.", sql="floor(extract(epoch FROM {t}.signed_at - {t}.opened_at))::int"
    )
    signed_at: datetime = column("When.")
    person: Person | None = one("Who.", by="person_id", implied=True)
    on_behalf_of: Person | None = one("Whose say it was, where they signed as a delegate.", by="on_behalf_of")
    request: ApprovalRequest | None = one("The question.", by="request_id", implied=True)


@strawberry.input(description="Which of those who are asked.")
class ApprovalAskFilter:
    discipline: list[Discipline] | None = where(
        "{t}.discipline = ANY({v})", "For one of these disciplines.", cast="text[]"
    )
    kind: list[str] | None = where(
        "EXISTS (SELECT 1 FROM approval_requests q WHERE q.id = {t}.request_id AND q.subject_kind = ANY({v}))",
        "Asked about one of these kinds of subject.",
        cast="text[]",
    )
    due: InstantRange | None = about("{t}.due_at", "When the answer is due.")


@planned(
    tables.ApprovalAsk,
    visible=THROUGH_REQUEST,
    orders={"DUE_AT": "due_at"},
    default="DUE_AT",
    filter=ApprovalAskFilter,
)
class ApprovalAsk(Node):
    """That somebody is asked now; gone once they answered, or need not any more."""

    discipline: Discipline | None = column("The field they could sign for.")
    asked_at: datetime = column("Since when.")
    due_at: datetime = column("When the answer is due.")
    from_at: datetime | None = column("From when they stand in for somebody.")
    until_at: datetime | None = column("Until when they stand in for somebody.")
    away_until: datetime | None = column(
        "Until when they are away.",
        sql="(SELECT max(b.ends_at) FROM absences b WHERE b.person_id = {t}.person_id AND b.cancelled_at IS NULL"
        " AND b.starts_at <= {now} AND b.ends_at > {now})",
    )
    person: Person | None = one("Who is asked.", by="person_id", implied=True)
    via: Person | None = one("In whose place, where they are a delegate.", by="via_id", implied=True)
    request: ApprovalRequest | None = one("The question.", by="request_id", implied=True)


@extends(Model)
class ModelApprovals:
    approvals: Connection[ApprovalRequest] = many("Approval requests about it.", by="scope_id", implied=True)


@extends(Person)
class PersonSignOffs:
    sign_offs: Connection[SignOff] = many("What they signed.", by="person_id")


@extends(Query)
class ApprovalsQuery:
    approval_rules: Connection[ApprovalRule] = many("The approval matrix.")
    approval_requests: Connection[ApprovalRequest] = many("Every approval request.")
    inbox: Connection[ApprovalAsk] = many(
        "What waits for your answer, soonest due first; with what you are asked in the place of others.",
        on="{t}.person_id = {person} AND coalesce({t}.from_at <= {now}, true) AND coalesce({t}.until_at > {now}, true)",
    )
