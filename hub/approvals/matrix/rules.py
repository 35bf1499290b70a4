"""What a row of the approval matrix may say, and what a change of it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hub import words
from hub.approvals.matrix import boards
from hub.approvals.rules import selector
from hub.approvals.steps import Group, Step
from hub.approvals.tables import ApprovalRule, MatrixChange, MatrixChangeStatus, SubjectKind, TermEnd
from hub.errors import Code, Refused
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Role

LONGEST_TERM_DAYS = 90
MOST_REMINDERS, MOST_ESCALATIONS = 10, 5
TEAM = "team:"

SELECTS: Mapping[SubjectKind, frozenset[str]] = {
    SubjectKind.VERSION: frozenset({"tier", "stage", "tag"}),
    SubjectKind.EXCEPTION: frozenset({"tier", "stage", "tag"}),
    SubjectKind.EXTENSION: frozenset({"tier", "stage", "tag"}),
    SubjectKind.BREAK_GLASS: frozenset({"tier", "stage", "tag"}),
    SubjectKind.CARD: frozenset({"tier", "tag"}),
    # By what the changed row is for.
    SubjectKind.MATRIX_CHANGE: frozenset({"tier", "stage"}),
    SubjectKind.POLICY_CHANGE: frozenset(),
}
"""What is known of a subject of each kind when a row is chosen for it; a row by anything else would never apply."""

OWNED = frozenset(
    {SubjectKind.VERSION, SubjectKind.EXCEPTION, SubjectKind.EXTENSION, SubjectKind.CARD, SubjectKind.BREAK_GLASS}
)
"""The kinds that are about one model, and so about somebody's."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Which row of the matrix: about what kind of subject, for which tier, stage and model tag; none means any."""

    kind: str
    tier: RiskTier | None = None
    stage: Stage | None = None
    tag: str | None = None

    def __str__(self) -> str:
        return selector(self.kind, self.tier, self.stage, self.tag)


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom to tell after so many working hours that nobody decides: OWNERS, a role, or team:KEY."""

    after_h: int
    to: str

    @property
    def team(self) -> str | None:
        return self.to.removeprefix(TEAM) if self.to.startswith(TEAM) else None


@dataclass(frozen=True, slots=True)
class Content:
    """What a row says; see hub/approvals/tables.py."""

    steps: tuple[Step, ...]
    term_days: int
    rationale: str
    reminders_h: tuple[int, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    at_end: TermEnd = TermEnd.EXPIRE
    calendar: str = "default"

    @property
    def teams(self) -> frozenset[str]:
        """The keys of all teams it names."""
        named = [*(step.team for step in self.steps), *(one.team for one in self.escalation)]
        return frozenset(key for key in named if key is not None)

    def written(self) -> dict[str, Any]:
        """The row's content as it is kept."""
        return {
            "steps": [step.written() for step in self.steps],
            "term_days": self.term_days,
            "reminders_h": list(self.reminders_h),
            "escalation": [{"after_h": one.after_h, "to": one.to} for one in self.escalation],
            "at_end": self.at_end.value,
            "calendar": self.calendar,
            "rationale": self.rationale,
        }


def content_of(row: ApprovalRule) -> dict[str, Any]:
    """What a row says, as a change keeps it."""
    return {
        "steps": row.steps,
        "term_days": row.term_days,
        "reminders_h": row.reminders_h,
        "escalation": row.escalation,
        "at_end": TermEnd(row.at_end).value,
        "calendar": row.calendar,
        "rationale": row.rationale,
    }


def selected(asked: Selector) -> Selector:
    """The selector as it is kept; refused when no request would ever be made under such a row."""
    kind = next((one for one in SubjectKind if one == asked.kind), None)
    if kind is None:
        raise Refused(
            Code.BAD_INPUT,
            f"{asked.kind[:40]!r} is no kind of subject; choose among {_listed(SubjectKind)}",
            field="kind",
        )
    if asked.tier is RiskTier.PROHIBITED:
        raise Refused(Code.BAD_INPUT, "nobody may approve a PROHIBITED model; it has no row", field="tier")
    if asked.tier is RiskTier.UNCLASSIFIED:
        raise Refused(
            Code.BAD_INPUT, "an UNCLASSIFIED model is treated as HIGH; set the row for HIGH models", field="tier"
        )
    for name in ("tier", "stage", "tag"):
        if getattr(asked, name) is not None and name not in SELECTS[kind]:
            raise Refused(
                Code.BAD_INPUT, f"rows about the kind {kind} are not chosen by {name}; leave it out", field=name
            )
    tag = words.wanted(asked.tag, "tag", most=700) if asked.tag is not None else None
    return replace(asked, kind=kind.value, tag=tag)


def checked(row: Selector, asked: Content) -> Content:
    """What a row is to say, as it is kept; refused when it asks for what cannot be, or for too little."""
    kind = SubjectKind(row.kind)
    steps = boards.checked(asked.steps, has_owner=kind in OWNED)
    if not steps and (kind is not SubjectKind.VERSION or row.tier is not RiskTier.MINIMAL):
        raise Refused(
            Code.BAD_INPUT, "checks alone suffice for versions of MINIMAL models only; name a step", field="steps"
        )
    if kind is SubjectKind.VERSION and _fits_high_to_production(row) and not boards.is_board(steps):
        raise Refused(
            Code.BAD_INPUT,
            "such a row fits HIGH models to PRODUCTION, which go by a board; ask for at least 2 different disciplines",
            field="steps",
        )
    if not 1 <= asked.term_days <= LONGEST_TERM_DAYS:
        raise Refused(
            Code.BAD_INPUT,
            f"a term of {asked.term_days} working days was asked; 1 to {LONGEST_TERM_DAYS} are allowed",
            field="termDays",
        )
    _check_reminders(asked.reminders_h)
    escalation = _escalation(asked.escalation, has_owner=kind in OWNED)
    rationale = words.wanted(asked.rationale, "rationale")
    return replace(asked, steps=steps, escalation=escalation, rationale=rationale)


def check_within(asked: Content, term: timedelta) -> None:
    """What is to happen while nobody decides is to happen before the term is over, or it never would."""
    hours = int(term / timedelta(hours=1))
    told = f"but a term of {asked.term_days} working days in the calendar {asked.calendar} is {hours} working hours"
    for after_h, field, word in (
        *((hour, "remindersH", "a reminder") for hour in asked.reminders_h[-1:]),
        *((one.after_h, "escalation", "an escalation") for one in asked.escalation[-1:]),
    ):
        if timedelta(hours=after_h) >= term:
            raise Refused(Code.BAD_INPUT, f"{word} comes after {after_h}, {told}", field=field)


def check_removable(row: Selector) -> None:
    """Without the last resort nobody could change the matrix any more."""
    if row == Selector(SubjectKind.MATRIX_CHANGE):
        raise Refused(
            Code.BAD_INPUT,
            "changes of the matrix are decided under this row where there is no other; set it, but keep it",
            field="kind",
        )


def check_news(row: Selector, before: Mapping[str, Any] | None, proposed: Mapping[str, Any] | None) -> None:
    """What is as it is asked to be needs no review."""
    if before == proposed:
        told = f"the matrix has no row for {row}" if proposed is None else f"the row for {row} says so already"
        raise Refused(Code.CONFLICT, f"{told}; there is nothing to review", field="kind")


def check_withdrawable(change: MatrixChange, person_id: object, roles: frozenset[Role]) -> None:
    """A change is taken back by its author, or an ADMIN, while it is open."""
    if change.author_id != person_id and Role.ADMIN not in roles:
        raise Refused(Code.FORBIDDEN, "only its author, or an ADMIN, takes a change of the matrix back", field="change")
    if change.status is MatrixChangeStatus.STALE:
        raise Refused(Code.STALE, "another change was applied since this was proposed; it is over", field="change")
    if change.status is not MatrixChangeStatus.IN_REVIEW:
        raise Refused(Code.WRONG_STATE, f"this change is {change.status}; it is over", field="change")


def same(one: MatrixChange, row: Selector, proposed: Mapping[str, Any] | None) -> bool:
    """Whether a change asks for just this."""
    return row_of(one) == row and one.proposed == proposed


def row_of(change: MatrixChange) -> Selector:
    """The row that a change is about."""
    return Selector(change.subject_kind, change.tier, change.stage, change.tag)


def title(change: MatrixChange) -> str:
    """What a change is, in a few words."""
    verb = "removing" if change.proposed is None else "setting" if change.before is None else "changing"
    return f"{verb} the approval rule for {row_of(change)}"


def for_no_model(rule: ApprovalRule) -> ApprovalRule:
    """A row as a change of the matrix is asked under it: that has no owner, so a step for owners asks anybody alike."""
    steps = [{**step, "group": Group.ANYBODY.value} if step["group"] == Group.OWNERS else step for step in rule.steps]
    escalation = [one for one in rule.escalation if one["to"] != Group.OWNERS]
    return ApprovalRule(**{**rule.model_dump(), "steps": steps, "escalation": escalation})


def _fits_high_to_production(row: Selector) -> bool:
    return row.tier in (None, RiskTier.HIGH) and row.stage in (None, Stage.PRODUCTION)


def _check_reminders(hours: Sequence[int]) -> None:
    if len(hours) > MOST_REMINDERS:
        raise Refused(
            Code.BAD_INPUT, f"{len(hours)} reminders were asked; at most {MOST_REMINDERS} are sent", field="remindersH"
        )
    if any(after <= before for before, after in zip((0, *hours), hours, strict=False)):
        told = ", ".join(map(str, hours))
        raise Refused(
            Code.BAD_INPUT, f"reminders after {told} hours were asked; write them ascending, from 1", field="remindersH"
        )


def _escalation(asked: Sequence[Escalation], *, has_owner: bool) -> tuple[Escalation, ...]:
    if len(asked) > MOST_ESCALATIONS:
        raise Refused(
            Code.BAD_INPUT,
            f"{len(asked)} escalations were asked; at most {MOST_ESCALATIONS} are told",
            field="escalation",
        )
    known = {role for role in Role if role is not Role.SERVICE} | ({Group.OWNERS.value} if has_owner else set())
    for one in asked:
        if one.after_h < 1:
            raise Refused(
                Code.BAD_INPUT, f"an escalation after {one.after_h} hours was asked; 1 is the least", field="escalation"
            )
        if one.to not in known and not one.team:
            raise Refused(
                Code.BAD_INPUT,
                f"{one.to[:100]!r} can be told nothing; choose among {_listed(known)}, or {TEAM}KEY",
                field="escalation",
            )
    return tuple(sorted(asked, key=lambda one: (one.after_h, one.to)))


def _listed(some: object) -> str:
    return ", ".join(sorted(some))  # type: ignore[call-overload]
